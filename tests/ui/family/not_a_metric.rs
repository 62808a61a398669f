use enumetrics::metric_family;

#[metric_family(namespace = "kyc")]
pub struct Kyc {
    /// Verifications processed.
    pub verifications_total: u64,
}

fn main() {}
