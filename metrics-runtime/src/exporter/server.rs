//! The exporter's own listener: HTTP/1.1 and 1.0 on one address.

use std::convert::Infallible;
use std::fmt;
use std::future::{self, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::Exporter;
use super::error::ExporterError;
use super::respond::Responder;
use super::stall::Impatient;

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
        let address = address.to_string();
        let bound = async {
            let listener = TcpListener::bind(&*address).await?;
            let local_addr = listener.local_addr()?;
            io::Result::Ok((listener, local_addr))
        };
        match bound.await {
            Ok((listener, local_addr)) => Ok(Server {
                listener,
                local_addr,
                responder: Arc::new(self.into_responder()),
                limits: Limits::default(),
            }),
            Err(source) => Err(ExporterError::Listen { address, source }),
        }
    }
}

/// A listener that serves metrics at `/metrics`, made by [`Exporter::bind`].
///
/// It answers GET and HEAD at exactly that path, whatever the query; other methods get status 405,
/// other paths 404. Connections are kept alive. It holds itself to limits, so that nobody who
/// reaches the port can harm the program: at most 256 connections at once (others wait), 45
/// seconds for a request's head to arrive and for an idle connection, and 30 seconds without
/// progress while a response is sent.
#[must_use = "a server serves nothing until `run` or `run_until` is awaited"]
pub struct Server {
    listener: TcpListener,
    local_addr: SocketAddr,
    responder: Arc<Responder>,
    limits: Limits,
}

impl Server {
    /// The address that it listens on, with the port that the system chose if it was given 0.
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
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
        let Self {
            listener,
            responder,
            limits,
            ..
        } = self;
        let (stop, stopped) = watch::channel(());
        // Dropped with this future, which aborts what is in it.
        let mut connections = JoinSet::new();

        let accept_all = async {
            loop {
                let stream = next(&listener, &mut connections, limits.connections).await;
                let responder = Arc::clone(&responder);
                connections.spawn(serve(stream, responder, limits, stopped.clone()));
            }
        };
        stop_at(shutdown, accept_all).await;

        drop(listener);
        // The receivers see a closed channel, which is all the news there is.
        drop(stop);
        let finish = async { while connections.join_next().await.is_some() {} };
        // Those that do not finish are aborted with the set.
        let _ = timeout(limits.grace, finish).await;
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("local_addr", &self.local_addr)
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
    /// Without progress in sending a response.
    stall: Duration,
    /// For running requests after the shutdown began.
    grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 256,
            head: Duration::from_secs(45),
            stall: Duration::from_secs(30),
            grace: Duration::from_secs(10),
        }
    }
}

/// The next connection, when there is room for it. Finished connections are taken out of the set
/// meanwhile.
async fn next(listener: &TcpListener, connections: &mut JoinSet<()>, most: usize) -> TcpStream {
    loop {
        let accepted = poll_fn(|cx| {
            while let Poll::Ready(Some(_)) = connections.poll_join_next(cx) {}
            if connections.len() >= most {
                // Woken by the set, when one of them ends.
                return Poll::Pending;
            }
            listener.poll_accept(cx)
        });
        match accepted.await {
            Ok((stream, _)) => return stream,
            Err(error) => {
                if let Some(pause) = pause_after(&error) {
                    sleep(pause).await;
                }
            }
        }
    }
}

/// How long to wait before accepting again. A connection that died in the queue is no reason to;
/// anything else (mostly: no file descriptors left) would come again at once.
fn pause_after(error: &io::Error) -> Option<Duration> {
    match error.kind() {
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionReset => None,
        _ => Some(Duration::from_millis(100)),
    }
}

/// Serves one connection to its end. What goes wrong in it concerns its client only, who sees it.
async fn serve(stream: TcpStream, responder: Arc<Responder>, limits: Limits, mut stopped: watch::Receiver<()>) {
    // Delays are a matter of speed only.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request: Request<Incoming>| {
        let responder = Arc::clone(&responder);
        async move {
            let path = request.uri().path();
            let answer = responder.answer(request.method(), path, request.headers()).await;
            Ok::<_, Infallible>(answer)
        }
    });
    let io = TokioIo::new(Impatient::new(stream, limits.stall));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        .serve_connection(io, service);
    let mut connection = pin!(connection);
    let mut stopped = pin!(stopped.changed());
    let mut stopping = false;
    let _ = poll_fn(|cx| {
        if !stopping && stopped.as_mut().poll(cx).is_ready() {
            stopping = true;
            connection.as_mut().graceful_shutdown();
        }
        connection.as_mut().poll(cx)
    })
    .await;
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

    use super::*;
    use crate::exporter::fixture::{catalog, wide};

    /// Much longer than anything here takes, so that only a hang fails.
    const LONG: Duration = Duration::from_secs(60);
    const SHORT: Duration = Duration::from_millis(50);

    async fn start(limits: impl FnOnce(&mut Limits)) -> SocketAddr {
        let mut server = Exporter::new(catalog()).bind("127.0.0.1:0").await.unwrap();
        limits(&mut server.limits);
        let address = server.local_addr();
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

    #[test]
    fn only_errors_that_stay_are_waited_out() {
        assert_eq!(pause_after(&io::ErrorKind::ConnectionAborted.into()), None);
        let exhausted = io::Error::other("too many open files");
        assert!(pause_after(&exhausted).is_some());
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
        let address = server.local_addr();
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
    async fn more_connections_than_allowed_wait_for_their_turn() {
        let address = start(|limits| limits.connections = 1).await;
        let mut first = TcpStream::connect(address).await.unwrap();
        let request = b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n";
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
    async fn a_request_that_never_ends_does_not_hold_up_the_shutdown() {
        let mut server = Exporter::new(catalog()).bind("127.0.0.1:0").await.unwrap();
        server.limits.grace = SHORT;
        let address = server.local_addr();
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
        let address = server.local_addr();
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
