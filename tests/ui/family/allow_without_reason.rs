use enumetrics::{Gauge, metric_family};

#[metric_family(namespace = "cache")]
pub struct Cache {
    /// Age.
    #[metric(allow(name-unit))]
    pub age_minutes: Gauge,
}

fn main() {}
