use enumetrics::{Histogram, metric_family};

#[metric_family(namespace = "kyc")]
pub struct Kyc {
    /// Things.
    #[metric(quantiles = [0.5, 0.99])]
    pub verification_seconds: Histogram,
}

fn main() {}
