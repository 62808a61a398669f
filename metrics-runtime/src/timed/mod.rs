//! What `#[timed]` does while the program runs: a call that is recorded once, whatever its end.

mod call;
mod future;
mod group;
mod joined;
mod labels;
mod outcome;
#[cfg(feature = "stream")]
mod stream;
mod verdict;

pub use self::call::{call, called, never};
pub use self::future::TimedFuture;
pub use self::group::{Calls, CallsGroup, CallsOf, IsCalls, NoCalls, Polls, first_item, item, started};
pub use self::joined::{Joined, combinations};
pub use self::labels::{
    LabelAt, Labelled, index, is_one_label, label_position, labels_of, labels_of_timed, plus, position, stride,
};
pub use self::outcome::{ErrorLabel, Outcome};
#[cfg(feature = "stream")]
pub use self::stream::TimedStream;
pub use self::verdict::{Awaited, Consumed, End, Judge, Otherwise, Seen, Unending, Unfinished, judged};

use crate::label::LabelSet;
use crate::metric::{Histogram, HistogramCells, Summary};
use crate::storage::Storage;

/// What `#[timed]` records into.
#[diagnostic::on_unimplemented(
    message = "`#[timed]` cannot record into `{Self}` [timed-metric]",
    label = "neither a histogram or summary nor a group of `Calls`",
    note = "name a static `Histogram` or `Summary`, in seconds, or a field that is declared with `#[metric(calls(…))]`"
)]
pub trait TimedMetric: 'static {
    /// The labels of a call.
    type Labels: LabelSet;
    /// The kinds of error; `()` where they are not told apart.
    type Error: LabelSet;
    /// What is kept of a future's polls: `()` where nothing is.
    type Polls: PollState;

    /// A call began.
    #[inline]
    fn started(&self, index: usize) {
        let _ = index;
    }

    /// It ended.
    fn ended(&self, index: usize, end: &End);

    /// A stream yielded an item; the seconds since it began, if it is the first.
    #[inline]
    fn item(&self, index: usize, first: Option<f64>) {
        let _ = (index, first);
    }

    /// Whether the time to a stream's first item is recorded.
    const FIRST_ITEM: bool = false;
}

impl<L: LabelSet, const N: usize, S: Storage> TimedMetric for Histogram<L, N, S> {
    type Labels = L;
    type Error = ();
    type Polls = ();

    #[inline]
    fn ended(&self, index: usize, end: &End) {
        HistogramCells::observe(self, index, end.seconds);
    }
}

impl<L: LabelSet, const Q: usize, S: Storage> TimedMetric for Summary<L, Q, S> {
    type Labels = L;
    type Error = ();
    type Polls = ();

    #[inline]
    fn ended(&self, index: usize, end: &End) {
        HistogramCells::observe(self, index, end.seconds);
    }
}

/// What a future keeps of its polls.
pub trait PollState: Default {
    /// Whether the clock is read for each.
    const KEPT: bool;

    /// One poll took so many seconds.
    fn add(&mut self, seconds: f64);

    /// Seconds and number.
    fn total(&self) -> Option<(f64, u64)>;
}

impl PollState for () {
    const KEPT: bool = false;

    #[inline]
    fn add(&mut self, _: f64) {}

    #[inline]
    fn total(&self) -> Option<(f64, u64)> {
        None
    }
}
