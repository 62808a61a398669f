use enumetrics::http_metrics;

http_metrics! {
    #[http(names(in_progress = "http-requests"))]
    pub static HTTP: Http;
}

fn main() {}
