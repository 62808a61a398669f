use enumetrics::{Gauge, Histogram, Summary, catalog, metric_family};

#[metric_family(namespace = "kyc")]
pub struct Kyc {
    /// Waiting.
    #[metric(buckets = [1, 2])]
    pub queue_seconds: Histogram,
    /// Size.
    pub size_bytes: Summary,
}

#[metric_family(namespace = "kyc", allow(name-suffix = "the names of 2019"))]
pub struct Legacy {
    /// How many wait.
    pub queue_seconds_count: Gauge,
}

#[metric_family(namespace = "kyc", allow(name-suffix = "the names of 2019"))]
pub struct Times {
    /// When the first size was known.
    pub size_bytes_created: Gauge,
}

pub static KYC: Kyc = Kyc::new();
pub static LEGACY: Legacy = Legacy::new();
pub static TIMES: Times = Times::new();

catalog! { pub static METRICS = [KYC, LEGACY, TIMES]; }

fn main() {}
