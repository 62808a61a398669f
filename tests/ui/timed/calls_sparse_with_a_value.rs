use enumetrics::{Calls, metric_family};

#[metric_family(namespace = "ocr")]
pub struct Ocr {
    /// Pages.
    #[metric(sparse = true, calls(outcome))]
    pub pages: Calls,
}

fn main() {}
