mod metrics;

use metrics::METRICS;

enumetrics::rules! {
    pub static RULES for METRICS;

    /// It is {{ $value | humanise }}.
    #[alert(severity = Critical, runbook = "https://example.com/wrong")]
    Wrong = sum(rate(kyc_verifications_total[5m])) > 0.5;
}

fn main() {}
