use enumetrics::{Gauge, metric_family};

#[metric_family(namespace = "kyc")]
pub struct Kyc {
    /// Sessions now open.
    pub sessions_total: Gauge,
}

fn main() {}
