use enumetrics::LabelValue;

#[derive(LabelValue, Clone, Copy)]
#[label(rename = "UPPERCASE")]
pub enum Status {
    Good,
    Bad,
}

fn main() {}
