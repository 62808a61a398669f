use enumetrics::open_label;

open_label! { pub struct Route(max = 0); }

fn main() {}
