use enumetrics::LabelValue;

#[derive(LabelValue)]
pub enum Status {
    #[label(skip)]
    Ok,
    #[label(skip)]
    Error(String),
}

fn main() {}
