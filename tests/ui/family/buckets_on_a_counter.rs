use enumetrics::{Counter, metric_family};

#[metric_family(namespace = "kyc")]
pub struct Kyc {
    /// Verifications processed.
    #[metric(buckets = [1.0, 2.0])]
    pub verifications_total: Counter,
}

fn main() {}
