use enumetrics::open_label;

open_label! {
    /// Route templates.
    pub struct Route(other = "other");
}

fn main() {}
