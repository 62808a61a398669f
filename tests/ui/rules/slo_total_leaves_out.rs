mod metrics;

use metrics::METRICS;

enumetrics::rules! {
    pub static RULES for METRICS;

    /// Something is right.
    #[slo(objective = 99, window = "30d", runbook = "https://example.com/wrong")]
    Right = good(kyc_verifications_total{status="VERIFIED"}) over kyc_verifications_total{status!="REJECTED"};
}

fn main() {}
