use enumetrics::{Counter, metric_family};

#[metric_family(namespace = "kyc")]
pub struct Kyc {
    /// Verifications.
    #[metric(allow(name-total = "the name of 2019"))]
    pub verifications_count: Counter,
}

fn main() {}
