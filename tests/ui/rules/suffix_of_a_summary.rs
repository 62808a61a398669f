mod metrics;

use metrics::METRICS;

enumetrics::rules! {
    pub static RULES for METRICS;

    /// Something is wrong.
    #[alert(severity = Critical, runbook = "https://example.com/wrong")]
    Wrong = histogram_quantile(0.9, sum by (le) (rate(kyc_document_size_bytes_bucket[5m]))) > 1;
}

fn main() {}
