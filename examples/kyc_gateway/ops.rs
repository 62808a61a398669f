//! What the gateway's operators need. `ops/` has the files; a test keeps them current.

use crate::alerts::{ALERTS, Component};
use crate::dashboard::dashboard;
use crate::metrics::{METRICS, Module};
use enumetrics::operations::{Alertmanager, Job, Operations, Receiver, Route};
use enumetrics::{LabelValue, Severity};

/// The files for Prometheus, Alertmanager, Grafana, Kubernetes and Compose, the alerts' tests and the catalogue.
pub fn operations() -> Operations {
    let gateway = Job::new("kyc-gateway")
        .target("kyc-gateway:8000")
        .basic_auth("prometheus", "/run/secrets/kyc-metrics-password");
    // Kubernetes wants `face-match`.
    let modules = Module::VALUES.iter().map(|module| module.replace('_', "-"));
    Operations::new("kyc-gateway", &METRICS)
        .rules(&ALERTS)
        .dashboard(&dashboard())
        .job(gateway)
        .job(Job::new("kyc-modules").pods("app", modules, "metrics"))
        .alertmanager(alertmanager())
        .port(8000)
}

fn alertmanager() -> Alertmanager {
    let webhook = |name: &str| {
        let token = format!("/run/secrets/{name}-token");
        Receiver::webhook(name, &format!("http://{name}:8080/alerts")).bearer_token(&token)
    };
    let pipeline = Route::to(webhook("pipeline-team"));
    let fraud = Route::to(webhook("fraud-desk")).wait("0s");
    Alertmanager::new(webhook("chat"))
        .severity(&Severity::Critical, Route::to(webhook("pager")).wait("0s").repeat("1h"))
        .severity(&Severity::Warning, Route::to(webhook("chat")))
        .label("component", &Component::Pipeline, pipeline)
        .label("component", &Component::Fraud, fraud)
        // The same slow verifications.
        .inhibit(
            "HighVerificationLatency",
            ["VerificationsAreQuickFastBurn", "VerificationsAreQuickSlowBurn"],
            ["component"],
        )
        .inhibit("GatewayDown", ["HttpErrors"], ["component"])
}

#[cfg(test)]
mod tests {
    use super::operations;

    #[test]
    fn the_files_are_current() {
        operations().assert_current("examples/kyc_gateway/ops");
    }

    #[test]
    fn each_alert_has_its_tests_and_everything_is_on_a_panel() {
        let files = operations().files().unwrap();
        assert!(files.notes.is_empty(), "{}", files.notes.join("\n"));
    }
}
