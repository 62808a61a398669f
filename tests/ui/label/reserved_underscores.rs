use enumetrics::LabelValue;

#[derive(LabelValue)]
#[label(name = "__x")]
pub enum Level {
    One,
}

fn main() {}
