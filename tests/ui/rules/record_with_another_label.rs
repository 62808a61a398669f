mod metrics;

use metrics::METRICS;

enumetrics::rules! {
    pub static RULES for METRICS;

    #[record]
    status:kyc_verifications:rate5m = sum by (status) (rate(kyc_verifications_total[5m]));

    /// Something is wrong.
    #[alert(severity = Critical, runbook = "https://example.com/wrong")]
    Wrong = sum by (stats) (status:kyc_verifications:rate5m) > 1;
}

fn main() {}
