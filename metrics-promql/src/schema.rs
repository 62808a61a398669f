//! What is exported, for the lints that ask.

use crate::meaning::Labels;

/// The metrics that expressions may name.
///
/// ```
/// use enumetrics_promql::{Domain, Family, MetricKind, Schema};
///
/// struct Kyc;
///
/// impl Schema for Kyc {
///     fn families(&self) -> Vec<Family> {
///         vec![Family {
///             name: "kyc_verifications_total".to_owned(),
///             kind: MetricKind::Counter,
///             labels: vec![("status".to_owned(), Domain::of(["VERIFIED", "REJECTED"]))],
///         }]
///     }
/// }
/// ```
pub trait Schema {
    /// All that is exported. It is asked once for each expression.
    fn families(&self) -> Vec<Family>;

    /// What rules record: names, and the labels of each, from [`Linter::labels`](crate::Linter::labels).
    fn recorded(&self) -> Vec<(String, Labels)> {
        Vec::new()
    }

    /// What else is known of a family, which [`families`](Self::families) has by this name.
    fn details(&self, family: &str) -> Details {
        _ = family;
        Details::default()
    }

    /// Labels that Prometheus adds to every series when it scrapes: `job` and `instance`, if nothing else is said.
    fn target_labels(&self) -> Vec<String> {
        ["job", "instance"].map(str::to_owned).to_vec()
    }
}

/// A metric, with all its series.
#[derive(Clone, Debug, PartialEq)]
pub struct Family {
    /// As it is exported: a counter's name ends in `_total`, a histogram's has no suffix.
    pub name: String,
    /// What it is.
    pub kind: MetricKind,
    /// Its own labels, without `le` and `quantile`, and their values.
    pub labels: Vec<(String, Domain)>,
}

/// What else may be known of a metric. Nothing is, by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Details {
    /// What its values count, in the plural, such as `euros`. A base unit that the name ends in is known anyway.
    pub unit: Option<String>,
    /// Whether each combination of label values is exported from the first scrape on, so that a selector that allows one
    /// always finds series.
    pub is_always_exported: bool,
    /// The name that replaces this one.
    pub renamed_to: Option<String>,
    /// What to use instead of it; the text may be empty.
    pub deprecated: Option<String>,
}

/// What a metric is.
#[derive(Clone, Debug, PartialEq)]
pub enum MetricKind {
    /// It only rises, but for restarts.
    Counter,
    /// It rises and falls.
    Gauge,
    /// Classic buckets: `_bucket`, `_sum` and `_count`.
    Histogram {
        /// The upper bounds of the buckets in ascending order, without infinity.
        bounds: Vec<f64>,
    },
    /// Native buckets, in the metric itself; and where there are bounds, classic buckets too.
    NativeHistogram {
        /// The upper bounds of the classic buckets in ascending order, without infinity.
        bounds: Vec<f64>,
    },
    /// `_sum` and `_count`, and quantiles if it has any.
    Summary {
        /// Which quantiles there are.
        quantiles: Vec<f64>,
    },
    /// Always 1; what it says is in its labels.
    Info,
    /// 1 for the state that holds, 0 for the others.
    StateSet,
    /// Nobody says what it is, as where a metric is exposed as `untyped` or `unknown`.
    Unknown,
}

/// The values of a label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Domain {
    /// These and no others.
    Values(Vec<String>),
    /// Anything.
    Open,
}

impl Domain {
    /// These values and no others.
    pub fn of<T: Into<String>>(values: impl IntoIterator<Item = T>) -> Self {
        Self::Values(values.into_iter().map(Into::into).collect())
    }
}

/// Which series of a family a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// The metric itself; of a summary, its quantiles.
    Whole,
    Bucket,
    Sum,
    Count,
}

impl Family {
    /// The names of its series.
    pub(crate) fn series(&self) -> Vec<String> {
        let name = &self.name;
        match &self.kind {
            MetricKind::Histogram { .. } => ["_bucket", "_sum", "_count"]
                .map(|suffix| format!("{name}{suffix}"))
                .to_vec(),
            MetricKind::NativeHistogram { bounds } => {
                let classic: &[&str] = if bounds.is_empty() {
                    &[]
                } else {
                    &["_bucket", "_sum", "_count"]
                };
                let series = [""].iter().chain(classic);
                series.map(|suffix| format!("{name}{suffix}")).collect()
            }
            MetricKind::Summary { quantiles } => {
                let mut series = ["_sum", "_count"].map(|suffix| format!("{name}{suffix}")).to_vec();
                if !quantiles.is_empty() {
                    series.push(name.clone());
                }
                series
            }
            _ => vec![name.clone()],
        }
    }

    /// The label that this part has beside the family's own.
    pub(crate) fn extra_label(&self, part: Part) -> Option<&'static str> {
        match (part, &self.kind) {
            (Part::Bucket, _) => Some("le"),
            (Part::Whole, MetricKind::Summary { .. }) => Some("quantile"),
            _ => None,
        }
    }

    /// Whether it has native buckets.
    pub(crate) fn is_native(&self) -> bool {
        matches!(self.kind, MetricKind::NativeHistogram { .. })
    }

    /// Whether this part only rises.
    pub(crate) fn is_counter(&self, part: Part) -> bool {
        match part {
            Part::Whole => self.kind == MetricKind::Counter || self.is_native(),
            Part::Bucket | Part::Count | Part::Sum => true,
        }
    }
}
