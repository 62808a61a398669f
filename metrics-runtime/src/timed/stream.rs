use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use pin_project_lite::pin_project;

use super::call::outcome;
use super::future::Progress;
use super::{Outcome, Seen, TimedMetric};

pin_project! {
    /// A stream that records its call once: when it ends, when it panics, or when it is dropped before. One that is never
    /// polled did not start; one that yielded an error is one, whatever comes after.
    #[allow(missing_debug_implementations, reason = "hidden: only the macro makes one")]
    #[must_use = "streams do nothing unless polled"]
    pub struct TimedStream<T, M, S, E>
    where
        M: TimedMetric,
        S: Fn() -> (&'static M, usize),
    {
        #[pin]
        stream: T,
        call: Progress<M, S>,
        yielded: bool,
        // The first error among the items.
        failed: Option<usize>,
        error: E,
    }

    impl<T, M, S, E> PinnedDrop for TimedStream<T, M, S, E>
    where
        M: TimedMetric,
        S: Fn() -> (&'static M, usize),
    {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            // Who stops at an error did not cancel it.
            if this.failed.is_some() {
                this.call.end(Outcome::Error, *this.failed);
            }
        }
    }
}

impl<T, M, S, E> TimedStream<T, M, S, E>
where
    T: Stream,
    M: TimedMetric,
    S: Fn() -> (&'static M, usize),
    E: Fn(&Seen<'_, T::Item, M::Error>) -> Option<usize>,
{
    /// `series` as in [`call`](super::call).
    #[inline]
    pub fn new(series: S, stream: T, error: E) -> Self {
        Self {
            stream,
            call: Progress::new(series),
            yielded: false,
            failed: None,
            error,
        }
    }
}

impl<T, M, S, E> Stream for TimedStream<T, M, S, E>
where
    T: Stream,
    M: TimedMetric,
    S: Fn() -> (&'static M, usize),
    E: Fn(&Seen<'_, T::Item, M::Error>) -> Option<usize>,
{
    type Item = T::Item;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<T::Item>> {
        let this = self.project();
        let (metric, index) = (this.call.series)();
        let polling = this.call.poll();
        let poll = this.stream.poll_next(context);
        match &poll {
            Poll::Ready(Some(item)) => {
                let error = (this.error)(&Seen::new(item));
                polling.pending();
                let first = (M::FIRST_ITEM && !*this.yielded).then(|| this.call.seconds());
                *this.yielded = true;
                if this.call.is_running() {
                    metric.item(index, first);
                }
                *this.failed = this.failed.or(error);
            }
            Poll::Ready(None) => polling.done(outcome(*this.failed), *this.failed),
            Poll::Pending => polling.pending(),
        }
        poll
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.stream.size_hint()
    }
}
