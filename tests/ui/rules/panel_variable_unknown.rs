mod metrics;

use metrics::METRICS;

enumetrics::rules! {
    pub static RULES for METRICS;

    #[panel]
    Verifications = sum(rate(kyc_verifications_total[$__rate]));
}

fn main() {}
