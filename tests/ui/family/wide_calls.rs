use enumetrics::{Calls, IntRange, metric_family, LabelSet};

#[derive(LabelSet, Clone, Copy)]
pub struct Place {
    pub row: IntRange<0, 99>,
    pub column: IntRange<0, 99>,
}

#[metric_family(namespace = "board")]
pub struct Board {
    /// Moves.
    #[metric(calls(outcome, in_flight))]
    pub moves: Calls<Place>,
}

fn main() {}
