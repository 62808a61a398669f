//! What Prometheus scrapes.

use super::Operations;
use super::pace::{Pace, seconds};
use crate::descriptor::Descriptor;
use crate::yaml::Yaml;

/// How many samples a scrape may have beside those that are declared: those of the process and of the exporter itself.
const MORE_SAMPLES: usize = 100;

/// A scrape job of Prometheus.
#[derive(Clone, Debug)]
pub struct Job {
    pub(super) name: String,
    targets: Vec<String>,
    pub(super) pods: Option<Pods>,
    interval: String,
    timeout: String,
    path: String,
    scheme: Option<&'static str>,
    ca_file: Option<String>,
    credentials: Option<Credentials>,
    more_samples: usize,
}

#[derive(Clone, Debug)]
pub(super) struct Pods {
    pub(super) label: String,
    pub(super) values: Vec<String>,
    pub(super) port: String,
}

/// Where Prometheus finds the secret: never the secret itself.
#[derive(Clone, Debug)]
enum Credentials {
    Basic { user: String, password_file: String },
    Bearer { file: String },
}

impl Job {
    /// A job of this name, which is the label `job` of all that it scrapes: every 15 s, `/metrics`.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            targets: Vec::new(),
            pods: None,
            interval: "15s".to_owned(),
            timeout: "10s".to_owned(),
            path: "/metrics".to_owned(),
            scheme: None,
            ca_file: None,
            credentials: None,
            more_samples: MORE_SAMPLES,
        }
    }

    /// With a target that is always there: `host:port`.
    #[must_use]
    pub fn target(mut self, address: &str) -> Self {
        self.targets.push(address.to_owned());
        self
    }

    /// With the pods of a Kubernetes cluster whose label has one of these values, on the container port of this name.
    /// Their namespace and name become the labels `namespace` and `pod`.
    #[must_use]
    pub fn pods<V: Into<String>>(mut self, label: &str, values: impl IntoIterator<Item = V>, port: &str) -> Self {
        self.pods = Some(Pods {
            label: label.to_owned(),
            values: values.into_iter().map(Into::into).collect(),
            port: port.to_owned(),
        });
        self
    }

    /// How often, such as `15s`, and how long one scrape may take.
    #[must_use]
    pub fn every(mut self, interval: &str, timeout: &str) -> Self {
        interval.clone_into(&mut self.interval);
        timeout.clone_into(&mut self.timeout);
        self
    }

    /// Another path than `/metrics`.
    #[must_use]
    pub fn path(mut self, path: &str) -> Self {
        path.clone_into(&mut self.path);
        self
    }

    /// With TLS; `ca_file` is where Prometheus finds who signed the certificate, if not in its system.
    #[must_use]
    pub fn tls(mut self, ca_file: Option<&str>) -> Self {
        self.scheme = Some("https");
        self.ca_file = ca_file.map(str::to_owned);
        self
    }

    /// With a user, and where Prometheus finds the password.
    #[must_use]
    pub fn basic_auth(mut self, user: &str, password_file: &str) -> Self {
        self.credentials = Some(Credentials::Basic {
            user: user.to_owned(),
            password_file: password_file.to_owned(),
        });
        self
    }

    /// With a bearer token, of which this is the file.
    #[must_use]
    pub fn bearer_token(mut self, file: &str) -> Self {
        self.credentials = Some(Credentials::Bearer { file: file.to_owned() });
        self
    }

    /// How many samples a scrape may have beside those that the catalog declares; 100 if nothing is said, which is room for
    /// those of the process and of the exporter. Prometheus refuses a scrape with more.
    #[must_use]
    pub fn more_samples(mut self, samples: usize) -> Self {
        self.more_samples = samples;
        self
    }

    /// `earlier` are those before it.
    pub(super) fn check(&self, earlier: &[Self], problems: &mut Vec<String>) {
        let name = &self.name;
        if earlier.iter().any(|job| job.name == *name) {
            problems.push(format!(
                "two jobs are called `{name}`, which Prometheus refuses: give one of them another name, or both targets to one \
                 [scrape-duplicate]"
            ));
        }
        for target in &self.targets {
            if let Some(job) = earlier
                .iter()
                .find(|job| job.path == self.path && job.targets.contains(target))
            {
                problems.push(format!(
                    "the jobs `{}` and `{name}` both scrape `{target}`, so that sums count it twice [scrape-duplicate]",
                    job.name
                ));
            }
        }
        let [interval, timeout] = [&self.interval, &self.timeout].map(|text| seconds(text));
        if !(interval.is_finite() && timeout.is_finite()) {
            problems.push(format!(
                "job `{name}`: `{}` and `{}` must be durations such as 15s",
                self.interval, self.timeout
            ));
        } else if timeout > interval {
            problems.push(format!(
                "job `{name}`: a scrape may take {}, and the next one begins after {}: the timeout is at most the interval [time-scrape]",
                self.timeout, self.interval
            ));
        }
        if self.targets.is_empty() && self.pods.is_none() {
            problems.push(format!("job `{name}` has nothing to scrape: give it a target, or pods"));
        }
    }

    fn document(&self, operations: &Operations, pace: Pace) -> Yaml {
        let credentials = |job: Yaml| match &self.credentials {
            Some(Credentials::Basic { user, password_file }) => {
                let auth = Yaml::texts([("username", user), ("password_file", password_file)]);
                job.with("basic_auth", auth)
            }
            Some(Credentials::Bearer { file }) => job.with("authorization", Yaml::texts([("credentials_file", file)])),
            None => job,
        };
        let job = Yaml::texts([("job_name", &self.name)])
            .with("scrape_interval", Yaml::text(pace.duration(&self.interval)))
            .with("scrape_timeout", Yaml::text(pace.duration(&self.timeout)))
            .with("metrics_path", self.path.as_str().into())
            .with_some("scheme", self.scheme.map(Yaml::from))
            .with_some("honor_labels", operations.honors_labels())
            .with("sample_limit", Yaml::Number(self.sample_limit(operations)));
        let ca_file = self.ca_file.as_ref().map(|file| Yaml::texts([("ca_file", file)]));
        let job = credentials(job.with_some("tls_config", ca_file));
        let targets = (!self.targets.is_empty()).then(|| {
            let targets = self.targets.iter().map(|target| target.as_str().into());
            Yaml::list([Yaml::map([("targets", Yaml::list(targets))])])
        });
        job.with_some("static_configs", targets).with_pods(self.pods.as_ref())
    }

    pub(super) fn sample_limit(&self, operations: &Operations) -> usize {
        operations.catalog.max_series() + self.more_samples
    }

    /// How the Prometheus operator says the same, of the port of this name; what is secret, and who signed the
    /// certificate, is in the service's secret.
    pub(super) fn endpoint(&self, port: &str, operations: &Operations, pace: Pace) -> Yaml {
        let service = &operations.service;
        let secret = |key: &str| Yaml::texts([("name", format!("{service}-metrics")), ("key", key.to_owned())]);
        let signed_by = || Yaml::map([("ca", Yaml::map([("secret", secret("ca.crt"))]))]);
        let endpoint = Yaml::texts([("port", port), ("path", &self.path)])
            .with("interval", Yaml::text(pace.duration(&self.interval)))
            .with("scrapeTimeout", Yaml::text(pace.duration(&self.timeout)))
            .with_some("scheme", self.scheme.map(Yaml::from))
            .with_some("honorLabels", operations.honors_labels())
            .with_some("tlsConfig", self.ca_file.as_ref().map(|_| signed_by()));
        match &self.credentials {
            Some(Credentials::Basic { .. }) => {
                let auth = [("username", secret("username")), ("password", secret("password"))];
                endpoint.with("basicAuth", Yaml::map(auth))
            }
            Some(Credentials::Bearer { .. }) => {
                endpoint.with("authorization", Yaml::map([("credentials", secret("token"))]))
            }
            None => endpoint,
        }
    }

    /// The files with secrets that Prometheus reads.
    pub(super) fn secret_files(&self) -> Option<&str> {
        match self.credentials.as_ref()? {
            Credentials::Basic { password_file, .. } => Some(password_file),
            Credentials::Bearer { file } => Some(file),
        }
    }
}

impl Yaml {
    fn with_pods(self, pods: Option<&Pods>) -> Self {
        let Some(Pods { label, values, port }) = pods else {
            return self;
        };
        // As Prometheus writes labels of Kubernetes.
        let label: String = label
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
            .collect();
        let source = |label: &str| Self::list([Self::text(format!("__meta_kubernetes_{label}"))]);
        let keep = |label: &str, regex: String| {
            Self::map([
                ("source_labels", source(label)),
                ("regex", Self::text(regex)),
                ("action", Self::text("keep")),
            ])
        };
        let copy =
            |label: &str, target: &str| Self::map([("source_labels", source(label)), ("target_label", target.into())]);
        let relabel = [
            keep(&format!("pod_label_{label}"), values.join("|")),
            keep("pod_container_port_name", port.clone()),
            copy("namespace", "namespace"),
            copy("pod_name", "pod"),
        ];
        self.with("kubernetes_sd_configs", Self::list([Self::texts([("role", "pod")])]))
            .with("relabel_configs", Self::list(relabel))
    }
}

impl Operations {
    /// Those that were given, or one for the service itself.
    pub(super) fn all_jobs(&self) -> Vec<Job> {
        match self.jobs.is_empty() {
            true => vec![Job::new(&self.service).target(&format!("{}:{}", self.service, self.port))],
            false => self.jobs.clone(),
        }
    }

    /// That labels stay as they are exported, where a metric has one that Prometheus gives to targets: it is excepted from
    /// the rule `label-target`, because it is about another target.
    fn honors_labels(&self) -> Option<Yaml> {
        let has = |family: &Descriptor| {
            let own = family.labels.iter().map(|label| label.name);
            let mut all = own.chain(family.given_labels().map(|(name, _)| name));
            all.any(|name| ["job", "instance"].contains(&name))
        };
        self.catalog.descriptors().any(has).then_some(Yaml::Bool(true))
    }

    pub(super) fn prometheus(&self, pace: Pace) -> Yaml {
        let global =
            Yaml::map(["scrape_interval", "evaluation_interval"].map(|key| (key, Yaml::text(pace.duration("15s")))));
        let labels = (!self.external_labels.is_empty()).then(|| Yaml::texts(self.external_labels.iter().cloned()));
        let rules = (!self.rules.is_empty()).then(|| Yaml::list([Yaml::text("rules/*.yml")]));
        let alerting = self.alertmanager.is_some().then(|| {
            let target = Yaml::map([("targets", Yaml::list([Yaml::text("alertmanager:9093")]))]);
            let configs = Yaml::map([("static_configs", Yaml::list([target]))]);
            Yaml::map([("alertmanagers", Yaml::list([configs]))])
        });
        let jobs = self.all_jobs();
        Yaml::map([("global", global.with_some("external_labels", labels))])
            .with_some("rule_files", rules)
            .with_some("alerting", alerting)
            .with(
                "scrape_configs",
                Yaml::list(jobs.iter().map(|job| job.document(self, pace))),
            )
    }
}
