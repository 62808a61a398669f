use enumetrics::http_metrics;

http_metrics! {
    #[http(handler = "method")]
    pub static HTTP: Http;
}

fn main() {}
