use enumetrics::{Summary, metric_family};

#[metric_family(namespace = "kyc")]
pub struct Kyc {
    /// Things.
    #[metric(quantiles = [])]
    pub verification_seconds: Summary,
}

fn main() {}
