mod metrics;

use metrics::METRICS;

enumetrics::rules! {
    pub static RULES for METRICS;

    /// Something is right.
    #[slo(objective = 80, window = "30d", factors(4, 5, 2, 1), runbook = "https://example.com/wrong")]
    Right = bad(kyc_verifications_total{status="ERROR"}) over kyc_verifications_total;
}

fn main() {}
