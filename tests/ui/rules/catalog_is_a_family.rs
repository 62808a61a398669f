mod metrics;

#[allow(unused_imports, reason = "one of these cases needs it")]
use metrics::METRICS;

enumetrics::rules! {
    pub static RULES for metrics::KYC;

    /// Something is wrong.
    #[alert(severity = Critical, runbook = "https://example.com/wrong")]
    Wrong = sum(kyc_active_sessions) > 5;
}

fn main() {}
