use enumetrics::LabelSet;

#[derive(LabelSet)]
pub struct Answer {
    pub cached: bool,
}

#[derive(LabelSet)]
pub struct Call {
    #[label(name = "reply")]
    pub answer: Answer,
}

fn main() {}
