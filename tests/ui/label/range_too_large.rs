use enumetrics::{IntRange, LabelSet};

#[derive(LabelSet)]
pub struct Labels {
    pub port: IntRange<0, 1000>,
}

fn main() {}
