mod metrics;

use metrics::METRICS;

enumetrics::rules! {
    pub static RULES for METRICS;

    #[panel(titel = "Sessions")]
    Sessions = sum(kyc_active_sessions);
}

fn main() {}
