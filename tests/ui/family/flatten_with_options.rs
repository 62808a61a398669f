use enumetrics::{Counter, metric_family};

#[metric_family(namespace = "door")]
pub struct Door {
    /// Times it was opened.
    pub openings_total: Counter,
}

#[metric_family(namespace = "house")]
pub struct House {
    #[metric(flatten, was = "doors", unit = "seconds")]
    pub door: Door,
}

fn main() {}
