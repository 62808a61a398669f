mod metrics;

use metrics::METRICS;

enumetrics::rules! {
    pub static RULES for METRICS;

    /// Something is wrong.
    #[alert(severity = Critical, runbook = "https://example.com/wrong")]
    Wrong = sum(kyc_active_sessions) / on () sum by (status) (rate(kyc_verifications_total[5m])) > 1;
}

fn main() {}
