//! What everybody looks at: a dashboard that is generated from [`METRICS`] and [`ALERTS`], and what is added to it.

use crate::alerts::ALERTS;
use crate::metrics::METRICS;
use enumetrics::dashboard::Dashboard;

enumetrics::rules! {
    pub static PANELS for METRICS;

    /// How many attempts to pass for somebody else there are for each verification.
    #[panel(unit = "percentunit")]
    AttacksPerVerification =
        sum(rate(kyc_liveness_failures_total[$__rate_interval])) / sum(rate(kyc_verifications_total[$__rate_interval]));
}

/// `ops/` has it for Grafana, and `cargo run --example kyc_gateway -- --dashboard` prints it.
pub fn dashboard() -> Dashboard {
    Dashboard::of(&METRICS)
        .rules(&ALERTS)
        .rules(&PANELS)
        .title("KYC gateway")
        .description("Identity verification, from the HTTP interface to the decision.")
        .tag("kyc")
        .scrape_interval("15s")
}

#[cfg(test)]
mod tests {
    use super::dashboard;

    #[test]
    fn everything_is_on_a_panel() {
        dashboard().assert_right();
    }
}
