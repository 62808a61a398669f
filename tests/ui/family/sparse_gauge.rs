use enumetrics::{Gauge, metric_family};

#[metric_family(namespace = "kyc")]
pub struct Kyc {
    /// Sessions now open.
    #[metric(sparse)]
    pub sessions: Gauge,
}

fn main() {}
