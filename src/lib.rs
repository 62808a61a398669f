//! Prometheus metrics whose names, labels and label values the compiler knows.
// docs.rs is the manual, a type that cannot be printed cannot be debugged, and a library does not print.
#![warn(
    missing_docs,
    missing_debug_implementations,
    unreachable_pub,
    clippy::print_stdout,
    clippy::print_stderr
)]

pub use enumetrics_macros::{LabelSet, LabelValue, catalog, metric_family, timed};
#[doc(hidden)]
pub use enumetrics_runtime::__private;
pub use enumetrics_runtime::*;
