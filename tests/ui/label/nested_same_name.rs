use enumetrics::{LabelSet, StatusClass};

#[derive(LabelSet)]
pub struct Answer {
    pub status: StatusClass,
    pub cached: bool,
}

#[derive(LabelSet)]
pub struct Call {
    pub answer: Answer,
    pub cached: bool,
}

fn main() {}
