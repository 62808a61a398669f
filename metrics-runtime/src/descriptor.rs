//! What is known of a metric before the program runs.

use std::fmt;

/// The kind of a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// A number that only grows.
    Counter,
    /// A number that goes up and down.
    Gauge,
    /// Observations counted in buckets, with their sum and count.
    Histogram,
    /// The sum and the count of observations, and where wanted their quantiles.
    Summary,
    /// Texts that are set when the program starts, as labels of a 1.
    Info,
    /// Which of several states is the current one.
    StateSet,
}

impl Kind {
    /// The kind's name in OpenMetrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
            Self::Summary => "summary",
            Self::Info => "info",
            Self::StateSet => "stateset",
        }
    }

    /// The kind's name in Prometheus' text format 0.0.4, in which some are gauges.
    pub(crate) const fn as_text_type(self) -> &'static str {
        match self {
            Self::Info | Self::StateSet => "gauge",
            kind => kind.as_str(),
        }
    }

    /// The kind in a sentence.
    pub(crate) const fn with_article(self) -> &'static str {
        match self {
            Self::Counter => "a counter",
            Self::Gauge => "a gauge",
            Self::Histogram => "a histogram",
            Self::Summary => "a summary",
            Self::Info => "an info metric",
            Self::StateSet => "a state set",
        }
    }

    /// How many samples one combination of label values has, with so many buckets or quantiles.
    pub(crate) const fn samples(self, numbered: usize) -> usize {
        match self {
            Self::Counter | Self::Gauge | Self::Info | Self::StateSet => 1,
            // The buckets, `+Inf`, the sum and the count.
            Self::Histogram => numbered + 3,
            // The quantiles, the sum and the count.
            Self::Summary => numbered + 2,
        }
    }

    /// What is appended to the family's name in its samples; an empty text is the name itself.
    pub(crate) const fn sample_suffixes(self) -> &'static [&'static str] {
        match self {
            Self::Counter | Self::Gauge | Self::Info | Self::StateSet => &[""],
            // The bare name of a classic histogram is no sample, but nothing else can be called so.
            Self::Histogram => &["", "_bucket", "_sum", "_count"],
            Self::Summary => &["", "_sum", "_count"],
        }
    }
}

/// One label of a metric: its name and all its values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LabelDescriptor {
    /// The label's name.
    pub name: &'static str,
    /// All values that can occur, in the order in which they are exported. None where the program sets the only one at
    /// run time, as an info metric's.
    pub values: &'static [&'static str],
    /// Whether some value has a character that the exposition formats escape.
    pub(crate) escape: bool,
}

impl LabelDescriptor {
    /// For the macros.
    #[doc(hidden)]
    #[must_use]
    pub const fn new(name: &'static str, values: &'static [&'static str]) -> Self {
        let mut escape = false;
        let mut value = 0;
        while value < values.len() {
            let bytes = values[value].as_bytes();
            let mut at = 0;
            while at < bytes.len() {
                escape |= matches!(bytes[at], b'\\' | b'"' | b'\n');
                at += 1;
            }
            value += 1;
        }
        Self { name, values, escape }
    }
}

/// One combination of label values, by its position among all: written as `endpoint="verify",reason="ip_limit"`.
#[derive(Clone, Copy)]
pub(crate) struct Combination {
    pub(crate) labels: &'static [LabelDescriptor],
    pub(crate) index: usize,
}

impl Combination {
    /// Each label with its value in this combination. The last label varies fastest.
    pub(crate) fn pairs(self) -> impl Iterator<Item = (&'static LabelDescriptor, &'static str)> {
        // How many combinations the labels that are still to come have.
        let mut faster: usize = self.labels.iter().map(|label| label.values.len()).product();
        let mut rest = self.index;
        self.labels.iter().map(move |label| {
            faster /= label.values.len();
            let value = rest / faster;
            rest %= faster;
            (label, label.values[value])
        })
    }
}

impl fmt::Debug for Combination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, (label, value)) in self.pairs().enumerate() {
            let comma = if position == 0 { "" } else { "," };
            write!(f, "{comma}{}={value:?}", label.name)?;
        }
        Ok(())
    }
}

/// One metric family as it is declared: name, help, kind, labels, buckets and quantiles.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Descriptor {
    /// The full name: namespace, subsystem and field, joined by `_`.
    pub name: &'static str,
    /// The text of the `# HELP` line.
    pub help: &'static str,
    /// The kind.
    pub kind: Kind,
    /// The labels, in the order in which they are written. A state set's own is the last, and called like the family.
    pub labels: &'static [LabelDescriptor],
    /// The finite upper bounds of a histogram's buckets, increasing; empty for other kinds.
    pub buckets: &'static [f64],
    /// The quantiles of a summary, increasing; empty for other kinds.
    pub quantiles: &'static [f64],
}

impl Descriptor {
    /// For the macros.
    #[doc(hidden)]
    #[must_use]
    pub const fn new(name: &'static str, help: &'static str, kind: Kind, labels: &'static [LabelDescriptor]) -> Self {
        Self {
            name,
            help,
            kind,
            labels,
            buckets: &[],
            quantiles: &[],
        }
    }

    /// The same with these bucket bounds, for the macros.
    #[doc(hidden)]
    #[must_use]
    pub const fn with_buckets(self, buckets: &'static [f64]) -> Self {
        Self { buckets, ..self }
    }

    /// The same with these quantiles, for the macros.
    #[doc(hidden)]
    #[must_use]
    pub const fn with_quantiles(self, quantiles: &'static [f64]) -> Self {
        Self { quantiles, ..self }
    }

    /// How many combinations of label values there are.
    #[must_use]
    pub const fn combinations(&self) -> usize {
        let mut product = 1_usize;
        let mut label = 0;
        while label < self.labels.len() {
            let values = self.labels[label].values.len();
            product = product.saturating_mul(if values == 0 { 1 } else { values });
            label += 1;
        }
        product
    }

    /// The most time series that this family can export: what Prometheus counts as samples of one scrape. A
    /// histogram has one for each finite bucket, the `+Inf` bucket, the sum and the count; a summary one for each
    /// quantile, the sum and the count.
    #[must_use]
    pub const fn max_series(&self) -> usize {
        self.combinations()
            .saturating_mul(self.kind.samples(self.buckets.len() + self.quantiles.len()))
    }
}

/// The most time series that all these families can export together.
pub const fn max_series(descriptors: &[Descriptor]) -> usize {
    let mut sum = 0_usize;
    let mut at = 0;
    while at < descriptors.len() {
        sum = sum.saturating_add(descriptors[at].max_series());
        at += 1;
    }
    sum
}
