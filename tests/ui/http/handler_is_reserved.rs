use enumetrics::http_metrics;

http_metrics! {
    #[http(handler = "le")]
    pub static HTTP: Http;
}

fn main() {}
