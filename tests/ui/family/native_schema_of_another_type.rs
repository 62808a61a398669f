use enumetrics::{Histogram, metric_family};

#[metric_family(namespace = "kyc")]
pub struct Kyc {
    /// Durations.
    #[metric(native(schema = "fine"))]
    pub duration_seconds: Histogram,
}

fn main() {}
