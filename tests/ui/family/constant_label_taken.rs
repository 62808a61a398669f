use enumetrics::{Counter, LabelValue, metric_family};

#[derive(LabelValue, Clone, Copy)]
pub enum Side {
    Left,
    Right,
}

#[metric_family(namespace = "door", labels(component = "hall", side = "left"))]
pub struct Door {
    /// Times it was opened.
    pub openings_total: Counter<Side>,
}

fn main() {}
