use enumetrics::LabelSet;

#[derive(LabelSet)]
pub struct Labels {
    pub cached: bool,
    pub nothing: (),
}

fn main() {}
