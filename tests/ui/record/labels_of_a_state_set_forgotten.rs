use enumetrics::{LabelValue, StateSet};

#[derive(LabelValue, Clone, Copy)]
pub enum State {
    Closed,
    Open,
}

#[derive(LabelValue, Clone, Copy)]
pub enum Module {
    Ocr,
}

static BREAKER: StateSet<State, Module> = StateSet::new();

fn main() {
    BREAKER.set(State::Open);
}
