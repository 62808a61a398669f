use enumetrics::{Gauge, metric_family};

#[metric_family(namespace = "kyc")]
pub struct Kyc {
    /// Things.
    #[metric(compute = |()| 1.0)]
    pub sessions: Gauge,
}

fn main() {}
