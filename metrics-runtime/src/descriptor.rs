//! What is known of a metric before the program runs.

use std::fmt;

/// The kind of a metric, as its `# TYPE` line names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// A number that only grows.
    Counter,
    /// A number that goes up and down.
    Gauge,
    /// Observations counted in buckets, with their sum and count.
    Histogram,
}

impl Kind {
    /// The kind's name in the exposition formats.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }

    /// How many samples one combination of label values has.
    pub(crate) const fn samples(self, buckets: usize) -> usize {
        match self {
            Self::Counter | Self::Gauge => 1,
            // The buckets, `+Inf`, the sum and the count.
            Self::Histogram => buckets + 3,
        }
    }

    /// What is appended to the family's name in its samples; an empty text is the name itself.
    pub(crate) const fn sample_suffixes(self) -> &'static [&'static str] {
        match self {
            Self::Counter | Self::Gauge => &[""],
            // The bare name of a classic histogram is no sample, but nothing else can be called so.
            Self::Histogram => &["", "_bucket", "_sum", "_count"],
        }
    }
}

/// One label of a metric: its name and all its values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LabelDescriptor {
    /// The label's name.
    pub name: &'static str,
    /// All values that can occur, in the order in which they are exported.
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

/// One metric family as it is declared: name, help, kind, labels and buckets.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Descriptor {
    /// The full name: namespace, subsystem and field, joined by `_`.
    pub name: &'static str,
    /// The text of the `# HELP` line.
    pub help: &'static str,
    /// The kind.
    pub kind: Kind,
    /// The labels, in the order in which they are written.
    pub labels: &'static [LabelDescriptor],
    /// The finite upper bounds of a histogram's buckets, increasing; empty for other kinds.
    pub buckets: &'static [f64],
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
        }
    }

    /// The same with these bucket bounds, for the macros.
    #[doc(hidden)]
    #[must_use]
    pub const fn with_buckets(self, buckets: &'static [f64]) -> Self {
        Self { buckets, ..self }
    }

    /// How many combinations of label values there are.
    #[must_use]
    pub const fn combinations(&self) -> usize {
        let mut product = 1_usize;
        let mut label = 0;
        while label < self.labels.len() {
            product = product.saturating_mul(self.labels[label].values.len());
            label += 1;
        }
        product
    }

    /// The most time series that this family can export: what Prometheus counts as samples of one scrape. A
    /// histogram has one for each finite bucket, the `+Inf` bucket, the sum and the count.
    #[must_use]
    pub const fn max_series(&self) -> usize {
        self.combinations()
            .saturating_mul(self.kind.samples(self.buckets.len()))
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
