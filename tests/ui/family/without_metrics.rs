use enumetrics::metric_family;

#[metric_family(namespace = "kyc")]
pub struct Kyc {}

fn main() {}
