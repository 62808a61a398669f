//! WebSocket connections over a real server, and clients that vanish.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Path, State};
use axum::routing::get;
use enumetrics::websocket::{Broadcast, Connection, MessageKind, WebSocketMetrics};
use enumetrics::{LabelValue, MetricFamily, metric_family};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Mutex;

use crate::{recorded, serve, until};

#[derive(LabelValue, Clone, Copy, Debug, PartialEq)]
pub enum Role {
    Officer,
    Dispatcher,
}

/// Metrics for one test: `SOCKETS` and `METRICS`.
macro_rules! sockets {
    ($(#[$option:meta])*) => {
        enumetrics::websocket_metrics! {
            $(#[$option])*
            static SOCKETS: Sockets;
        }
        enumetrics::catalog! { static METRICS = [SOCKETS]; }
    };
}

/// Answers each text with itself in capital letters, and what is asked for besides: `panic`, or `all` for a broadcast to
/// everybody who is connected.
async fn talk<M>(metrics: &'static M, connection: Connection<M>, socket: WebSocket, room: Room)
where
    M: WebSocketMetrics<Message = MessageKind>,
{
    let (mut socket, mut inbox) = (socket, room.enter().await);
    loop {
        tokio::select! {
            message = socket.recv() => {
                let Some(Ok(Message::Text(text))) = message else { return };
                let _handling = connection.received(MessageKind::Text);
                match text.as_str() {
                    "panic" => panic!("wanted"),
                    "all" => {
                        let broadcast = Broadcast::begin(metrics);
                        broadcast.reached(room.tell_all().await);
                    }
                    _ => {
                        let answer = socket.send(Message::text(text.to_uppercase()));
                        if connection.send(MessageKind::Text, answer).await.is_err() {
                            return;
                        }
                    }
                }
            }
            Some(()) = inbox.recv() => {
                let news = socket.send(Message::binary(&b"news"[..]));
                if connection.send(MessageKind::Binary, news).await.is_err() {
                    return;
                }
            }
        }
    }
}

/// Who is connected.
#[derive(Clone, Default)]
struct Room(Arc<Mutex<Vec<tokio::sync::mpsc::UnboundedSender<()>>>>);

impl Room {
    async fn enter(&self) -> tokio::sync::mpsc::UnboundedReceiver<()> {
        let (sender, inbox) = tokio::sync::mpsc::unbounded_channel();
        self.0.lock().await.push(sender);
        inbox
    }

    async fn tell_all(&self) -> u64 {
        let mut members = self.0.lock().await;
        members.retain(|member| member.send(()).is_ok());
        members.len() as u64
    }
}

/// A client that speaks the protocol's frames itself, so that it can break off anywhere.
struct Client(TcpStream);

impl Client {
    async fn connect(address: SocketAddr, path: &str) -> Self {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let handshake = format!(
            "GET {path} HTTP/1.1\r\nhost: test\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
             sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        stream.write_all(handshake.as_bytes()).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        assert!(head.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&head));
        Self(stream)
    }

    /// A frame with a mask of zeros, which clients must have.
    async fn frame(&mut self, opcode: u8, payload: &[u8]) {
        let mut frame = vec![0x80 | opcode, 0x80 | u8::try_from(payload.len()).unwrap(), 0, 0, 0, 0];
        frame.extend_from_slice(payload);
        self.0.write_all(&frame).await.unwrap();
    }

    async fn say(&mut self, text: &str) {
        self.frame(1, text.as_bytes()).await;
    }

    /// The next frame's kind and payload.
    async fn hear(&mut self) -> (u8, Vec<u8>) {
        let mut head = [0; 2];
        self.0.read_exact(&mut head).await.unwrap();
        let mut payload = vec![0; head[1].into()];
        self.0.read_exact(&mut payload).await.unwrap();
        (head[0] & 0xf, payload)
    }

    /// Breaks off without a word: the server sees a reset.
    fn vanish(self) {
        self.0.set_zero_linger().unwrap();
    }
}

#[tokio::test]
async fn every_end_of_a_connection_brings_the_gauges_back() {
    sockets!(#[websocket(roles = Role)]);
    let room = Room::default();
    let upgrade = async |Path(role): Path<String>, State(room): State<Room>, upgrade: WebSocketUpgrade| {
        let role = Role::from_value(&role).unwrap();
        upgrade.on_upgrade(move |socket| talk(&SOCKETS, SOCKETS.connect(role), socket, room))
    };
    let address = serve(Router::new().route("/{role}", get(upgrade)).with_state(room)).await;

    let mut officer = Client::connect(address, "/officer").await;
    officer.say("hello").await;
    assert_eq!(officer.hear().await, (1, b"HELLO".to_vec()));
    let mut dispatcher = Client::connect(address, "/dispatcher").await;
    dispatcher.say("all").await;
    for client in [&mut officer, &mut dispatcher] {
        assert_eq!(client.hear().await, (2, b"news".to_vec()));
    }
    let seen = recorded(&METRICS);
    for (series, value) in [
        ("websocket_active_connections", 2.0),
        (r#"websocket_role_connections{role="officer"}"#, 1.0),
        (r#"websocket_role_connections{role="dispatcher"}"#, 1.0),
    ] {
        assert_eq!(seen.get(series), Some(value), "{series}");
    }

    // One says good-bye, one vanishes, one makes its task panic, one leaves in the middle of a frame.
    officer.frame(8, &[]).await;
    dispatcher.vanish();
    let mut panicking = Client::connect(address, "/officer").await;
    panicking.say("panic").await;
    let mut broken = Client::connect(address, "/officer").await;
    broken.0.write_all(&[0x81, 0x85, 0]).await.unwrap();
    drop(broken);
    until(&METRICS, "websocket_connections_total", 4.0).await;
    until(&METRICS, "websocket_active_connections", 0.0).await;
    recorded(&METRICS).without_durations().assert_eq(
        r#"
        websocket_connections_total 4
        websocket_messages_received_total{type="text"} 3
        websocket_messages_sent_total{type="text"} 1
        websocket_messages_sent_total{type="binary"} 2
        websocket_message_latency_seconds_count 3
        websocket_broadcasts_total 1
        websocket_broadcast_duration_seconds_count 1
        websocket_broadcast_recipients_count 1
    "#,
    );
    assert_eq!(recorded(&METRICS).get("websocket_broadcast_recipients_sum"), Some(2.0));
}

#[tokio::test]
async fn what_is_sent_to_whoever_vanished_is_an_error() {
    sockets!(#[websocket(without(heartbeat))]);
    let upgrade = async |upgrade: WebSocketUpgrade| {
        upgrade.on_upgrade(async |mut socket| {
            let connection = SOCKETS.connect();
            // Until the system notices that nobody is there.
            while connection
                .send(MessageKind::Binary, socket.send(Message::binary(vec![0; 1 << 16])))
                .await
                .is_ok()
            {}
        })
    };
    let address = serve(Router::new().route("/", get(upgrade))).await;
    let clients = 50_u32;
    for _ in 0..clients {
        Client::connect(address, "/").await.vanish();
    }
    until(&METRICS, "websocket_send_errors_total", clients.into()).await;
    until(&METRICS, "websocket_active_connections", 0.0).await;
    assert_eq!(SOCKETS.websocket_connections_total.get(), u64::from(clients));
}

#[tokio::test]
async fn a_message_that_is_given_up_was_not_sent() {
    sockets!();
    let connection = SOCKETS.connect();
    let never = connection.send(MessageKind::Text, std::future::pending::<Result<(), ()>>());
    assert!(tokio::time::timeout(Duration::from_millis(1), never).await.is_err());
    let broadcast = SOCKETS.broadcast();
    assert_eq!(
        broadcast.send(MessageKind::Ping, async { Err::<(), _>("gone") }).await,
        Err("gone")
    );
    assert_eq!(broadcast.send(MessageKind::Ping, async { Ok::<_, ()>(7) }).await, Ok(7));
    drop((broadcast, connection));
    recorded(&METRICS).without_durations().assert_eq(
        r#"
        websocket_connections_total 1
        websocket_messages_sent_total{type="ping"} 1
        websocket_send_errors_total 2
        websocket_broadcasts_total 1
        websocket_broadcast_duration_seconds_count 1
        websocket_broadcast_recipients_count 1
    "#,
    );
    assert_eq!(recorded(&METRICS).get("websocket_broadcast_recipients_sum"), Some(1.0));
}

#[test]
fn a_heartbeat_is_the_time() {
    sockets!();
    assert_eq!(SOCKETS.websocket_heartbeat_last_timestamp_seconds.get(), 0.0);
    SOCKETS.heartbeat();
    let now = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs_f64();
    let age = now - SOCKETS.websocket_heartbeat_last_timestamp_seconds.get();
    assert!((0.0..60.0).contains(&age), "{age}");
    let _ = &METRICS;
}

/// What a realtime operations centre calls its metrics.
#[test]
fn names_and_labels_are_whatever_is_wanted() {
    enumetrics::websocket_metrics! {
        #[websocket(
            namespace = "ggrt",
            unprefixed,
            labels(env = "production"),
            allow(label-constant = "its dashboards select by it"),
            roles = Role,
            messages = (),
            slo = 0.25,
            names(heartbeat = "heartbeat_last_timestamp"),
            without(received, broadcast_duration, recipients),
        )]
        static SOCKETS: Sockets;
    }

    /// Who uses it.
    #[metric_family(namespace = "ggrt", labels(env = "production"), allow(label-constant = "its dashboards select by it"))]
    struct People {
        /// Users who are active.
        user_active: enumetrics::InFlight,
    }

    static PEOPLE: People = People::new();
    enumetrics::catalog! { static METRICS = [SOCKETS, PEOPLE]; }

    let _connection = SOCKETS.connect(Role::Officer);
    let _user = PEOPLE.user_active.track();
    let series = |name: &str| METRICS.render().lines().any(|line| line.starts_with(name));
    for name in [
        r#"ggrt_active_connections{env="production"} 1"#,
        r#"ggrt_role_connections{env="production",role="officer"} 1"#,
        r#"ggrt_user_active{env="production"} 1"#,
        r#"ggrt_heartbeat_last_timestamp{env="production"} 0"#,
        r#"ggrt_connections_total{env="production"} 1"#,
        r#"ggrt_messages_sent_total{env="production"} 0"#,
        r#"ggrt_broadcasts_total{env="production"} 0"#,
        r#"ggrt_send_errors_total{env="production"} 0"#,
        r#"ggrt_message_latency_seconds_bucket{env="production",le="0.001"} 0"#,
    ] {
        assert!(series(name), "{name}\n{}", METRICS.render());
    }
    assert_eq!(Sockets::DESCRIPTORS.len(), 8);
    let latency = &Sockets::DESCRIPTORS[4];
    assert_eq!(latency.slo, [0.25]);
    assert_eq!(
        latency.buckets,
        [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0]
    );
}
