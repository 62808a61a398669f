use enumetrics::http_metrics;

http_metrics! {
    #[http(max_series = 1000)]
    pub static HTTP: Http;
}

fn main() {}
