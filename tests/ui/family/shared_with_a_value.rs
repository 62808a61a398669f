use enumetrics::{Counter, metric_family};

#[metric_family(namespace = "kyc")]
pub struct Kyc {
    /// Verifications.
    #[metric(shared = true)]
    pub verifications_total: Counter,
}

fn main() {}
