use enumetrics::http_metrics;

http_metrics! {
    #[http(names(in_progres = "http_requests_active"))]
    pub static HTTP: Http;
}

fn main() {}
