#![deny(deprecated)]

mod metrics;

use metrics::METRICS;

enumetrics::rules! {
    pub static RULES for METRICS;

    #[alert]
    Wrong = sum(kyc_active_sessions) > 5;
}

fn main() {}
