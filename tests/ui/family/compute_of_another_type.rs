use enumetrics::{ComputedGauge, metric_family};

#[metric_family(namespace = "kyc")]
pub struct Kyc {
    /// Things.
    #[metric(compute = |()| 1_usize)]
    pub queue_length: ComputedGauge,
}

fn main() {}
