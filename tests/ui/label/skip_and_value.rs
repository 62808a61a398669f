use enumetrics::LabelValue;

#[derive(LabelValue)]
pub enum Status {
    Ok,
    #[label(skip, value = "gone")]
    Gone,
}

fn main() {}
