use enumetrics::{Gauge, metric_family};

#[metric_family(namespace = "mail")]
pub struct Mail {
    /// Messages waiting.
    #[metric(dense)]
    pub waiting: Gauge,
}

fn main() {}
