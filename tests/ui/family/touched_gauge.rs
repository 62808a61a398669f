use enumetrics::{Gauge, LabelValue, metric_family};

#[derive(LabelValue)]
pub enum Module {
    Ocr,
    Liveness,
}

#[metric_family(namespace = "kyc")]
pub struct Kyc {
    /// Things.
    #[metric(touched)]
    pub sessions: Gauge<Module>,
}

fn main() {}
