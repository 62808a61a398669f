#![deny(deprecated)]

mod metrics;

use metrics::METRICS;

enumetrics::rules! {
    pub static RULES for METRICS;

    /// Something is wrong.
    #[alert(severity = Critical, runbook = "https://example.com/wrong")]
    Wrong = max(timestamp(kyc_active_sessions)) > 300;
}

fn main() {}
