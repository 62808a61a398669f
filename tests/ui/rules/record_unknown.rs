mod metrics;

use metrics::METRICS;

enumetrics::rules! {
    pub static RULES for METRICS;

    #[record]
    kyc:verifications:rate5m = sum(rate(kyc_verifications_total[5m]));

    /// Something is wrong.
    #[alert(severity = Critical, runbook = "https://example.com/wrong")]
    Wrong = kyc:verification:rate5m > 1;
}

fn main() {}
