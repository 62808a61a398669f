use enumetrics::{Counter, metric_family};

#[metric_family(namespace = "kyc")]
pub struct Kyc {
    /// Verifications.
    #[metric(exemplars = "trace_id")]
    pub verifications_total: Counter,
}

fn main() {}
