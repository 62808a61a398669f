use enumetrics::{LabelValue, StateSet, metric_family};

#[derive(LabelValue, Clone, Copy)]
pub enum State {
    Closed,
    Open,
}

#[derive(LabelValue, Clone, Copy)]
#[label(name = "kyc_breaker")]
pub enum Breaker {
    Liveness,
    Ocr,
}

#[metric_family(namespace = "kyc")]
pub struct Kyc {
    /// Things.
    pub breaker: StateSet<State, Breaker>,
}

fn main() {}
