mod metrics;

use metrics::METRICS;

enumetrics::rules! {
    pub static RULES for METRICS;

    #[record]
    kyc:active_sessions:sum = sum(kyc_active_sessions)

    #[record]
    kyc:active_sessions:max = max(kyc_active_sessions);
}

fn main() {}
