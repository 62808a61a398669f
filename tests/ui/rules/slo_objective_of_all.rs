mod metrics;

use metrics::METRICS;

enumetrics::rules! {
    pub static RULES for METRICS;

    /// Something is right.
    #[slo(objective = 100, window = "30d", runbook = "https://example.com/wrong")]
    Right = bad(kyc_verifications_total{status="ERROR"}) over kyc_verifications_total;
}

fn main() {}
