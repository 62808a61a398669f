use enumetrics::{Gauge, metric_family};

#[metric_family(namespace = "kyc")]
pub struct Kyc {
    /// Sessions now open.
    pub active_sessions: Gauge<(), u8>,
}

fn main() {}
