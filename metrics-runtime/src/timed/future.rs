use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::call::outcome;
use super::{End, Outcome, PollState, Seen, TimedMetric};
use crate::clock::Moment;
use crate::storage::is_recording;

pin_project! {
    /// A future that records its call once: when it is done, when it panics, or when it is dropped half-way. One that is
    /// never polled did not start.
    #[allow(missing_debug_implementations, reason = "hidden: only the macro makes one")]
    #[must_use = "futures do nothing unless you `.await` or poll them"]
    pub struct TimedFuture<F, M, S, E>
    where
        M: TimedMetric,
        S: Fn() -> (&'static M, usize),
    {
        // Before the call, so that what the body drops at its end is a part of it.
        #[pin]
        future: F,
        call: Progress<M, S>,
        error: E,
    }
}

impl<F, M, S, E> TimedFuture<F, M, S, E>
where
    F: Future,
    M: TimedMetric,
    S: Fn() -> (&'static M, usize),
    E: Fn(&Seen<'_, F::Output, M::Error>) -> Option<usize>,
{
    /// `series` as in [`call`](super::call).
    #[inline]
    pub fn new(series: S, future: F, error: E) -> Self {
        Self {
            future,
            call: Progress::new(series),
            error,
        }
    }
}

impl<F, M, S, E> Future for TimedFuture<F, M, S, E>
where
    F: Future,
    M: TimedMetric,
    S: Fn() -> (&'static M, usize),
    E: Fn(&Seen<'_, F::Output, M::Error>) -> Option<usize>,
{
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let polling = this.call.poll();
        let poll = this.future.poll(context);
        match &poll {
            Poll::Ready(returned) => {
                // Part of the poll: it is the user's code, which may panic.
                let error = (this.error)(&Seen::new(returned));
                polling.done(outcome(error), error);
            }
            Poll::Pending => polling.pending(),
        }
        poll
    }
}

/// How far a future or stream is. Dropped while it runs, it was cancelled.
pub(super) struct Progress<M: TimedMetric, S: Fn() -> (&'static M, usize)> {
    pub(super) series: S,
    state: State<M>,
    metric: PhantomData<fn() -> M>,
}

enum State<M: TimedMetric> {
    NotStarted,
    Running {
        start: Moment,
        polls: M::Polls,
    },
    /// Or never to be recorded.
    Ended,
}

impl<M: TimedMetric, S: Fn() -> (&'static M, usize)> Progress<M, S> {
    #[inline]
    pub(super) fn new(series: S) -> Self {
        Self {
            series,
            state: State::NotStarted,
            metric: PhantomData,
        }
    }

    /// A poll begins, and with the first the call.
    #[inline]
    pub(super) fn poll(&mut self) -> Polling<'_, M, S> {
        let since = if let State::NotStarted = self.state {
            if !is_recording() {
                self.state = State::Ended;
                return Polling {
                    call: self,
                    since: None,
                };
            }
            let (metric, index) = (self.series)();
            metric.started(index);
            let start = Moment::now();
            self.state = State::Running {
                start,
                polls: M::Polls::default(),
            };
            Some(start)
        } else {
            (M::Polls::KEPT && self.is_running()).then(Moment::now)
        };
        Polling { call: self, since }
    }

    #[inline]
    pub(super) fn is_running(&self) -> bool {
        matches!(self.state, State::Running { .. })
    }

    /// When it started, while it runs.
    #[cfg(feature = "stream")]
    pub(super) fn seconds(&self) -> f64 {
        match self.state {
            State::Running { start, .. } => start.elapsed(),
            _ => 0.0,
        }
    }

    /// Once and out of line, so that the other ends have less to carry.
    #[cold]
    #[inline(never)]
    fn cut_short(&mut self, outcome: Outcome) {
        self.end(outcome, None);
    }

    /// Only the first end counts: a future that is polled after it is none of ours.
    #[inline]
    pub(super) fn end(&mut self, outcome: Outcome, error: Option<usize>) {
        if let State::Running { start, polls } = &self.state {
            let (metric, index) = (self.series)();
            metric.ended(
                index,
                &End {
                    seconds: start.elapsed(),
                    outcome,
                    error,
                    polled: polls.total(),
                },
            );
            self.state = State::Ended;
        }
    }
}

impl<M: TimedMetric, S: Fn() -> (&'static M, usize)> Drop for Progress<M, S> {
    #[inline]
    fn drop(&mut self) {
        if let State::Running { .. } = self.state {
            self.cut_short(Outcome::Cancelled);
        }
    }
}

/// A poll. Dropped before it says how it went, it panicked.
pub(super) struct Polling<'a, M: TimedMetric, S: Fn() -> (&'static M, usize)> {
    call: &'a mut Progress<M, S>,
    since: Option<Moment>,
}

impl<M: TimedMetric, S: Fn() -> (&'static M, usize)> Polling<'_, M, S> {
    #[inline]
    pub(super) fn pending(mut self) {
        self.polled();
        std::mem::forget(self);
    }

    #[inline]
    pub(super) fn done(mut self, outcome: Outcome, error: Option<usize>) {
        self.polled();
        self.call.end(outcome, error);
        std::mem::forget(self);
    }

    #[inline]
    fn polled(&mut self) {
        if M::Polls::KEPT
            && let State::Running { polls, .. } = &mut self.call.state
            && let Some(since) = self.since
        {
            polls.add(since.elapsed());
        }
    }
}

impl<M: TimedMetric, S: Fn() -> (&'static M, usize)> Drop for Polling<'_, M, S> {
    #[inline]
    fn drop(&mut self) {
        self.polled();
        self.call.cut_short(Outcome::Panic);
    }
}
