//! Prometheus metrics whose names, labels and label values the compiler knows.

pub use enumetrics_macros::{LabelSet, LabelValue, catalog, metric_family, timed};
#[doc(hidden)]
pub use enumetrics_runtime::__private;
pub use enumetrics_runtime::*;
