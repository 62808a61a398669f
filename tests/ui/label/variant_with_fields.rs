use enumetrics::LabelValue;

#[derive(LabelValue)]
pub enum Status {
    Ok,
    Error(String),
}

fn main() {}
