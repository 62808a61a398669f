use enumetrics::LabelValue;

#[derive(LabelValue)]
pub enum Level {}

fn main() {}
