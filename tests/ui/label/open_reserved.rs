use enumetrics::open_label;

open_label! { pub struct Le(max = 8); }

fn main() {}
