mod metrics;

use metrics::METRICS;

enumetrics::rules! {
    pub static RULES for METRICS;

    #[panel]
    Sessions = sum(kyc_active_sessions);

    #[panel]
    Sessions = max(kyc_active_sessions);
}

fn main() {}
