use enumetrics::{Counter, catalog, metric_family};

#[metric_family(namespace = "kyc")]
pub struct Kyc {
    /// Requests.
    pub requests_total: Counter,
}

#[metric_family]
pub struct Http {
    /// Requests.
    pub kyc_requests_total: Counter,
}

pub static KYC: Kyc = Kyc::new();
pub static HTTP: Http = Http::new();

catalog! { pub static METRICS = [KYC, HTTP]; }

fn main() {}
