use enumetrics::{Counter, LabelValue, metric_family};

#[derive(LabelValue)]
pub enum Module {
    Ocr,
    Liveness,
}

#[metric_family(namespace = "kyc")]
pub struct Kyc {
    /// Things.
    #[metric(touched = 2)]
    pub things_total: Counter<Module>,
}

fn main() {}
