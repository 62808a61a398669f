use enumetrics::{Histogram, buckets, metric_family};

#[metric_family(namespace = "kyc")]
pub struct Kyc {
    /// Duration of a verification.
    #[metric(buckets = buckets::linear::<4>(0.5, 0.0))]
    pub verification_duration_seconds: Histogram,
}

fn main() {}
