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
#[cfg(feature = "dashboards")]
pub mod dashboard;
mod descriptor;
#[cfg(feature = "exporter")]
mod exporter;
mod exposition;
mod family;
#[cfg(feature = "http")]
pub mod http;
mod instances;
#[cfg(feature = "prometheus")]
mod interop;
mod label;
mod metric;
#[cfg(feature = "operations")]
pub mod operations;
#[cfg(feature = "process")]
mod process;
#[cfg(feature = "rules")]
mod rules;
#[cfg(feature = "exporter")]
mod settings;
mod start;
mod storage;
mod sync;
#[cfg(feature = "testing")]
pub mod testing;
mod timed;
#[cfg(feature = "http")]
pub mod websocket;
#[cfg(feature = "rules")]
mod yaml;

pub use self::catalog::{AdaptError, Catalog, DuplicateName, OtherNames, UnknownName};
pub use self::descriptor::{Descriptor, Form, Kind, LabelDescriptor};
#[cfg(feature = "tls")]
pub use self::exporter::Tls;
#[cfg(feature = "exporter")]
pub use self::exporter::{Exporter, ExporterError, ExporterService, ScrapeBody, Secret, SecretError, Server};
pub use self::exposition::Format;
pub use self::exposition::text::Scrape;
pub use self::family::{Export, MetricFamily};
pub use self::instances::Instances;
#[cfg(feature = "prometheus")]
pub use self::interop::CatalogCollector;
pub use self::label::{IntRange, LabelField, LabelSet, LabelValue, Method, StatusClass, StatusCode, Unlabelled};
pub use self::metric::{
    Bucketed, ComputedCounter, ComputedGauge, Counter, CounterSeries, CounterValue, Exemplar, Gauge, GaugeSeries,
    GaugeValue, Histogram, HistogramSeries, HistogramSnapshot, InFlight, InFlightGuard, InFlightSeries, InPlace, Info,
    InfoLabels, InfoText, Metric, NativeBuckets, NativeOf, NativeSnapshot, Observation, SourceIsSet, SparseOf,
    StateSet, StateSetSeries, Summary, SummarySeries, SummarySnapshot, Timer, Tracked, WithExemplars, WithQuantiles,
};
#[cfg(feature = "process")]
pub use self::process::{PROCESS, Process};
#[cfg(feature = "rules")]
pub use self::rules::{
    AlertRule, PanelKind, PanelQuery, RecordingRule, RuleFinding, Rules, Severity, Slo, SloBurn, SloIndicator,
};
#[cfg(feature = "exporter")]
pub use self::settings::{SettingMistake, Settings, SettingsBuilder, SettingsError};
pub use self::storage::{Native, PerThread, Shared, Sparse, Storage, Traced, is_recording, set_recording};
pub use self::timed::{Calls, ErrorLabel, Joined, Outcome};

/// What the macros' expansions use. Not part of the API: it changes without notice.
#[doc(hidden)]
pub mod __private {
    pub use std::boxed::Box;

    /// The compiler's version, for `build_info!`.
    pub const RUSTC: &str = env!("ENUMETRICS_RUSTC");

    /// For `build_info!`: the first that is known.
    #[must_use]
    pub const fn first_of(known: &[Option<&'static str>]) -> &'static str {
        let mut at = 0;
        while at < known.len() {
            if let Some(text) = known[at] {
                return text;
            }
            at += 1;
        }
        "unknown"
    }

    pub use crate::__overflows as overflows;
    pub use crate::check;
    pub use crate::descriptor::max_series;
    pub use crate::family::{Checked, Itself, Listed, Part};
    pub use crate::label::{Field, Impossible, Interned, Interner, Open, Overflows, Rule, SKIPPED, Term, table_size};
    pub use crate::metric::{
        Computation, ComputedCells, CounterCells, Exemplars, HistogramCells, InFlightCells, InfoTexts, Past, Reading,
        SummaryCells,
    };
    #[cfg(feature = "rules")]
    pub use crate::rules::LabelText;
    pub use crate::storage::{Block, Cell, Cells, CounterCell, FloatCell, IntCell, Place, StateCell};
    #[cfg(feature = "stream")]
    pub use crate::timed::TimedStream;
    pub use crate::timed::{
        Awaited, CallsGroup, CallsOf, Consumed, End, IsCalls, Judge, LabelAt, Labelled, NoCalls, Otherwise, PollState,
        Polls, Seen, TimedFuture, TimedMetric, Unending, Unfinished, call, called, combinations, first_item, index,
        is_one_label, item, judged, label_position, labels_of, labels_of_timed, never, plus, position, started, stride,
    };
    #[cfg(feature = "http")]
    pub use crate::websocket::now;
    #[cfg(feature = "http")]
    pub use ::http::Method as HttpMethod;
    #[cfg(feature = "rules")]
    pub use enumetrics_promql as promql;
}
