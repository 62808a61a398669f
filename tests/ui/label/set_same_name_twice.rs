use enumetrics::{LabelSet, LabelValue};

#[derive(LabelValue)]
pub enum Level {
    One,
}

#[derive(LabelSet)]
pub struct Labels {
    pub level: Level,
    #[label(name = "level")]
    pub other: Level,
}

fn main() {}
