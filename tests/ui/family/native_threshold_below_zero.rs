use enumetrics::{Histogram, metric_family};

#[metric_family(namespace = "kyc")]
pub struct Kyc {
    /// Durations.
    #[metric(native(schema = 2, zero_threshold = -1))]
    pub duration_seconds: Histogram,
}

fn main() {}
