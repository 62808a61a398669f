mod metrics;

use metrics::METRICS;

enumetrics::rules! {
    #[rules(interval = "10m")]
    pub static RULES for METRICS;

    /// Something is wrong.
    #[alert(severity = Critical, runbook = "https://example.com/wrong")]
    Wrong = sum(kyc_active_sessions) > 5;
}

fn main() {}
