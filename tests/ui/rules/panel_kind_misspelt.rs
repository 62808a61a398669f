mod metrics;

use metrics::METRICS;

enumetrics::rules! {
    pub static RULES for METRICS;

    #[panel(show = Stats)]
    Sessions = sum(kyc_active_sessions);
}

fn main() {}
