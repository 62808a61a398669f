use enumetrics::{Counter, Gauge, Histogram, metric_family};

#[metric_family(namespace = "k y c", max_serie = 10)]
pub struct Kyc {
    pub verifications: Counter,
    /// Duration of a verification.
    #[metric(buckets = [2.0, 1.0])]
    pub verification_seconds: Histogram,
    /// Sessions now open.
    pub sessions: Gauge,
}

// The declaration's mistakes bring no others where it is used.
static KYC: Kyc = Kyc::new();

fn main() {
    KYC.verifications.inc();
    KYC.verification_seconds.observe(1.0);
    KYC.sessions.set(3);
}
