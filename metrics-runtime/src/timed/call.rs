use std::mem::ManuallyDrop;

use super::{End, Outcome, Seen, TimedMetric};
use crate::clock::Moment;
use crate::storage::is_recording;

/// Runs a function's body, and records the call when it ends: by returning, or by a panic.
///
/// `series` names the metric and the position of the labels; it captures nothing but a position that is not constant.
#[inline]
pub fn call<M: TimedMetric, R>(
    series: impl Fn() -> (&'static M, usize),
    body: impl FnOnce() -> R,
    error: impl FnOnce(&Seen<'_, R, M::Error>) -> Option<usize>,
) -> R {
    if !is_recording() {
        return body();
    }
    let call = Started::new(series);
    let returned = body();
    let error = error(&Seen::new(&returned));
    call.end(error);
    returned
}

/// A call that is not over: when it is dropped, it panicked.
struct Started<M: TimedMetric, S: Fn() -> (&'static M, usize)> {
    series: S,
    start: Moment,
}

impl<M: TimedMetric, S: Fn() -> (&'static M, usize)> Started<M, S> {
    #[inline]
    fn new(series: S) -> Self {
        let (metric, index) = series();
        metric.started(index);
        Self {
            series,
            start: Moment::now(),
        }
    }

    #[inline]
    fn end(self, error: Option<usize>) {
        ManuallyDrop::new(self).record(outcome(error), error);
    }

    #[inline]
    fn record(&self, outcome: Outcome, error: Option<usize>) {
        let (metric, index) = (self.series)();
        metric.ended(
            index,
            &End {
                seconds: self.start.elapsed(),
                outcome,
                error,
                polled: None,
            },
        );
    }
}

impl<M: TimedMetric, S: Fn() -> (&'static M, usize)> Drop for Started<M, S> {
    fn drop(&mut self) {
        self.record(Outcome::Panic, None);
    }
}

/// How a call ended that returned.
#[inline]
pub(super) fn outcome(error: Option<usize>) -> Outcome {
    if error.is_some() { Outcome::Error } else { Outcome::Ok }
}

/// For the macro: what an `async` block returns, said where nothing is run.
#[must_use]
pub fn never<R>() -> R {
    loop {
        std::hint::spin_loop();
    }
}

/// For the macro: runs a closure that is called once, which the compiler must know to let it return what it borrows.
#[inline]
pub fn called<R>(body: impl FnOnce() -> R) -> R {
    body()
}
