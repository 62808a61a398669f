use enumetrics::http_metrics;

http_metrics! {
    #[http(names(requests = "http_requests"))]
    pub static HTTP: Http;
}

fn main() {}
