//! The runtime of [enumetrics](https://docs.rs/enumetrics): metric types, catalogs, exposition.
//!
//! Use it through the `enumetrics` crate, which re-exports what is public here and documents it as a whole.
// docs.rs is the manual; a type that cannot be printed cannot be debugged; and a library neither prints nor brings its
// host down (tests may: clippy.toml).
#![warn(missing_docs, missing_debug_implementations, unreachable_pub)]
#![warn(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic
)]

pub mod buckets;
mod catalog;
#[cfg(feature = "catalogue")]
pub mod catalogue;
#[doc(hidden)]
pub mod check;
mod clock;
mod descriptor;
#[cfg(feature = "exporter")]
mod exporter;
mod exposition;
mod family;
#[cfg(feature = "prometheus")]
mod interop;
mod label;
mod metric;
mod storage;
#[cfg(feature = "testing")]
pub mod testing;
mod timed;

pub use self::catalog::{Catalog, DuplicateName, UnknownName};
pub use self::descriptor::{Descriptor, Kind, LabelDescriptor};
#[cfg(feature = "exporter")]
pub use self::exporter::{Exporter, ExporterError, Password, PasswordError, Server};
pub use self::exposition::text::Scrape;
pub use self::family::{Export, MetricFamily};
#[cfg(feature = "prometheus")]
pub use self::interop::CatalogCollector;
pub use self::label::{LabelSet, LabelValue, Unlabelled};
pub use self::metric::{
    Bucketed, Counter, CounterSeries, Gauge, GaugeSeries, GaugeValue, Histogram, HistogramSeries, HistogramSnapshot,
    Metric, Observation, Timer, Tracked,
};
pub use self::timed::{Calls, ErrorLabel, Joined, Outcome};

/// What the macros' expansions use. Not part of the API: it changes without notice.
#[doc(hidden)]
pub mod __private {
    pub use std::boxed::Box;

    pub use crate::check;
    pub use crate::descriptor::max_series;
    pub use crate::family::Listed;
    pub use crate::metric::{CounterCells, HistogramCells, Reading};
    pub use crate::storage::{Block, FloatCell, IntCell};
    #[cfg(feature = "stream")]
    pub use crate::timed::TimedStream;
    pub use crate::timed::{
        Awaited, CallsOf, End, Judge, LabelAt, Otherwise, PollState, Polls, Seen, TimedFuture, TimedMetric, Unfinished,
        call, called, combinations, judged, label_position, labels_of, never, position, started, stride,
    };
}
