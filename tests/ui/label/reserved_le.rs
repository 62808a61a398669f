use enumetrics::LabelValue;

#[derive(LabelValue)]
pub enum Le {
    One,
}

fn main() {}
