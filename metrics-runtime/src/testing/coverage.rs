use std::collections::BTreeSet;
use std::fmt;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use super::Samples;
use crate::catalog::Catalog;
use crate::descriptor::Descriptor;
use crate::exposition::escape::write_escaped_label_value;
use crate::label::Overflows;

/// Which declared metrics and label values a test suite recorded.
///
/// A metric that no test records may be one that the program does not record either: the rule that waits for it never
/// fires. Tests run in many processes, so each leaves a note in a folder, and one looks at all notes afterwards:
///
/// ```no_run
/// # use enumetrics_runtime::testing::Coverage;
/// # static METRICS: enumetrics_runtime::Catalog<'static> = enumetrics_runtime::Catalog::__new(&[], &[]);
/// fn a_test() {
///     let _coverage = Coverage::note(&METRICS, "target/metrics-coverage"); // written when it is dropped
///     // …
/// }
///
/// fn after_all_others() {
///     Coverage::read("target/metrics-coverage").unwrap().assert_complete(&METRICS);
/// }
/// ```
///
/// A series counts as recorded when its value is not 0 at the end of a test, so that a gauge that comes back to 0 must
/// be noted while it is up. Empty the folder before a run; what is in it stays.
#[derive(Clone, Debug, Default)]
pub struct Coverage {
    recorded: BTreeSet<String>,
}

/// Writes its note when it is dropped; made by [`Coverage::note`].
#[must_use = "the note is written when it is dropped: give it a name, such as `_coverage`"]
#[derive(Debug)]
pub struct Note<'a> {
    catalog: &'a Catalog<'a>,
    folder: PathBuf,
}

impl Coverage {
    /// Notes in the folder, which is made if it is not there, what was recorded until the guard is dropped.
    pub fn note<'a>(catalog: &'a Catalog<'a>, folder: impl Into<PathBuf>) -> Note<'a> {
        Note {
            catalog,
            folder: folder.into(),
        }
    }

    /// What the notes in a folder say.
    ///
    /// # Errors
    ///
    /// [`CoverageError`] when the folder or a file in it cannot be read.
    pub fn read(folder: impl AsRef<Path>) -> Result<Self, CoverageError> {
        let error = |path: &Path| {
            let path = path.to_owned();
            move |error| CoverageError { path, error }
        };
        let folder = folder.as_ref();
        let mut recorded = BTreeSet::new();
        for entry in std::fs::read_dir(folder).map_err(error(folder))? {
            let path = entry.map_err(error(folder))?.path();
            let text = std::fs::read_to_string(&path).map_err(error(&path))?;
            recorded.extend(text.lines().map(str::to_owned));
        }
        Ok(Self { recorded })
    }

    /// What the catalog holds now, for a suite that runs in one process.
    #[must_use]
    pub fn of(catalog: &Catalog<'_>) -> Self {
        let samples = Samples::of(catalog);
        let recorded = samples.iter().filter(|(_, value)| *value != 0.0);
        Self {
            recorded: recorded.map(|(series, _)| series.to_owned()).collect(),
        }
    }

    /// The metrics of the catalog that nobody recorded, and of the others the label values that nobody recorded.
    #[must_use]
    pub fn unrecorded(&self, catalog: &Catalog<'_>) -> Vec<Unrecorded> {
        let mut unrecorded = Vec::new();
        // A former name shows the same cells; what the catalog counts by itself is no test's to record.
        let is_own = |family: &&Descriptor| {
            family.renamed_to.is_none() && family.name != Overflows::NAME && !family.is_repeated()
        };
        for family in catalog.descriptors().filter(is_own) {
            let series: Vec<_> = self.recorded.iter().filter(|series| is_of(series, family)).collect();
            if series.is_empty() {
                unrecorded.push(Unrecorded {
                    metric: family.name,
                    label: None,
                });
                continue;
            }
            let instances = family.instance.iter().map(|instance| (instance.label, instance.values));
            let labels = family.labels.iter().map(|label| (label.name, label.values));
            for (label, values) in instances.chain(labels) {
                for value in values {
                    let pair = pair(label, value);
                    let has_pair = |series: &&&String| {
                        let labels = series.split_once('{').map_or("", |(_, labels)| labels);
                        labels
                            .match_indices(&pair)
                            .any(|(at, _)| at == 0 || labels[..at].ends_with(','))
                    };
                    if !series.iter().any(|series| has_pair(&series)) {
                        unrecorded.push(Unrecorded {
                            metric: family.name,
                            label: Some((label, value)),
                        });
                    }
                }
            }
        }
        unrecorded
    }

    /// Everything that the catalog declares must have been recorded.
    ///
    /// # Panics
    ///
    /// When something was not: with a list of it.
    #[track_caller]
    pub fn assert_complete(&self, catalog: &Catalog<'_>) {
        let unrecorded = self.unrecorded(catalog);
        let list: String = unrecorded.iter().map(|what| format!("\n  {what}")).collect();
        assert!(unrecorded.is_empty(), "declared, but recorded by no test:{list}");
    }
}

/// `name="value"`, as it is written in a scrape.
fn pair(name: &str, value: &str) -> String {
    let mut pair = format!("{name}=\"").into_bytes();
    write_escaped_label_value(&mut pair, value);
    pair.push(b'"');
    String::from_utf8_lossy(&pair).into_owned()
}

/// Whether a series, as it is written in a scrape, is one of the family's.
fn is_of(series: &str, family: &Descriptor) -> bool {
    let name = series.split('{').next().unwrap_or(series);
    let suffixes = family.kind.sample_suffixes().iter();
    name.strip_prefix(family.name)
        .is_some_and(|rest| suffixes.clone().any(|suffix| *suffix == rest))
}

impl Drop for Note<'_> {
    fn drop(&mut self) {
        // A test that failed says so itself.
        if let Err(error) = self.write()
            && !std::thread::panicking()
        {
            #[allow(clippy::panic, reason = "a test that cannot leave its note must not pass unseen")]
            {
                panic!("{}: {error}", self.folder.display());
            }
        }
    }
}

impl Note<'_> {
    fn write(&self) -> io::Result<()> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        std::fs::create_dir_all(&self.folder)?;
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let mut file = std::fs::File::create_new(self.folder.join(format!("{}-{count}", std::process::id())))?;
        let text: String = Coverage::of(self.catalog)
            .recorded
            .into_iter()
            .map(|series| series + "\n")
            .collect();
        file.write_all(text.as_bytes())
    }
}

/// Something that is declared and was not recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unrecorded {
    /// The metric's name.
    pub metric: &'static str,
    /// The label and the value that it was never recorded with; none where it was not recorded at all.
    pub label: Option<(&'static str, &'static str)>,
}

impl fmt::Display for Unrecorded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.label {
            None => f.write_str(self.metric),
            Some((name, value)) => write!(f, "{}{{{name}={value:?}}}", self.metric),
        }
    }
}

/// A folder of notes that cannot be read.
#[derive(Debug)]
pub struct CoverageError {
    path: PathBuf,
    error: io::Error,
}

impl fmt::Display for CoverageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot read the coverage notes in {}", self.path.display())
    }
}

impl std::error::Error for CoverageError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.error)
    }
}
