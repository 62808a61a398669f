use enumetrics::LabelValue;

#[derive(LabelValue)]
pub enum Level {
    #[label(value = "")]
    None,
    One,
}

fn main() {}
