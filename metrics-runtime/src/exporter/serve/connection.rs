//! The connections of a server: as many as it may have, each to its end.

use std::convert::Infallible;
use std::error::Error;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::{Duration, Instant};

use http::{Request, Version};
use hyper::body::Incoming as RequestBody;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::Limits;
use super::listener::{Incoming, Stream};
use super::stall::Impatient;
#[cfg(feature = "tls")]
use super::tls::Acceptor;
use crate::exporter::access::Client;
use crate::exporter::respond::{Asked, Responder};
use crate::exporter::self_metrics::Refused;

/// The most bytes of a request's head.
const MAX_HEAD: usize = 32 * 1024;
/// The most requests at once on a connection of HTTP/2.
#[cfg(feature = "http2")]
const MAX_STREAMS: u32 = 16;

/// What all connections are served with.
#[derive(Clone)]
pub(super) struct Serving {
    pub(super) responder: Arc<Responder>,
    pub(super) limits: Limits,
    pub(super) stopped: watch::Receiver<()>,
    #[cfg(feature = "tls")]
    pub(super) tls: Option<Acceptor>,
}

/// Those that are open.
pub(super) struct Connections {
    serving: Serving,
    tasks: JoinSet<()>,
    /// The oldest first.
    open: Vec<Arc<Open>>,
    /// Told when one has answered a request.
    answered: Arc<Notify>,
}

impl Connections {
    pub(super) fn new(serving: Serving) -> Self {
        Self {
            serving,
            tasks: JoinSet::new(),
            open: Vec::new(),
            answered: Arc::default(),
        }
    }

    /// Serves whoever comes, for ever.
    pub(super) async fn accept_all(&mut self, incoming: &mut Incoming) -> Infallible {
        loop {
            let accepted = poll_fn(|cx| {
                // Finished ones are taken out of the set meanwhile.
                while let Poll::Ready(Some(_)) = self.tasks.poll_join_next(cx) {}
                incoming.poll_next(cx)
            });
            let (stream, client) = accepted.await;
            self.make_room().await;
            let open = Arc::new(Open::new(Arc::clone(&self.answered)));
            self.open.push(Arc::clone(&open));
            self.tasks.spawn(self.serving.clone().serve(stream, client, open));
        }
    }

    /// Waits for those that are open.
    pub(super) async fn finish(&mut self) {
        while self.tasks.join_next().await.is_some() {}
    }

    /// Closes the oldest one that has nothing to do, where there are too many; where all are at work, the first that has
    /// done it.
    async fn make_room(&mut self) {
        self.open.retain(|open| Arc::strong_count(open) > 1);
        let mut asked = false;
        while self.tasks.len() >= self.serving.limits.connections {
            let mut answered = pin!(self.answered.notified());
            // Before it is looked for, so that none that ends meanwhile is missed.
            answered.as_mut().enable();
            if !asked && let Some(idle) = self.open.iter().find(|open| open.is_idle()) {
                idle.close.notify_one();
                asked = true;
                self.serving.responder.count_refused(Refused::TooManyConnections);
            }
            poll_fn(|cx| match self.tasks.poll_join_next(cx) {
                Poll::Ready(_) => Poll::Ready(()),
                Poll::Pending => answered.as_mut().poll(cx),
            })
            .await;
        }
    }
}

/// The state of a connection that others see.
#[derive(Debug)]
struct Open {
    /// How many requests are answered on it now.
    answering: AtomicUsize,
    /// Whether a request's head is on its way: the first one from the start on, others since their first byte.
    awaits_head: AtomicBool,
    /// Whether it is of HTTP/2, where not all that comes is a request.
    speaks_http2: AtomicBool,
    /// When the last one ended.
    idle_since: Mutex<Instant>,
    close: Notify,
    answered: Arc<Notify>,
}

impl Open {
    fn new(answered: Arc<Notify>) -> Self {
        Self {
            answering: AtomicUsize::new(0),
            awaits_head: AtomicBool::new(true),
            speaks_http2: AtomicBool::new(false),
            idle_since: Mutex::new(Instant::now()),
            close: Notify::new(),
            answered,
        }
    }

    fn is_idle(&self) -> bool {
        self.answering.load(Ordering::Relaxed) == 0
    }

    /// Something came from the client.
    fn heard(&self) {
        if self.is_idle() && !self.speaks_http2.load(Ordering::Relaxed) {
            self.awaits_head.store(true, Ordering::Relaxed);
        }
    }

    fn idle_for(&self) -> Duration {
        match self.is_idle() {
            true => self.idle_since.lock().unwrap_or_else(PoisonError::into_inner).elapsed(),
            false => Duration::ZERO,
        }
    }
}

/// From the head of a request to the end of its answer.
#[derive(Debug)]
struct Answering(Arc<Open>);

impl Answering {
    fn begin(open: &Arc<Open>, version: Version) -> Self {
        open.answering.fetch_add(1, Ordering::Relaxed);
        open.awaits_head.store(false, Ordering::Relaxed);
        open.speaks_http2.store(version == Version::HTTP_2, Ordering::Relaxed);
        Self(Arc::clone(open))
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        *self.0.idle_since.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        self.0.answering.fetch_sub(1, Ordering::Relaxed);
        self.0.answered.notify_waiters();
    }
}

impl Serving {
    /// Serves one connection to its end. What goes wrong in it concerns its client only, who sees it.
    async fn serve(self, stream: Stream, client: Client, open: Arc<Open>) {
        let stall = self.limits.stall;
        let heard = {
            let open = Arc::clone(&open);
            move || open.heard()
        };
        match stream {
            Stream::Tcp(stream) => {
                // Delays are a matter of speed only.
                let _ = stream.set_nodelay(true);
                let stream = Impatient::new(stream, stall, heard);
                #[cfg(feature = "tls")]
                if let Some(tls) = &self.tls {
                    // A client that does not finish the handshake is closed as one that sends no request.
                    match until(&open, self.limits.head, tls.accept(stream)).await {
                        Ok(Some(stream)) => self.serve_http(stream, client, open).await,
                        Ok(None) => self.responder.count_refused(Refused::Tls),
                        Err(cut) => self.cut(cut, &open),
                    }
                    return;
                }
                self.serve_http(stream, client, open).await;
            }
            #[cfg(unix)]
            Stream::Unix(stream) => {
                self.serve_http(Impatient::new(stream, stall, heard), client, open)
                    .await
            }
        }
    }

    async fn serve_http(
        self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        client: Client,
        open: Arc<Open>,
    ) {
        let (limits, mut stopped) = (self.limits, self.stopped.clone());
        let responder = Arc::clone(&self.responder);
        let state = Arc::clone(&open);
        let service = service_fn(move |request: Request<RequestBody>| {
            let responder = Arc::clone(&responder);
            let answering = Answering::begin(&state, request.version());
            async move {
                let asked = Asked {
                    client,
                    method: request.method(),
                    uri: request.uri(),
                    headers: request.headers(),
                };
                let answer = responder.answer(asked).await;
                // While there is a body, the connection is at work.
                Ok::<_, Infallible>(answer.map(|body| body.hold(answering)))
            }
        });
        let builder = builder(limits);
        let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
        let mut stopped = pin!(stopped.changed());
        let mut stopping = false;
        let serving = poll_fn(|cx| {
            if !stopping && stopped.as_mut().poll(cx).is_ready() {
                stopping = true;
                connection.as_mut().graceful_shutdown();
            }
            connection.as_mut().poll(cx)
        });
        match until(&open, limits.head, serving).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                if let Some(reason) = reason(error, &open) {
                    self.responder.count_refused(reason);
                }
            }
            Err(cut) => self.cut(cut, &open),
        }
    }

    /// Counts a connection that was closed.
    fn cut(&self, cut: Cut, open: &Open) {
        if cut == Cut::Idle && open.awaits_head.load(Ordering::Relaxed) {
            self.responder.count_refused(Refused::SlowHead);
        }
    }
}

/// Why a connection ended that spoke no HTTP, or none that we take. Nothing for clients that left.
fn reason(error: impl Into<Box<dyn Error + Send + Sync>>, open: &Open) -> Option<Refused> {
    let error = error.into();
    let error = error.downcast_ref::<hyper::Error>()?;
    match () {
        () if error.is_parse_too_large() => Some(Refused::LargeHead),
        () if error.is_parse() => Some(Refused::Malformed),
        // hyper counts the time in which a connection is idle, too.
        () if error.is_timeout() && open.awaits_head.load(Ordering::Relaxed) => Some(Refused::SlowHead),
        () => None,
    }
}

/// Who ended what was not done.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Cut {
    /// Another connection needed its place, and is counted.
    Closed,
    /// Nothing came for too long.
    Idle,
}

/// Does the work, unless the connection is idle for too long or asked to close.
async fn until<T>(open: &Open, idle: Duration, work: impl Future<Output = T>) -> Result<T, Cut> {
    let mut work = pin!(work);
    let mut close = pin!(open.close.notified());
    let mut deadline = pin!(sleep(idle));
    poll_fn(|cx| {
        if let Poll::Ready(done) = work.as_mut().poll(cx) {
            return Poll::Ready(Ok(done));
        }
        if close.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Err(Cut::Closed));
        }
        while deadline.as_mut().poll(cx).is_ready() {
            let left = idle.saturating_sub(open.idle_for());
            if left.is_zero() {
                return Poll::Ready(Err(Cut::Idle));
            }
            deadline.as_mut().reset(tokio::time::Instant::now() + left);
        }
        Poll::Pending
    })
    .await
}

#[cfg(not(feature = "http2"))]
fn builder(limits: Limits) -> hyper::server::conn::http1::Builder {
    let mut builder = hyper::server::conn::http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        .max_buf_size(MAX_HEAD);
    builder
}

#[cfg(feature = "http2")]
fn builder(limits: Limits) -> hyper_util::server::conn::auto::Builder<hyper_util::rt::TokioExecutor> {
    let mut builder = hyper_util::server::conn::auto::Builder::new(hyper_util::rt::TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        .max_buf_size(MAX_HEAD);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(MAX_STREAMS)
        .max_header_list_size(MAX_HEAD as u32);
    match limits.http2 {
        true => builder,
        false => builder.http1_only(),
    }
}
