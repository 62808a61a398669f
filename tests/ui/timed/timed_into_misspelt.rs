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
    pub verification_duration_seconds: Histogram,
    /// Verifications.
    pub verifications_total: Counter,
}

pub static KYC: Kyc = Kyc::new();

timed_into!(KYC.module_duration_secs);

#[timed(module = "ocr")]
fn run_ocr() {}

#[timed(module = "liveness")]
async fn run_liveness() {}

#[timed(module = module)]
fn run(module: Module) {}

fn main() {}
