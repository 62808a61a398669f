use enumetrics::{Gauge, metric_family};

#[metric_family(namespace = "mail")]
pub struct Mail {
    /// What was built.
    pub build_info: Gauge,
}

fn main() {}
