mod metrics;

use metrics::METRICS;

enumetrics::rules! {
    pub static RULES for METRICS;

    #[panel]
    Sessions = sum(kyc_active_session);
}

fn main() {}
