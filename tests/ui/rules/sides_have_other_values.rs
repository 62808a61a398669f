mod metrics;

use metrics::METRICS;

enumetrics::rules! {
    pub static RULES for METRICS;

    /// Something is wrong.
    #[alert(severity = Critical, runbook = "https://example.com/wrong")]
    Wrong = sum by (status) (rate(kyc_verifications_total{status="ERROR"}[5m])) / sum by (status) (rate(kyc_verifications_total{status="VERIFIED"}[5m])) > 0.1;
}

fn main() {}
