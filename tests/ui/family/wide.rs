use enumetrics::{Counter, IntRange, LabelSet, Method, StatusCode, metric_family};

#[derive(LabelSet, Clone, Copy)]
pub struct Request {
    pub handler: IntRange<0, 255>,
    pub method: Method,
    pub code: StatusCode,
}

#[metric_family(namespace = "http")]
pub struct Http {
    /// Requests, by handler, method and code.
    pub requests_total: Counter<Request>,
}

fn main() {}
