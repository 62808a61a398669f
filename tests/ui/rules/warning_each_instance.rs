#![deny(deprecated)]

mod metrics;

use metrics::METRICS;

enumetrics::rules! {
    pub static RULES for METRICS;

    /// Something is wrong.
    #[alert(severity = Critical, runbook = "https://example.com/wrong")]
    Wrong = rate(kyc_verifications_total[5m]) > 0.5;
}

fn main() {}
