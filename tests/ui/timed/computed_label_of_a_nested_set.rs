use enumetrics::{Histogram, LabelSet, LabelValue, metric_family, timed};

#[derive(LabelValue, Clone, Copy)]
pub enum Module {
    Ocr,
}

#[derive(LabelValue, Clone, Copy)]
pub enum Side {
    Front,
}

#[derive(LabelSet, Clone, Copy)]
pub struct Page {
    pub module: Module,
    pub side: Side,
}

#[derive(LabelSet, Clone, Copy)]
pub struct Attempt {
    pub page: Page,
    pub retried: bool,
}

#[metric_family(namespace = "kyc")]
pub struct Kyc {
    /// Duration of each attempt.
    #[metric(buckets = [1.0])]
    pub attempt_duration_seconds: Histogram<Attempt>,
}

pub static KYC: Kyc = Kyc::new();

#[timed(KYC.attempt_duration_seconds, module = page, side = "front", retried = "true")]
fn read(page: Page) {}

fn main() {}
