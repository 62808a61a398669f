use enumetrics::{LabelSet, LabelValue, StateSet, metric_family};

#[derive(LabelValue, Clone, Copy)]
pub enum State {
    Closed,
    Open,
}

#[derive(LabelSet, Clone, Copy)]
pub struct Breaker {
    pub state: State,
}

#[metric_family(namespace = "kyc")]
pub struct Kyc {
    /// Things.
    pub breaker_state: StateSet<Breaker>,
}

fn main() {}
