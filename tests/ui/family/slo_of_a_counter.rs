use enumetrics::{Counter, metric_family};

#[metric_family(namespace = "kyc")]
pub struct Kyc {
    /// Verifications.
    #[metric(slo = 2)]
    pub verifications_total: Counter,
}

fn main() {}
