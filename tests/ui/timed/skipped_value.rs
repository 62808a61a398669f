use enumetrics::{Histogram, LabelValue, metric_family, timed};

#[derive(LabelValue)]
pub enum Module {
    Ocr,
    FaceMatch,
    #[label(skip)]
    Decision,
}

#[metric_family(namespace = "kyc")]
pub struct Kyc {
    /// Duration of each module.
    #[metric(buckets = [1.0])]
    pub module_duration_seconds: Histogram<Module>,
}

pub static KYC: Kyc = Kyc::new();

#[timed(KYC.module_duration_seconds, module = "decision")]
fn decide() {}

fn main() {}
