use enumetrics::{Gauge, metric_family};

#[metric_family(namespace = "kyc")]
pub struct Kyc {
    /// Things.
    #[metric(quantiles = [0.5, 0.99])]
    pub sessions: Gauge,
}

fn main() {}
