mod metrics;

use metrics::METRICS;

enumetrics::rules! {
    pub static RULES for METRICS;

    /// {{ $labels.module }} is slow.
    #[alert(severity = Critical, runbook = "https://example.com/wrong")]
    Wrong = sum by (status) (rate(kyc_verifications_total[5m])) > 0.5;
}

fn main() {}
