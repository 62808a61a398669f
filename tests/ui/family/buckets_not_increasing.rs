use enumetrics::{Histogram, metric_family};

#[metric_family(namespace = "kyc")]
pub struct Kyc {
    /// Duration of a verification.
    #[metric(buckets = [1, 4, 4, 8])]
    pub verification_seconds: Histogram,
}

fn main() {}
