use enumetrics::{Counter, Histogram, LabelValue, metric_family};

#[derive(LabelValue)]
pub enum Module {
    Liveness,
    Ocr,
    FaceMatch,
}

#[metric_family(namespace = "kyc", max_series = 10)]
pub struct Kyc {
    /// Duration of each module.
    #[metric(buckets = [1.0, 2.0])]
    pub module_duration_seconds: Histogram<Module>,
    /// Verifications processed.
    pub verifications_total: Counter,
}

fn main() {}
