use enumetrics::{Histogram, metric_family};

#[metric_family(namespace = "kyc")]
pub struct Kyc {
    /// Duration of a verification.
    #[metric(buckets = [1.0, f64::INFINITY])]
    pub verification_seconds: Histogram,
}

fn main() {}
