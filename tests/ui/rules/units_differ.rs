mod metrics;

use metrics::METRICS;

enumetrics::rules! {
    pub static RULES for METRICS;

    /// Something is wrong.
    #[alert(severity = Critical, runbook = "https://example.com/wrong")]
    Wrong = sum(rate(kyc_document_size_bytes_sum[5m])) > sum(increase(kyc_verification_duration_seconds_sum[5m]));
}

fn main() {}
