use enumetrics::{Summary, metric_family};

const OF_LATE: [f64; 2] = [0.9, 0.5];

#[metric_family(namespace = "kyc")]
pub struct Kyc {
    /// Things.
    #[metric(quantiles = OF_LATE)]
    pub verification_seconds: Summary,
}

fn main() {}
