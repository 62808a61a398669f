use enumetrics::{ComputedGauge, metric_family};

#[metric_family(namespace = "kyc")]
pub struct Kyc {
    /// Things.
    pub queue_length: ComputedGauge,
}

fn main() {}
