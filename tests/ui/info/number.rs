use enumetrics::InfoLabels;

#[derive(InfoLabels)]
pub struct Build {
    pub version: &'static str,
    pub number: u32,
}

fn main() {}
