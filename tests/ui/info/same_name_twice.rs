use enumetrics::InfoLabels;

#[derive(InfoLabels)]
pub struct Build {
    pub version: &'static str,
    #[label(name = "version")]
    pub revision: String,
}

fn main() {}
