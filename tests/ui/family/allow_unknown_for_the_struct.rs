use enumetrics::{Counter, metric_family};

#[metric_family(namespace = "http", allow(name-totals = "the names of 2019"))]
pub struct Http {
    /// Requests.
    pub requests_total: Counter,
}

fn main() {}
