use enumetrics::{Gauge, metric_family};

#[metric_family(namespace = "kyc")]
pub struct Kyc {
    /// Sessions now open.
    #[metric(exemplars)]
    pub sessions: Gauge,
}

fn main() {}
