use enumetrics::{Counter, metric_family};

#[metric_family(namespace = "door", labels(number = 7, side))]
pub struct Door {
    /// Times it was opened.
    pub openings_total: Counter,
}

fn main() {}
