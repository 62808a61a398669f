use std::fmt;

use super::sealed::Sealed;
use super::{Metric, Past, Reading};
use crate::descriptor::{Kind, LabelDescriptor, possible_combinations};
use crate::label::{LabelSet, Unlabelled};
use crate::storage::{Block, FloatCell, IntCell, is_recording};

/// A number that goes up and down: sessions open, queue length, temperature.
///
/// `L` is its labels (see [`Counter`](super::Counter)); `V` is `i64` (the default) or `f64`. Recording never fails,
/// panics or blocks; a whole number wraps at the ends of `i64`.
///
/// ```
/// # use enumetrics_runtime::Gauge;
/// static SESSIONS: Gauge = Gauge::new();
/// static TEMPERATURE: Gauge<(), f64> = Gauge::new();
///
/// let session = SESSIONS.track(); // 1 more until it is dropped
/// assert_eq!(SESSIONS.get(), 1);
/// drop(session);
/// assert_eq!(SESSIONS.get(), 0);
///
/// TEMPERATURE.set(36.6);
/// ```
pub struct Gauge<L: LabelSet = (), V: GaugeValue = i64> {
    cells: L::Cells<V::Cell>,
    past: Past,
    _last: (), // as a counter's
}

impl<L: LabelSet, V: GaugeValue> Gauge<L, V> {
    /// The most time series that this gauge exports: one for each possible combination of label values.
    pub const MAX_SERIES: usize = possible_combinations(L::LABELS);

    /// A gauge whose series are all 0.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            cells: Block::ZERO,
            past: Past::new(),
            _last: (),
        }
    }

    /// The series with these label values.
    #[inline]
    pub fn with(&self, labels: L) -> GaugeSeries<'_, V> {
        self.at(labels.index())
    }

    #[inline]
    fn at(&self, index: usize) -> GaugeSeries<'_, V> {
        GaugeSeries {
            cell: self.cells.as_ref().get(index),
            index,
            past: &self.past,
        }
    }

    /// Removes all series, each as if by itself: each is 0, and is in scrapes again when it is set to something else.
    pub fn clear(&self) {
        (0..L::COMBINATIONS).for_each(|index| self.at(index).remove());
    }

    without!(buckets, quantiles, compute(L));
}

/// Without labels there is one series, and the gauge is used as that series.
impl<L: LabelSet, V: GaugeValue> Gauge<L, V> {
    /// Makes the value `value`.
    #[inline]
    pub fn set(&self, value: V)
    where
        L: Unlabelled,
    {
        self.with(L::ONLY).set(value);
    }

    /// Adds `amount`, which may be negative.
    #[inline]
    pub fn add(&self, amount: V)
    where
        L: Unlabelled,
    {
        self.with(L::ONLY).add(amount);
    }

    /// Subtracts `amount`, which may be negative.
    #[inline]
    pub fn sub(&self, amount: V)
    where
        L: Unlabelled,
    {
        self.with(L::ONLY).sub(amount);
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

    /// Adds 1 until the guard is dropped.
    #[inline]
    pub fn track(&self) -> Tracked<'_, V>
    where
        L: Unlabelled,
    {
        self.with(L::ONLY).track()
    }

    /// The value now.
    #[must_use]
    pub fn get(&self) -> V
    where
        L: Unlabelled,
    {
        self.with(L::ONLY).get()
    }

    /// Makes the value 0, and leaves the metric out of scrapes until one finds it other than 0.
    pub fn remove(&self)
    where
        L: Unlabelled,
    {
        self.with(L::ONLY).remove();
    }
}

/// One series of a [`Gauge`]: the gauge with its label values chosen.
///
/// It can be kept: a handle to a `static` gauge is `'static`.
pub struct GaugeSeries<'a, V: GaugeValue = i64> {
    /// Nothing for a value that is skipped.
    cell: Option<&'a V::Cell>,
    index: usize,
    past: &'a Past,
}

impl<'a, V: GaugeValue> GaugeSeries<'a, V> {
    /// Makes the value `value`.
    #[inline]
    pub fn set(&self, value: V) {
        if let Some(cell) = self.cell() {
            V::set(cell, value);
        }
    }

    /// Adds `amount`, which may be negative.
    #[inline]
    pub fn add(&self, amount: V) {
        if let Some(cell) = self.cell() {
            V::add(cell, amount);
        }
    }

    /// Subtracts `amount`, which may be negative.
    #[inline]
    pub fn sub(&self, amount: V) {
        if let Some(cell) = self.cell() {
            V::sub(cell, amount);
        }
    }

    /// Adds 1.
    #[inline]
    pub fn inc(&self) {
        self.add(V::ONE);
    }

    /// Subtracts 1.
    #[inline]
    pub fn dec(&self) {
        self.sub(V::ONE);
    }

    /// Adds 1 until the guard is dropped, whatever drops it: the end of the scope, an early return, a panic that
    /// unwinds, a future that is cancelled. A guard that is forgotten (`std::mem::forget`) is counted for ever.
    #[inline]
    pub fn track(&self) -> Tracked<'a, V> {
        // Once: between two looks it could be switched.
        let cell = self.cell();
        if let Some(cell) = cell {
            V::add(cell, V::ONE);
        }
        Tracked {
            series: Self { cell, ..*self },
        }
    }

    /// The value now.
    #[must_use]
    pub fn get(&self) -> V {
        self.cell.map_or(V::ZERO, V::get)
    }

    /// Makes the value 0, and leaves the series out of scrapes until one finds it other than 0. A guard of
    /// [`track`](Self::track) that still lives subtracts its 1 nevertheless.
    pub fn remove(&self) {
        if let Some(cell) = self.cell {
            V::set(cell, V::ZERO);
            self.past.hide(self.index);
        }
    }

    /// The cell to record into, while that is on.
    #[inline]
    fn cell(&self) -> Option<&'a V::Cell> {
        self.cell.filter(|_| is_recording())
    }
}

/// One of what a gauge counts, for as long as this guard lives; made by [`Gauge::track`].
#[must_use = "what it counts ends when it is dropped: give it a name, such as `_session`"]
#[derive(Debug)]
pub struct Tracked<'a, V: GaugeValue = i64> {
    /// Without a cell, if recording was off when it began.
    series: GaugeSeries<'a, V>,
}

impl<V: GaugeValue> Drop for Tracked<'_, V> {
    #[inline]
    fn drop(&mut self) {
        if let Some(cell) = self.series.cell {
            V::sub(cell, V::ONE);
        }
    }
}

/// The number that a gauge holds: `i64` or `f64`.
#[diagnostic::on_unimplemented(
    message = "a gauge holds an `i64` or an `f64`, not `{Self}` [metric-type]",
    label = "neither `i64` nor `f64`"
)]
pub trait GaugeValue: Copy + fmt::Debug + Sealed + 'static {
    #[doc(hidden)]
    type Cell: Block;
    #[doc(hidden)]
    const ZERO: Self;
    #[doc(hidden)]
    const ONE: Self;
    #[doc(hidden)]
    fn set(cell: &Self::Cell, value: Self);
    #[doc(hidden)]
    fn add(cell: &Self::Cell, amount: Self);
    #[doc(hidden)]
    fn sub(cell: &Self::Cell, amount: Self);
    #[doc(hidden)]
    fn get(cell: &Self::Cell) -> Self;
    #[doc(hidden)]
    fn read<'a>(cells: &'a [Self::Cell], past: &'a Past) -> Reading<'a>;
}

impl Sealed for i64 {}

#[diagnostic::do_not_recommend]
impl GaugeValue for i64 {
    type Cell = IntCell;
    const ZERO: Self = 0;
    const ONE: Self = 1;

    #[inline]
    fn set(cell: &IntCell, value: Self) {
        cell.set(value);
    }

    #[inline]
    fn add(cell: &IntCell, amount: Self) {
        cell.add(amount);
    }

    #[inline]
    fn sub(cell: &IntCell, amount: Self) {
        cell.sub(amount);
    }

    fn get(cell: &IntCell) -> Self {
        cell.get()
    }

    fn read<'a>(cells: &'a [IntCell], past: &'a Past) -> Reading<'a> {
        Reading::Int(cells, Some(past))
    }
}

impl Sealed for f64 {}

#[diagnostic::do_not_recommend]
impl GaugeValue for f64 {
    type Cell = FloatCell;
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;

    #[inline]
    fn set(cell: &FloatCell, value: Self) {
        cell.set(value);
    }

    #[inline]
    fn add(cell: &FloatCell, amount: Self) {
        cell.add(amount);
    }

    #[inline]
    fn sub(cell: &FloatCell, amount: Self) {
        cell.add(-amount);
    }

    fn get(cell: &FloatCell) -> Self {
        cell.get()
    }

    fn read<'a>(cells: &'a [FloatCell], past: &'a Past) -> Reading<'a> {
        Reading::Float(cells, Some(past))
    }
}

impl<L: LabelSet, V: GaugeValue> Sealed for Gauge<L, V> {}

impl<L: LabelSet, V: GaugeValue> Metric for Gauge<L, V> {
    const KIND: Kind = Kind::Gauge;
    const LABELS: &'static [LabelDescriptor] = L::LABELS;
    const NEW: Self = Self::new();
    type WithBuckets<const N: usize> = Self;
    type WithQuantiles<const N: usize> = Self;
    type Shared = Self;
    type Traced = Self;
    type Sparse = Self;
    type Native = Self;

    fn read(&self) -> Reading<'_> {
        V::read(self.cells.as_ref(), &self.past)
    }
}

impl<L: LabelSet, V: GaugeValue> Default for Gauge<L, V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<L: LabelSet, V: GaugeValue> fmt::Debug for Gauge<L, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        super::debug_series(f, L::LABELS, self.cells.as_ref().iter().map(V::get))
    }
}

// By hand: a derive would ask for `V::Cell: Copy`, which no cell is.
impl<V: GaugeValue> Copy for GaugeSeries<'_, V> {}

impl<V: GaugeValue> Clone for GaugeSeries<'_, V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<V: GaugeValue> fmt::Debug for GaugeSeries<'_, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("GaugeSeries").field(&self.get()).finish()
    }
}
