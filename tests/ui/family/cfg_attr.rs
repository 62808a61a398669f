use enumetrics::{Histogram, metric_family};

#[metric_family(namespace = "kyc")]
pub struct Kyc {
    /// Duration of a verification.
    #[cfg_attr(all(), metric(buckets = [1.0]))]
    pub verification_seconds: Histogram,
}

fn main() {}
