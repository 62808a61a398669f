use std::fmt;

use super::sealed::Sealed;
use super::{Metric, Reading};
use crate::descriptor::{Kind, LabelDescriptor};
use crate::label::{LabelSet, Unlabelled};
use crate::storage::{CounterCell, PerThread, Place, Shared, Storage};

/// A number that only grows: requests, errors, bytes sent.
///
/// `L` is its labels: nothing, an enum that derives `LabelValue`, or a struct that derives `LabelSet`. There is one
/// series for each combination of their values, exported at 0 from the first scrape. The name of a counter ends in
/// `_total`.
///
/// Each thread adds to a cell of its own, without an atomic operation; it cannot fail, panic or block. A count wraps
/// after 2⁶⁴ − 1. `S` changes where the cells are: see [`Shared`].
///
/// ```
/// # use enumetrics_runtime::Counter;
/// static RESTARTS: Counter = Counter::new();
///
/// RESTARTS.inc();
/// RESTARTS.inc_by(2);
/// assert_eq!(RESTARTS.get(), 3);
/// ```
pub struct Counter<L: LabelSet = (), S: Storage = PerThread> {
    cells: S::Place<L::Cells<CounterCell>>,
}

impl<L: LabelSet, S: Storage> Counter<L, S> {
    /// The most time series that this counter exports: one for each combination of label values.
    pub const MAX_SERIES: usize = L::COMBINATIONS;

    /// A counter whose series are all 0.
    #[must_use]
    pub const fn new() -> Self {
        Self { cells: Place::EMPTY }
    }

    /// The series with these label values.
    #[inline]
    pub fn with(&self, labels: L) -> CounterSeries<'_> {
        CounterSeries {
            counter: self,
            index: labels.index(),
        }
    }

    /// For the macros: a counter has no buckets, which a check of its own reports.
    #[doc(hidden)]
    #[must_use]
    pub const fn __with_buckets(_: &'static [f64]) -> Self {
        Self::new()
    }
}

/// Without labels there is one series, and the counter is used as that series.
impl<L: LabelSet, S: Storage> Counter<L, S> {
    /// Adds 1.
    #[inline]
    pub fn inc(&self)
    where
        L: Unlabelled,
    {
        self.with(L::ONLY).inc();
    }

    /// Adds `amount`.
    #[inline]
    pub fn inc_by(&self, amount: u64)
    where
        L: Unlabelled,
    {
        self.with(L::ONLY).inc_by(amount);
    }

    /// The count now.
    #[must_use]
    pub fn get(&self) -> u64
    where
        L: Unlabelled,
    {
        self.with(L::ONLY).get()
    }
}

/// One series of a [`Counter`]: the counter with its label values chosen.
///
/// It can be kept: a handle to a `static` counter is `'static`.
#[derive(Clone, Copy)]
pub struct CounterSeries<'a> {
    // Where the counter is known, as it is right after `with`, the compiler calls it directly and inlines it.
    counter: &'a dyn CounterCells,
    index: usize,
}

impl CounterSeries<'_> {
    /// Adds 1.
    #[inline]
    pub fn inc(&self) {
        self.counter.add(self.index, 1);
    }

    /// Adds `amount`.
    #[inline]
    pub fn inc_by(&self, amount: u64) {
        self.counter.add(self.index, amount);
    }

    /// The count now.
    #[must_use]
    pub fn get(&self) -> u64 {
        let mut sum = [0];
        self.counter.sum(self.index, &mut sum);
        sum[0]
    }
}

/// The series of a counter, whatever its labels.
pub trait CounterCells: Sync {
    /// Adds to one series.
    fn add(&self, index: usize, amount: u64);

    /// The counts of the series from `first` on, as many as there is room for.
    fn sum(&self, first: usize, counts: &mut [u64]);
}

impl<L: LabelSet, S: Storage> CounterCells for Counter<L, S> {
    #[inline]
    fn add(&self, index: usize, amount: u64) {
        self.cells.record::<CounterCell>(index, amount);
    }

    fn sum(&self, first: usize, counts: &mut [u64]) {
        counts.fill(0);
        for block in self.cells.blocks() {
            for (count, cell) in counts.iter_mut().zip(&block.as_ref()[first..]) {
                *count = count.wrapping_add(cell.get());
            }
        }
    }
}

impl<L: LabelSet, S: Storage> Sealed for Counter<L, S> {}

impl<L: LabelSet, S: Storage> Metric for Counter<L, S> {
    const KIND: Kind = Kind::Counter;
    const LABELS: &'static [LabelDescriptor] = L::LABELS;
    const NEW: Self = Self::new();
    type WithBuckets<const N: usize> = Self;
    type Shared = Counter<L, Shared>;
    const TAKES_SHARED: bool = true;

    fn read(&self) -> Reading<'_> {
        Reading::Counter(self)
    }
}

impl<L: LabelSet, S: Storage> Default for Counter<L, S> {
    fn default() -> Self {
        Self::new()
    }
}

impl<L: LabelSet, S: Storage> fmt::Debug for Counter<L, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let series = (0..L::COMBINATIONS).map(|index| CounterSeries { counter: self, index }.get());
        super::debug_series(f, L::LABELS, series)
    }
}

impl fmt::Debug for CounterSeries<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CounterSeries").field(&self.get()).finish()
    }
}
