mod metrics;

use metrics::METRICS;

enumetrics::rules! {
    #[rules(server = "2.42")]
    pub static RULES for METRICS;

    /// Something is wrong.
    #[alert(severity = Critical, runbook = "https://example.com/wrong")]
    Wrong = max(histogram_avg(rate(kyc_verification_duration_seconds_sum[5m]))) > 1;
}

fn main() {}
