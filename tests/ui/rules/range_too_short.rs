mod metrics;

use metrics::METRICS;

enumetrics::rules! {
    #[rules(scrape_interval = "30s")]
    pub static RULES for METRICS;

    /// Something is wrong.
    #[alert(severity = Critical, runbook = "https://example.com/wrong")]
    Wrong = sum(rate(kyc_verifications_total[30s])) > 1;
}

fn main() {}
