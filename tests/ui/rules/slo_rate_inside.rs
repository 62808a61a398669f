mod metrics;

use metrics::METRICS;

enumetrics::rules! {
    pub static RULES for METRICS;

    /// Something is right.
    #[slo(objective = 99, window = "30d", runbook = "https://example.com/wrong")]
    Right = bad(rate(kyc_verifications_total{status="ERROR"}[5m])) over kyc_verifications_total;
}

fn main() {}
