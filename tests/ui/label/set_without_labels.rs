use enumetrics::LabelSet;

#[derive(LabelSet)]
pub struct Labels;

fn main() {}
