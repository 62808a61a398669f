use enumetrics::buckets::linear;
use enumetrics::{Histogram, metric_family};

const MANY: [f64; 41] = linear(1.0, 1.0);

#[metric_family(namespace = "kyc")]
pub struct Kyc {
    /// Duration of a verification.
    #[metric(buckets = MANY)]
    pub verification_duration_seconds: Histogram,
}

fn main() {}
