use enumetrics::{LabelSet, LabelValue};

#[derive(LabelValue)]
pub enum Level {
    One,
}

#[derive(LabelSet)]
pub struct Labels {
    pub level: Level,
    pub path: String,
}

fn main() {}
