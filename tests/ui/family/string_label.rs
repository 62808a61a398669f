use enumetrics::{Counter, metric_family};

#[metric_family(namespace = "kyc")]
pub struct Kyc {
    /// Requests by path.
    pub requests_total: Counter<String>,
}

fn main() {}
