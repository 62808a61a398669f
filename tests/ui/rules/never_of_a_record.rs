mod metrics;

use metrics::METRICS;

enumetrics::rules! {
    pub static RULES for METRICS;

    #[record]
    kyc:breaker:max = max(kyc_breaker{kyc_breaker="open"});

    /// Something is wrong.
    #[alert(severity = Critical, runbook = "https://example.com/wrong")]
    Wrong = kyc:breaker:max > 1;
}

fn main() {}
