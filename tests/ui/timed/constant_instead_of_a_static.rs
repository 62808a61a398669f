use enumetrics::{Counter, Histogram, LabelValue, metric_family, timed};

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
    pub verification_duration_seconds: Histogram,
    /// Verifications.
    pub verifications_total: Counter,
}

pub const KYC: Kyc = Kyc::new();
#[timed(KYC.verification_duration_seconds)]
fn verify() {}

fn main() {}
