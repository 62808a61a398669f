use enumetrics::{Gauge, metric_family};

#[metric_family(namespace = "kyc")]
pub struct Kyc {
    /// Sessions.
    pub sessions_gauge: Gauge,
}

fn main() {}
