use enumetrics::{Gauge, metric_family};

#[metric_family(namespace = "cache")]
pub struct Cache {
    /// How long the oldest entry is kept.
    pub days_left: Gauge,
}

fn main() {}
