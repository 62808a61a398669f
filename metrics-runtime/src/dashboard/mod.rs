//! Grafana dashboards, generated from what is declared: they cannot name what does not exist.
//!
//! ```
//! use enumetrics_runtime::dashboard::Dashboard;
//! # use enumetrics_runtime::{Catalog, Rules};
//! # static METRICS: Catalog<'static> = Catalog::__new(&[], &[]);
//! # static KYC_RULES: Rules = Rules::__new("kyc", &[], &[], &[], &[], &[]);
//!
//! let dashboard = Dashboard::of(&METRICS).rules(&KYC_RULES).title("KYC gateway");
//! std::fs::write(std::env::temp_dir().join("dashboard.json"), dashboard.to_json())?;
//! # std::io::Result::Ok(())
//! ```

mod check;
mod generate;
mod json;
mod metric;
mod panel;
mod query;
mod unit;
mod watched;

use std::fmt;
use std::panic::Location;
use std::path::Path;

use self::metric::{Metric, metrics};
use self::panel::{Panel, Row};
use self::query::Choices;
use self::watched::{Watched, row_called};
use crate::catalog::Catalog;
use crate::catalogue::file;
use crate::rules::Rules;

/// A Grafana dashboard of a catalog.
///
/// Each struct of metrics is a row, each metric has the panels that suit its kind, each label is a variable with the
/// declared values. The guide's chapter on dashboards says what is generated, and how to change it.
pub struct Dashboard {
    structs: Vec<Struct>,
    rules: Vec<Rules>,
    /// Whether panels are generated for metrics, objectives and alerts.
    is_generated: bool,
    title: Option<String>,
    uid: Option<String>,
    about: String,
    tags: Vec<String>,
    refresh: String,
    range: String,
    scrape_interval: Option<String>,
    targets: Option<Vec<String>>,
    edits: Vec<Edit>,
}

/// A struct of metrics: a row.
struct Struct {
    title: String,
    metrics: Vec<Metric>,
}

/// What is to be otherwise than generated.
struct Edit {
    what: &'static str,
    metrics: Vec<String>,
    to: To,
    at: &'static Location<'static>,
}

/// Where panels go.
enum To {
    Row(String),
    /// Away, for a reason.
    Nowhere(String),
}

impl Edit {
    fn is_about(&self, metric: &str) -> bool {
        self.metrics.iter().any(|name| name == metric)
    }
}

impl Dashboard {
    /// The dashboard of what a catalog exports, under the names and with the labels that it exports it with.
    #[must_use]
    pub fn of(catalog: &Catalog<'_>) -> Self {
        let described = |descriptors: &Vec<_>| !descriptors.is_empty();
        let structs = catalog.structs().filter(|(_, descriptors)| described(descriptors));
        let structs = structs.map(|(about, descriptors)| {
            let metrics = metrics(&descriptors);
            Struct {
                title: row_title(about, &metrics),
                metrics,
            }
        });
        Self {
            structs: structs.collect(),
            rules: Vec::new(),
            is_generated: true,
            title: None,
            uid: None,
            about: String::new(),
            tags: Vec::new(),
            refresh: "1m".to_owned(),
            range: "6h".to_owned(),
            scrape_interval: None,
            targets: None,
            edits: Vec::new(),
        }
    }

    /// A dashboard with the panels that [`rules`](Self::rules) declare and no others; what it lacks of the catalog,
    /// [`uncovered`](Self::uncovered) says.
    #[must_use]
    pub fn blank(catalog: &Catalog<'_>) -> Self {
        Self {
            is_generated: false,
            ..Self::of(catalog)
        }
    }

    /// With what these rules watch: for each objective what is left of its budget, for each alert the line at which it fires
    /// and a mark when it does, and the panels that they declare. The rules are to be loaded by the Prometheus that is
    /// asked. Where an operator chose other names, they are [adapted](Rules::adapted_to) to the same catalog.
    #[must_use]
    pub fn rules(mut self, rules: &Rules) -> Self {
        self.rules.push(*rules);
        self
    }

    /// What stands above it: what the first struct of metrics is about, if nothing is said.
    #[must_use]
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = Some(title.into());
        self
    }

    /// What Grafana knows it by, in its address, too: at most 40 letters, digits, `-` and `_`. It is made of the title if
    /// nothing is said, so that a dashboard of another title is another one.
    #[must_use]
    pub fn uid(mut self, uid: impl Into<String>) -> Self {
        self.uid = Some(uid.into());
        self
    }

    /// What it is about, in a sentence or two.
    #[must_use]
    pub fn description(mut self, about: impl Into<String>) -> Self {
        self.about = about.into();
        self
    }

    /// One more tag, by which Grafana lists dashboards.
    #[must_use]
    pub fn tag(mut self, tag: impl Into<String>) -> Self {
        self.tags.push(tag.into());
        self
    }

    /// How often it asks again, such as `30s`; each minute if nothing is said.
    #[must_use]
    pub fn refresh(mut self, every: impl Into<String>) -> Self {
        self.refresh = every.into();
        self
    }

    /// How much of the past it shows at first, such as `24h`; `6h` if nothing is said.
    #[must_use]
    pub fn range(mut self, range: impl Into<String>) -> Self {
        self.range = range.into();
        self
    }

    /// How often the metrics are scraped, such as `15s`, if that is not what the data source in Grafana says:
    /// `$__rate_interval` is at least four times as long.
    #[must_use]
    pub fn scrape_interval(mut self, interval: impl Into<String>) -> Self {
        self.scrape_interval = Some(interval.into());
        self
    }

    /// The labels that Prometheus gives to what it scrapes, each a variable: those of the rules, or `job` and `instance`.
    #[must_use]
    pub fn target_labels<L: Into<String>>(mut self, labels: impl IntoIterator<Item = L>) -> Self {
        self.targets = Some(labels.into_iter().map(Into::into).collect());
        self
    }

    /// Without what is generated for a metric, for a reason that whoever reads the code wants to know.
    #[must_use]
    #[track_caller]
    pub fn hide(mut self, metric: impl Into<String>, reason: impl Into<String>) -> Self {
        self.edits.push(Edit {
            what: "hide",
            metrics: vec![metric.into()],
            to: To::Nowhere(reason.into()),
            at: Location::caller(),
        });
        self
    }

    /// With the panels of some metrics in a row of their own, or in one that is there.
    #[must_use]
    #[track_caller]
    pub fn group<M: Into<String>>(mut self, row: impl Into<String>, metrics: impl IntoIterator<Item = M>) -> Self {
        self.edits.push(Edit {
            what: "group",
            metrics: metrics.into_iter().map(Into::into).collect(),
            to: To::Row(row.into()),
            at: Location::caller(),
        });
        self
    }

    /// The dashboard in Grafana's classic model, as its provisioning reads it: the same text each time. The ids of panels
    /// follow from names, so that links to a panel last.
    #[must_use]
    pub fn to_json(&self) -> String {
        self.write(&self.rows())
    }

    /// The committed file must be this dashboard. With `ENUMETRICS_UPDATE=1` in the environment it is written instead.
    ///
    /// # Panics
    ///
    /// When the file is not there, cannot be read or written, or says something else.
    #[track_caller]
    #[allow(clippy::panic, reason = "an assertion")]
    pub fn assert_current(&self, path: impl AsRef<Path>) {
        if let Err(problem) = file::assert_current(path.as_ref(), &self.to_json(), |_| String::new()) {
            panic!("{problem}");
        }
    }

    fn name(&self) -> String {
        let first = || self.structs.first().map(|first| first.title.clone());
        self.title
            .clone()
            .or_else(first)
            .unwrap_or_else(|| "Metrics".to_owned())
    }

    /// What Grafana knows it by.
    pub(crate) fn id(&self) -> String {
        self.uid.clone().unwrap_or_else(|| slug(&self.name()))
    }

    fn targets(&self) -> Vec<String> {
        if let Some(said) = &self.targets {
            return said.clone();
        }
        let mut targets: Vec<String> = Vec::new();
        for label in self.rules.iter().flat_map(Rules::target_labels) {
            if !targets.iter().any(|known| known == label) {
                targets.push((*label).to_owned());
            }
        }
        match self.rules.is_empty() {
            true => ["job", "instance"].map(str::to_owned).to_vec(),
            false => targets,
        }
    }

    fn all_metrics(&self) -> impl Iterator<Item = &Metric> {
        self.structs.iter().flat_map(|part| &part.metrics)
    }

    fn choices(&self) -> Choices<'_> {
        Choices::new(self.all_metrics().collect(), self.targets())
    }

    fn rows(&self) -> Vec<Row> {
        let watched = Watched {
            metrics: self.all_metrics().collect(),
            rules: &self.rules,
        };
        let mut rows = Vec::new();
        if self.is_generated {
            for part in &self.structs {
                let metrics = part.metrics.iter();
                let metrics = metrics.filter(|metric| metric.descriptor.renamed_to.is_none());
                let panels: Vec<Panel> = metrics.flat_map(generate::panels).collect();
                // Two structs may say the same of themselves.
                row_called(&mut rows, &part.title).panels.extend(panels);
            }
            watched.add(&mut rows);
        }
        watched.own(&mut rows);
        for edit in &self.edits {
            edit.apply(&mut rows);
        }
        rows
    }
}

impl Edit {
    fn apply(&self, rows: &mut Vec<Row>) {
        // What somebody declared is wanted.
        let stays = |panel: &Panel| panel.is_own && matches!(self.to, To::Nowhere(_));
        let is_meant = |panel: &mut Panel| panel.metric.is_some_and(|name| self.is_about(name)) && !stays(panel);
        let mut taken = Vec::new();
        for row in rows.iter_mut() {
            taken.extend(row.panels.extract_if(.., is_meant));
        }
        if let To::Row(row) = &self.to {
            row_called(rows, row).panels.extend(taken);
        }
    }
}

impl fmt::Debug for Dashboard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let panels: Vec<_> = self.rows().into_iter().flat_map(|row| row.panels).collect();
        let titles: Vec<_> = panels.iter().map(|panel| &panel.title).collect();
        f.debug_struct("Dashboard")
            .field("title", &self.name())
            .field("panels", &titles)
            .finish_non_exhaustive()
    }
}

/// What the struct is about, in its first sentence, or what its metrics are called.
fn row_title(about: &str, metrics: &[Metric]) -> String {
    let sentence = about.split(". ").next().unwrap_or_default().trim_end_matches('.');
    match (sentence.is_empty(), metrics.first()) {
        (false, _) => sentence.to_owned(),
        (true, Some(first)) => metric::words(first.name().split('_').next().unwrap_or_default()),
        (true, None) => "Metrics".to_owned(),
    }
}

/// A title as Grafana's ids are: `kyc-gateway`.
fn slug(title: &str) -> String {
    let mut slug = String::new();
    for c in title.chars().map(|c| c.to_ascii_lowercase()) {
        if c.is_ascii_alphanumeric() {
            slug.push(c);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
        if slug.len() == 40 {
            break;
        }
    }
    slug.trim_end_matches('-').to_owned()
}
