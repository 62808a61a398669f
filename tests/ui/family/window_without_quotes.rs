use enumetrics::{Summary, metric_family};

#[metric_family(namespace = "kyc")]
pub struct Kyc {
    /// Things.
    #[metric(quantiles = [0.5], window = 10)]
    pub verification_seconds: Summary,
}

fn main() {}
