use std::fmt;

use super::{Catalogue, Entry};
use crate::metric::NativeBuckets;

/// What is different in a metric of a newer catalogue.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Change {
    /// The metric's name.
    pub metric: String,
    /// What changed.
    pub difference: Difference,
}

/// A difference between two catalogues, in one metric.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Difference {
    /// The metric is new.
    Added,
    /// The metric is gone. (One that was renamed, and is exported under its former name too, is not.)
    Removed,
    /// Its kind was the first and is the second.
    Kind(String, String),
    /// Its unit was the first and is the second.
    Unit(Option<String>, Option<String>),
    /// It has a new label: its series are other series, and do not match those of other metrics one to one.
    LabelAdded(String),
    /// It lost a label.
    LabelRemoved(String),
    /// A label has a new value.
    ValueAdded(String, String),
    /// A label lost a value.
    ValueRemoved(String, String),
    /// A label that all series have was the first value and is the second.
    ConstantLabel(String, Option<String>, Option<String>),
    /// A histogram has a new bucket.
    BucketAdded(f64),
    /// A histogram lost a bucket.
    BucketRemoved(f64),
    /// A histogram has native buckets now.
    NativeAdded,
    /// A histogram has native buckets no longer.
    NativeRemoved,
    /// The native buckets of a histogram are laid out in another way.
    Native(NativeBuckets, NativeBuckets),
    /// A summary has a new quantile.
    QuantileAdded(f64),
    /// A summary lost a quantile.
    QuantileRemoved(f64),
    /// An objective lies on another bound.
    Slo(Vec<f64>, Vec<f64>),
    /// It is deprecated now.
    Deprecated,
    /// It has another help text.
    Help,
}

impl Difference {
    /// Whether a rule or a dashboard that was right before may be wrong now.
    #[must_use]
    pub const fn breaks(&self) -> bool {
        match self {
            Self::Removed
            | Self::Kind(..)
            | Self::Unit(..)
            | Self::LabelAdded(_)
            | Self::LabelRemoved(_)
            | Self::ValueRemoved(..)
            | Self::ConstantLabel(..)
            | Self::BucketRemoved(_)
            | Self::NativeRemoved
            | Self::QuantileRemoved(_) => true,
            Self::Added
            | Self::ValueAdded(..)
            | Self::BucketAdded(_)
            | Self::NativeAdded
            | Self::Native(..)
            | Self::QuantileAdded(_)
            | Self::Slo(..)
            | Self::Deprecated
            | Self::Help => false,
        }
    }
}

impl Catalogue {
    /// What a newer catalogue changes, those differences first that [break](Difference::breaks) something.
    ///
    /// ```
    /// use enumetrics_runtime::catalogue::Catalogue;
    ///
    /// let metric = r#"{"name": "x_total", "kind": "counter", "help": "X.", "labels": [], "constant_labels": [],
    ///     "buckets": [], "quantiles": [], "slo": [], "max_series": 1}"#;
    /// let old = Catalogue::from_json(&format!(r#"{{"metrics": [{metric}]}}"#))?;
    /// let new = Catalogue::from_json(r#"{"metrics": []}"#)?;
    ///
    /// let changes = old.changes_to(&new);
    /// assert!(changes[0].difference.breaks());
    /// assert_eq!(changes[0].to_string(), "x_total: removed (breaks what uses it)");
    /// # Ok::<(), enumetrics_runtime::catalogue::CatalogueError>(())
    /// ```
    #[must_use]
    pub fn changes_to(&self, newer: &Self) -> Vec<Change> {
        let mut changes = Vec::new();
        let find = |catalogue: &'_ Self, name: &str| catalogue.metrics.iter().position(|metric| metric.name == name);
        for old in &self.metrics {
            let mut note = |difference| {
                changes.push(Change {
                    metric: old.name.clone(),
                    difference,
                });
            };
            match find(newer, &old.name) {
                Some(at) => differences(old, &newer.metrics[at], &mut note),
                None => note(Difference::Removed),
            }
        }
        let added = newer.metrics.iter().filter(|new| find(self, &new.name).is_none());
        changes.extend(added.map(|new| Change {
            metric: new.name.clone(),
            difference: Difference::Added,
        }));
        changes.sort_by_key(|change| !change.difference.breaks());
        changes
    }
}

fn differences(old: &Entry, new: &Entry, note: &mut impl FnMut(Difference)) {
    if old.kind != new.kind {
        note(Difference::Kind(old.kind.clone(), new.kind.clone()));
    }
    if old.unit != new.unit {
        note(Difference::Unit(old.unit.clone(), new.unit.clone()));
    }
    for (name, values) in &old.labels {
        match new.labels.iter().find(|(other, _)| other == name) {
            None => note(Difference::LabelRemoved(name.clone())),
            Some((_, new_values)) => {
                for value in missing_in(values, new_values) {
                    note(Difference::ValueRemoved(name.clone(), value.clone()));
                }
                for value in missing_in(new_values, values) {
                    note(Difference::ValueAdded(name.clone(), value.clone()));
                }
            }
        }
    }
    for (name, _) in &new.labels {
        if !old.labels.iter().any(|(other, _)| other == name) {
            note(Difference::LabelAdded(name.clone()));
        }
    }
    let mut constant: Vec<_> = old
        .constant_labels
        .iter()
        .chain(&new.constant_labels)
        .map(|(name, _)| name)
        .collect();
    constant.sort();
    constant.dedup();
    for name in constant {
        let value = |entry: &Entry| {
            let label = entry.constant_labels.iter().find(|(other, _)| other == name);
            label.map(|(_, value)| value.clone())
        };
        if value(old) != value(new) {
            note(Difference::ConstantLabel(name.clone(), value(old), value(new)));
        }
    }
    for bound in missing_in(&old.buckets, &new.buckets) {
        note(Difference::BucketRemoved(*bound));
    }
    for bound in missing_in(&new.buckets, &old.buckets) {
        note(Difference::BucketAdded(*bound));
    }
    match (old.native, new.native) {
        (None, Some(_)) => note(Difference::NativeAdded),
        (Some(_), None) => note(Difference::NativeRemoved),
        (Some(old), Some(new)) if old != new => note(Difference::Native(old, new)),
        _ => {}
    }
    for quantile in missing_in(&old.quantiles, &new.quantiles) {
        note(Difference::QuantileRemoved(*quantile));
    }
    for quantile in missing_in(&new.quantiles, &old.quantiles) {
        note(Difference::QuantileAdded(*quantile));
    }
    if old.slo != new.slo {
        note(Difference::Slo(old.slo.clone(), new.slo.clone()));
    }
    if old.deprecated.is_none() && new.deprecated.is_some() {
        note(Difference::Deprecated);
    }
    if old.help != new.help {
        note(Difference::Help);
    }
}

fn missing_in<'a, T: PartialEq>(these: &'a [T], those: &'a [T]) -> impl Iterator<Item = &'a T> {
    these.iter().filter(|this| !those.contains(this))
}

impl Change {
    /// One on a line, each after a line break.
    pub(super) fn list(changes: &[Self]) -> String {
        changes.iter().map(|change| format!("\n  {change}")).collect()
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let breaks = if self.difference.breaks() {
            " (breaks what uses it)"
        } else {
            ""
        };
        write!(f, "{}: {}{breaks}", self.metric, self.difference)
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let or_none = |value: &Option<String>| value.clone().unwrap_or_else(|| "none".to_owned());
        match self {
            Self::Added => write!(f, "added"),
            Self::Removed => write!(f, "removed"),
            Self::Kind(old, new) => write!(f, "a {old} became a {new}"),
            Self::Unit(old, new) => write!(f, "the unit {} became {}", or_none(old), or_none(new)),
            Self::LabelAdded(name) => write!(f, "label '{name}' added"),
            Self::LabelRemoved(name) => write!(f, "label '{name}' removed"),
            Self::ValueAdded(name, value) => write!(f, "label '{name}' has the new value '{value}'"),
            Self::ValueRemoved(name, value) => write!(f, "label '{name}' lost the value '{value}'"),
            Self::ConstantLabel(name, old, new) => {
                write!(
                    f,
                    "label '{name}' of all series was {} and is {}",
                    or_none(old),
                    or_none(new)
                )
            }
            Self::BucketAdded(bound) => write!(f, "bucket {bound} added"),
            Self::BucketRemoved(bound) => write!(f, "bucket {bound} removed"),
            Self::NativeAdded => write!(f, "native buckets added"),
            Self::NativeRemoved => write!(f, "native buckets removed"),
            Self::Native(old, new) => write!(f, "native buckets of {old} are of {new} now"),
            Self::QuantileAdded(quantile) => write!(f, "quantile {quantile} added"),
            Self::QuantileRemoved(quantile) => write!(f, "quantile {quantile} removed"),
            Self::Slo(old, new) => write!(f, "objectives at {old:?} are at {new:?} now"),
            Self::Deprecated => write!(f, "deprecated"),
            Self::Help => write!(f, "another help text"),
        }
    }
}
