use enumetrics::{Counter, metric_family};

#[metric_family(namespace = "kyc")]
pub struct Kyc(
    /// Verifications processed.
    #[metric(max_series = 1)]
    pub Counter,
);

pub static KYC: Kyc = Kyc::new();

fn main() {}
