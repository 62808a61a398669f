use enumetrics::{Gauge, metric_family};

#[metric_family(namespace = "cache")]
pub struct Cache {
    /// Age.
    #[metric(allow(name-unit = "the dashboard shows minutes", name-unit = "it does"))]
    pub age_minutes: Gauge,
}

fn main() {}
