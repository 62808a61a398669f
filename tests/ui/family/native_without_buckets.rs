use enumetrics::{Histogram, metric_family};

#[metric_family(namespace = "kyc")]
pub struct Kyc {
    /// Durations.
    #[metric(native(max_buckets = 0))]
    pub duration_seconds: Histogram,
}

fn main() {}
