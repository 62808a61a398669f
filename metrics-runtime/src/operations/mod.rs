//! What an operator needs, made of what is declared: files for Prometheus, Alertmanager, Grafana, Kubernetes and Compose,
//! tests of each alert, and a catalogue for people.
//!
//! ```no_run
//! use enumetrics_runtime::operations::{Alertmanager, Job, Operations, Receiver};
//! # static METRICS: enumetrics_runtime::Catalog<'static> = enumetrics_runtime::Catalog::__new(&[], &[]);
//! # static RULES: enumetrics_runtime::Rules = enumetrics_runtime::Rules::__new("shop", &[], &[], &[], &[], &[]);
//!
//! // In a test:
//! Operations::new("shop", &METRICS)
//!     .rules(&RULES)
//!     .job(Job::new("shop").target("shop:9090").basic_auth("prometheus", "secrets/shop-password"))
//!     .alertmanager(Alertmanager::new(Receiver::webhook("default", "http://chat:8080/alerts")))
//!     .assert_current("deploy/monitoring");
//! ```

mod alertmanager;
mod catalogue;
mod derive;
mod job;
mod kubernetes;
mod observed;
mod pace;
mod stack;
mod steady;

pub use self::alertmanager::{Alertmanager, Receiver, Route};
pub use self::derive::Example;
pub use self::job::Job;

use std::path::{Path, PathBuf};
use std::{env, fmt, fs, io};

#[cfg(feature = "dashboards")]
use enumetrics_promql::Severity;

use self::pace::{Pace, seconds};
use crate::catalog::Catalog;
use crate::catalogue::assert_file_is_current;
#[cfg(feature = "dashboards")]
use crate::dashboard::Dashboard;
#[cfg(feature = "dashboards")]
use crate::rules::RuleFinding;
use crate::rules::Rules;
use crate::yaml::Yaml;

/// The environment variables of [`Operations::from_env`].
const FOLDER: &str = "ENUMETRICS_OPERATIONS";
const FASTER: &str = "ENUMETRICS_OPERATIONS_FASTER";

/// How to make the files of one service. See the [module](self).
#[derive(Debug)]
pub struct Operations {
    service: String,
    catalog: Catalog<'static>,
    /// As they are for the catalog.
    rules: Vec<Rules>,
    jobs: Vec<Job>,
    alertmanager: Option<Alertmanager>,
    examples: Vec<Example>,
    files: Vec<File>,
    external_labels: Vec<(String, String)>,
    image: Option<String>,
    port: u16,
    pace: Pace,
    notes: Vec<String>,
    problems: Vec<String>,
}

/// A file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct File {
    /// From the folder of all of them, with `/` between folders.
    pub path: String,
    /// The whole text.
    pub content: String,
}

/// All files, and what should be known of them.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Files {
    /// Sorted by path.
    pub files: Vec<File>,
    /// What could not be done, each in a sentence: an alert of which no test could be derived, and why; a metric or an alert
    /// that is on no panel of a dashboard.
    pub notes: Vec<String>,
}

/// What is wrong with [`Operations`]: all of it, a sentence each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperationsError {
    problems: Vec<String>,
}

impl Operations {
    /// The files of a service, which exports this catalog. As an operator adapted it (`with_prefix`, `with_labels`), so are
    /// its names in the rules.
    #[must_use]
    pub fn new(service: &str, catalog: &Catalog<'static>) -> Self {
        Self {
            service: service.to_owned(),
            catalog: *catalog,
            rules: Vec::new(),
            jobs: Vec::new(),
            alertmanager: None,
            examples: Vec::new(),
            files: Vec::new(),
            external_labels: Vec::new(),
            image: None,
            port: 9090,
            pace: Pace::REAL,
            notes: Vec::new(),
            problems: Vec::new(),
        }
    }

    /// With these rules: a rule file, and a file of tests for it.
    #[must_use]
    pub fn rules(mut self, rules: &Rules) -> Self {
        let is_as_declared = self.catalog.prefix().is_empty() && self.catalog.labels().is_empty();
        let adapted = if is_as_declared {
            Ok(*rules)
        } else {
            rules.adapted_to(&self.catalog)
        };
        match adapted {
            Ok(rules) => self.rules.push(rules),
            Err(error) => self.problems.push(error.to_string()),
        }
        self
    }

    /// With this job for Prometheus. Without any, there is one with the service's name and its target
    /// `service:port`.
    #[must_use]
    pub fn job(mut self, job: Job) -> Self {
        self.jobs.push(job);
        self
    }

    /// With a configuration for Alertmanager.
    #[must_use]
    pub fn alertmanager(mut self, alertmanager: Alertmanager) -> Self {
        self.alertmanager = Some(alertmanager);
        self
    }

    /// With a test of an alert of which none can be derived.
    #[must_use]
    pub fn example(mut self, example: Example) -> Self {
        self.examples.push(example);
        self
    }

    /// With a dashboard, `grafana/dashboards/ID.json`, where the provisioning looks for it. What is wrong with its queries is
    /// an error of [`files`](Self::files), and what is on no panel of it is one of their [`notes`](Files::notes).
    ///
    /// ```
    /// # use enumetrics_runtime::{Catalog, dashboard::Dashboard, operations::Operations};
    /// # static METRICS: Catalog<'static> = Catalog::__new(&[], &[]);
    /// let dashboard = Dashboard::of(&METRICS).title("The shop");
    /// let files = Operations::new("shop", &METRICS).dashboard(&dashboard).files()?.files;
    /// assert!(files.iter().any(|file| file.path == "grafana/dashboards/the-shop.json"));
    /// # Ok::<(), enumetrics_runtime::operations::OperationsError>(())
    /// ```
    #[cfg(feature = "dashboards")]
    #[must_use]
    pub fn dashboard(mut self, dashboard: &Dashboard) -> Self {
        let (wrong, doubtful): (Vec<_>, Vec<_>) = dashboard
            .check()
            .into_iter()
            .filter(|found| found.severity > Severity::Note)
            .partition(|found| found.severity == Severity::Error);
        let id = dashboard.id();
        let told = |found: &RuleFinding| format!("the dashboard `{id}`: {found}");
        self.problems.extend(wrong.iter().map(told));
        self.notes.extend(doubtful.iter().map(told));
        let uncovered = dashboard.uncovered().into_iter();
        self.notes.extend(uncovered.map(|name| {
            format!("`{name}` is on no panel of the dashboard `{id}`: declare one with `#[panel]`, or `hide` the metric and say why.")
        }));
        if id.is_empty() {
            let advice = "a dashboard has no letter in its title: say `uid`, by which Grafana knows it";
            self.problems.push(advice.to_owned());
        }
        let path = format!("grafana/dashboards/{id}.json");
        self.file(&path, dashboard.to_json())
    }

    /// With one more file. `path` is from the folder of all of them.
    #[must_use]
    pub fn file(mut self, path: &str, content: impl Into<String>) -> Self {
        self.files.push(File::new(path, content.into()));
        self
    }

    /// With a label that Prometheus adds to everything it sends elsewhere, such as `cluster`.
    #[must_use]
    pub fn external_label(mut self, name: &str, value: &str) -> Self {
        self.external_labels.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The service's container image, for `compose.yml`; `service:latest` if nothing is said.
    #[must_use]
    pub fn image(mut self, image: &str) -> Self {
        self.image = Some(image.to_owned());
        self
    }

    /// The port on which the service has its metrics; 9090 if nothing is said.
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// All durations so many times shorter: for a test with real servers, in which nobody wants to wait for an hour.
    /// Thresholds stay what they are, and there are no unit tests.
    #[must_use]
    pub fn faster(mut self, times: f64) -> Self {
        self.pace = Pace(times);
        self
    }

    /// The files, the same each time.
    ///
    /// # Errors
    ///
    /// A duration that is none, a name that nothing has, two files of the same path: all of them together.
    ///
    /// ```
    /// # use enumetrics_runtime::{Catalog, operations::Operations};
    /// # static METRICS: Catalog<'static> = Catalog::__new(&[], &[]);
    /// let files = Operations::new("shop", &METRICS).files()?.files;
    /// assert!(files.iter().any(|file| file.path == "prometheus/prometheus.yml"));
    /// # Ok::<(), enumetrics_runtime::operations::OperationsError>(())
    /// ```
    pub fn files(&self) -> Result<Files, OperationsError> {
        let mut problems = self.problems.clone();
        let mut made = Files {
            notes: self.notes.clone(),
            ..Files::default()
        };
        let pace = self.pace;
        self.check(&mut problems);
        let stamp = self.rules.first().map(|rules| rules.stamp()).unwrap_or_default();
        let mut add = |path: &str, about: &str, document: &dyn fmt::Display| {
            let head = format!("# {about} Generated by enumetrics: change the declarations instead.\n");
            made.files.push(File::new(path, format!("{stamp}{head}{document}")));
        };
        let groups: Vec<_> = self.rules.iter().map(|rules| pace.group(rules)).collect();
        add("prometheus/prometheus.yml", "Prometheus.", &self.prometheus(pace));
        for (rules, group) in self.rules.iter().zip(&groups) {
            let document = Yaml::map([("groups", Yaml::list([group.clone()]))]);
            let path = format!("prometheus/rules/{}.yml", rules.name());
            add(&path, "Alerts and recording rules.", &document);
        }
        if let Some(alertmanager) = &self.alertmanager {
            let document = alertmanager.document(&self.rules, pace, &mut problems);
            add("alertmanager/alertmanager.yml", "Alertmanager.", &document);
        }
        let operator = "For the Prometheus operator.";
        if let Some(monitor) = self.service_monitor(pace) {
            add("kubernetes/service-monitor.yml", operator, &monitor);
        }
        let monitors: Vec<_> = self.pod_monitors(pace).map(|monitor| monitor.to_string()).collect();
        if !monitors.is_empty() {
            add("kubernetes/pod-monitor.yml", operator, &monitors.join("---\n"));
        }
        if !groups.is_empty() {
            add(
                "kubernetes/prometheus-rule.yml",
                operator,
                &self.prometheus_rule(groups),
            );
        }
        add("compose.yml", "The whole stack: `docker compose up`.", &self.compose());
        add(
            "grafana/provisioning/datasources/prometheus.yml",
            "Where Grafana finds Prometheus.",
            &self.data_source(),
        );
        add(
            "grafana/provisioning/dashboards/dashboards.yml",
            "Where Grafana finds its dashboards.",
            &self.dashboard_provider(),
        );
        made.files.push(File::new("catalogue.md", self.catalogue()));
        if self.pace == Pace::REAL {
            for rules in &self.rules {
                let tests = derive::tests(self, rules, &mut problems);
                made.notes.extend(tests.notes);
                made.files
                    .push(File::new(&format!("prometheus/tests/{}.yml", rules.name()), tests.text));
            }
        }
        made.files.extend(self.files.iter().cloned());
        made.files.sort_by(|a, b| a.path.cmp(&b.path));
        for pair in made.files.windows(2) {
            if pair[0].path == pair[1].path {
                problems.push(format!(
                    "two files are called `{}`: give one of them another name",
                    pair[0].path
                ));
            }
        }
        match problems.is_empty() {
            true => Ok(made),
            false => Err(OperationsError { problems }),
        }
    }

    /// Writes the files into a folder, and returns what [`Files::notes`] says.
    ///
    /// # Errors
    ///
    /// Those of [`files`](Self::files), and what the file system says.
    pub fn write_to(&self, folder: impl AsRef<Path>) -> Result<Vec<String>, OperationsError> {
        let Files { files, notes } = self.files()?;
        for file in &files {
            let path = file.inside(folder.as_ref());
            let written = path
                .parent()
                .map_or(Ok(()), fs::create_dir_all)
                .and_then(|()| fs::write(&path, &file.content));
            written.map_err(|error| OperationsError::io(&path, &error))?;
        }
        Ok(notes)
    }

    /// Writes the files into the folder that the environment variable `ENUMETRICS_OPERATIONS` names. Call it where `main`
    /// begins, and leave if it says that it did:
    ///
    /// ```
    /// # use enumetrics_runtime::{Catalog, operations::Operations};
    /// # static METRICS: Catalog<'static> = Catalog::__new(&[], &[]);
    /// fn main() -> Result<(), Box<dyn std::error::Error>> {
    ///     if Operations::new("shop", &METRICS).from_env()? {
    ///         return Ok(());
    ///     }
    ///     // …
    ///     Ok(())
    /// }
    /// ```
    ///
    /// A number in `ENUMETRICS_OPERATIONS_FASTER` is taken as by [`faster`](Self::faster).
    ///
    /// # Errors
    ///
    /// Those of [`write_to`](Self::write_to), and what is no such number.
    pub fn from_env(mut self) -> Result<bool, OperationsError> {
        let Some(folder) = env::var_os(FOLDER).filter(|folder| !folder.is_empty()) else {
            return Ok(false);
        };
        if let Some(times) = env::var_os(FASTER).filter(|times| !times.is_empty()) {
            let number = times.to_str().and_then(|times| times.parse().ok());
            let Some(times) = number.filter(|times: &f64| times.is_finite() && *times >= 1.0) else {
                return Err(OperationsError {
                    problems: vec![format!(
                        "{FASTER} is {times:?}: expected a number from 1 on, such as 60"
                    )],
                });
            };
            self = self.faster(times);
        }
        self.write_to(folder).map(|_| true)
    }

    /// The committed files of this folder must be the same. With `ENUMETRICS_UPDATE=1` in the environment they are written
    /// instead.
    ///
    /// # Panics
    ///
    /// When something is wrong with the declarations, or a file is missing, cannot be read or written, or says something
    /// else: then with the first difference of each.
    #[track_caller]
    #[allow(clippy::panic, reason = "an assertion")]
    pub fn assert_current(&self, folder: impl AsRef<Path>) {
        let files = match self.files() {
            Ok(Files { files, .. }) => files,
            Err(error) => panic!("{error}"),
        };
        let check = |file: &File| assert_file_is_current(&file.inside(folder.as_ref()), &file.content).err();
        let stale: Vec<_> = files.iter().filter_map(check).collect();
        assert!(stale.is_empty(), "{}", stale.join("\n\n"));
    }

    fn check(&self, problems: &mut Vec<String>) {
        for (at, job) in self.jobs.iter().enumerate() {
            job.check(&self.jobs[..at], problems);
        }
        let alerts = || self.rules.iter().flat_map(|rules| rules.alerts());
        for example in &self.examples {
            if !alerts().any(|alert| alert.name() == example.alert) {
                problems.push(format!(
                    "an example is of `{}`, which is no alert of these rules",
                    example.alert
                ));
            }
        }
        for (at, rules) in self.rules.iter().enumerate() {
            if self.rules[..at].iter().any(|earlier| earlier.name() == rules.name()) {
                let name = rules.name();
                problems.push(format!(
                    "two groups of rules are called `{name}`: `#[rules(name = \"…\")]` says another"
                ));
            }
        }
    }

    /// The longest that some of the rules want.
    fn retention(&self) -> &'static str {
        let all = self.rules.iter().map(|rules| rules.retention());
        all.max_by(|a, b| seconds(a).total_cmp(&seconds(b))).unwrap_or("30d")
    }
}

impl File {
    fn new(path: &str, content: String) -> Self {
        Self {
            path: path.to_owned(),
            content,
        }
    }

    fn inside(&self, folder: &Path) -> PathBuf {
        self.path
            .split('/')
            .fold(folder.to_owned(), |path, part| path.join(part))
    }
}

impl OperationsError {
    fn io(path: &Path, error: &io::Error) -> Self {
        Self {
            problems: vec![format!("{}: {error}", path.display())],
        }
    }

    /// Each problem in a sentence.
    #[must_use]
    pub fn problems(&self) -> &[String] {
        &self.problems
    }
}

impl fmt::Display for OperationsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.problems.join("\n"))
    }
}

impl std::error::Error for OperationsError {}
