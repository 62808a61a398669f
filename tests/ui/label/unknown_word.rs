use enumetrics::LabelValue;

#[derive(LabelValue)]
#[label(rename_al = "kebab-case")]
pub enum Level {
    One,
}

fn main() {}
