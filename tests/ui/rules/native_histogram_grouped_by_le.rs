use enumetrics::{Histogram, catalog, metric_family};

#[metric_family(namespace = "kyc")]
pub struct Kyc {
    /// Duration of the whole pipeline.
    #[metric(native)]
    pub duration_seconds: Histogram,
}

pub static KYC: Kyc = Kyc::new();
catalog! { pub static METRICS = [KYC]; }

enumetrics::rules! {
    pub static RULES for METRICS;

    /// Something is wrong.
    #[alert(severity = Critical, runbook = "https://example.com/wrong")]
    Wrong = histogram_quantile(0.9, sum by (le) (rate(kyc_duration_seconds[5m]))) > 1;
}

fn main() {}
