use enumetrics::{LabelSet, open_label};

open_label! { pub struct Route(max = 8); }

#[derive(LabelSet)]
#[label(impossible(route = "/", cached = "true"))]
pub struct Request {
    pub route: Route,
    pub cached: bool,
}

fn main() {}
