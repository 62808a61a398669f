use enumetrics::open_label;

open_label! { pub struct Route(max = 100_000); }

fn main() {}
