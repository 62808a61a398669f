use enumetrics::{Counter, metric_family};

#[metric_family(namespace = "door")]
pub struct Door {
    /// Times it was opened by a key.
    #[metric(was = "door-openings")]
    pub openings_total: Counter,
}

fn main() {}
