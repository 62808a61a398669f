//! What wakes somebody: each alert is about [`METRICS`], and the compiler holds it against them.

use crate::metrics::METRICS;
use enumetrics::LabelValue;

/// Whose alert it is: Alertmanager tells the component's people, besides those who look after the severity.
#[derive(LabelValue, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Component {
    /// The gateway itself: its HTTP interface, and whether it is there.
    Gateway,
    /// The five modules in their order.
    Pipeline,
    /// Who tries to pass for somebody else.
    Fraud,
}

enumetrics::rules! {
    /// `cargo run --example kyc_gateway -- --rules` prints them for Prometheus.
    #[rules(name = "kyc-gateway", runbooks = "https://example.com/", scrape_interval = "15s")]
    pub static ALERTS for METRICS;

    #[record]
    kyc:verifications:error_ratio_rate5m =
        sum(rate(kyc_verifications_total{status="ERROR"}[5m])) / sum(rate(kyc_verifications_total[5m]));

    /// One verification in twenty takes longer than the objective of 8 s.
    ///
    /// 95 % take less than {{ $value | humanizeDuration }}.
    #[alert(for = "5m", severity = Critical, labels(component = Component::Pipeline),
        runbook = "examples/kyc_gateway/runbooks.md#high-verification-latency")]
    HighVerificationLatency =
        histogram_quantile(0.95, sum by (le) (rate(kyc_verification_duration_seconds_bucket[5m]))) > 8;

    /// {{ $value | humanizePercentage }} of the verifications end without a decision.
    #[alert(for = "2m", severity = Warning, labels(component = Component::Pipeline),
        runbook = "examples/kyc_gateway/runbooks.md#high-error-rate")]
    HighErrorRate = kyc:verifications:error_ratio_rate5m > 0.001;

    /// {{ $value }} attempts with a {{ $labels.attack_type }} in ten minutes.
    #[alert(for = "1m", severity = Critical, labels(component = Component::Fraud),
        runbook = "examples/kyc_gateway/runbooks.md#spoofing-spike")]
    SpoofingSpike = sum by (attack_type) (increase(kyc_liveness_failures_total[10m])) > 5;

    /// A twentieth of the answers are errors of ours.
    #[alert(for = "5m", severity = Critical, labels(component = Component::Gateway),
        runbook = "examples/kyc_gateway/runbooks.md#http-errors")]
    HttpErrors = sum(rate(http_requests_total{status="5xx"}[5m])) / sum(rate(http_requests_total[5m])) > 0.05;

    /// No gateway is scraped.
    #[alert(for = "2m", severity = Critical, labels(component = Component::Gateway),
        runbook = "examples/kyc_gateway/runbooks.md#gateway-down")]
    GatewayDown = sum(up{job="kyc-gateway"}) == 0 or absent(up{job="kyc-gateway"});

    /// Who is verified gets a decision, and no error.
    #[slo(objective = 99.9, window = "30d", labels(component = Component::Pipeline),
        runbook = "examples/kyc_gateway/runbooks.md#verifications-are-decided")]
    VerificationsAreDecided = bad(kyc_verifications_total{status="ERROR"}) over kyc_verifications_total;

    /// Who is verified waits no longer than eight seconds.
    #[slo(objective = 95, window = "30d", labels(component = Component::Pipeline),
        runbook = "examples/kyc_gateway/runbooks.md#verifications-are-quick")]
    VerificationsAreQuick = kyc_verification_duration_seconds under 8;
}

#[cfg(test)]
mod tests {
    use super::ALERTS;

    #[test]
    fn the_alerts_are_right() {
        ALERTS.assert_right();
    }
}
