use enumetrics::{Calls, Histogram, LabelValue, metric_family};

#[derive(LabelValue, Clone, Copy)]
pub enum Module {
    Ocr,
    FaceMatch,
}

#[metric_family(namespace = "kyc")]
pub struct Kyc {
    /// Duration of each module.
    #[metric(buckets = [1.0])]
    pub module_duration_seconds: Histogram<Module>,
    /// Calls.
    #[metric(calls(outcome))]
    pub verification: Calls,
}

pub static KYC: Kyc = Kyc::new();

#[metric_family(namespace = "ocr")]
pub struct Ocr {
    /// Pages.
    #[metric(calls(error))]
    pub pages: Calls<Module>,
}

fn main() {}
