use enumetrics::{Summary, metric_family};

#[metric_family(namespace = "kyc")]
pub struct Kyc {
    /// Things.
    #[metric(window = "10m")]
    pub verification_seconds: Summary,
}

fn main() {}
