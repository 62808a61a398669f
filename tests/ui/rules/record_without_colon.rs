mod metrics;

use metrics::METRICS;

enumetrics::rules! {
    pub static RULES for METRICS;

    #[record]
    kyc_rate = sum(rate(kyc_verifications_total[5m]));
}

fn main() {}
