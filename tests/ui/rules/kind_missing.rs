mod metrics;

use metrics::METRICS;

enumetrics::rules! {
    pub static RULES for METRICS;

    /// Something is wrong.
    Wrong = sum(kyc_active_sessions) > 5;
}

fn main() {}
