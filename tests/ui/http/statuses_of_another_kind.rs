use enumetrics::http_metrics;

http_metrics! {
    #[http(statuses = enumetrics::StatusClass)]
    pub static HTTP: Http;
}

fn main() {}
