use enumetrics::http::Handler;
use enumetrics::{LabelValue, http_metrics};

#[derive(LabelValue, Clone, Copy)]
pub enum Route {
    Other,
}

impl Handler for Route {
    fn of(_: &str) -> Self {
        Self::Other
    }

    fn text(self) -> &'static str {
        self.value()
    }
}

http_metrics! {
    #[http(routes = Route, max_routes = 10)]
    pub static HTTP: Http;
}

fn main() {}
