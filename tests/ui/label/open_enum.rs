use enumetrics::open_label;

open_label! { pub enum Route { Home } }

fn main() {}
