use enumetrics::{Histogram, metric_family};

#[metric_family(namespace = "kyc")]
pub struct Kyc {
    /// Duration of a verification.
    #[metric(buckets = [1.0, 2.0])]
    pub verification_seconds_count: Histogram,
}

fn main() {}
