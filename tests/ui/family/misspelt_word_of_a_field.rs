use enumetrics::{Histogram, metric_family};

#[metric_family(namespace = "kyc")]
pub struct Kyc {
    /// Duration of a verification.
    #[metric(bucket = [1.0, 2.0])]
    pub verification_seconds: Histogram,
}

fn main() {}
