mod metrics;

use metrics::METRICS;

enumetrics::rules! {
    pub static RULES for METRICS;

    /// Something is wrong.
    #[alert(severity = Critical, runbook = "https://example.com/wrong")]
    Wrong = histogram_quantile(0.95, sum by (le) (rate(kyc_verification_duration_seconds_bucket[5m]))) > 8;
}

fn main() {}
