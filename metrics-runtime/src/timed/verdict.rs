//! Whether what a function returned is an error, and of which kind: asked of its type, never of its name.

use std::future::Future;
use std::marker::PhantomData;

use super::joined::join;
use super::{ErrorLabel, Outcome, TimedMetric};
use crate::label::{LabelSet, LabelValue};
use crate::metric::{Counter, CounterCells, Histogram, HistogramCells};
use crate::storage::Storage;

/// What a function returned, for errors of the kinds `K`.
///
/// `error` is found by the compiler in this order: the inherent one for a `Result`, under whatever alias; that of
/// [`Unfinished`] for a future, which is refused; that of [`Otherwise`].
#[allow(missing_debug_implementations, reason = "hidden: only the macro looks at one")]
pub struct Seen<'a, R: ?Sized, K> {
    returned: &'a R,
    kinds: PhantomData<fn() -> K>,
}

impl<'a, R: ?Sized, K> Seen<'a, R, K> {
    #[inline]
    pub(super) fn new(returned: &'a R) -> Self {
        Self {
            returned,
            kinds: PhantomData,
        }
    }

    /// What was returned, for `error_if`.
    #[inline]
    #[must_use]
    pub fn returned(&self) -> &'a R {
        self.returned
    }
}

impl<T, E, K> Seen<'_, Result<T, E>, K> {
    /// The position of the error's kind, if it is an error.
    #[inline]
    #[must_use]
    pub fn error(&self) -> Option<usize>
    where
        K: ErrorLabel<E>,
    {
        self.returned.as_ref().err().map(|error| K::of(error).index())
    }
}

/// What is no `Result` is no error, unless it is a future.
pub trait Otherwise {
    /// No error.
    #[inline]
    fn error(&self) -> Option<usize> {
        None
    }
}

// A step further from the value than the others, so that the compiler takes it last.
impl<R: ?Sized, K> Otherwise for &Seen<'_, R, K> {}

/// A future that the macro could not see in the signature: timing its creation would tell nothing.
pub trait Unfinished<F: ?Sized> {
    /// Refused.
    fn error(&self) -> Option<usize>
    where
        F: Awaited,
    {
        None
    }
}

impl<F: Future + ?Sized, K> Unfinished<F> for Seen<'_, F, K> {}

/// Nothing implements it: it carries the message.
#[diagnostic::on_unimplemented(
    message = "this function returns a future, of which only the creation would be timed [timed-function]",
    label = "a future",
    note = "write `#[timed(future, …)]` if it is a boxed one under another name, or return an `impl Future`, or make the \
            function an `async fn`"
)]
pub trait Awaited {}

/// The same for a stream.
pub trait Unending<T: ?Sized> {
    /// Refused.
    fn error(&self) -> Option<usize>
    where
        T: Consumed,
    {
        None
    }
}

#[cfg(feature = "stream")]
impl<T: futures_core::Stream + ?Sized, K> Unending<T> for Seen<'_, T, K> {}

/// Nothing implements it: it carries the message.
#[diagnostic::on_unimplemented(
    message = "this function returns a stream, of which only the creation would be timed [timed-function]",
    label = "a stream",
    note = "return an `impl Stream`, or write `#[timed(stream, …)]` if it is a boxed one under another name"
)]
pub trait Consumed {}

/// What `error_if` says of a function's result: whether it is an error, or which kind of error.
#[diagnostic::on_unimplemented(
    message = "`error_if` returns a `{Self}`, from which no error of `{K}` can be told [timed-error]",
    label = "tells no error",
    note = "it returns a `bool` where the metric does not tell kinds of errors apart, an `Option` of the kind where it \
            does"
)]
pub trait Judge<K> {
    /// The position of the error's kind, if it is an error.
    fn error(self) -> Option<usize>;
}

impl Judge<()> for bool {
    #[inline]
    fn error(self) -> Option<usize> {
        self.then_some(0)
    }
}

impl<K: LabelValue> Judge<K> for Option<K> {
    #[inline]
    fn error(self) -> Option<usize> {
        self.map(|kind| kind.index())
    }
}

/// What `error_if` says of what was returned.
#[inline]
pub fn judged<R, K, J: Judge<K>>(seen: &Seen<'_, R, K>, error_if: impl FnOnce(&R) -> J) -> Option<usize> {
    error_if(seen.returned).error()
}

/// All that is known of a call when it ends.
#[derive(Clone, Copy, Debug)]
pub struct End {
    /// From its start.
    pub seconds: f64,
    /// How it ended.
    pub outcome: Outcome,
    /// The position of the kind of error.
    pub error: Option<usize>,
    /// The seconds for which a future was polled, and how often, where that is recorded.
    pub polled: Option<(f64, u64)>,
}

/// One line for each part of a group.
impl End {
    /// How long it took.
    #[inline]
    pub fn observe<L: LabelSet, const N: usize, S: Storage>(&self, durations: &Histogram<L, N, S>, index: usize) {
        HistogramCells::observe(durations, index, self.seconds);
    }

    /// That it ended so.
    #[inline]
    pub fn count<L: LabelSet, S: Storage>(&self, calls: &Counter<L, u64, S>, index: usize) {
        CounterCells::add(calls, join::<L>(index, Outcome::COMBINATIONS, self.outcome.index()), 1);
    }

    /// The kind of its error.
    #[inline]
    pub fn count_error<M: TimedMetric, L: LabelSet, S: Storage>(&self, errors: &Counter<L, u64, S>, index: usize) {
        if let Some(kind) = self.error {
            CounterCells::add(errors, join::<L>(index, M::Error::COMBINATIONS, kind), 1);
        }
    }

    /// That it was slow.
    #[inline]
    pub fn count_slow<L: LabelSet, S: Storage>(&self, slow: &Counter<L, u64, S>, index: usize, threshold: f64) {
        if self.seconds > threshold {
            CounterCells::add(slow, index, 1);
        }
    }

    /// For how long and how often it was polled.
    #[inline]
    pub fn count_polls<L: LabelSet, S: Storage>(
        &self,
        seconds: &Counter<L, f64, S>,
        polls: &Counter<L, u64, S>,
        index: usize,
    ) {
        if let Some((polled, count)) = self.polled {
            CounterCells::add(seconds, index, polled);
            CounterCells::add(polls, index, count);
        }
    }
}
