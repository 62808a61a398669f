use enumetrics::{Counter, metric_family};

#[metric_family(namespace = "kyc")]
pub struct Kyc {
    /// Requests.
    #[metric(native)]
    pub requests_total: Counter,
}

fn main() {}
