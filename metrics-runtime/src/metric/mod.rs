//! The kinds of metric: one file each.

/// For the macros: what the options make of a kind that does not have them, which checks of their own report.
macro_rules! without {
    ($($option:ident $(($labels:ty))?),+) => {
        $(without!(@ $option $($labels)?);)+
    };
    (@ buckets) => {
        #[doc(hidden)]
        #[must_use]
        pub const fn __with_buckets(_: &'static [f64]) -> Self {
            Self::NEW
        }

        #[doc(hidden)]
        #[must_use]
        pub const fn __native(self, _: Option<crate::NativeBuckets>) -> Self {
            self
        }
    };
    (@ quantiles) => {
        #[doc(hidden)]
        #[must_use]
        pub const fn __with_quantiles(_: &'static [f64], _: std::time::Duration) -> Self {
            Self::NEW
        }
    };
    (@ compute $labels:ty) => {
        #[doc(hidden)]
        #[must_use]
        pub const fn __computed(_: fn($labels) -> f64) -> Self {
            Self::NEW
        }
    };
}

/// What a metric whose series can start again has for its only series, and for all.
macro_rules! starts_again {
    () => {
        /// Removes all series, each as if by itself: each starts again from 0, and is in scrapes when something is
        /// recorded.
        pub fn clear(&self) {
            (0..L::COMBINATIONS).for_each(|index| self.at(index).remove());
        }

        /// Starts again from 0.
        pub fn reset(&self)
        where
            L: Unlabelled,
        {
            self.with(L::ONLY).reset();
        }

        /// Starts again from 0, and leaves the metric out of scrapes until something is recorded.
        pub fn remove(&self)
        where
            L: Unlabelled,
        {
            self.with(L::ONLY).remove();
        }
    };
}

mod bounds;
mod computed;
mod counter;
mod exemplar;
mod gauge;
mod histogram;
mod in_flight;
mod info;
mod native;
mod past;
mod state_set;
mod summary;
mod timer;
mod window;

pub use self::computed::{Computation, ComputedCells, ComputedCounter, ComputedGauge};
pub use self::counter::{Counter, CounterCells, CounterSeries, CounterValue};
#[cfg(feature = "protobuf")]
pub(crate) use self::exemplar::Recorded;
pub use self::exemplar::{Exemplar, Exemplars, SourceIsSet};
pub use self::gauge::{Gauge, GaugeSeries, GaugeValue, Tracked};
#[cfg(feature = "protobuf")]
pub(crate) use self::histogram::NATIVE_EXEMPLARS;
pub use self::histogram::{Histogram, HistogramCells, HistogramSeries, HistogramSnapshot, Observation};
pub use self::in_flight::{InFlight, InFlightCells, InFlightGuard, InFlightSeries};
pub use self::info::{Info, InfoLabels, InfoText, InfoTexts};
pub use self::native::{NativeBuckets, NativeSnapshot};
pub use self::past::Past;
pub use self::state_set::{StateSet, StateSetSeries};
pub use self::summary::{Summary, SummaryCells, SummarySeries, SummarySnapshot};
pub use self::timer::Timer;

use std::fmt;
use std::ops::Range;

use crate::descriptor::{Combination, Kind, LabelDescriptor};
use crate::storage::{FloatCell, IntCell, StateCell};

/// A metric that can be a field of a `#[metric_family]` struct.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a metric [metric-type]",
    label = "not a metric",
    note = "the fields of a `#[metric_family]` are `Counter`, `Gauge`, `InFlight`, `Histogram`, `Summary`, `StateSet`, \
            `ComputedGauge` or `ComputedCounter`, each with its labels in `<…>`, or `Info`",
    note = "what is recorded of `Calls` is said there: `#[metric(calls(outcome))]`"
)]
pub trait Metric: sealed::Sealed + Sized + Sync + 'static {
    /// The kind of metric.
    const KIND: Kind;
    /// Its labels. That of a state set, the last one, has no name here: it is called like the family.
    const LABELS: &'static [LabelDescriptor];
    /// That it is a metric.
    #[doc(hidden)]
    const IS: bool = true;
    /// The metric before anything was recorded.
    #[doc(hidden)]
    const NEW: Self;
    /// What a field that sets no option is told to say; an empty text where it needs none.
    #[doc(hidden)]
    const NEEDS: &'static str = "";
    /// Whether `compute = …` says what its values are.
    #[doc(hidden)]
    const COMPUTED: bool = false;
    /// The metric with `N` bucket bounds; only histograms differ with it.
    type WithBuckets<const N: usize>: Metric;
    /// The metric with `N` quantiles; only summaries differ with it.
    type WithQuantiles<const N: usize>: Metric;
    /// The metric with cells that all threads share; itself, if it has no others.
    type Shared: Metric;
    /// Whether that is another.
    #[doc(hidden)]
    const TAKES_SHARED: bool = false;

    /// The metric whose recordings bring the exemplar of what runs now; itself, if it has none.
    type Traced: Metric;
    /// Whether that is another.
    #[doc(hidden)]
    const TAKES_EXEMPLARS: bool = false;

    /// The metric whose series have cells once they are recorded; itself, if it has no others.
    type Sparse: Metric;
    /// Whether that is another.
    #[doc(hidden)]
    const TAKES_SPARSE: bool = false;

    /// The metric with native buckets; itself, if it has no buckets.
    type Native: Metric;
    /// Whether that is another.
    #[doc(hidden)]
    const TAKES_NATIVE: bool = false;

    /// The cells, for a scrape.
    #[doc(hidden)]
    fn read(&self) -> Reading<'_>;
}

/// The metric type `M` with `N` bucket bounds: what `#[metric(buckets = …)]` makes of a field's type.
///
/// `Bucketed<Histogram<Module>, 5>` is `Histogram<Module, 5>`.
pub type Bucketed<M, const N: usize> = <M as Metric>::WithBuckets<N>;

/// The metric type `M` with `N` quantiles: what `#[metric(quantiles = …)]` makes of a field's type.
///
/// `WithQuantiles<Summary<Module>, 2>` is `Summary<Module, 2>`.
pub type WithQuantiles<M, const N: usize> = <M as Metric>::WithQuantiles<N>;

/// The metric type `M` with cells that all threads share: what `#[metric(shared)]` makes of a field's type.
///
/// `InPlace<Counter<Status>>` is `Counter<Status, u64, Shared>`.
pub type InPlace<M> = <M as Metric>::Shared;

/// The metric type `M` whose recordings bring the exemplar of what runs now: what `#[metric(exemplars)]` makes of a
/// field's type.
///
/// `WithExemplars<Counter<Status>>` is `Counter<Status, u64, Traced<PerThread>>`.
pub type WithExemplars<M> = <M as Metric>::Traced;

/// The metric type `M` whose series have cells once they are recorded: what `#[metric(sparse)]` makes of a field's type.
///
/// `SparseOf<Counter<Request>>` is `Counter<Request, u64, Sparse<PerThread>>`.
pub type SparseOf<M> = <M as Metric>::Sparse;

/// The metric type `M` with native buckets: what `#[metric(native)]` makes of a field's type.
///
/// `NativeOf<Histogram<Module>>` is `Histogram<Module, 0, Native<PerThread>>`.
pub type NativeOf<M> = <M as Metric>::Native;

/// The series of one metric, in the order of its label combinations.
#[allow(
    missing_debug_implementations,
    reason = "hidden: it passes from a metric to an encoder"
)]
pub enum Reading<'a> {
    /// A counter's.
    Counter(&'a dyn CounterCells),
    /// A floating-point counter's.
    FloatCounter(&'a dyn CounterCells<f64>),
    /// A whole-number gauge's.
    Int(&'a [IntCell], Option<&'a Past>),
    /// A floating-point gauge's.
    Float(&'a [FloatCell], Option<&'a Past>),
    /// A histogram's.
    Histogram(&'a dyn HistogramCells),
    /// Those of what is in flight.
    InFlight(&'a dyn InFlightCells),
    /// A summary's.
    Summary(&'a dyn SummaryCells),
    /// An info metric's texts, one for each label.
    Info(InfoTexts),
    /// A state set's: a cell for each combination of its other labels.
    States {
        /// The current states.
        cells: &'a [StateCell],
        /// Which were removed.
        past: &'a Past,
        /// How many states there are.
        count: usize,
    },
    /// Those of a metric whose values are computed now.
    Computed(Computation<'a>),
    /// Nothing is known of the metric yet, so that it is not exported.
    Absent,
}

impl<'a> Reading<'a> {
    /// Which series were removed, if any can be.
    pub(crate) fn past(&self) -> Option<&'a Past> {
        match *self {
            Self::Counter(cells) => cells.past(),
            Self::FloatCounter(cells) => cells.past(),
            Self::Int(_, past) | Self::Float(_, past) => past,
            Self::Histogram(cells) => cells.past(),
            Self::InFlight(cells) => cells.past(),
            Self::Summary(cells) => cells.past(),
            Self::States { past, .. } => Some(past),
            Self::Info(_) | Self::Computed(_) | Self::Absent => None,
        }
    }

    /// The exemplars, if there are any.
    pub(crate) fn exemplars(&self) -> Option<&'a Exemplars> {
        let exemplars = match *self {
            Self::Counter(cells) => cells.exemplars(),
            Self::FloatCounter(cells) => cells.exemplars(),
            Self::Histogram(cells) => cells.exemplars(),
            _ => None,
        };
        exemplars.filter(|exemplars| !exemplars.is_empty())
    }

    /// The first of these series with which something was recorded.
    pub(crate) fn first_touched(&self, series: Range<usize>) -> Option<usize> {
        /// At first one, which is often it; then more at once, since there are long stretches of nothing.
        const AT_ONCE: usize = 256;

        fn counted<V: CounterValue>(cells: &dyn CounterCells<V>, mut series: Range<usize>) -> Option<usize> {
            let (mut counts, mut step) = ([V::ZERO; AT_ONCE], 1);
            loop {
                series.start = cells.made_from(series.start);
                let counts = counts.get_mut(..step.min(series.len()))?;
                cells.sum(series.clone().next()?, counts);
                if let Some(at) = counts.iter().position(|count| *count != V::ZERO) {
                    return Some(series.start + at);
                }
                series.start += counts.len();
                step = AT_ONCE.min(step * 4);
            }
        }

        fn observed<C: HistogramCells + ?Sized>(cells: &C, mut series: Range<usize>) -> Option<usize> {
            let mut step = 1;
            loop {
                series.start = cells.made_from(series.start);
                let (mut at, mut first) = (series.clone().next()?, None);
                let end = series.end.min(at + step);
                cells.read(at..end, &mut [], &mut |_, count, _| {
                    first = first.or((count > 0).then_some(at));
                    at += 1;
                });
                if first.is_some() {
                    return first;
                }
                series.start = end;
                step = AT_ONCE.min(step * 4);
            }
        }

        match self {
            Self::Counter(cells) => counted(*cells, series),
            Self::FloatCounter(cells) => counted(*cells, series),
            Self::Histogram(cells) => observed(*cells, series),
            Self::Summary(cells) => observed(*cells, series),
            _ => Some(series.start),
        }
    }
}

mod sealed {
    /// Only this crate has metrics: their cells, kinds and formats belong together.
    pub trait Sealed {}
}

/// Writes a metric's series by their label values: `{status="VERIFIED": 1, status="ERROR": 0}`; a metric without
/// labels as its value.
fn debug_series(
    f: &mut fmt::Formatter<'_>,
    labels: &'static [LabelDescriptor],
    values: impl Iterator<Item = impl fmt::Debug>,
) -> fmt::Result {
    if labels.is_empty() {
        return values.take(1).try_for_each(|value| value.fmt(f));
    }
    f.debug_map()
        .entries(
            values
                .enumerate()
                .map(|(index, value)| (Combination { labels, index }, value))
                .filter(|(combination, _)| combination.is_exported(false)),
        )
        .finish()
}
