use enumetrics::{metric_family, timed};

#[metric_family(namespace = "ocr")]
pub struct Ocr {
    /// Pages.
    #[metric(calls(outcome, in_flight), buckets = [1, 2])]
    pub pages: String,
}

pub static OCR: Ocr = Ocr::new();

#[timed(OCR.pages)]
fn read() {}

fn main() {
    read();
    OCR.pages.in_flight.get();
}
