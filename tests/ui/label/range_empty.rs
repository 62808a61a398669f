use enumetrics::{IntRange, LabelSet};

#[derive(LabelSet)]
pub struct Labels {
    pub cached: bool,
    pub attempt: IntRange<5, 1>,
}

fn main() {}
