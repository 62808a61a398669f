use enumetrics::{LabelValue, open_label};

open_label! { pub struct Route(max = 8); }

fn values<L: LabelValue>() -> &'static [&'static str] {
    L::VALUES
}

fn all() {
    values::<Route>();
}

fn main() {}
