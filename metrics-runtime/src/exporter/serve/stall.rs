//! A connection whose writes cannot wait for ever, and that tells when something was read.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep};

/// What a client must take before its patience begins anew.
const ENOUGH: usize = 64 * 1024;

/// Ends a connection whose other end has taken too little for a while.
///
/// hyper bounds how long the head of a request may take, but not how long a response may. A client
/// that does not read, or a byte now and then, would hold its connection, and the buffer that the response is in, for
/// ever. Whoever takes 64 KiB, or all there is, begins anew.
pub(super) struct Impatient<S, R> {
    stream: S,
    /// Told of everything that is read.
    on_read: R,
    patience: Duration,
    /// What was taken since the write began to wait.
    taken: usize,
    /// Runs while a write waits; made once per connection, at most.
    deadline: Option<Pin<Box<Sleep>>>,
    waiting: bool,
}

impl<S, R: Fn()> Impatient<S, R> {
    pub(super) fn new(stream: S, patience: Duration, on_read: R) -> Self {
        Self {
            stream,
            on_read,
            patience,
            taken: 0,
            deadline: None,
            waiting: false,
        }
    }

    /// Passes on what a write of some bytes said, or the end of patience.
    fn watch_write(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if let Poll::Ready(Ok(bytes)) = written {
            self.taken = self.taken.saturating_add(bytes);
            self.waiting &= self.taken < ENOUGH;
            return written;
        }
        self.watch(cx, written)
    }

    /// The same of what has written everything when it is ready.
    fn watch_all(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<()>>) -> Poll<io::Result<()>> {
        if written.is_ready() {
            self.waiting = false;
        }
        self.watch(cx, written)
    }

    fn watch<T>(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            return written;
        }
        let patience = self.patience;
        let deadline = self.deadline.get_or_insert_with(|| Box::pin(sleep(patience)));
        if !self.waiting {
            (self.waiting, self.taken) = (true, 0);
            deadline.as_mut().reset(Instant::now() + patience);
        }
        ready!(deadline.as_mut().poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + Unpin, R: Fn() + Unpin> AsyncRead for Impatient<S, R> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buf);
        if buf.filled().len() > before {
            (self.on_read)();
        }
        read
    }
}

impl<S: AsyncWrite + Unpin, R: Fn() + Unpin> AsyncWrite for Impatient<S, R> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.watch_write(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.watch_write(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        self.watch_all(cx, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut self.stream).poll_shutdown(cx);
        self.watch_all(cx, shut)
    }
}
