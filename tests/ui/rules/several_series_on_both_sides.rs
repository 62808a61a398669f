mod metrics;

use metrics::METRICS;

enumetrics::rules! {
    pub static RULES for METRICS;

    /// Something is wrong, once, on both sides.
    #[alert(severity = Critical, runbook = "https://example.com/wrong")]
    Wrong = sum by (status) (rate(kyc_verifications_total[5m]))
        / on () sum by (module) (rate(kyc_module_duration_seconds_count[5m])) > 1;
}

fn main() {}
