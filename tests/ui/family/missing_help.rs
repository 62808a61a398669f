use enumetrics::{Counter, metric_family};

#[metric_family(namespace = "kyc")]
pub struct Kyc {
    pub verifications_total: Counter,
}

fn main() {}
