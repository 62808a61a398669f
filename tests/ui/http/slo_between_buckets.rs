use enumetrics::http_metrics;

http_metrics! {
    #[http(slo = 0.2)]
    pub static HTTP: Http;
}

fn main() {}
