use enumetrics::{Histogram, metric_family};

const EDGES: [u32; 3] = [1, 5, 20];

#[metric_family(namespace = "kyc")]
pub struct Kyc {
    /// Duration of a verification.
    #[metric(buckets = EDGES)]
    pub verification_seconds: Histogram,
}

fn main() {}
