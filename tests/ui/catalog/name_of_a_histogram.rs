use enumetrics::{Gauge, Histogram, catalog, metric_family};

#[metric_family(namespace = "kyc")]
pub struct Kyc {
    /// Size of a request.
    #[metric(buckets = [1e3, 1e6])]
    pub size_bytes: Histogram,
}

#[metric_family]
pub struct Http {
    /// Requests.
    pub kyc_size_bytes: Gauge,
}

pub static KYC: Kyc = Kyc::new();
pub static HTTP: Http = Http::new();

catalog! { pub static METRICS = [KYC, HTTP]; }

fn main() {}
