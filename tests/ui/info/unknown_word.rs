use enumetrics::InfoLabels;

#[derive(InfoLabels)]
pub struct Build {
    #[label(nam = "version")]
    pub revision: String,
}

fn main() {}
