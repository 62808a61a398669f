use enumetrics::{Counter, metric_family};

#[metric_family(namespace = "kyc")]
pub struct Kyc<T> {
    /// Verifications processed.
    pub verifications_total: Counter<T>,
}

fn main() {}
