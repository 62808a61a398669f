mod metrics;

use metrics::METRICS;

enumetrics::rules! {
    pub static RULES for METRICS;

    /// Something is wrong.
    #[alert(severity = Critical, runbook = "https://example.com/wrong")]
    Wrong = histogram_quantile(0.9, sum by (le) (rate(kyc_module_duration_seconds_count[5m]))) > 1;
}

fn main() {}
