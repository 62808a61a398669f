use enumetrics::InfoLabels;

#[derive(InfoLabels)]
pub struct Build {
    pub quantile: String,
}

fn main() {}
