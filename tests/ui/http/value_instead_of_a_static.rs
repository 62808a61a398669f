use enumetrics::http_metrics;

http_metrics! {
    pub static HTTP;
}

fn main() {}
