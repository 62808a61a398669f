use enumetrics::http_metrics;

http_metrics! {
    #[http(max_routes = 0)]
    pub static HTTP: Http;
}

fn main() {}
