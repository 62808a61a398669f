//! Bodies that count what goes through them.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use bytes::Buf;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::ended::HttpMetrics;
use super::label::End;
use super::ongoing::Ongoing;

/// How many bytes of a request's body were read.
#[derive(Debug, Default)]
pub(super) struct Count {
    bytes: AtomicU64,
    _room: Room,
}

/// Makes what is allocated for a request larger than it need be. A request leaves some of the smallest pieces of memory
/// behind at once, and what is more than seven of one size glibc does not keep at hand: one more, and each request waits
/// until it has put its memory in order.
type Room = [u64; 4];

impl Count {
    pub(super) fn get(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }
}

pin_project! {
    /// The body of a request that an [`HttpLayer`](super::HttpLayer) measures.
    #[derive(Debug)]
    pub struct RequestBody<B> {
        #[pin]
        body: B,
        // Nobody counts where nothing comes, or where the exchange is not measured.
        count: Option<Arc<Count>>,
        // Routers box it.
        _room: Room,
    }
}

impl<B> RequestBody<B> {
    pub(super) fn new(body: B, count: Option<Arc<Count>>) -> Self {
        Self {
            body,
            count,
            _room: Room::default(),
        }
    }

    /// The body without the count, as a handler of its own may want it.
    pub fn into_inner(self) -> B {
        self.body
    }
}

impl<B: Body> Body for RequestBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let this = self.project();
        let polled = this.body.poll_frame(cx);
        if let (Poll::Ready(Some(Ok(frame))), Some(count)) = (&polled, this.count) {
            count.bytes.fetch_add(data_len(frame), Ordering::Relaxed);
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

pin_project! {
    /// The body of a response that an [`HttpLayer`](super::HttpLayer) measures. The exchange lasts as long as it.
    pub struct ResponseBody<B, M: HttpMetrics> {
        #[pin]
        body: B,
        ongoing: Option<Ongoing<M>>,
    }
}

impl<B: Body, M: HttpMetrics> ResponseBody<B, M> {
    pub(super) fn new(body: B, ongoing: Option<Ongoing<M>>) -> Self {
        Self { body, ongoing }
    }
}

impl<B: Body, M: HttpMetrics> Body for ResponseBody<B, M> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let mut this = self.project();
        let Some(ongoing) = this.ongoing else {
            return this.body.poll_frame(cx);
        };
        ongoing.running(true);
        let polled = this.body.as_mut().poll_frame(cx);
        ongoing.running(false);
        // Before the frame goes on: whoever has seen the end of a response finds it in the next scrape.
        let end = match &polled {
            Poll::Pending => None,
            Poll::Ready(Some(Ok(frame))) => {
                ongoing.sent(data_len(frame), frame.data_ref().map(Buf::chunk));
                let trailers = frame.trailers_ref().inspect(|trailers| ongoing.trailers(trailers));
                // Nothing comes after trailers, so that a server need not ask for it.
                let is_last = trailers.is_some() || this.body.is_end_stream() || ongoing.has_sent_all();
                is_last.then_some(End::Complete)
            }
            Poll::Ready(Some(Err(_))) => Some(End::Failed),
            Poll::Ready(None) => Some(End::Complete),
        };
        if let Some(end) = end {
            ongoing.end(end);
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl<B: std::fmt::Debug, M: HttpMetrics> std::fmt::Debug for ResponseBody<B, M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ResponseBody")
            .field("body", &self.body)
            .finish_non_exhaustive()
    }
}

fn data_len<D: Buf>(frame: &Frame<D>) -> u64 {
    frame.data_ref().map_or(0, |data| data.remaining() as u64)
}
