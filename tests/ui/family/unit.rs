use enumetrics::{Gauge, metric_family};

#[metric_family(namespace = "kyc")]
pub struct Kyc {
    /// Duration of a verification.
    pub verification_duration_milliseconds: Gauge,
}

fn main() {}
