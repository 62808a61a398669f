use std::fmt;
use std::ops::Range;
use std::time::Duration;

use super::histogram::{held_by, read_since};
use super::sealed::Sealed;
use super::timer::Timer;
use super::window::{Epochs, WindowCell};
use super::{HistogramCells, HistogramSeries, Metric, Observation, Past, Reading};
use crate::check;
use crate::descriptor::{Kind, LabelDescriptor, possible_combinations};
use crate::label::{LabelSet, Unlabelled};
use crate::storage::{
    Block, HistogramCell, PerThread, Place, Recorded, Shared, Sparse, Storage, cell, is_finite, made_from,
};

/// The sum and the count of observations, and where wanted their quantiles of late: durations, sizes.
///
/// `L` is its labels (see [`Counter`](super::Counter)). `Q` is the number of quantiles; in a `#[metric_family]` it is
/// left out and follows from `#[metric(quantiles = […], window = "10m")]`.
///
/// Sum and count are of all observations ever, exact, and of the same observations; `NaN` and the infinities are counted
/// and left out of the sum, as in a [`Histogram`](super::Histogram). Without quantiles a summary costs less than a
/// histogram, and tells the mean: `rate(x_sum[5m]) / rate(x_count[5m])`.
///
/// # Quantiles
///
/// `x{quantile="0.99"}` is the value that 99 % of the observations of the window did not exceed, or `NaN` if there were
/// none. The window slides in steps of a fifth of its length: it has observations of that long ago, and up to a fifth
/// more. A quantile differs from the observation of its rank by at most 2.17 %, for observations from 2⁻³⁰ to 2³⁴ (a
/// nanosecond to 500 years, in seconds); smaller and negative ones count as the smallest, larger ones as the largest, and
/// `NaN` as none.
///
/// Quantiles cannot be put together: neither the mean nor the largest of two instances' p99 is the p99 of both. Where
/// that is wanted, take a [`Histogram`](super::Histogram). They also cost more: each observation reads the clock and adds
/// to a number that all threads share, and each series has 48 KiB from its first observation on.
///
/// ```
/// # use enumetrics_runtime::Summary;
/// use std::time::Duration;
///
/// static LATENCY: Summary = Summary::new();
///
/// LATENCY.observe(0.3);
/// LATENCY.observe(Duration::from_millis(700));
/// assert_eq!((LATENCY.count(), LATENCY.sum()), (2, 1.0));
///
/// static SIZE: Summary<(), 2> = Summary::with_quantiles(&[0.5, 0.99], Duration::from_secs(600));
///
/// (1..=100).for_each(|size| SIZE.observe(f64::from(size)));
/// let [median, p99] = SIZE.snapshot().quantiles[..] else { unreachable!() };
/// assert!((median - 50.0).abs() / 50.0 < 0.022);
/// assert!((p99 - 99.0).abs() / 99.0 < 0.022);
/// ```
pub struct Summary<L: LabelSet = (), const Q: usize = 0, S: Storage = PerThread> {
    /// A histogram without buckets counts and adds up.
    totals: S::Place<S::Cells<L::Cells<HistogramCell<0>>, HistogramCell<0>>>,
    windows: L::Cells<WindowCell>,
    past: Past,
    quantiles: &'static [f64; Q],
    epochs: Epochs,
}

impl<L: LabelSet, S: Storage> Summary<L, 0, S> {
    /// A summary without observations and without quantiles.
    #[must_use]
    pub const fn new() -> Self {
        Self::__with_quantiles(&[], Duration::ZERO)
    }
}

impl<L: LabelSet, const Q: usize, S: Storage> Summary<L, Q, S> {
    /// The most time series that this summary exports: for each combination of label values its quantiles, the sum and
    /// the count.
    pub const MAX_SERIES: usize = possible_combinations(L::LABELS).saturating_mul(Kind::Summary.samples(Q));

    /// A summary without observations, with these quantiles of the observations in a window that slides.
    ///
    /// # Panics
    ///
    /// When there is no quantile, one is not between 0 and 1, they do not increase, or the window is shorter than a
    /// second. In a `static` that is an error of the compiler.
    #[must_use]
    #[track_caller]
    pub const fn with_quantiles(quantiles: &'static [f64; Q], window: Duration) -> Self {
        check::quantiles(quantiles);
        check::window(window);
        Self::__with_quantiles(quantiles, window)
    }

    /// The series with these label values.
    #[inline]
    pub fn with(&self, labels: L) -> SummarySeries<'_> {
        self.at(labels.index())
    }

    #[inline]
    fn at(&self, index: usize) -> SummarySeries<'_> {
        SummarySeries::new(self, index)
    }

    /// For the macros, which check the quantiles and the window themselves.
    #[doc(hidden)]
    #[must_use]
    pub const fn __with_quantiles(quantiles: &'static [f64], window: Duration) -> Self {
        Self {
            totals: Place::EMPTY,
            windows: Block::ZERO,
            past: Past::new(),
            quantiles: check::array(quantiles),
            epochs: Epochs::of_window(window),
        }
    }

    starts_again!();
    without!(buckets, compute(L));
}

/// Without labels there is one series, and the summary is used as that series.
impl<L: LabelSet, const Q: usize, S: Storage> Summary<L, Q, S> {
    /// Counts one observation: a number, or a [`Duration`] in seconds.
    #[inline]
    pub fn observe(&self, value: impl Observation)
    where
        L: Unlabelled,
    {
        self.with(L::ONLY).observe(value);
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

    /// Count and sum of the same observations, and the quantiles of those in the window.
    #[must_use]
    pub fn snapshot(&self) -> SummarySnapshot
    where
        L: Unlabelled,
    {
        self.with(L::ONLY).snapshot()
    }
}

/// One series of a [`Summary`]: the summary with its label values chosen.
///
/// It can be kept: a handle to a `static` summary is `'static`.
#[derive(Clone, Copy)]
pub struct SummarySeries<'a> {
    // Where the summary is known, as it is right after `with`, the compiler calls it directly and inlines it.
    summary: &'a dyn SummaryCells,
    index: usize,
}

impl<'a> SummarySeries<'a> {
    #[inline]
    pub(crate) fn new(summary: &'a dyn SummaryCells, index: usize) -> Self {
        Self { summary, index }
    }

    /// Counts one observation: a number, or a [`Duration`] in seconds.
    #[inline]
    pub fn observe(&self, value: impl Observation) {
        self.summary.observe(self.index, value.into_f64());
    }

    /// Observes the seconds until the timer is dropped.
    #[inline]
    pub fn start_timer(&self) -> Timer<'a> {
        Timer::start(self.totals())
    }

    /// Runs `work` and observes the seconds it took, also when it panics.
    #[inline]
    pub fn time<R>(&self, work: impl FnOnce() -> R) -> R {
        self.totals().time(work)
    }

    /// How many observations there were.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.totals().count()
    }

    /// What the observations add up to.
    #[must_use]
    pub fn sum(&self) -> f64 {
        self.totals().sum()
    }

    /// Starts again without observations, as a [`Histogram`](super::Histogram)'s series does; the window is empty.
    pub fn reset(&self) {
        self.totals().reset();
    }

    /// Starts again without observations, and leaves the series out of scrapes until there is one.
    pub fn remove(&self) {
        self.totals().remove();
    }

    /// Count and sum of the same observations, and the quantiles of those in the window.
    #[must_use]
    pub fn snapshot(&self) -> SummarySnapshot {
        let totals = self.totals().snapshot();
        let mut quantiles = vec![0.0; self.summary.quantiles()];
        self.summary.read_quantiles(self.index, &mut quantiles);
        SummarySnapshot {
            count: totals.count,
            sum: totals.sum,
            quantiles,
        }
    }

    #[inline]
    fn totals(&self) -> HistogramSeries<'a> {
        HistogramSeries::new(self.summary, self.index)
    }
}

/// What one series of a summary holds at one moment.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct SummarySnapshot {
    /// How many observations there were.
    pub count: u64,
    /// What they add up to.
    pub sum: f64,
    /// The value at each of the quantiles, in their order; `NaN` while nothing is in the window.
    pub quantiles: Vec<f64>,
}

/// The series of a summary, whatever its labels and quantiles: a histogram's without bounds, and more.
pub trait SummaryCells: HistogramCells {
    /// How many quantiles there are.
    fn quantiles(&self) -> usize;

    /// Reads the quantiles of one series, as many as there are.
    fn read_quantiles(&self, index: usize, values: &mut [f64]);
}

impl<L: LabelSet, const Q: usize, S: Storage> SummaryCells for Summary<L, Q, S> {
    fn quantiles(&self) -> usize {
        Q
    }

    fn read_quantiles(&self, index: usize, values: &mut [f64]) {
        if Q > 0 {
            cell(&self.windows, index, |window| {
                window.quantiles(self.epochs.now(), self.quantiles, values);
            });
        }
    }
}

impl<L: LabelSet, const Q: usize, S: Storage> HistogramCells for Summary<L, Q, S> {
    #[inline]
    fn observe(&self, index: usize, value: f64) {
        let recorded = self.totals.record::<HistogramCell<0>>(index, move || {
            // NaN or an infinity would stay in the sum for as long as the process lives.
            Some((0, if is_finite(value) { value } else { 0.0 }))
        });
        if Q > 0 && recorded == Recorded::Done {
            cell(&self.windows, index, |window| window.count(value, self.epochs.now()));
        }
    }

    fn buckets(&self) -> usize {
        1
    }

    fn read(&self, series: Range<usize>, buckets: &mut [u64], each: &mut dyn FnMut(&[u64], u64, f64)) {
        read_since::<0, HistogramCell<0>, _>(&self.totals, &self.past, series, buckets, each);
    }

    fn made_from(&self, first: usize) -> usize {
        made_from(&self.totals, first)
    }

    fn past(&self) -> Option<&Past> {
        Some(&self.past)
    }

    fn start_again(&self, index: usize, hide: bool) {
        // What was never recorded is not exported, and has nothing to forget.
        let is_nothing = || S::SPARSE && HistogramSeries::new(self, index).count() == 0;
        if index < L::COMBINATIONS && !is_nothing() {
            self.past
                .start_again(index, hide, || held_by::<0, HistogramCell<0>, _>(&self.totals, index));
            cell(&self.windows, index, WindowCell::clear);
        }
    }
}

impl<L: LabelSet, const Q: usize, S: Storage> Sealed for Summary<L, Q, S> {}

impl<L: LabelSet, const Q: usize, S: Storage> Metric for Summary<L, Q, S> {
    const KIND: Kind = Kind::Summary;
    const LABELS: &'static [LabelDescriptor] = L::LABELS;
    const NEW: Self = Self::__with_quantiles(&[], Duration::ZERO);
    type WithBuckets<const N: usize> = Self;
    type WithQuantiles<const N: usize> = Summary<L, N, S>;
    type Shared = Summary<L, Q, Shared>;
    const TAKES_SHARED: bool = true;
    type Traced = Self;
    type Sparse = Summary<L, Q, Sparse<S>>;
    const TAKES_SPARSE: bool = true;
    type Native = Self;

    fn read(&self) -> Reading<'_> {
        Reading::Summary(self)
    }
}

impl<L: LabelSet, S: Storage> Default for Summary<L, 0, S> {
    fn default() -> Self {
        Self::new()
    }
}

impl<L: LabelSet, const Q: usize, S: Storage> fmt::Debug for Summary<L, Q, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let series = (0..L::COMBINATIONS).map(|index| self.at(index));
        super::debug_series(f, L::LABELS, series)
    }
}

impl fmt::Debug for SummarySeries<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let SummarySnapshot { count, sum, quantiles } = self.snapshot();
        let mut debug = f.debug_struct("SummarySeries");
        debug.field("count", &count).field("sum", &sum);
        if !quantiles.is_empty() {
            debug.field("quantiles", &quantiles);
        }
        debug.finish()
    }
}
