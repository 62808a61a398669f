use enumetrics::LabelValue;

#[derive(LabelValue)]
pub enum Level<const N: usize> {
    One,
}

fn main() {}
