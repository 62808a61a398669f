//! The whole stack in containers, and what Grafana reads when it starts.

use super::Operations;
use crate::yaml::Yaml;

/// Long-term support, and what the guide was tried with.
const PROMETHEUS: &str = "prom/prometheus:v3.5.3";
const ALERTMANAGER: &str = "prom/alertmanager:v0.33.1";
const GRAFANA: &str = "grafana/grafana:13.2.3";

impl Operations {
    pub(super) fn compose(&self) -> Yaml {
        let list = |items: &[String]| Yaml::list(items.iter().map(|item| item.as_str().into()));
        let service = |image: &str| Yaml::texts([("image", image), ("restart", "unless-stopped")]);
        let port = |port: u16| list(&[format!("127.0.0.1:{port}:{port}")]);
        let own = self.image.clone().unwrap_or_else(|| format!("{}:latest", self.service));
        let own = service(&own).with("expose", list(&[self.port.to_string()]));
        let mut mounts = vec![
            "./prometheus:/etc/prometheus:ro".to_owned(),
            "prometheus-data:/prometheus".to_owned(),
        ];
        let mut secrets: Vec<_> = self
            .all_jobs()
            .iter()
            .filter_map(|job| job.secret_files().map(str::to_owned))
            .collect();
        secrets.sort();
        secrets.dedup();
        // What is not below the configuration anyway.
        mounts.extend(
            secrets
                .iter()
                .filter(|file| file.starts_with('/'))
                .map(|file| format!("{file}:{file}:ro")),
        );
        let command = [
            "--config.file=/etc/prometheus/prometheus.yml".to_owned(),
            "--storage.tsdb.path=/prometheus".to_owned(),
            format!("--storage.tsdb.retention.time={}", self.retention()),
            "--web.enable-lifecycle".to_owned(),
        ];
        let prometheus = service(PROMETHEUS)
            .with("command", list(&command))
            .with("volumes", list(&mounts))
            .with("ports", port(9090));
        let grafana = service(GRAFANA)
            .with(
                "volumes",
                list(&[
                    "./grafana/provisioning:/etc/grafana/provisioning:ro".to_owned(),
                    "./grafana/dashboards:/etc/grafana/dashboards:ro".to_owned(),
                    "grafana-data:/var/lib/grafana".to_owned(),
                ]),
            )
            .with("ports", port(3000));
        let mut services = vec![(self.service.clone(), own), ("prometheus".to_owned(), prometheus)];
        let mut volumes = vec!["prometheus-data"];
        if let Some(alertmanager) = &self.alertmanager {
            let mut mounts = vec![
                "./alertmanager:/etc/alertmanager:ro".to_owned(),
                "alertmanager-data:/alertmanager".to_owned(),
            ];
            let secrets = alertmanager.secret_files();
            mounts.extend(
                secrets
                    .iter()
                    .filter(|file| file.starts_with('/'))
                    .map(|file| format!("{file}:{file}:ro")),
            );
            let alertmanager = service(ALERTMANAGER)
                .with("volumes", list(&mounts))
                .with("ports", port(9093));
            services.push(("alertmanager".to_owned(), alertmanager));
            volumes.push("alertmanager-data");
        }
        services.push(("grafana".to_owned(), grafana));
        volumes.push("grafana-data");
        let volumes = volumes.into_iter().map(|name| (name, Yaml::Map(Vec::new())));
        Yaml::map([("services", Yaml::map(services)), ("volumes", Yaml::map(volumes))])
    }

    /// `timeInterval` is what `$__rate_interval` is computed from.
    pub(super) fn data_source(&self) -> Yaml {
        let source = Yaml::texts([
            ("name", "Prometheus"),
            ("uid", "prometheus"),
            ("type", "prometheus"),
            ("access", "proxy"),
            ("url", "http://prometheus:9090"),
        ])
        .with("isDefault", Yaml::Bool(true))
        .with(
            "jsonData",
            Yaml::texts([("httpMethod", "POST"), ("timeInterval", "15s")]),
        );
        Yaml::map([("apiVersion", Yaml::Number(1)), ("datasources", Yaml::list([source]))])
    }

    pub(super) fn dashboard_provider(&self) -> Yaml {
        let provider = Yaml::texts([
            ("name", self.service.as_str()),
            ("folder", &self.service),
            ("type", "file"),
        ])
        .with("disableDeletion", Yaml::Bool(true))
        .with("allowUiUpdates", Yaml::Bool(false))
        .with("options", Yaml::texts([("path", "/etc/grafana/dashboards")]));
        Yaml::map([("apiVersion", Yaml::Number(1)), ("providers", Yaml::list([provider]))])
    }
}
