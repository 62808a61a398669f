use enumetrics::{Counter, metric_family};

#[metric_family(namespace = "door")]
pub struct Door {
    #[metric(flatten)]
    pub openings_total: Counter,
}

fn main() {}
