mod metrics;

use metrics::METRICS;

enumetrics::rules! {
    pub static RULES for METRICS;

    /// Something is wrong.
    #[alert(severity = Critical, runbook = "docs/runbooks/none.md")]
    Wrong = sum(rate(kyc_verifications_total[5m])) > 0.5;
}

fn main() {}
