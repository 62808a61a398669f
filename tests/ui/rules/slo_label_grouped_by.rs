mod metrics;

use metrics::METRICS;

enumetrics::rules! {
    pub static RULES for METRICS;

    /// Something is right.
    #[slo(objective = 99, window = "30d", by(modul), runbook = "https://example.com/wrong")]
    Right = kyc_module_duration_seconds under 8;
}

fn main() {}
