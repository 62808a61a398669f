use enumetrics::{Counter, Histogram, LabelValue, metric_family, timed, timed_into};

#[derive(LabelValue)]
pub enum Module {
    Liveness,
    Ocr,
    FaceMatch,
}

#[metric_family(namespace = "kyc")]
pub struct Kyc {
    /// Duration of each module.
    #[metric(buckets = [1.0, 2.0])]
    pub module_duration_seconds: Histogram<Module>,
    /// Duration of a verification.
    #[metric(buckets = [1.0, 2.0])]
    pub document_size_bytes: Histogram,
    /// Verifications.
    pub verifications_total: Counter,
}

pub static KYC: Kyc = Kyc::new();
timed_into!(crate::KYC.module_duration_seconds);

#[timed(KYC.document_size_bytes)]
fn verify() {}

fn main() {}
