//! What a program exports, as a document: for people (Markdown), for programs (JSON), and for the next version, which is
//! compared with it.
//!
//! ```no_run
//! use enumetrics_runtime::catalogue::Catalogue;
//! # static METRICS: enumetrics_runtime::Catalog<'static> = enumetrics_runtime::Catalog::__new(&[], &[]);
//!
//! // In a test:
//! Catalogue::of(&METRICS).assert_current("docs/metrics.md");
//! Catalogue::of(&METRICS).assert_current("docs/metrics.json");
//! ```

mod changes;
pub(crate) mod file;
mod json;
mod markdown;
#[cfg(feature = "rules")]
mod schema;

pub use self::changes::{Change, Difference};
pub use self::json::CatalogueError;

use std::path::Path;

use crate::NativeBuckets;
use crate::catalog::Catalog;
use crate::descriptor::{Descriptor, Form};

/// All that is declared, sorted by name.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Catalogue {
    /// Each metric family.
    pub metrics: Vec<Entry>,
}

/// One metric family.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Entry {
    /// The full name.
    pub name: String,
    /// The kind, as the `# TYPE` line names it.
    pub kind: String,
    /// The unit, where it is known.
    pub unit: Option<String>,
    /// The help text.
    pub help: String,
    /// The labels with their values, in the order in which they are written; without values where they come while the
    /// program runs.
    pub labels: Vec<(String, Vec<String>)>,
    /// The labels that all series have, with their values.
    pub constant_labels: Vec<(String, String)>,
    /// The finite bounds of a histogram's buckets.
    pub buckets: Vec<f64>,
    /// The native buckets of a histogram, where it has some.
    pub native: Option<NativeBuckets>,
    /// The quantiles of a summary.
    pub quantiles: Vec<f64>,
    /// The bounds on which an objective lies.
    pub slo: Vec<f64>,
    /// The most series that it can export.
    pub max_series: usize,
    /// In which [form](crate::Form) they are kept, and why, where that is not what all metrics have that are not as wide.
    pub form: Option<String>,
    /// What to use instead, where it is deprecated; the text may be empty.
    pub deprecated: Option<String>,
    /// The name that replaces this one, where this is a former name.
    pub renamed_to: Option<String>,
    /// The file of the declaration. Its line is left out, because it changes with every line above.
    pub file: Option<String>,
}

/// Compares a committed file with what it should be, or writes it.
#[cfg(feature = "operations")]
pub(crate) fn assert_file_is_current(path: &Path, text: &str) -> Result<(), String> {
    file::assert_current(path, text, |_| String::new())
}

impl Catalogue {
    /// What the catalog declares.
    #[must_use]
    pub fn of(catalog: &Catalog<'_>) -> Self {
        let mut metrics: Vec<_> = catalog
            .descriptors()
            .filter(|descriptor| !descriptor.is_repeated())
            .map(Entry::of)
            .collect();
        metrics.sort_by(|a, b| a.name.cmp(&b.name));
        Self { metrics }
    }

    /// The committed file must say the same: Markdown where its name ends in `.md`, JSON where it ends in `.json`. With
    /// `ENUMETRICS_UPDATE=1` in the environment it is written instead.
    ///
    /// # Panics
    ///
    /// When the file is not there, cannot be read or written, or says something else: then with the changes, and with
    /// those first that break a rule or a dashboard.
    #[track_caller]
    #[allow(clippy::panic, reason = "an assertion")]
    pub fn assert_current(&self, path: impl AsRef<Path>) {
        let path = path.as_ref();
        let extension = path.extension().and_then(|extension| extension.to_str());
        let (text, changes) = match extension {
            Some("md") => (self.to_markdown(), None),
            Some("json") => (self.to_json(), Some(|old: &str| self.changes_since_json(old))),
            _ => panic!("{}: name a file that ends in `.md` or `.json`", path.display()),
        };
        if let Err(problem) = file::assert_current(path, &text, |old| changes.map_or_else(String::new, |of| of(old))) {
            panic!("{problem}");
        }
    }

    fn changes_since_json(&self, old: &str) -> String {
        match Self::from_json(old) {
            Ok(old) => Change::list(&old.changes_to(self)),
            Err(error) => format!("\n  (the old file cannot be compared: {error})"),
        }
    }
}

impl Entry {
    fn of(descriptor: &Descriptor) -> Self {
        let owned = |text: &str| text.to_owned();
        // Several instances are one family, with a label more.
        let instances = descriptor
            .instance
            .iter()
            .map(|instance| (instance.label, instance.values));
        let instance_count = descriptor.instance.map_or(1, |instance| instance.values.len());
        let labels = descriptor.labels.iter().map(|label| (label.name, label.values));
        Self {
            name: owned(descriptor.name),
            kind: owned(descriptor.kind.as_str()),
            unit: descriptor.unit.map(owned),
            help: owned(descriptor.help),
            labels: instances
                .chain(labels)
                .map(|(name, values)| (owned(name), values.iter().copied().map(owned).collect()))
                .collect(),
            constant_labels: descriptor
                .constant_labels
                .iter()
                .map(|(name, value)| (owned(name), owned(value)))
                .collect(),
            buckets: descriptor.buckets.to_vec(),
            native: descriptor.native,
            quantiles: descriptor.quantiles.to_vec(),
            slo: descriptor.slo.to_vec(),
            max_series: descriptor.max_series().saturating_mul(instance_count),
            form: form(descriptor),
            deprecated: descriptor.deprecated.map(owned),
            renamed_to: descriptor.renamed_to.map(owned),
            // On Windows the compiler writes the other slash, and a committed file has one.
            file: descriptor.declared_at.map(|(file, _)| file.replace('\\', "/")),
        }
    }
}

/// In which form the series are kept, and why.
fn form(descriptor: &Descriptor) -> Option<String> {
    let (series, most) = (descriptor.max_series(), Form::MOST_DENSE);
    match (descriptor.form, descriptor.is_wide()) {
        (Form::Sparse, true) => Some(format!("sparse: {series} series are more than {most}")),
        (Form::Sparse, false) => Some("sparse: declared so".to_owned()),
        (Form::Dense, true) => Some(format!(
            "dense: not declared sparse, though {series} series are more than {most}"
        )),
        (Form::Dense, false) => None,
    }
}
