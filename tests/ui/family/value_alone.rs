use enumetrics::{Counter, metric_family};

#[metric_family("kyc")]
pub struct Kyc {
    /// Verifications processed.
    pub verifications_total: Counter,
}

fn main() {}
