//! WebSocket connections, measured by guards: who is connected, what is sent and received, what does not arrive.
//!
//! `websocket_metrics!` declares the metrics; its `connect` gives a [`Connection`], which counts for as long as it lives,
//! and its `broadcast` a [`Broadcast`]. They need no WebSocket library and fit any.

use std::fmt;
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::clock::Moment;
use crate::descriptor::LabelDescriptor;
use crate::label::{LabelSet, LabelValue};
use crate::storage::Block;
use crate::storage::is_recording;

/// What the guards record into: `websocket_metrics!` declares one. No call may panic or block.
pub trait WebSocketMetrics: Sync + 'static {
    /// The label for who is connected; `()` where nobody asks.
    type Role;
    /// The label for what kind of message it is; `()` where nobody asks.
    type Message;
    /// What lives as long as a connection does: usually the guards of [`InFlight`](crate::InFlight)s.
    type Open: Send + 'static;

    /// A connection begins; it ends when what this returns is dropped.
    fn connected(&'static self, role: Self::Role) -> Self::Open;

    /// A message came.
    fn received(&'static self, message: Self::Message);

    /// A message that came was dealt with, so many seconds later.
    fn handled(&'static self, seconds: f64);

    /// A message went.
    fn sent(&'static self, message: Self::Message);

    /// A message that should have gone did not.
    fn not_sent(&'static self);

    /// A broadcast that reached so many is over, so many seconds after its beginning.
    fn broadcast(&'static self, recipients: u64, seconds: f64);
}

/// A connection that is open, until this is dropped: whatever ends it, the client that leaves, a panic, or a task that is
/// cancelled.
///
/// ```
/// use enumetrics_runtime::websocket::{Connection, MessageKind, WebSocketMetrics};
///
/// async fn serve<M: WebSocketMetrics<Role = (), Message = MessageKind>>(metrics: &'static M) {
///     let connection = Connection::open(metrics, ());
///     # async fn next() -> Option<String> { None }
///     while let Some(text) = next().await {
///         let _handling = connection.received(MessageKind::Text);
///         # async fn send(_: String) -> Result<(), std::io::Error> { Ok(()) }
///         if connection.send(MessageKind::Text, send(text)).await.is_err() {
///             break;
///         }
///     }
/// }
/// ```
#[must_use = "the connection counts as closed when this is dropped: give it a name, such as `connection`"]
pub struct Connection<M: WebSocketMetrics> {
    metrics: &'static M,
    _open: M::Open,
}

impl<M: WebSocketMetrics> Connection<M> {
    /// Counts a connection.
    pub fn open(metrics: &'static M, role: M::Role) -> Self {
        Self {
            metrics,
            _open: metrics.connected(role),
        }
    }

    /// Counts a message that came. The message's latency is the time until what this returns is dropped: usually at the end
    /// of the loop's body, when the message was dealt with and answered.
    pub fn received(&self, message: M::Message) -> Handling<M> {
        self.metrics.received(message);
        Handling {
            metrics: self.metrics,
            start: is_recording().then(Moment::now),
        }
    }

    /// Waits for a message to be sent, and counts it: as sent, or as an error where sending fails, panics, or is given up.
    ///
    /// # Errors
    ///
    /// Those of `sending`.
    pub async fn send<T, E>(&self, message: M::Message, sending: impl Future<Output = Result<T, E>>) -> Result<T, E> {
        send(self.metrics, message, sending).await
    }
}

/// A message that came and is being dealt with, until this is dropped.
#[must_use = "the message counts as dealt with when this is dropped: give it a name, such as `_handling`"]
pub struct Handling<M: WebSocketMetrics> {
    metrics: &'static M,
    /// None, if recording was off when it began.
    start: Option<Moment>,
}

impl<M: WebSocketMetrics> Drop for Handling<M> {
    fn drop(&mut self) {
        if let Some(start) = self.start {
            self.metrics.handled(start.elapsed());
        }
    }
}

/// One message that goes to many, until this is dropped.
///
/// ```
/// use enumetrics_runtime::websocket::{Broadcast, MessageKind, WebSocketMetrics};
///
/// async fn tell_all<M: WebSocketMetrics<Message = MessageKind>>(metrics: &'static M) {
///     let broadcast = Broadcast::begin(metrics);
///     # async fn send(_: u32) -> Result<(), std::io::Error> { Ok(()) }
///     # let peers = [1, 2];
///     for peer in peers {
///         // One that cannot be reached is counted and keeps nobody else from being told.
///         let _ = broadcast.send(MessageKind::Text, send(peer)).await;
///     }
/// }
/// ```
#[must_use = "the broadcast counts as over when this is dropped: give it a name, such as `broadcast`"]
pub struct Broadcast<M: WebSocketMetrics> {
    metrics: &'static M,
    recipients: AtomicU64,
    /// None, if recording was off when it began.
    start: Option<Moment>,
}

impl<M: WebSocketMetrics> Broadcast<M> {
    /// Begins one.
    pub fn begin(metrics: &'static M) -> Self {
        Self {
            metrics,
            recipients: AtomicU64::new(0),
            start: is_recording().then(Moment::now),
        }
    }

    /// As [`Connection::send`]; who got it is a recipient. Several can be sent at once.
    ///
    /// # Errors
    ///
    /// Those of `sending`.
    pub async fn send<T, E>(&self, message: M::Message, sending: impl Future<Output = Result<T, E>>) -> Result<T, E> {
        let result = send(self.metrics, message, sending).await;
        self.reached(u64::from(result.is_ok()));
        result
    }

    /// Adds recipients who are told in another way, as by a channel, whose receivers count what they send.
    pub fn reached(&self, recipients: u64) {
        self.recipients.fetch_add(recipients, Ordering::Relaxed);
    }
}

impl<M: WebSocketMetrics> Drop for Broadcast<M> {
    fn drop(&mut self) {
        if let Some(start) = self.start {
            self.metrics.broadcast(*self.recipients.get_mut(), start.elapsed());
        }
    }
}

/// The time, in seconds since the Unix epoch.
#[doc(hidden)]
#[must_use]
pub fn now() -> f64 {
    crate::start::now().as_secs_f64()
}

/// The kinds of messages that the protocol has (RFC 6455, section 11.8): `type="text"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MessageKind {
    /// `text`
    Text,
    /// `binary`
    Binary,
    /// `ping`
    Ping,
    /// `pong`
    Pong,
    /// `close`
    Close,
}

#[diagnostic::do_not_recommend]
impl LabelValue for MessageKind {
    const NAME: &'static str = "type";
    const VALUES: &'static [&'static str] = &["text", "binary", "ping", "pong", "close"];
    const VARIANTS: &'static [Self] = &[Self::Text, Self::Binary, Self::Ping, Self::Pong, Self::Close];
}

#[diagnostic::do_not_recommend]
impl LabelSet for MessageKind {
    const LABELS: &'static [LabelDescriptor] = &[LabelDescriptor::new(Self::NAME, Self::VALUES)];
    const COMBINATIONS: usize = Self::VALUES.len();
    type Cells<T: Block> = [T; MessageKind::VALUES.len()];

    #[inline]
    fn index(&self) -> usize {
        *self as usize
    }

    fn at(index: usize) -> Self {
        Self::VARIANTS[index]
    }
}

async fn send<M: WebSocketMetrics, T, E>(
    metrics: &'static M,
    message: M::Message,
    sending: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    let mut attempt = Attempt { metrics, sent: None };
    let result = sending.await;
    attempt.sent = result.is_ok().then_some(message);
    result
}

/// A message on its way; it did not arrive unless something says so.
struct Attempt<M: WebSocketMetrics> {
    metrics: &'static M,
    sent: Option<M::Message>,
}

impl<M: WebSocketMetrics> Drop for Attempt<M> {
    fn drop(&mut self) {
        match self.sent.take() {
            Some(message) => self.metrics.sent(message),
            None => self.metrics.not_sent(),
        }
    }
}

impl<M: WebSocketMetrics> fmt::Debug for Connection<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").finish_non_exhaustive()
    }
}

impl<M: WebSocketMetrics> fmt::Debug for Handling<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handling").finish_non_exhaustive()
    }
}

impl<M: WebSocketMetrics> fmt::Debug for Broadcast<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Broadcast")
            .field("recipients", &self.recipients)
            .finish_non_exhaustive()
    }
}
