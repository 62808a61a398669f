//! The kinds of metric: one file each.

mod bounds;
mod counter;
mod gauge;
mod histogram;
mod timer;

pub use self::counter::{Counter, CounterCells, CounterSeries};
pub use self::gauge::{Gauge, GaugeSeries, GaugeValue, Tracked};
pub use self::histogram::{Histogram, HistogramCells, HistogramSeries, HistogramSnapshot, Observation};
pub use self::timer::Timer;

use std::fmt;

use crate::descriptor::{Combination, Kind, LabelDescriptor};
use crate::storage::{FloatCell, IntCell};

/// A metric that can be a field of a `#[metric_family]` struct.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a metric",
    label = "not a metric",
    note = "the fields of a `#[metric_family]` are `Counter`, `Gauge` or `Histogram`, each with its labels in `<…>`"
)]
pub trait Metric: sealed::Sealed + Sized + Sync + 'static {
    /// The kind of metric.
    const KIND: Kind;
    /// Its labels.
    const LABELS: &'static [LabelDescriptor];
    /// The metric before anything was recorded.
    #[doc(hidden)]
    const NEW: Self;
    /// The metric with `N` bucket bounds; only histograms differ with it.
    type WithBuckets<const N: usize>: Metric;

    /// The cells, for a scrape.
    #[doc(hidden)]
    fn read(&self) -> Reading<'_>;
}

/// The metric type `M` with `N` bucket bounds: what `#[metric(buckets = …)]` makes of a field's type.
///
/// `Bucketed<Histogram<Module>, 5>` is `Histogram<Module, 5>`.
pub type Bucketed<M, const N: usize> = <M as Metric>::WithBuckets<N>;

/// The series of one metric, in the order of its label combinations.
#[allow(
    missing_debug_implementations,
    reason = "hidden: it passes from a metric to an encoder"
)]
pub enum Reading<'a> {
    /// A counter's.
    Counter(&'a dyn CounterCells),
    /// A whole-number gauge's.
    Int(&'a [IntCell]),
    /// A floating-point gauge's.
    Float(&'a [FloatCell]),
    /// A histogram's.
    Histogram(&'a dyn HistogramCells),
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
                .map(|(index, value)| (Combination { labels, index }, value)),
        )
        .finish()
}
