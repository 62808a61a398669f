use enumetrics::{ComputedGauge, metric_family};

#[metric_family(namespace = "kyc")]
pub struct Kyc {
    /// Things.
    #[metric(compute)]
    pub queue_length: ComputedGauge,
}

fn main() {}
