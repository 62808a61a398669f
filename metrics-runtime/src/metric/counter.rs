use std::fmt;

use super::sealed::Sealed;
use super::{Metric, Reading};
use crate::descriptor::{Kind, LabelDescriptor};
use crate::label::{LabelSet, Unlabelled};
use crate::storage::{Cell, CounterCell};

/// A number that only grows: requests, errors, bytes sent.
///
/// `L` is its labels: nothing, an enum that derives `LabelValue`, or a struct that derives `LabelSet`. There is one
/// series for each combination of their values, exported at 0 from the first scrape. The name of a counter ends in
/// `_total`.
///
/// Recording is one atomic addition; it cannot fail, panic or block. A count wraps after 2⁶⁴ − 1.
///
/// ```
/// # use enumetrics_runtime::Counter;
/// static RESTARTS: Counter = Counter::new();
///
/// RESTARTS.inc();
/// RESTARTS.inc_by(2);
/// assert_eq!(RESTARTS.get(), 3);
/// ```
pub struct Counter<L: LabelSet = ()> {
    cells: L::Cells<CounterCell>,
}

impl<L: LabelSet> Counter<L> {
    /// The most time series that this counter exports: one for each combination of label values.
    pub const MAX_SERIES: usize = L::COMBINATIONS;

    /// A counter whose series are all 0.
    #[must_use]
    pub const fn new() -> Self {
        Self { cells: Cell::ZERO }
    }

    /// The series with these label values.
    #[inline]
    pub fn with(&self, labels: L) -> CounterSeries<'_> {
        CounterSeries {
            cell: &self.cells.as_ref()[labels.index()],
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
impl<L: LabelSet> Counter<L> {
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
    cell: &'a CounterCell,
}

impl CounterSeries<'_> {
    /// Adds 1.
    #[inline]
    pub fn inc(&self) {
        self.cell.add(1);
    }

    /// Adds `amount`.
    #[inline]
    pub fn inc_by(&self, amount: u64) {
        self.cell.add(amount);
    }

    /// The count now.
    #[must_use]
    pub fn get(&self) -> u64 {
        self.cell.get()
    }
}

impl<L: LabelSet> Sealed for Counter<L> {}

impl<L: LabelSet> Metric for Counter<L> {
    const KIND: Kind = Kind::Counter;
    const LABELS: &'static [LabelDescriptor] = L::LABELS;
    const NEW: Self = Self::new();
    type WithBuckets<const N: usize> = Self;

    fn read(&self) -> Reading<'_> {
        Reading::Counter(self.cells.as_ref())
    }
}

impl<L: LabelSet> Default for Counter<L> {
    fn default() -> Self {
        Self::new()
    }
}

impl<L: LabelSet> fmt::Debug for Counter<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        super::debug_series(f, L::LABELS, self.cells.as_ref().iter().map(CounterCell::get))
    }
}

impl fmt::Debug for CounterSeries<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CounterSeries").field(&self.get()).finish()
    }
}
