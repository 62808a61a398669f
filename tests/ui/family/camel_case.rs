use enumetrics::{Counter, metric_family};

#[metric_family(namespace = "kyc")]
pub struct Kyc {
    /// Verifications processed.
    pub verificationsDone_total: Counter,
}

fn main() {}
