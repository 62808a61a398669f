use enumetrics::{Summary, metric_family};

#[metric_family(namespace = "kyc")]
pub struct Kyc {
    /// Things.
    #[metric(buckets = [0.5, 1.0])]
    pub verification_seconds: Summary,
}

fn main() {}
