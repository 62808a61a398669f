use enumetrics::http_metrics;

http_metrics! {
    #[http(buckets = [0.1, 0.05])]
    pub static HTTP: Http;
}

fn main() {}
