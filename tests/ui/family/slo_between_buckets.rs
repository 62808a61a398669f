use enumetrics::{Histogram, metric_family};

#[metric_family(namespace = "kyc")]
pub struct Kyc {
    /// Duration of a verification.
    #[metric(buckets = [1, 2.5, 5], slo = 2)]
    pub verification_duration_seconds: Histogram,
}

fn main() {}
