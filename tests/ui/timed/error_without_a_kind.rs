use enumetrics::{Calls, Histogram, LabelValue, metric_family, timed};

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

#[derive(enumetrics::ErrorLabel)]
pub enum OcrError {
    Blurred,
}

#[metric_family(namespace = "ocr")]
pub struct Ocr {
    /// Pages.
    #[metric(calls(error = OcrErrorKind))]
    pub pages: Calls,
}

pub static OCR: Ocr = Ocr::new();

#[timed(OCR.pages)]
fn read(text: &str) -> Result<u8, std::num::ParseIntError> {
    text.parse()
}

fn main() {}
