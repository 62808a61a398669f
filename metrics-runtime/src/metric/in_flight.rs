use std::fmt;

use super::sealed::Sealed;
use super::{Metric, Past, Reading};
use crate::descriptor::{Kind, LabelDescriptor, possible_combinations};
use crate::label::{LabelSet, Unlabelled};
use crate::storage::{InFlightCell, PerThread, Place, Recorded, Shared, Step, Storage};

/// How many of something there are now, where each is known to begin and to end: requests in flight, sessions open.
///
/// It is exported as a gauge. As nobody can set it, each thread counts in cells of its own, without an atomic operation,
/// as with a [`Counter`](super::Counter); what begins on one thread may end on another. A [`Gauge`](super::Gauge) can be
/// set, and costs an atomic operation each time. `L` is its labels; `S` changes where the cells are: see [`Shared`].
///
/// ```
/// # use enumetrics_runtime::InFlight;
/// static REQUESTS: InFlight = InFlight::new();
///
/// let request = REQUESTS.track(); // 1 more until it is dropped
/// assert_eq!(REQUESTS.get(), 1);
/// drop(request);
/// assert_eq!(REQUESTS.get(), 0);
/// ```
///
/// While threads record, a scrape may count what ended while it was reading, and not yet what began. It never finds
/// fewer than none, unless more ends were recorded than beginnings.
pub struct InFlight<L: LabelSet = (), S: Storage = PerThread> {
    cells: S::Place<S::Cells<L::Cells<InFlightCell>, InFlightCell>>,
    past: Past,
    _last: (), // as a counter's
}

impl<L: LabelSet, S: Storage> InFlight<L, S> {
    /// The most time series that this gauge exports: one for each possible combination of label values.
    pub const MAX_SERIES: usize = possible_combinations(L::LABELS);

    /// A gauge whose series are all 0.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            cells: Place::EMPTY,
            past: Past::new(),
            _last: (),
        }
    }

    /// The series with these label values.
    #[inline]
    pub fn with(&self, labels: L) -> InFlightSeries<'_, L, S> {
        self.at(labels.index())
    }

    #[inline]
    pub(crate) fn at(&self, index: usize) -> InFlightSeries<'_, L, S> {
        InFlightSeries { metric: self, index }
    }

    /// Removes all series, each as if by itself: each is in scrapes again when something is under way.
    pub fn clear(&self) {
        (0..L::COMBINATIONS).for_each(|index| self.at(index).remove());
    }

    without!(buckets, quantiles, compute(L));
}

/// Without labels there is one series, and the gauge is used as that series.
impl<L: LabelSet, S: Storage> InFlight<L, S> {
    /// Counts 1 until the guard is dropped.
    #[inline]
    pub fn track(&self) -> InFlightGuard<'_, L, S>
    where
        L: Unlabelled,
    {
        self.with(L::ONLY).track()
    }

    /// Adds 1.
    #[inline]
    pub fn inc(&self)
    where
        L: Unlabelled,
    {
        self.with(L::ONLY).inc();
    }

    /// Subtracts 1.
    #[inline]
    pub fn dec(&self)
    where
        L: Unlabelled,
    {
        self.with(L::ONLY).dec();
    }

    /// Adds `amount`.
    #[inline]
    pub fn add(&self, amount: u64)
    where
        L: Unlabelled,
    {
        self.with(L::ONLY).add(amount);
    }

    /// Subtracts `amount`.
    #[inline]
    pub fn sub(&self, amount: u64)
    where
        L: Unlabelled,
    {
        self.with(L::ONLY).sub(amount);
    }

    /// How many there are now.
    #[must_use]
    pub fn get(&self) -> i64
    where
        L: Unlabelled,
    {
        self.with(L::ONLY).get()
    }

    /// Leaves the metric out of scrapes while nothing is under way, until one finds something.
    pub fn remove(&self)
    where
        L: Unlabelled,
    {
        self.with(L::ONLY).remove();
    }
}

/// One series of an [`InFlight`]: the gauge with its label values chosen.
///
/// It can be kept: a handle to a `static` gauge is `'static`.
pub struct InFlightSeries<'a, L: LabelSet = (), S: Storage = PerThread> {
    metric: &'a InFlight<L, S>,
    index: usize,
}

impl<'a, L: LabelSet, S: Storage> InFlightSeries<'a, L, S> {
    /// Counts 1 until the guard is dropped, whatever drops it: the end of the scope, an early return, a panic that
    /// unwinds, a future that is cancelled. A guard that is forgotten (`std::mem::forget`) is counted for ever.
    #[inline]
    pub fn track(&self) -> InFlightGuard<'a, L, S> {
        let is_counted = self.record(Step::Started(1));
        InFlightGuard {
            series: is_counted.then_some(*self),
        }
    }

    /// One begins that its [`end`](Self::end) follows, even if recording is switched off before.
    #[inline]
    pub(crate) fn begin(&self) {
        self.metric
            .cells
            .record_always::<InFlightCell>(self.index, Step::Started(1));
    }

    /// One ends that was counted when it began.
    #[inline]
    pub(crate) fn end(&self) {
        self.metric
            .cells
            .record_always::<InFlightCell>(self.index, Step::Ended(1));
    }

    /// Adds 1.
    #[inline]
    pub fn inc(&self) {
        self.add(1);
    }

    /// Subtracts 1.
    #[inline]
    pub fn dec(&self) {
        self.sub(1);
    }

    /// Adds `amount`.
    #[inline]
    pub fn add(&self, amount: u64) {
        self.record(Step::Started(amount));
    }

    /// Subtracts `amount`.
    #[inline]
    pub fn sub(&self, amount: u64) {
        self.record(Step::Ended(amount));
    }

    #[inline]
    fn record(&self, step: Step) -> bool {
        self.metric.cells.record::<InFlightCell>(self.index, move || Some(step)) == Recorded::Done
    }

    /// How many there are now.
    #[must_use]
    pub fn get(&self) -> i64 {
        InFlightCells::get(self.metric, self.index)
    }

    /// Leaves the series out of scrapes while nothing is under way, until one finds something. What is under way now
    /// is counted to its end.
    pub fn remove(&self) {
        if self.index < L::COMBINATIONS {
            self.metric.past.hide(self.index);
        }
    }
}

/// One of what an [`InFlight`] counts, for as long as this guard lives; made by [`InFlight::track`].
///
/// It may be dropped by another thread than the one that made it.
#[must_use = "what it counts ends when it is dropped: give it a name, such as `_request`"]
#[derive(Debug)]
pub struct InFlightGuard<'a, L: LabelSet = (), S: Storage = PerThread> {
    /// None, if recording was off when it began.
    series: Option<InFlightSeries<'a, L, S>>,
}

impl<L: LabelSet, S: Storage> Drop for InFlightGuard<'_, L, S> {
    #[inline]
    fn drop(&mut self) {
        if let Some(series) = self.series {
            series.end();
        }
    }
}

/// The series of what is in flight, whatever its labels.
pub trait InFlightCells: Sync {
    /// The value of one series.
    fn get(&self, index: usize) -> i64;

    /// Which series were removed.
    fn past(&self) -> Option<&Past>;
}

impl<L: LabelSet, S: Storage> InFlightCells for InFlight<L, S> {
    fn get(&self, index: usize) -> i64 {
        InFlightCell::under_way(&self.cells, index)
    }

    fn past(&self) -> Option<&Past> {
        Some(&self.past)
    }
}

impl<L: LabelSet, S: Storage> Sealed for InFlight<L, S> {}

impl<L: LabelSet, S: Storage> Metric for InFlight<L, S> {
    const KIND: Kind = Kind::Gauge;
    const LABELS: &'static [LabelDescriptor] = L::LABELS;
    const NEW: Self = Self::new();
    type WithBuckets<const N: usize> = Self;
    type WithQuantiles<const N: usize> = Self;
    type Shared = InFlight<L, Shared>;
    const TAKES_SHARED: bool = true;
    type Traced = Self;
    type Sparse = Self;
    type Native = Self;

    fn read(&self) -> Reading<'_> {
        Reading::InFlight(self)
    }
}

impl<L: LabelSet, S: Storage> Default for InFlight<L, S> {
    fn default() -> Self {
        Self::new()
    }
}

impl<L: LabelSet, S: Storage> fmt::Debug for InFlight<L, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let series = (0..L::COMBINATIONS).map(|index| self.at(index).get());
        super::debug_series(f, L::LABELS, series)
    }
}

// By hand: a derive would ask for `L: Copy`, which labels need not be.
impl<L: LabelSet, S: Storage> Copy for InFlightSeries<'_, L, S> {}

impl<L: LabelSet, S: Storage> Clone for InFlightSeries<'_, L, S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<L: LabelSet, S: Storage> fmt::Debug for InFlightSeries<'_, L, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("InFlightSeries").field(&self.get()).finish()
    }
}
