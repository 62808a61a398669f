use enumetrics::{Counter, catalog, metric_family};

#[metric_family(namespace = "kyc")]
pub struct Kyc {
    /// Requests.
    pub requests_total: Counter,
}

pub const KYC: Kyc = Kyc::new();

catalog! { pub static METRICS = [KYC]; }

fn main() {}
