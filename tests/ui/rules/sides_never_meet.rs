mod metrics;

use metrics::METRICS;

enumetrics::rules! {
    pub static RULES for METRICS;

    /// Something is wrong.
    #[alert(severity = Critical, runbook = "https://example.com/wrong")]
    Wrong = kyc_active_sessions > 1 unless sum(kyc_active_sessions) > 5;
}

fn main() {}
