use enumetrics::open_label;

open_label! { pub struct Route(maxx = 8); }

fn main() {}
