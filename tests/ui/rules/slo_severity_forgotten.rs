mod metrics;

use metrics::METRICS;

#[derive(enumetrics::LabelValue, Clone, Copy)]
pub enum Urgency {
    Page,
    Ticket,
}

enumetrics::rules! {
    #[rules(severity = Urgency)]
    pub static RULES for METRICS;

    /// Something is right.
    #[slo(objective = 99, window = "30d", page = Page, runbook = "https://example.com/wrong")]
    Right = bad(kyc_verifications_total{status="ERROR"}) over kyc_verifications_total;
}

fn main() {}
