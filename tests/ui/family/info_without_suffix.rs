use enumetrics::{Info, InfoLabels, metric_family};

#[derive(InfoLabels)]
pub struct Build {
    pub version: &'static str,
}

#[metric_family(namespace = "kyc")]
pub struct Kyc {
    /// Things.
    pub build: Info<Build>,
}

fn main() {}
