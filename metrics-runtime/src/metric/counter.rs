use std::fmt;
use std::sync::Arc;

use super::sealed::Sealed;
use super::{Exemplar, Exemplars, Metric, Observation, Past, Reading};
use crate::descriptor::{Kind, LabelDescriptor, possible_combinations};
use crate::label::{LabelSet, Unlabelled};
use crate::storage::{
    Block, Cell, Cells, CounterCell, FloatCell, PerThread, Place, Recorded, Shared, Sparse, Storage, Traced, made_from,
};

/// A number that only grows: requests, errors, bytes sent.
///
/// `L` is its labels: nothing, an enum that derives `LabelValue`, or a struct that derives `LabelSet`. There is one
/// series for each possible combination of their values, exported at 0 from the first scrape. The name of a counter ends in
/// `_total`. `V` is the number that is counted: `u64` (the default), or `f64` for seconds, money and other fractions.
///
/// Each thread adds to a cell of its own, without an atomic operation; it cannot fail, panic or block. A count wraps
/// after 2⁶⁴ − 1. A counter never decreases, so that an `f64` which is negative, infinite or no number is not added.
/// `S` is where the cells are: see [`Shared`].
///
/// ```
/// # use enumetrics_runtime::Counter;
/// static RESTARTS: Counter = Counter::new();
///
/// RESTARTS.inc();
/// RESTARTS.inc_by(2);
/// assert_eq!(RESTARTS.get(), 3);
///
/// static BUSY_SECONDS: Counter<(), f64> = Counter::new();
///
/// BUSY_SECONDS.inc_by(0.5);
/// BUSY_SECONDS.inc_by(std::time::Duration::from_millis(250));
/// assert_eq!(BUSY_SECONDS.get(), 0.75);
/// ```
pub struct Counter<L: LabelSet = (), V: CounterValue = u64, S: Storage = PerThread> {
    cells: S::Place<CellsOf<L, V, S>>,
    past: Past,
    exemplars: Exemplars,
    // A struct's size is asked of its last field: so what is no set of labels is one error, not one for each struct around.
    _last: (),
}

/// A cell for each series.
type CellsOf<L, V, S> =
    <S as Storage>::Cells<<L as LabelSet>::Cells<<V as CounterValue>::Cell>, <V as CounterValue>::Cell>;

impl<L: LabelSet, V: CounterValue, S: Storage> Counter<L, V, S> {
    /// The most time series that this counter exports: one for each possible combination of label values.
    pub const MAX_SERIES: usize = possible_combinations(L::LABELS);

    /// A counter whose series are all 0.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            cells: Place::EMPTY,
            past: Past::new(),
            exemplars: Exemplars::new(),
            _last: (),
        }
    }

    /// The series with these label values.
    #[inline]
    pub fn with(&self, labels: L) -> CounterSeries<'_, V> {
        self.at(labels.index())
    }

    #[inline]
    fn at(&self, index: usize) -> CounterSeries<'_, V> {
        CounterSeries { counter: self, index }
    }

    starts_again!();
    without!(buckets, quantiles, compute(L));
}

/// Without labels there is one series, and the counter is used as that series.
impl<L: LabelSet, V: CounterValue, S: Storage> Counter<L, V, S> {
    /// Adds 1.
    #[inline]
    pub fn inc(&self)
    where
        L: Unlabelled,
    {
        self.with(L::ONLY).inc();
    }

    /// Adds 1 and says which request it was, where that is known.
    pub fn inc_with(&self, exemplar: impl Into<Option<Exemplar>>)
    where
        L: Unlabelled,
    {
        self.with(L::ONLY).inc_with(exemplar);
    }

    /// The count now.
    #[must_use]
    pub fn get(&self) -> V
    where
        L: Unlabelled,
    {
        self.with(L::ONLY).get()
    }
}

impl<L: LabelSet, S: Storage> Counter<L, u64, S> {
    /// Adds `amount`.
    #[inline]
    pub fn inc_by(&self, amount: u64)
    where
        L: Unlabelled,
    {
        self.with(L::ONLY).inc_by(amount);
    }

    /// Adds `amount` and says which request it was, where that is known.
    pub fn inc_by_with(&self, amount: u64, exemplar: impl Into<Option<Exemplar>>)
    where
        L: Unlabelled,
    {
        self.with(L::ONLY).inc_by_with(amount, exemplar);
    }
}

impl<L: LabelSet, S: Storage> Counter<L, f64, S> {
    /// Adds `amount`: a number, or a [`Duration`](std::time::Duration) in seconds. One that is negative, infinite or
    /// `NaN` changes nothing.
    #[inline]
    pub fn inc_by(&self, amount: impl Observation)
    where
        L: Unlabelled,
    {
        self.with(L::ONLY).inc_by(amount);
    }

    /// Adds `amount` as [`inc_by`](Self::inc_by) does, and says which request it was, where that is known.
    pub fn inc_by_with(&self, amount: impl Observation, exemplar: impl Into<Option<Exemplar>>)
    where
        L: Unlabelled,
    {
        self.with(L::ONLY).inc_by_with(amount, exemplar);
    }
}

/// One series of a [`Counter`]: the counter with its label values chosen.
///
/// It can be kept: a handle to a `static` counter is `'static`.
#[derive(Clone, Copy)]
pub struct CounterSeries<'a, V: CounterValue = u64> {
    // Where the counter is known, as it is right after `with`, the compiler calls it directly and inlines it.
    counter: &'a dyn CounterCells<V>,
    index: usize,
}

impl<V: CounterValue> CounterSeries<'_, V> {
    /// Adds 1.
    #[inline]
    pub fn inc(&self) {
        self.counter.add(self.index, V::ONE);
    }

    /// Adds 1 and says which request it was, where that is known.
    pub fn inc_with(&self, exemplar: impl Into<Option<Exemplar>>) {
        self.add_with(V::ONE, exemplar.into());
    }

    fn add_with(&self, amount: V, exemplar: Option<Exemplar>) {
        self.counter.add(self.index, amount);
        if let Some(exemplar) = exemplar {
            self.counter.keep(self.index, amount, exemplar);
        }
    }

    /// The count now.
    #[must_use]
    pub fn get(&self) -> V {
        let mut sum = [V::ZERO];
        self.counter.sum(self.index, &mut sum);
        sum[0]
    }

    /// Starts again from 0, at once for [`get`](Self::get) and at the next scrape for Prometheus, which sees a counter
    /// that started anew and loses nothing of `rate` and `increase`. What other threads are just adding is in what was
    /// before, or in what is now.
    pub fn reset(&self) {
        self.counter.start_again(self.index, false);
    }

    /// Starts again from 0, and leaves the series out of scrapes until something is added to it.
    pub fn remove(&self) {
        self.counter.start_again(self.index, true);
    }
}

impl CounterSeries<'_> {
    /// Adds `amount`.
    #[inline]
    pub fn inc_by(&self, amount: u64) {
        self.counter.add(self.index, amount);
    }

    /// Adds `amount` and says which request it was, where that is known.
    pub fn inc_by_with(&self, amount: u64, exemplar: impl Into<Option<Exemplar>>) {
        self.add_with(amount, exemplar.into());
    }
}

impl CounterSeries<'_, f64> {
    /// Adds `amount`: a number, or a [`Duration`](std::time::Duration) in seconds. One that is negative, infinite or
    /// `NaN` changes nothing.
    #[inline]
    pub fn inc_by(&self, amount: impl Observation) {
        let amount = amount.into_f64();
        let counts = amount > 0.0 && amount < f64::INFINITY;
        self.counter.add(self.index, if counts { amount } else { 0.0 });
    }

    /// Adds `amount` as [`inc_by`](Self::inc_by) does, and says which request it was, where that is known.
    pub fn inc_by_with(&self, amount: impl Observation, exemplar: impl Into<Option<Exemplar>>) {
        let amount = amount.into_f64();
        let counts = amount > 0.0 && amount < f64::INFINITY;
        let amount = if counts { amount } else { 0.0 };
        self.add_with(amount, exemplar.into());
    }
}

/// The number that a counter holds: `u64` or `f64`.
#[diagnostic::on_unimplemented(
    message = "a counter holds a `u64` or an `f64`, not `{Self}` [metric-type]",
    label = "neither `u64` nor `f64`"
)]
pub trait CounterValue: Copy + Default + PartialEq + fmt::Debug + Sealed + 'static {
    #[doc(hidden)]
    type Cell: Block + Cell<Record = Self>;
    #[doc(hidden)]
    const ZERO: Self;
    #[doc(hidden)]
    const ONE: Self;
    #[doc(hidden)]
    fn plus(self, cell: &Self::Cell) -> Self;
    #[doc(hidden)]
    fn bits(self) -> u64;
    #[doc(hidden)]
    fn to_f64(self) -> f64;
    #[doc(hidden)]
    fn since(self, bits: u64) -> Self;
    #[doc(hidden)]
    fn read(cells: &dyn CounterCells<Self>) -> Reading<'_>;
}

impl Sealed for u64 {}

#[diagnostic::do_not_recommend]
impl CounterValue for u64 {
    type Cell = CounterCell;
    const ZERO: Self = 0;
    const ONE: Self = 1;

    #[inline]
    fn plus(self, cell: &CounterCell) -> Self {
        self.wrapping_add(cell.get())
    }

    fn bits(self) -> u64 {
        self
    }

    #[allow(clippy::cast_precision_loss, reason = "a sample is a float, whoever rounds it")]
    fn to_f64(self) -> f64 {
        self as f64
    }

    fn since(self, bits: u64) -> Self {
        self.wrapping_sub(bits)
    }

    fn read(cells: &dyn CounterCells) -> Reading<'_> {
        Reading::Counter(cells)
    }
}

#[diagnostic::do_not_recommend]
impl CounterValue for f64 {
    type Cell = FloatCell;
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;

    #[inline]
    fn plus(self, cell: &FloatCell) -> Self {
        self + cell.get()
    }

    fn bits(self) -> u64 {
        self.to_bits()
    }

    fn to_f64(self) -> f64 {
        self
    }

    fn since(self, bits: u64) -> Self {
        self - Self::from_bits(bits)
    }

    fn read(cells: &dyn CounterCells<Self>) -> Reading<'_> {
        Reading::FloatCounter(cells)
    }
}

/// The series of a counter, whatever its labels.
pub trait CounterCells<V = u64>: Sync {
    /// Adds to one series.
    fn add(&self, index: usize, amount: V);

    /// Keeps the exemplar of what was added.
    fn keep(&self, _index: usize, _amount: V, _exemplar: Exemplar) {}

    /// Where exemplars are kept, if they are.
    fn exemplars(&self) -> Option<&Exemplars> {
        None
    }

    /// The counts of the series from `first` on, as many as there is room for.
    fn sum(&self, first: usize, counts: &mut [V]);

    /// The first series from this one on that may be other than 0.
    fn made_from(&self, first: usize) -> usize {
        first
    }

    /// Which series were reset or removed, if any can be.
    fn past(&self) -> Option<&Past> {
        None
    }

    /// Starts a series again from 0; `hide` leaves it out of scrapes until something is added.
    fn start_again(&self, _index: usize, _hide: bool) {}
}

impl<L: LabelSet, V: CounterValue, S: Storage> CounterCells<V> for Counter<L, V, S> {
    #[inline]
    fn add(&self, index: usize, amount: V) {
        let recorded = self.cells.record::<V::Cell>(index, move || Some(amount));
        if S::TRACED && recorded == Recorded::Done {
            self.keep_current(index, amount);
        }
    }

    fn keep(&self, index: usize, amount: V, exemplar: Exemplar) {
        let series = (index, L::COMBINATIONS);
        self.exemplars.record(series, (0, 1), exemplar, amount.to_f64());
    }

    fn exemplars(&self) -> Option<&Exemplars> {
        Some(&self.exemplars)
    }

    fn sum(&self, first: usize, counts: &mut [V]) {
        // Locked until the cells are read: what is subtracted was in them before.
        let past = self.past.lock();
        self.sum_cells(first, counts);
        let len = counts.len();
        for (at, before) in past.iter().flat_map(|past| past.of(first, len)) {
            if let (Some(count), [before]) = (counts.get_mut(at), before) {
                *count = count.since(*before);
            }
        }
    }

    fn made_from(&self, first: usize) -> usize {
        made_from(&self.cells, first)
    }

    fn past(&self) -> Option<&Past> {
        Some(&self.past)
    }

    fn start_again(&self, index: usize, hide: bool) {
        // What was never recorded is not exported, and has nothing to forget.
        let is_nothing = || S::SPARSE && CounterSeries { counter: self, index }.get() == V::ZERO;
        if index < L::COMBINATIONS && !is_nothing() {
            self.past.start_again(index, hide, || {
                let mut count = [V::ZERO];
                self.sum_cells(index, &mut count);
                Arc::new(count.map(V::bits))
            });
            self.exemplars.clear(index);
        }
    }
}

impl<L: LabelSet, V: CounterValue, S: Storage> Counter<L, V, S> {
    #[inline(never)]
    fn keep_current(&self, index: usize, amount: V) {
        if let Some(exemplar) = Exemplar::current() {
            self.keep(index, amount, exemplar);
        }
    }

    /// What the cells of the series from `first` on hold.
    fn sum_cells(&self, first: usize, counts: &mut [V]) {
        counts.fill(V::ZERO);
        for block in self.cells.blocks() {
            let mut at = 0;
            while at < counts.len() {
                let (cells, span) = block.run(first + at);
                for (count, cell) in counts[at..].iter_mut().zip(cells) {
                    *count = count.plus(cell);
                }
                at = at.saturating_add(span);
            }
        }
    }
}

impl<L: LabelSet, V: CounterValue, S: Storage> Sealed for Counter<L, V, S> {}

impl<L: LabelSet, V: CounterValue, S: Storage> Metric for Counter<L, V, S> {
    const KIND: Kind = Kind::Counter;
    const LABELS: &'static [LabelDescriptor] = L::LABELS;
    const NEW: Self = Self::new();
    type WithBuckets<const N: usize> = Self;
    type WithQuantiles<const N: usize> = Self;
    type Shared = Counter<L, V, Shared>;
    const TAKES_SHARED: bool = true;
    type Traced = Counter<L, V, Traced<S>>;
    type Sparse = Counter<L, V, Sparse<S>>;
    type Native = Self;
    const TAKES_SPARSE: bool = true;
    const TAKES_EXEMPLARS: bool = true;

    fn read(&self) -> Reading<'_> {
        V::read(self)
    }
}

impl<L: LabelSet, V: CounterValue, S: Storage> Default for Counter<L, V, S> {
    fn default() -> Self {
        Self::new()
    }
}

impl<L: LabelSet, V: CounterValue, S: Storage> fmt::Debug for Counter<L, V, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let series = (0..L::COMBINATIONS).map(|index| self.at(index).get());
        super::debug_series(f, L::LABELS, series)
    }
}

impl<V: CounterValue> fmt::Debug for CounterSeries<'_, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CounterSeries").field(&self.get()).finish()
    }
}
