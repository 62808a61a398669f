use enumetrics::http_metrics;

http_metrics! {
    #[http(namespce = "shop")]
    pub static HTTP: Http;
}

fn main() {}
