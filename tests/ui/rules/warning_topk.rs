#![deny(deprecated)]

mod metrics;

use metrics::METRICS;

enumetrics::rules! {
    pub static RULES for METRICS;

    /// Something is wrong.
    #[alert(severity = Critical, runbook = "https://example.com/wrong")]
    Wrong = topk(5, sum by (module) (rate(kyc_module_duration_seconds_count[5m]))) > 5;
}

fn main() {}
