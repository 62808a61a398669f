#![deny(deprecated)]

mod metrics;

use metrics::METRICS;

enumetrics::rules! {
    #[rules(retention = "15d")]
    pub static RULES for METRICS;

    /// Something is wrong.
    #[alert(severity = Critical, runbook = "https://example.com/wrong")]
    Wrong = sum(increase(kyc_verifications_total[30d])) > 5;
}

fn main() {}
