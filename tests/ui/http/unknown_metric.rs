use enumetrics::http_metrics;

http_metrics! {
    #[http(without(latency))]
    pub static HTTP: Http;
}

fn main() {}
