use enumetrics::{Summary, metric_family};

#[metric_family(namespace = "kyc")]
pub struct Kyc {
    /// Things.
    pub verifications_count: Summary,
}

fn main() {}
