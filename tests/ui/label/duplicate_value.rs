use enumetrics::LabelValue;

#[derive(LabelValue)]
pub enum Status {
    Ok,
    #[label(value = "ok")]
    Fine,
}

fn main() {}
