//! The runtime of [enumetrics](https://docs.rs/enumetrics): metric types, catalogs, exposition.
//!
//! Use it through the `enumetrics` crate, which re-exports what is public here and documents it as a whole.

mod catalog;
#[doc(hidden)]
pub mod check;
mod descriptor;
mod exposition;
mod family;
mod label;
mod metric;
mod storage;

pub use self::catalog::{Catalog, DuplicateName};
pub use self::descriptor::{Descriptor, Kind, LabelDescriptor};
pub use self::family::{Export, MetricFamily};
pub use self::label::{LabelSet, LabelValue};
pub use self::metric::{
    Bucketed, Counter, CounterSeries, Gauge, GaugeSeries, GaugeValue, Histogram, HistogramSeries, Metric, Observation,
    Timer, Tracked,
};

/// What the macros' expansions use. Not part of the API: it changes without notice.
#[doc(hidden)]
pub mod __private {
    pub use crate::check;
    pub use crate::descriptor::max_series;
    pub use crate::family::Listed;
    pub use crate::metric::{HistogramCells, Reading, Timed, TimedInto};
    pub use crate::storage::Cell;
}
