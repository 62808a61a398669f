use enumetrics::{Info, metric_family};

#[metric_family(namespace = "kyc")]
pub struct Kyc {
    /// Things.
    pub version_info: Info<String>,
}

fn main() {}
