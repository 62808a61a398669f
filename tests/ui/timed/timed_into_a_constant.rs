use enumetrics::{Histogram, metric_family, timed, timed_into};

#[metric_family(namespace = "kyc")]
pub struct Kyc {
    /// Duration of a verification.
    #[metric(buckets = [1.0, 2.0])]
    pub verification_duration_seconds: Histogram,
}

pub const KYC: Kyc = Kyc::new();
timed_into!(crate::KYC.verification_duration_seconds);

#[timed]
fn verify() {}

#[timed]
async fn verify_again() {}

fn main() {}
