use enumetrics::{Counter, LabelValue, metric_family};

#[derive(LabelValue, Clone, Copy)]
pub enum Side {
    Left,
    Right,
}

#[metric_family(namespace = "door")]
pub struct Door {
    /// Times it was opened.
    #[metric(max_series = 1)]
    pub openings_total: Counter<Side>,
}

fn main() {}
