use enumetrics::{Calls, LabelValue, catalog, metric_family, timed};

#[derive(LabelValue, Clone, Copy)]
pub enum Module {
    Ocr,
    FaceMatch,
}

#[derive(Debug)]
pub enum OcrError {
    Blurred,
}

#[metric_family(namespace = "ocr")]
pub struct Ocr {
    /// Pages.
    #[metric(buckets = [1.0], calls(outcome, error = OcrError))]
    pub pages: Calls<Module>,
}

pub static OCR: Ocr = Ocr::new();
catalog! { pub static METRICS = [OCR]; }

#[timed(OCR.pages, module = "ocr")]
fn read() -> Result<(), OcrError> {
    Err(OcrError::Blurred)
}

fn main() {
    let _ = read();
    println!("{}", METRICS.render());
}
