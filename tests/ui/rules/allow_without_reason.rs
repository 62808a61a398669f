mod metrics;

use metrics::METRICS;

enumetrics::rules! {
    pub static RULES for METRICS;

    /// Something is wrong.
    #[alert(severity = Critical, runbook = "https://example.com/wrong", allow(val-never))]
    Wrong = sum(kyc_active_sessions) > 5;
}

fn main() {}
