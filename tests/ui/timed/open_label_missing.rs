use enumetrics::{Histogram, metric_family, open_label};

open_label! { pub struct Route(max = 8); }

#[metric_family(namespace = "http")]
pub struct Http {
    /// Duration of a request.
    #[metric(buckets = [1.0])]
    pub request_duration_seconds: Histogram<Route>,
}

pub static HTTP: Http = Http::new();

#[enumetrics::timed(HTTP.request_duration_seconds)]
fn handle() {}

fn main() {}
