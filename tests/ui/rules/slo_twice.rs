mod metrics;

use metrics::METRICS;

enumetrics::rules! {
    pub static RULES for METRICS;

    /// Something is right.
    #[slo(objective = 99, window = "30d", runbook = "https://example.com/wrong")]
    Right = bad(kyc_verifications_total{status="ERROR"}) over kyc_verifications_total;

    /// Something else is right.
    #[slo(objective = 95, window = "30d", runbook = "https://example.com/wrong")]
    Right = kyc_verification_duration_seconds under 8;
}

fn main() {}
