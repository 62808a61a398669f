use enumetrics::open_label;

open_label! { pub struct Route; }

fn main() {}
