use enumetrics::{LabelSet, LabelValue};

#[derive(LabelValue)]
pub enum Level {
    One,
}

#[derive(LabelSet)]
pub struct Labels {
    pub quantile: Level,
    pub level: Level,
}

fn main() {}
