#![deny(deprecated)]

use enumetrics::{Calls, Counter, metric_family};

#[metric_family(namespace = "mail", labels(component = "queue", env = "production"))]
pub struct Mail {
    /// Messages accepted.
    pub messages_total: Counter,
    /// Deliveries.
    #[metric(calls(outcome))]
    pub delivery: Calls,
}

#[metric_family(
    namespace = "probe",
    labels(region = "eu"),
    allow(label-constant = "it is the region that is probed, from wherever")
)]
pub struct Probe {
    /// Probes.
    pub probes_total: Counter,
}

fn main() {}
