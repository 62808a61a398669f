use enumetrics::InfoLabels;

#[derive(InfoLabels)]
pub struct Build {}

fn main() {}
