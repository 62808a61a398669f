use enumetrics::LabelValue;

#[derive(LabelValue)]
pub struct Level {
    pub name: String,
}

fn main() {}
