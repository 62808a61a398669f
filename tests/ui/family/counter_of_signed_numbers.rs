use enumetrics::{Counter, metric_family};

#[metric_family(namespace = "kyc")]
pub struct Kyc {
    /// Things.
    pub verifications_total: Counter<(), i64>,
}

fn main() {}
