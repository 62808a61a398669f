use enumetrics::{Counter, metric_family};

#[metric_family(namespace = "kyc" max_series = 4)]
pub struct Kyc {
    /// Verifications processed.
    pub verifications_total: Counter,
}

fn main() {}
