use enumetrics::{Histogram, metric_family};

const EDGES: [f64; 3] = [1.0, 0.5, 2.0];

#[metric_family(namespace = "kyc")]
pub struct Kyc {
    /// Duration of a verification.
    #[metric(buckets = EDGES)]
    pub verification_seconds: Histogram,
}

fn main() {}
