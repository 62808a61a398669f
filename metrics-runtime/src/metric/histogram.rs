use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use super::bounds::Bounds;
use super::native::{Layout, NativeBuckets, NativeSnapshot};
use super::sealed::Sealed;
use super::timer::Timer;
use super::{Exemplar, Exemplars, Metric, Past, Reading};
use crate::check;
use crate::descriptor::{Kind, LabelDescriptor, possible_combinations};
use crate::label::{LabelSet, Unlabelled};
use crate::storage::{
    BLOCKS, Block, Cells, HistogramReading, Native, ObservationCell, PerThread, Place, Recorded, Shared, Sparse,
    Storage, Traced, made_from,
};

/// Observations counted in buckets, with their sum and count: durations, sizes.
///
/// `L` is its labels (see [`Counter`](super::Counter)). `N` is the number of bucket bounds; in a `#[metric_family]`
/// it is left out and follows from `#[metric(buckets = […])]`. A bucket holds what is less than or equal to its
/// bound; a bucket `+Inf` above the last bound is always there.
///
/// An observation is a number in the unit that the metric's name says, or a [`Duration`], which counts in seconds. It
/// never fails, panics or blocks. `NaN` and the infinities are counted (`NaN` in the bucket `+Inf`) and left out of the
/// sum, where they would stay for good. A negative observation makes the sum fall, which `rate()` takes for a reset.
///
/// With `#[metric(native)]` it has [native buckets](NativeBuckets) instead of these, or beside them: their bounds follow
/// from a resolution, over the whole range of numbers.
///
/// A scrape sees the count, the sum and the buckets of the same observations. (Count and buckets always agree; the sum
/// may lack an observation whose thread the system stopped in the middle of it for longer than a reader waits.)
///
/// ```
/// # use enumetrics_runtime::Histogram;
/// use std::time::Duration;
///
/// static LATENCY: Histogram<(), 3> = Histogram::with_buckets(&[0.1, 0.5, 1.0]);
///
/// LATENCY.observe(0.3);
/// LATENCY.observe(Duration::from_millis(700));
/// let answer = LATENCY.time(|| 6 * 7);
/// assert_eq!((answer, LATENCY.count()), (42, 3));
/// ```
pub struct Histogram<L: LabelSet = (), const N: usize = 0, S: Storage = PerThread> {
    cells: S::Place<BlockOf<L, N, S>>,
    past: Past,
    exemplars: Exemplars,
    bounds: Bounds<N>,
    layout: Layout,
}

/// The cells of one block.
type BlockOf<L, const N: usize, S> =
    <S as Storage>::Cells<<L as LabelSet>::Cells<<S as Storage>::Histogram<N>>, <S as Storage>::Histogram<N>>;

impl<L: LabelSet, const N: usize, S: Storage> Histogram<L, N, S> {
    /// The most time series that this histogram exports: for each possible combination of label values its buckets, `+Inf`,
    /// the sum and the count; native buckets are one series more.
    pub const MAX_SERIES: usize =
        possible_combinations(L::LABELS).saturating_mul(Kind::Histogram.samples(N) + Self::NATIVE as usize);

    /// Whether it has native buckets.
    const NATIVE: bool = <S::Histogram<N> as ObservationCell<N>>::NATIVE;

    /// A histogram without observations, with these upper bounds of its buckets.
    ///
    /// # Panics
    ///
    /// When there is no bound, or the bounds are not finite or do not increase. In a `static` that is an error of
    /// the compiler.
    #[must_use]
    #[track_caller]
    pub const fn with_buckets(bounds: &'static [f64; N]) -> Self {
        check::buckets(bounds);
        Self::with_bounds(bounds)
    }

    /// The series with these label values.
    #[inline]
    pub fn with(&self, labels: L) -> HistogramSeries<'_> {
        self.at(labels.index())
    }

    #[inline]
    fn at(&self, index: usize) -> HistogramSeries<'_> {
        HistogramSeries::new(self, index)
    }

    /// For the macros, which check the bounds themselves.
    #[doc(hidden)]
    #[must_use]
    pub const fn __with_buckets(bounds: &'static [f64]) -> Self {
        Self::with_bounds(check::array(bounds))
    }

    const fn with_bounds(bounds: &[f64; N]) -> Self {
        Self {
            cells: Place::EMPTY,
            past: Past::new(),
            exemplars: Exemplars::new(),
            bounds: Bounds::new(bounds),
            layout: Layout::of(NativeBuckets::new()),
        }
    }

    /// For the macros, which check the layout themselves.
    #[doc(hidden)]
    #[must_use]
    pub const fn __native(mut self, buckets: Option<NativeBuckets>) -> Self {
        if let Some(buckets) = buckets {
            self.layout = Layout::of(buckets);
        }
        self
    }

    starts_again!();
    without!(quantiles, compute(L));
}

impl<L: LabelSet, S: Storage> Histogram<L, 0, Native<S>> {
    /// A histogram without observations, with native buckets and no others.
    ///
    /// ```
    /// # use enumetrics_runtime::{Histogram, Native, NativeBuckets, PerThread};
    /// static LATENCY: Histogram<(), 0, Native<PerThread>> = Histogram::with_native_buckets(NativeBuckets::new());
    ///
    /// LATENCY.observe(0.3);
    /// let native = LATENCY.snapshot().native.unwrap();
    /// // 0.3 is above 2^(-14/8) and not above 2^(-13/8).
    /// assert_eq!((native.schema, native.positive), (3, vec![(-13, 1)]));
    /// ```
    #[must_use]
    pub const fn with_native_buckets(buckets: NativeBuckets) -> Self {
        Self::with_bounds(&[]).and_native_buckets(buckets)
    }
}

impl<L: LabelSet, const N: usize, S: Storage> Histogram<L, N, Native<S>> {
    /// The same with its native buckets laid out so, where it has others too.
    #[must_use]
    pub const fn and_native_buckets(self, buckets: NativeBuckets) -> Self {
        self.__native(Some(buckets))
    }
}

/// Without labels there is one series, and the histogram is used as that series.
impl<L: LabelSet, const N: usize, S: Storage> Histogram<L, N, S> {
    /// Counts one observation: a number, or a [`Duration`] in seconds.
    #[inline]
    pub fn observe(&self, value: impl Observation)
    where
        L: Unlabelled,
    {
        self.with(L::ONLY).observe(value);
    }

    /// Counts one observation and says which request it was, where that is known.
    pub fn observe_with(&self, value: impl Observation, exemplar: impl Into<Option<Exemplar>>)
    where
        L: Unlabelled,
    {
        self.with(L::ONLY).observe_with(value, exemplar);
    }

    /// Observes the seconds until the timer is dropped.
    #[inline]
    pub fn start_timer(&self) -> Timer<'_>
    where
        L: Unlabelled,
    {
        self.with(L::ONLY).start_timer()
    }

    /// Runs `work` and observes the seconds it took, also when it panics.
    #[inline]
    pub fn time<R>(&self, work: impl FnOnce() -> R) -> R
    where
        L: Unlabelled,
    {
        self.with(L::ONLY).time(work)
    }

    /// How many observations there were.
    #[must_use]
    pub fn count(&self) -> u64
    where
        L: Unlabelled,
    {
        self.with(L::ONLY).count()
    }

    /// What the observations add up to.
    #[must_use]
    pub fn sum(&self) -> f64
    where
        L: Unlabelled,
    {
        self.with(L::ONLY).sum()
    }

    /// Count, sum and buckets of the same observations.
    #[must_use]
    pub fn snapshot(&self) -> HistogramSnapshot
    where
        L: Unlabelled,
    {
        self.with(L::ONLY).snapshot()
    }
}

impl<L: LabelSet, const N: usize, S: Storage> Histogram<L, N, S> {
    /// What is not finite, and what is not placed quickly.
    #[cold]
    #[inline(never)]
    fn observe_slowly(&self, index: usize, value: f64) {
        // NaN or an infinity would stay in the sum for as long as the process lives.
        let finite = if value.is_finite() { value } else { 0.0 };
        let bucket = self.bounds.bucket(value);
        self.cells.record::<S::Histogram<N>>(index, move || {
            S::Histogram::record_of(finite, || Some(bucket), || Some(self.layout.spot(value)))
        });
    }

    #[inline(never)]
    fn keep_current(&self, index: usize, value: f64) {
        if let Some(exemplar) = Exemplar::current() {
            self.keep(index, value, exemplar);
        }
    }
}

/// One series of a [`Histogram`]: the histogram with its label values chosen.
///
/// It can be kept: a handle to a `static` histogram is `'static`.
#[derive(Clone, Copy)]
pub struct HistogramSeries<'a> {
    // Where the histogram is known, as it is right after `with`, the compiler calls it directly and inlines it.
    histogram: &'a dyn HistogramCells,
    index: usize,
}

impl<'a> HistogramSeries<'a> {
    #[inline]
    pub(crate) fn new(histogram: &'a dyn HistogramCells, index: usize) -> Self {
        Self { histogram, index }
    }

    /// Counts one observation: a number, or a [`Duration`] in seconds.
    #[inline]
    pub fn observe(&self, value: impl Observation) {
        self.histogram.observe(self.index, value.into_f64());
    }

    /// Counts one observation and says which request it was, where that is known. It is exported with the bucket that the
    /// observation falls into.
    pub fn observe_with(&self, value: impl Observation, exemplar: impl Into<Option<Exemplar>>) {
        let value = value.into_f64();
        self.histogram.observe(self.index, value);
        if let Some(exemplar) = exemplar.into() {
            self.histogram.keep(self.index, value, exemplar);
        }
    }

    /// Observes the seconds until the timer is dropped.
    #[inline]
    pub fn start_timer(&self) -> Timer<'a> {
        Timer::start(*self)
    }

    /// Runs `work` and observes the seconds it took, also when it panics.
    #[inline]
    pub fn time<R>(&self, work: impl FnOnce() -> R) -> R {
        let _timer = self.start_timer();
        work()
    }

    /// How many observations there were.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.snapshot().count
    }

    /// What the observations add up to.
    #[must_use]
    pub fn sum(&self) -> f64 {
        self.snapshot().sum
    }

    /// Starts again without observations, at once for [`snapshot`](Self::snapshot) and at the next scrape for
    /// Prometheus, which sees a histogram that started anew and loses nothing of `rate` and `increase`. What other
    /// threads are just observing is in what was before, or in what is now.
    ///
    /// The sum from now on is the difference of two floating-point numbers, exact to the last digits of what was before.
    pub fn reset(&self) {
        self.histogram.start_again(self.index, false);
    }

    /// Starts again without observations, and leaves the series out of scrapes until there is one.
    pub fn remove(&self) {
        self.histogram.start_again(self.index, true);
    }

    /// Count, sum and buckets of the same observations.
    #[must_use]
    pub fn snapshot(&self) -> HistogramSnapshot {
        let mut buckets = vec![0; self.histogram.buckets()];
        if self.histogram.native().is_some() {
            let mut native = NativeSnapshot::default();
            let (count, sum) = self
                .histogram
                .read_native(self.index, &mut buckets, &mut Vec::new(), &mut native);
            let native = Some(native);
            return HistogramSnapshot {
                count,
                sum,
                buckets,
                native,
            };
        }
        let (mut count, mut sum) = (0, 0.0);
        let series = self.index..self.index + 1;
        self.histogram
            .read(series, &mut buckets, &mut |_, read_count, read_sum| {
                (count, sum) = (read_count, read_sum)
            });
        HistogramSnapshot {
            count,
            sum,
            buckets,
            native: None,
        }
    }
}

/// What one series of a histogram holds at one moment.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct HistogramSnapshot {
    /// How many observations there were.
    pub count: u64,
    /// What they add up to.
    pub sum: f64,
    /// How many fell into each bucket; the last is above the last bound. They are not accumulated: a scrape's
    /// `_bucket` samples are their running total.
    pub buckets: Vec<u64>,
    /// The native buckets, where it has them: of the same observations.
    pub native: Option<NativeSnapshot>,
}

/// What a histogram or a summary observes, and a counter of `f64`s adds: an `f64`, or a [`Duration`] in seconds.
#[diagnostic::on_unimplemented(
    message = "what is recorded here is an `f64` or a `Duration`, not `{Self}` [record-value]",
    label = "neither `f64` nor `Duration`",
    note = "turn a whole number into an `f64`: `f64::from(n)` or `n as f64`"
)]
pub trait Observation: Sealed {
    #[doc(hidden)]
    fn into_f64(self) -> f64;
}

#[diagnostic::do_not_recommend]
impl Observation for f64 {
    #[inline]
    fn into_f64(self) -> f64 {
        self
    }
}

impl Sealed for Duration {}

#[diagnostic::do_not_recommend]
impl Observation for Duration {
    #[inline]
    fn into_f64(self) -> f64 {
        self.as_secs_f64()
    }
}

impl<L: LabelSet, const N: usize, S: Storage> Sealed for Histogram<L, N, S> {}

impl<L: LabelSet, const N: usize, S: Storage> Metric for Histogram<L, N, S> {
    const KIND: Kind = Kind::Histogram;
    const LABELS: &'static [LabelDescriptor] = L::LABELS;
    const NEW: Self = Self::__with_buckets(&[]);
    const NEEDS: &'static str = check::NEEDS_BUCKETS;
    type WithBuckets<const M: usize> = Histogram<L, M, S>;
    type WithQuantiles<const M: usize> = Self;
    type Shared = Histogram<L, N, Shared>;
    const TAKES_SHARED: bool = true;
    type Traced = Histogram<L, N, Traced<S>>;
    type Sparse = Histogram<L, N, Sparse<S>>;
    const TAKES_SPARSE: bool = true;
    type Native = Histogram<L, N, Native<S>>;
    const TAKES_NATIVE: bool = true;
    const TAKES_EXEMPLARS: bool = true;

    fn read(&self) -> Reading<'_> {
        Reading::Histogram(self)
    }
}

/// The series of a histogram, whatever its labels and buckets.
pub trait HistogramCells: Sync {
    /// Counts one observation of one series.
    fn observe(&self, index: usize, value: f64);

    /// Keeps the exemplar of what was observed with its bucket.
    fn keep(&self, _index: usize, _value: f64, _exemplar: Exemplar) {}

    /// Where exemplars are kept, if they are.
    fn exemplars(&self) -> Option<&Exemplars> {
        None
    }

    /// How many buckets there are, the one above the last bound included.
    fn buckets(&self) -> usize;

    /// Reads some series one after the other: the observations in each bucket (not accumulated) into `buckets`, and then
    /// the count and the sum to `each`.
    fn read(&self, series: Range<usize>, buckets: &mut [u64], each: &mut dyn FnMut(&[u64], u64, f64));

    /// How native buckets are laid out, if there are any.
    fn native(&self) -> Option<NativeBuckets> {
        None
    }

    /// The same as [`read`](Self::read) for one series, and its native buckets, which are the same observations: says the
    /// count and the sum. `read` is memory that is used again.
    fn read_native(
        &self,
        index: usize,
        buckets: &mut [u64],
        _read: &mut Vec<(i32, u64)>,
        _native: &mut NativeSnapshot,
    ) -> (u64, f64) {
        let mut totals = (0, 0.0);
        self.read(index..index + 1, buckets, &mut |_, count, sum| totals = (count, sum));
        totals
    }

    /// The first series from this one on that may have observations.
    fn made_from(&self, first: usize) -> usize {
        first
    }

    /// Which series were reset or removed, if any can be.
    fn past(&self) -> Option<&Past> {
        None
    }

    /// Starts a series again without observations; `hide` leaves it out of scrapes until there is one.
    fn start_again(&self, _index: usize, _hide: bool) {}
}

impl<L: LabelSet, const N: usize, S: Storage> HistogramCells for Histogram<L, N, S> {
    #[inline]
    fn observe(&self, index: usize, value: f64) {
        let recorded = self.cells.record::<S::Histogram<N>>(index, move || {
            S::Histogram::record_of(value, || self.bounds.quickly(value), || self.layout.quickly(value))
        });
        if recorded == Recorded::Left {
            self.observe_slowly(index, value);
        }
        if S::TRACED && recorded != Recorded::Off {
            self.keep_current(index, value);
        }
    }

    fn keep(&self, index: usize, value: f64, exemplar: Exemplar) {
        let series = (index, L::COMBINATIONS);
        let slots = N + 1 + if Self::NATIVE { NATIVE_EXEMPLARS } else { 0 };
        let keep = |slot| self.exemplars.record(series, (slot, slots), exemplar, value);
        keep(self.bounds.bucket(value));
        if Self::NATIVE {
            keep(N + 1 + native_exemplar(value));
        }
    }

    fn exemplars(&self) -> Option<&Exemplars> {
        Some(&self.exemplars)
    }

    fn buckets(&self) -> usize {
        N + 1
    }

    fn read(&self, series: Range<usize>, buckets: &mut [u64], each: &mut dyn FnMut(&[u64], u64, f64)) {
        read_since(&self.cells, &self.past, series, buckets, each);
    }

    fn native(&self) -> Option<NativeBuckets> {
        Self::NATIVE.then(|| self.layout.buckets())
    }

    fn read_native(
        &self,
        index: usize,
        buckets: &mut [u64],
        read: &mut Vec<(i32, u64)>,
        native: &mut NativeSnapshot,
    ) -> (u64, f64) {
        let reading = Self::NATIVE.then(|| {
            read.clear();
            &mut *read
        });
        let (count, sum) = read_without(&self.cells, &self.past, index, buckets, reading);
        if !Self::NATIVE {
            return (count, sum);
        }
        self.layout.snapshot(read, native);
        (native.count(), sum)
    }

    fn made_from(&self, first: usize) -> usize {
        made_from(&self.cells, first)
    }

    fn past(&self) -> Option<&Past> {
        Some(&self.past)
    }

    fn start_again(&self, index: usize, hide: bool) {
        // What was never recorded is not exported, and has nothing to forget.
        let is_nothing = || S::SPARSE && self.at(index).count() == 0;
        if index < L::COMBINATIONS && !is_nothing() {
            self.past.start_again(index, hide, || held_by(&self.cells, index));
            self.exemplars.clear(index);
        }
    }
}

/// How many exemplars a series has beside those of its buckets, where it has native ones.
pub(crate) const NATIVE_EXEMPLARS: usize = 16;

/// Which of them a value replaces: the last one that was between the same powers of two, or some 65536 times as large or
/// as small.
fn native_exemplar(value: f64) -> usize {
    let exponent = value.abs().to_bits() >> (f64::MANTISSA_DIGITS - 1);
    exponent as usize % NATIVE_EXEMPLARS
}

/// Reads some series, without what they held when they were reset.
pub(super) fn read_since<const N: usize, C: ObservationCell<N>, B: Block + Cells<C>>(
    cells: &impl Place<B>,
    past: &Past,
    series: Range<usize>,
    buckets: &mut [u64],
    each: &mut dyn FnMut(&[u64], u64, f64),
) {
    let mut places = [const { None }; BLOCKS];
    let blocks = cells.blocks_into(&mut places);
    for index in series {
        let (count, sum) = match past.is_empty() {
            true => read_cells(blocks, index, buckets, |cell| cell.classic().read()),
            false => read_without(cells, past, index, buckets, None),
        };
        each(buckets, count, sum);
    }
}

/// The same of one that may have been reset, with what is in the native buckets if that is asked for.
#[cold]
fn read_without<const N: usize, C: ObservationCell<N>, B: Block + Cells<C>>(
    cells: &impl Place<B>,
    past: &Past,
    index: usize,
    buckets: &mut [u64],
    native: Option<&mut Vec<(i32, u64)>>,
) -> (u64, f64) {
    // First this: what is subtracted is in the cells by then, and in the blocks that there are by then.
    let before = past.before(index);
    let mut places = [const { None }; BLOCKS];
    let blocks = cells.blocks_into(&mut places);
    let (mut count, mut sum) = match native {
        None => read_cells(blocks, index, buckets, |cell| cell.classic().read()),
        Some(native) => {
            if let Some((_, before)) = before.as_deref().and_then(|before| before.split_at_checked(N + 2)) {
                native.extend(native_before(before).map(|(position, count)| (position, count.wrapping_neg())));
            }
            read_cells(blocks, index, buckets, |cell| cell.read_with_native(native))
        }
    };
    if let Some((&[before_sum, ref before @ ..], _)) =
        before.as_deref().and_then(|before| before.split_at_checked(N + 2))
    {
        for (bucket, before) in buckets.iter_mut().zip(before) {
            *bucket = bucket.wrapping_sub(*before);
        }
        count = before.iter().fold(count, |count, before| count.wrapping_sub(*before));
        sum -= f64::from_bits(before_sum);
    }
    (count, sum)
}

/// What a series' cells hold now: the sum, and the buckets; then each native bucket, its position before its count.
pub(super) fn held_by<const N: usize, C: ObservationCell<N>, B: Block + Cells<C>>(
    cells: &impl Place<B>,
    index: usize,
) -> Arc<[u64]> {
    let mut held = vec![0; N + 2];
    let mut native = Vec::new();
    let mut places = [const { None }; BLOCKS];
    let blocks = cells.blocks_into(&mut places);
    let (_, sum) = read_cells(blocks, index, &mut held[1..], |cell| cell.read_with_native(&mut native));
    held[0] = sum.to_bits();
    held.extend(
        native
            .iter()
            .flat_map(|(position, count)| [position.cast_unsigned().into(), *count]),
    );
    held.into()
}

/// The native buckets among what a series' cells held.
fn native_before(held: &[u64]) -> impl Iterator<Item = (i32, u64)> {
    #[allow(clippy::cast_possible_truncation, reason = "it was one")]
    held.as_chunks()
        .0
        .iter()
        .map(|&[position, count]| ((position as u32).cast_signed(), count))
}

/// Adds up what a series' cells hold, into the buckets, the count and the sum.
#[inline]
fn read_cells<const N: usize, C: ObservationCell<N>, B: Cells<C>>(
    blocks: &[Option<&B>],
    index: usize,
    buckets: &mut [u64],
    mut read: impl FnMut(&C) -> HistogramReading<N>,
) -> (u64, f64) {
    buckets.fill(0);
    let (mut count, mut sum) = (0_u64, 0.0);
    for block in blocks.iter().flatten() {
        // What is skipped has no cells, nor has what a thread never recorded into a sparse block.
        let Some(cell) = block.at(index) else { continue };
        let reading = read(cell);
        for (bucket, read) in buckets.iter_mut().zip(reading.buckets.iter().chain([&reading.above])) {
            *bucket = bucket.wrapping_add(*read);
        }
        count = count.wrapping_add(reading.count);
        sum += reading.sum;
    }
    (count, sum)
}

impl<L: LabelSet, const N: usize, S: Storage> fmt::Debug for Histogram<L, N, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let series = (0..L::COMBINATIONS).map(|index| self.at(index));
        super::debug_series(f, L::LABELS, series)
    }
}

impl fmt::Debug for HistogramSeries<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let HistogramSnapshot { count, sum, .. } = self.snapshot();
        f.debug_struct("HistogramSeries")
            .field("count", &count)
            .field("sum", &sum)
            .finish()
    }
}
