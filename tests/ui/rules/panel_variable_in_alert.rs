mod metrics;

use metrics::METRICS;

enumetrics::rules! {
    pub static RULES for METRICS;

    /// Much goes on.
    #[alert(severity = Critical, runbook = "https://example.com/wrong")]
    Much = sum(rate(kyc_verifications_total[$__rate_interval])) > 5;
}

fn main() {}
