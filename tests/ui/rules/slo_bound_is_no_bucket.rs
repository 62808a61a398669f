mod metrics;

use metrics::METRICS;

enumetrics::rules! {
    pub static RULES for METRICS;

    /// Something is right.
    #[slo(objective = 95, window = "30d", runbook = "https://example.com/wrong")]
    Right = kyc_verification_duration_seconds under 7;
}

fn main() {}
