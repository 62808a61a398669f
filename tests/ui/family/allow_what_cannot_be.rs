use enumetrics::{Counter, Histogram, LabelValue, metric_family};

#[derive(LabelValue, Clone, Copy)]
#[label(name = "le", allow(label-reserved = "we have called it so for years"))]
pub enum Limit {
    Low,
    High,
}

#[metric_family(namespace = "kyc-gateway", allow(name-grammar = "the service is called so"))]
pub struct Kyc {
    /// Verifications.
    #[metric(max_series = 1, allow(series-budget = "it will be less soon"))]
    pub verifications_total: Counter<Limit>,
    /// Durations.
    #[metric(buckets = [2, 1], allow(bucket-bound = "sorted by importance"))]
    pub duration_seconds: Histogram,
}

fn main() {}
