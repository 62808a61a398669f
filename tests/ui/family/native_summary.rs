use enumetrics::{Summary, metric_family};

#[metric_family(namespace = "kyc")]
pub struct Kyc {
    /// Durations.
    #[metric(native(schema = 4))]
    pub duration_seconds: Summary,
}

fn main() {}
