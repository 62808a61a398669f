//! Resources of the Prometheus operator, `monitoring.coreos.com/v1`.

use super::Operations;
use super::pace::Pace;
use crate::yaml::Yaml;

impl Operations {
    /// Of a service with the label `app.kubernetes.io/name` and a port `metrics`; credentials are in a secret
    /// `SERVICE-metrics`.
    pub(super) fn service_monitor(&self, pace: Pace) -> Yaml {
        let jobs = self.all_jobs();
        let own = jobs.iter().filter(|job| !job.is_of_pods());
        let endpoints = own.clone().map(|job| job.endpoint(&self.service, pace));
        let sample_limit = own.map(|job| job.sample_limit(self)).max().unwrap_or_default();
        // The operator takes `job` from the service's label, and rules select by it.
        let selector = Yaml::map([("matchLabels", Yaml::texts([(NAME, &self.service)]))]);
        let spec = Yaml::texts([("jobLabel", NAME)])
            .with("selector", selector)
            .with("sampleLimit", Yaml::Number(sample_limit))
            .with("endpoints", Yaml::list(endpoints));
        self.resource("ServiceMonitor", spec)
    }

    pub(super) fn prometheus_rule(&self, groups: Vec<Yaml>) -> Yaml {
        self.resource("PrometheusRule", Yaml::map([("groups", Yaml::List(groups))]))
    }

    fn resource(&self, kind: &str, spec: Yaml) -> Yaml {
        let labels = Yaml::texts([(NAME, &self.service)]);
        let metadata = Yaml::texts([("name", &self.service)]).with("labels", labels);
        Yaml::texts([("apiVersion", "monitoring.coreos.com/v1"), ("kind", kind)])
            .with("metadata", metadata)
            .with("spec", spec)
    }
}

const NAME: &str = "app.kubernetes.io/name";
