use enumetrics::{Gauge, metric_family};

#[metric_family(namespace = "cache")]
pub struct Cache {
    /// Size.
    pub size_kb: Gauge,
}

fn main() {}
