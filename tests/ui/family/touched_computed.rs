use enumetrics::{ComputedCounter, LabelValue, metric_family};

#[derive(LabelValue)]
pub enum Module {
    Ocr,
    Liveness,
}

#[metric_family(namespace = "kyc")]
pub struct Kyc {
    /// Things.
    #[metric(compute = |_| 1.0, touched)]
    pub things_total: ComputedCounter<Module>,
}

fn main() {}
