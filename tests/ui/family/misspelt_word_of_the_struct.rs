use enumetrics::{Counter, metric_family};

#[metric_family(namspace = "kyc")]
pub struct Kyc {
    /// Verifications processed.
    pub verifications_total: Counter,
}

fn main() {}
