use enumetrics::open_label;

open_label! { pub struct Route(max = 8, other = ""); }

fn main() {}
