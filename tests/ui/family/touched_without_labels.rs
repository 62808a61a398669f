use enumetrics::{Counter, metric_family};

#[metric_family(namespace = "kyc")]
pub struct Kyc {
    /// Things.
    #[metric(touched)]
    pub things_total: Counter,
}

fn main() {}
