//! The contenders, a file each: how the crate is used, as its authors would use it.
//!
//! Where a crate lets handles be kept, "cached" is its figure with a table of handles that is indexed by the label
//! values; without that word the series is looked up by its labels in each call.

mod autometrics;
mod axum_prometheus;
pub mod enumetrics;
mod fastmetrics;
mod foundations;
mod loops;
mod measured;
mod metered;
mod metrics;
mod metriken;
mod opentelemetry;
mod prometheus;
mod prometheus_client;
pub mod vise;

use crate::bench::Bench;

/// Whom ratios are to.
pub const REFERENCE: &str = "prometheus";
/// The crate this is about.
pub const OURS: &str = "enumetrics";
/// What a row costs without any metrics.
pub const BASELINE: &str = "(nothing)";
/// What a timer costs that does nothing but read its clock when it starts and when it ends.
pub const CLOCK: &str = "(clock alone)";
/// What a gauge costs that is nothing but its atomic additions.
pub const ADDITION: &str = "(addition alone)";

pub fn enter(bench: &mut Bench) {
    loops::enter(bench);
    enumetrics::enter(bench);
    prometheus::enter(bench);
    prometheus_client::enter(bench);
    measured::enter(bench);
    metriken::enter(bench);
    foundations::enter(bench);
    fastmetrics::enter(bench);
    vise::enter(bench);
    metrics::enter(bench);
    metered::enter(bench);
    opentelemetry::enter(bench);
    autometrics::enter(bench);
    axum_prometheus::enter(bench);
}
