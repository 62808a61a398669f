//! What the rules of these cases are about.

use enumetrics::{Counter, Gauge, Histogram, LabelValue, StateSet, Summary, catalog, metric_family};

#[derive(LabelValue, Clone, Copy)]
pub enum Module {
    Liveness,
    Ocr,
    FaceMatch,
}

#[derive(LabelValue, Clone, Copy)]
#[label(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    Verified,
    Rejected,
    Error,
}

#[derive(LabelValue, Clone, Copy)]
pub enum Breaker {
    Open,
    Closed,
}

#[metric_family(namespace = "kyc")]
pub struct Kyc {
    /// Duration of the whole pipeline.
    #[metric(buckets = [1, 2, 4, 8])]
    pub verification_duration_seconds: Histogram,
    /// Duration of each module.
    #[metric(buckets = [0.5, 1, 2, 4, 8])]
    pub module_duration_seconds: Histogram<Module>,
    /// Verifications, by status.
    pub verifications_total: Counter<Status>,
    /// Sessions now open.
    pub active_sessions: Gauge,
    /// Size of documents.
    pub document_size_bytes: Summary,
    /// Whether the breaker is open.
    pub breaker: StateSet<Breaker>,
}

pub static KYC: Kyc = Kyc::new();
catalog! { pub static METRICS = [KYC]; }
