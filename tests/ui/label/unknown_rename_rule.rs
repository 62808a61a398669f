use enumetrics::LabelValue;

#[derive(LabelValue)]
#[label(rename_all = "SCREAMING_SNAKE")]
pub enum Level {
    One,
}

fn main() {}
