use enumetrics::InfoLabels;

#[derive(InfoLabels)]
pub enum Build {
    Debug,
    Release,
}

fn main() {}
