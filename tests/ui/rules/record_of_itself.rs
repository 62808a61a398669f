mod metrics;

use metrics::METRICS;

enumetrics::rules! {
    pub static RULES for METRICS;

    #[record]
    kyc:a:sum = kyc:b:sum + 1;

    #[record]
    kyc:b:sum = kyc:a:sum + 1;
}

fn main() {}
