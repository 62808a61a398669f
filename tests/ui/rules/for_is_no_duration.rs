mod metrics;

use metrics::METRICS;

enumetrics::rules! {
    pub static RULES for METRICS;

    /// Something is wrong.
    #[alert(for = "5 minutes", severity = Critical, runbook = "https://example.com/wrong")]
    Wrong = sum(kyc_active_sessions) > 5;
}

fn main() {}
