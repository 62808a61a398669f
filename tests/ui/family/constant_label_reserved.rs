use enumetrics::{Counter, metric_family};

#[metric_family(namespace = "door", labels(le = "x", job = "doors"))]
pub struct Door {
    /// Times it was opened.
    pub openings_total: Counter,
}

fn main() {}
