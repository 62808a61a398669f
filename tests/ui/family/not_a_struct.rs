use enumetrics::metric_family;

#[metric_family(namespace = "kyc")]
pub enum Kyc {
    Verifications,
}

fn main() {}
