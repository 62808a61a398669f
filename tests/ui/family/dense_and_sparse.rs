use enumetrics::{Counter, Method, metric_family};

#[metric_family(namespace = "http")]
pub struct Http {
    /// Requests.
    #[metric(sparse, dense)]
    pub requests_total: Counter<Method>,
}

fn main() {}
