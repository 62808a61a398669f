use enumetrics::LabelValue;

#[derive(LabelValue)]
pub enum Status {
    Ok,
    #[label(skip = true)]
    Gone,
}

fn main() {}
