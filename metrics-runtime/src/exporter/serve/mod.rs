//! The exporter's own listeners: HTTP/1.1 and 1.0, and with the feature `http2` HTTP/2.

mod connection;
mod listener;
mod stall;
#[cfg(feature = "tls")]
pub(super) mod tls;

use std::convert::Infallible;
use std::fmt;
use std::future::{self, poll_fn};
use std::net::SocketAddr;
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;

use self::connection::{Connections, Serving};
use self::listener::{Incoming, Listener};
#[cfg(feature = "tls")]
use self::tls::Acceptor;
use super::Exporter;
use super::error::ExporterError;
use super::respond::Responder;

impl Exporter {
    /// Listens on an address, such as `127.0.0.1:9464`, `[::]:9464`, `localhost:9464`, or a
    /// [`SocketAddr`]. Port 0 takes any free one: see [`Server::local_addr`].
    ///
    /// Clients can connect from now on and are answered as soon as the server
    /// [runs](Server::run).
    ///
    /// # Errors
    ///
    /// When the address cannot be listened on: [`ExporterError::Listen`], which names it and says
    /// what to do.
    ///
    /// # Panics
    ///
    /// Outside a Tokio runtime, or in one whose I/O driver is off.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # use enumetrics_runtime as enumetrics;
    /// # async fn serve(metrics: &'static enumetrics::Catalog<'static>) -> Result<(), enumetrics::ExporterError> {
    /// let server = enumetrics::Exporter::new(metrics).bind("127.0.0.1:9464").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn bind(self, address: impl fmt::Display) -> Result<Server, ExporterError> {
        self.into_server().and_bind(address).await
    }

    /// Listens on several addresses, each as for [`bind`](Self::bind), or `unix:` and the path of a socket, as for
    /// [`bind_unix`](Self::bind_unix): those that [`Settings::addresses`](crate::Settings::addresses) has.
    ///
    /// # Errors
    ///
    /// For the first that cannot be listened on: [`ExporterError::Listen`], which names it and says what to do.
    ///
    /// # Panics
    ///
    /// Outside a Tokio runtime, or in one whose I/O driver is off.
    pub async fn bind_all(self, addresses: impl IntoIterator<Item = impl AsRef<str>>) -> Result<Server, ExporterError> {
        let mut server = self.into_server();
        for address in addresses {
            server = match address.as_ref() {
                #[cfg(unix)]
                address if address.starts_with("unix:") => server.and_bind_unix(&address["unix:".len()..])?,
                address => server.and_bind(address).await?,
            };
        }
        Ok(server)
    }

    /// Listens on a Unix socket: a file, whose permissions say who may connect (those that the process' `umask` leaves).
    ///
    /// A file that is left over from a program that has ended is replaced. It is removed when the server stops.
    ///
    /// # Errors
    ///
    /// When it cannot be made, or another program listens on it: [`ExporterError::Listen`].
    ///
    /// # Panics
    ///
    /// Outside a Tokio runtime, or in one whose I/O driver is off.
    #[cfg(unix)]
    pub fn bind_unix(self, path: impl AsRef<Path>) -> Result<Server, ExporterError> {
        self.into_server().and_bind_unix(path)
    }

    fn into_server(self) -> Server {
        Server {
            listeners: Vec::new(),
            #[cfg(feature = "tls")]
            tls: self.tls.clone(),
            limits: Limits {
                #[cfg(feature = "http2")]
                http2: self.http2,
                ..Limits::default()
            },
            responder: Arc::new(self.into_responder()),
        }
    }
}

/// A listener that serves metrics at `/metrics`, made by [`Exporter::bind`].
///
/// It answers GET and HEAD at exactly that path, and at `/health`, `/ready` and `/`, which names the others; other
/// methods get status 405, other paths 404. Connections are kept alive. It holds itself to limits, so that nobody who
/// reaches the port can harm the program:
///
/// - at most 256 connections at once. For one more, the oldest one that has no request in work is closed, so that idle
///   connections keep nobody out;
/// - 45 seconds for a request's head to arrive, and for an idle connection;
/// - 32 KiB for a request's head;
/// - 30 seconds for a client to take 64 KiB of a response, or what is left of it.
#[must_use = "a server serves nothing until `run` or `run_until` is awaited"]
pub struct Server {
    listeners: Vec<Listener>,
    #[cfg(feature = "tls")]
    tls: Option<Acceptor>,
    responder: Arc<Responder>,
    limits: Limits,
}

impl Server {
    /// Listens on one more address, as [`Exporter::bind`] does: `::1` beside `127.0.0.1`, or the addresses of two
    /// networks. What is served and every limit is of all of them together.
    ///
    /// # Errors
    ///
    /// As for [`Exporter::bind`].
    ///
    /// # Panics
    ///
    /// As for [`Exporter::bind`].
    pub async fn and_bind(mut self, address: impl fmt::Display) -> Result<Self, ExporterError> {
        self.listeners.push(Listener::tcp(address.to_string()).await?);
        Ok(self)
    }

    /// Listens on a Unix socket too, as [`Exporter::bind_unix`] does.
    ///
    /// # Errors
    ///
    /// As for [`Exporter::bind_unix`].
    ///
    /// # Panics
    ///
    /// As for [`Exporter::bind_unix`].
    #[cfg(unix)]
    pub fn and_bind_unix(mut self, path: impl AsRef<Path>) -> Result<Self, ExporterError> {
        self.listeners.push(Listener::unix(path.as_ref())?);
        Ok(self)
    }

    /// The address that it listens on, with the port that the system chose if it was given 0: the first, if there are
    /// several. None where it listens on Unix sockets only.
    pub fn local_addr(&self) -> Option<SocketAddr> {
        self.listeners.iter().find_map(Listener::local_addr)
    }

    /// Serves until the future is dropped (or its task aborted), which closes all connections.
    ///
    /// Errors of single connections end those; errors in accepting (no file descriptors left) are
    /// waited out.
    ///
    /// # Panics
    ///
    /// In a Tokio runtime whose timer is off.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # async fn serve(server: enumetrics_runtime::Server) {
    /// tokio::spawn(server.run());
    /// # }
    /// ```
    pub async fn run(self) {
        self.run_until(future::pending::<()>()).await;
    }

    /// Serves until `shutdown` is ready, whatever its output: then accepts nothing more, finishes
    /// the requests that run, and returns. Requests that have not finished after 10 seconds are cut
    /// off.
    ///
    /// # Panics
    ///
    /// In a Tokio runtime whose timer is off.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # async fn serve(server: enumetrics_runtime::Server, stop: tokio::sync::oneshot::Receiver<()>) {
    /// server.run_until(stop).await;
    /// # }
    /// ```
    pub async fn run_until(self, shutdown: impl Future) {
        let (stop, stopped) = watch::channel(());
        let serving = Serving {
            responder: self.responder,
            limits: self.limits,
            stopped,
            #[cfg(feature = "tls")]
            tls: self.tls,
        };
        let mut incoming = Incoming::new(self.listeners);
        // Dropped with this future, which aborts what is in it.
        let mut connections = Connections::new(serving);
        stop_at(shutdown, connections.accept_all(&mut incoming)).await;

        drop(incoming);
        // The receivers see a closed channel, which is all the news there is.
        drop(stop);
        // Those that do not finish are aborted with the set.
        let _ = timeout(self.limits.grace, connections.finish()).await;
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("listeners", &self.listeners)
            .finish_non_exhaustive()
    }
}

/// What a client may use up. The numbers are in the documentation of [`Server`].
#[derive(Clone, Copy, Debug)]
struct Limits {
    /// Connections at once.
    connections: usize,
    /// Until the head of a request is there. hyper counts the idle time before it too, so this is
    /// no usual scrape interval: at 30 or 60 seconds the connection would be closed just when the
    /// next scrape is sent on it.
    head: Duration,
    /// Until a client has taken a part of a response.
    stall: Duration,
    /// For running requests after the shutdown began.
    grace: Duration,
    /// Whether clients may speak HTTP/2.
    #[cfg(feature = "http2")]
    http2: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 256,
            head: Duration::from_secs(45),
            stall: Duration::from_secs(30),
            grace: Duration::from_secs(10),
            #[cfg(feature = "http2")]
            http2: true,
        }
    }
}

/// Runs `work`, which never ends, until `signal` is ready.
async fn stop_at(signal: impl Future, work: impl Future<Output = Infallible>) {
    let mut signal = pin!(signal);
    let mut work = pin!(work);
    poll_fn(|cx| {
        if signal.as_mut().poll(cx).is_ready() {
            return Poll::Ready(());
        }
        match work.as_mut().poll(cx) {
            Poll::Ready(never) => match never {},
            Poll::Pending => Poll::Pending,
        }
    })
    .await;
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpStream;
    use tokio::time::sleep;

    use super::*;
    use crate::exporter::fixture::{catalog, wide};

    /// Much longer than anything here takes, so that only a hang fails.
    const LONG: Duration = Duration::from_secs(60);
    const SHORT: Duration = Duration::from_millis(50);

    async fn start(limits: impl FnOnce(&mut Limits)) -> SocketAddr {
        let mut server = Exporter::new(catalog()).bind("127.0.0.1:0").await.unwrap();
        limits(&mut server.limits);
        let address = server.local_addr().unwrap();
        tokio::spawn(server.run());
        address
    }

    async fn read_to_end(stream: &mut TcpStream) -> String {
        let mut text = String::new();
        let read = timeout(LONG, stream.read_to_string(&mut text)).await;
        read.expect("the server closes the connection").unwrap();
        text
    }

    #[test]
    fn the_documented_limits() {
        let limits = Limits::default();
        assert_eq!(limits.connections, 256);
        assert_eq!(limits.head, Duration::from_secs(45));
        assert_eq!(limits.stall, Duration::from_secs(30));
        assert_eq!(limits.grace, Duration::from_secs(10));
    }

    #[tokio::test]
    async fn a_client_that_sends_nothing_is_disconnected() {
        // Long enough for the last client to send its request in.
        let address = start(|limits| limits.head = Duration::from_millis(500)).await;
        let mut silent = TcpStream::connect(address).await.unwrap();
        read_to_end(&mut silent).await;
        let mut half = TcpStream::connect(address).await.unwrap();
        half.write_all(b"GET /metrics HTTP/1.1\r\nHost:").await.unwrap();
        read_to_end(&mut half).await;
        let mut idle = TcpStream::connect(address).await.unwrap();
        idle.write_all(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
            .await
            .unwrap();
        assert!(read_to_end(&mut idle).await.starts_with("HTTP/1.1 200 "));
    }

    /// Waits until the exporter says that it refused one for this reason, and nothing else.
    async fn refused(address: SocketAddr, reason: &str) {
        let wanted = format!(r#"enumetrics_exporter_refused_requests_total{{reason="{reason}"}} 1"#);
        let began = Instant::now();
        loop {
            let mut client = TcpStream::connect(address).await.unwrap();
            let request = b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
            client.write_all(request).await.unwrap();
            let scrape = read_to_end(&mut client).await;
            let lines = scrape.lines().filter(|line| line.contains("refused_requests_total{"));
            let counted: Vec<_> = lines.filter(|line| !line.ends_with(" 0")).collect();
            if counted == [wanted.as_str()] {
                return;
            }
            assert!(began.elapsed() < LONG, "{reason}: {counted:?}");
            sleep(SHORT).await;
        }
    }

    #[tokio::test]
    async fn what_is_refused_before_there_is_a_request_is_counted() {
        let start = async |limits: fn(&mut Limits)| {
            let exporter = Exporter::new(catalog()).self_metrics();
            let mut server = exporter.bind("127.0.0.1:0").await.unwrap();
            limits(&mut server.limits);
            let address = server.local_addr().unwrap();
            tokio::spawn(server.run());
            address
        };
        let send = async |address, bytes: &[u8]| {
            let mut client = TcpStream::connect(address).await.unwrap();
            // It may be closed before all of this is sent.
            _ = client.write_all(bytes).await;
            client
        };
        let usual: fn(&mut Limits) = |_| {};

        let address = start(usual).await;
        let client = send(address, b"GET /metrics HTTP/1.1\r\nno header\r\n\r\n").await;
        refused(address, "malformed").await;
        drop(client);

        let address = start(usual).await;
        let large = format!("GET /metrics HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n", "x".repeat(100_000));
        let client = send(address, large.as_bytes()).await;
        refused(address, "large_head").await;
        drop(client);

        for head in [&b""[..], b"GET /metrics HTTP/1.1\r\nHost:"] {
            let address = start(|limits| limits.head = Duration::from_millis(500)).await;
            let client = send(address, head).await;
            refused(address, "slow_head").await;
            // Those that are idle after an answer are none.
            let mut idle = send(address, b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n").await;
            read_to_end(&mut idle).await;
            refused(address, "slow_head").await;
            drop(client);
        }

        // The second head of a connection counts as its first.
        let address = start(|limits| limits.head = Duration::from_millis(500)).await;
        let mut client = send(address, b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n").await;
        let mut answer = [0; 1024];
        assert_ne!(client.read(&mut answer).await.unwrap(), 0);
        client.write_all(b"GET /health HTTP/1.1\r\nHost:").await.unwrap();
        refused(address, "slow_head").await;
        drop(client);

        let address = start(|limits| limits.connections = 1).await;
        let client = send(address, b"GET").await;
        refused(address, "too_many_connections").await;
        drop(client);

        let address = start(usual).await;
        let client = send(address, b"DELETE /metrics HTTP/1.1\r\nHost: x\r\n\r\n").await;
        refused(address, "method").await;
        drop(client);
    }

    #[tokio::test]
    async fn a_client_that_does_not_read_is_disconnected() {
        let address = start(|limits| limits.stall = SHORT).await;
        let stream = TcpStream::connect(address).await.unwrap();
        let (reader, mut writer) = stream.into_split();
        // Requests until the answers have filled all buffers and the server takes no more.
        let requests = async {
            loop {
                let request = b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n";
                if writer.write_all(request).await.is_err() {
                    break;
                }
            }
        };
        timeout(LONG, requests).await.expect("the server gives up");
        drop(reader);
    }

    #[tokio::test]
    async fn a_client_that_stops_reading_a_long_answer_is_disconnected() {
        let mut server = Exporter::new(wide()).bind("127.0.0.1:0").await.unwrap();
        server.limits.stall = SHORT;
        server.limits.connections = 1;
        let address = server.local_addr().unwrap();
        tokio::spawn(server.run());

        let mut stalled = TcpStream::connect(address).await.unwrap();
        let request = b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n";
        stalled.write_all(request).await.unwrap();
        stalled.read_u8().await.unwrap();
        // There is no room for this one before the other is gone.
        let mut next = TcpStream::connect(address).await.unwrap();
        next.write_all(request).await.unwrap();
        let first = timeout(LONG, next.read_u8()).await;
        first.expect("the server gives up").unwrap();
        // What is there is not an end.
        let mut text = Vec::new();
        let _ = timeout(LONG, stalled.read_to_end(&mut text)).await.unwrap();
        assert!(!text.ends_with(b"\r\n0\r\n\r\n"));
    }

    #[tokio::test]
    async fn idle_connections_keep_nobody_out() {
        let address = start(|limits| limits.connections = 2).await;
        let request = b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n";
        // One that has sent nothing, one that has sent half a head, ones that have been answered.
        let mut silent = TcpStream::connect(address).await.unwrap();
        let mut half = TcpStream::connect(address).await.unwrap();
        half.write_all(b"GET /metrics HTTP/1.1\r\n").await.unwrap();
        let mut answered = Vec::new();
        for _ in 0..10 {
            let mut client = TcpStream::connect(address).await.unwrap();
            client.write_all(request).await.unwrap();
            let answer = timeout(LONG, client.read_u8()).await;
            answer.expect("it is let in").unwrap();
            answered.push(client);
        }
        read_to_end(&mut silent).await;
        read_to_end(&mut half).await;
    }

    #[tokio::test]
    async fn more_requests_than_allowed_wait_for_their_turn() {
        let mut server = Exporter::new(wide()).bind("127.0.0.1:0").await.unwrap();
        server.limits.connections = 1;
        let address = server.local_addr().unwrap();
        tokio::spawn(server.run());

        let request = b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n";
        let mut first = TcpStream::connect(address).await.unwrap();
        first.write_all(request).await.unwrap();
        first.read_u8().await.unwrap();
        let mut second = TcpStream::connect(address).await.unwrap();
        second.write_all(request).await.unwrap();
        let early = timeout(SHORT, second.read_u8()).await;
        assert!(early.is_err(), "served beside the one that is allowed");
        drop(first);
        let late = timeout(LONG, second.read_u8()).await;
        late.expect("its turn comes").unwrap();
    }

    #[tokio::test]
    async fn a_client_that_reads_a_byte_now_and_then_is_disconnected() {
        let mut server = Exporter::new(wide()).bind("127.0.0.1:0").await.unwrap();
        server.limits.stall = Duration::from_millis(200);
        let address = server.local_addr().unwrap();
        tokio::spawn(server.run());

        let mut slow = TcpStream::connect(address).await.unwrap();
        slow.write_all(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
            .await
            .unwrap();
        let reading = async {
            while slow.read_u8().await.is_ok() {
                sleep(Duration::from_millis(1)).await
            }
        };
        // What the server had sent before is in the buffers of the system, which are large: it is read at once.
        let closed = timeout(Duration::from_secs(2), reading).await;
        let mut rest = Vec::new();
        let _ = timeout(LONG, slow.read_to_end(&mut rest))
            .await
            .expect("the server gives up");
        assert!(!rest.ends_with(b"\r\n0\r\n\r\n"));
        drop(closed);
    }

    #[tokio::test]
    async fn a_head_that_is_too_large_is_refused() {
        let address = start(|_| ()).await;
        let mut client = TcpStream::connect(address).await.unwrap();
        let head = format!(
            "GET /metrics HTTP/1.1\r\nHost: x\r\nX-Large: {}\r\n\r\n",
            "x".repeat(1 << 20)
        );
        let _ = client.write_all(head.as_bytes()).await;
        let mut answer = Vec::new();
        let _ = timeout(LONG, client.read_to_end(&mut answer))
            .await
            .expect("the server gives up");
        let answer = String::from_utf8_lossy(&answer);
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431 "), "{answer}");
    }

    #[tokio::test]
    async fn all_addresses_are_served_and_left_together() {
        let path = std::env::temp_dir().join(format!("enumetrics-served-{}.sock", std::process::id()));
        let server = Exporter::new(catalog()).bind("127.0.0.1:0").await.unwrap();
        let server = server
            .and_bind("127.0.0.1:0")
            .await
            .unwrap()
            .and_bind_unix(&path)
            .unwrap();
        let addresses: Vec<_> = server.listeners.iter().filter_map(Listener::local_addr).collect();
        assert_eq!(server.local_addr(), Some(addresses[0]));
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let running = tokio::spawn(server.run_until(stopped));
        let request = b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
        for address in &addresses {
            let mut client = TcpStream::connect(address).await.unwrap();
            client.write_all(request).await.unwrap();
            assert!(read_to_end(&mut client).await.starts_with("HTTP/1.1 200 "));
        }
        let mut client = tokio::net::UnixStream::connect(&path).await.unwrap();
        client.write_all(request).await.unwrap();
        let mut text = String::new();
        client.read_to_string(&mut text).await.unwrap();
        assert!(text.starts_with("HTTP/1.1 200 "));

        stop.send(()).unwrap();
        timeout(LONG, running).await.expect("it stops").unwrap();
        assert!(!path.exists());
        for address in &addresses {
            assert!(TcpStream::connect(address).await.is_err());
        }
    }

    #[tokio::test]
    async fn a_request_that_never_ends_does_not_hold_up_the_shutdown() {
        let mut server = Exporter::new(catalog()).bind("127.0.0.1:0").await.unwrap();
        server.limits.grace = SHORT;
        let address = server.local_addr().unwrap();
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let running = tokio::spawn(server.run_until(stopped));

        let mut client = TcpStream::connect(address).await.unwrap();
        client.write_all(b"GET /metrics HTTP/1.1\r\n").await.unwrap();
        // The head is never finished; make sure that the server has seen its beginning.
        sleep(SHORT).await;
        stop.send(()).unwrap();
        let began = Instant::now();
        timeout(LONG, running).await.expect("it stops").unwrap();
        assert!(began.elapsed() < LONG / 2);
        read_to_end(&mut client).await;
    }

    #[tokio::test]
    async fn dropping_the_future_closes_everything() {
        let server = Exporter::new(catalog()).bind("127.0.0.1:0").await.unwrap();
        let address = server.local_addr().unwrap();
        let running = tokio::spawn(server.run());
        let mut client = TcpStream::connect(address).await.unwrap();
        client
            .write_all(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
            .await
            .unwrap();
        client.read_u8().await.unwrap();
        running.abort();
        let _ = running.await;
        read_to_end(&mut client).await;
        assert!(TcpStream::connect(address).await.is_err());
    }
}
