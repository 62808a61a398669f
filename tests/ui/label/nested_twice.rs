use enumetrics::LabelSet;

#[derive(LabelSet)]
pub struct Answer {
    pub cached: bool,
}

#[derive(LabelSet)]
pub struct Calls {
    pub first: Answer,
    pub second: Answer,
}

fn main() {}
