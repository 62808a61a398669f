use enumetrics::{LabelValue, http_metrics};

#[derive(LabelValue, Clone, Copy)]
pub enum Route {
    Other,
}

http_metrics! {
    #[http(routes = Route)]
    pub static HTTP: Http;
}

fn main() {}
