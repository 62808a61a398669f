//! Resources of the Prometheus operator, `monitoring.coreos.com/v1`.

use super::Operations;
use super::job::{Job, Pods};
use super::pace::Pace;
use crate::yaml::Yaml;

impl Operations {
    /// Of a service with the label `app.kubernetes.io/name` and a port `metrics`; credentials are in a secret
    /// `SERVICE-metrics`.
    pub(super) fn service_monitor(&self, pace: Pace) -> Option<Yaml> {
        let jobs = self.all_jobs();
        let own: Vec<_> = jobs.iter().filter(|job| job.pods.is_none()).collect();
        let sample_limit = own.iter().map(|job| job.sample_limit(self)).max()?;
        let endpoints = own.iter().map(|job| job.endpoint("metrics", self, pace));
        // The operator takes `job` from the service's label, and rules select by it.
        let selector = Yaml::map([("matchLabels", Yaml::texts([(NAME, &self.service)]))]);
        let spec = Yaml::texts([("jobLabel", NAME)])
            .with("selector", selector)
            .with("sampleLimit", Yaml::Number(sample_limit))
            .with("endpoints", Yaml::list(endpoints));
        Some(self.resource("ServiceMonitor", &self.service, spec))
    }

    /// One for each job of pods, with their labels and their port. The operator adds `namespace` and `pod` itself.
    pub(super) fn pod_monitors(&self, pace: Pace) -> impl Iterator<Item = Yaml> {
        let of = move |job: &Job| {
            let Pods { label, values, port } = job.pods.as_ref()?;
            let values = Yaml::list(values.iter().map(|value| value.as_str().into()));
            let one_of = Yaml::texts([("key", label.as_str()), ("operator", "In")]).with("values", values);
            let selector = Yaml::map([("matchExpressions", Yaml::list([one_of]))]);
            // It would be the namespace and the name of this resource.
            let name = Yaml::texts([("targetLabel", "job"), ("replacement", &job.name)]);
            let endpoint = job.endpoint(port, self, pace);
            let endpoint = endpoint.with("relabelings", Yaml::list([name]));
            let spec = Yaml::map([("selector", selector)])
                .with("sampleLimit", Yaml::Number(job.sample_limit(self)))
                .with("podMetricsEndpoints", Yaml::list([endpoint]));
            Some(self.resource("PodMonitor", &job.name, spec))
        };
        self.all_jobs().into_iter().filter_map(move |job| of(&job))
    }

    pub(super) fn prometheus_rule(&self, groups: Vec<Yaml>) -> Yaml {
        self.resource(
            "PrometheusRule",
            &self.service,
            Yaml::map([("groups", Yaml::List(groups))]),
        )
    }

    fn resource(&self, kind: &str, name: &str, spec: Yaml) -> Yaml {
        let labels = Yaml::texts([(NAME, &self.service)]);
        let metadata = Yaml::texts([("name", name)]).with("labels", labels);
        Yaml::texts([("apiVersion", "monitoring.coreos.com/v1"), ("kind", kind)])
            .with("metadata", metadata)
            .with("spec", spec)
    }
}

const NAME: &str = "app.kubernetes.io/name";
