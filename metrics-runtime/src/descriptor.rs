//! What is known of a metric before the program runs.

use std::fmt;
use std::ops::Range;

use crate::label::{Impossible, Open};
use crate::metric::NativeBuckets;

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
    /// Nobody says what it is: only what others export can be so.
    Unknown,
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
            Self::Unknown => "unknown",
        }
    }

    /// The kind's name in Prometheus' text format 0.0.4, in which some are gauges.
    pub(crate) const fn as_text_type(self) -> &'static str {
        match self {
            Self::Info | Self::StateSet => "gauge",
            Self::Unknown => "untyped",
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
            Self::Unknown => "of unknown kind",
        }
    }

    /// How many samples one combination of label values has, with so many buckets or quantiles.
    pub(crate) const fn samples(self, numbered: usize) -> usize {
        match self {
            Self::Counter | Self::Gauge | Self::Info | Self::StateSet | Self::Unknown => 1,
            // The buckets, `+Inf`, the sum and the count.
            Self::Histogram => numbered + 3,
            // The quantiles, the sum and the count.
            Self::Summary => numbered + 2,
        }
    }

    /// What is appended to the family's name in its samples; an empty text is the name itself.
    pub(crate) const fn sample_suffixes(self) -> &'static [&'static str] {
        match self {
            Self::Counter | Self::Gauge | Self::Info | Self::StateSet | Self::Unknown => &[""],
            // The bare name of a classic histogram is no sample, but nothing else can be called so.
            Self::Histogram => &["", "_bucket", "_sum", "_count"],
            Self::Summary => &["", "_sum", "_count"],
        }
    }

    /// What no other family may be called: the samples, and the times of creation that OpenMetrics may have beside them. (A
    /// counter's have another name than the counter, and are left out where that is taken.)
    pub(crate) const fn claimed_suffixes(self) -> &'static [&'static str] {
        match self {
            Self::Histogram => &["", "_bucket", "_sum", "_count", "_created"],
            Self::Summary => &["", "_sum", "_count", "_created"],
            kind => kind.sample_suffixes(),
        }
    }
}

/// One label of a metric: its name and all its values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LabelDescriptor {
    /// The label's name.
    pub name: &'static str,
    /// All values that can occur, in the order in which they are exported. None where they come while the program runs: the
    /// values of a label that [is open](Self::is_open), and the one of an info metric's.
    pub values: &'static [&'static str],
    /// How many values there can be.
    pub(crate) max_values: usize,
    /// Whether some value has a character that the exposition formats escape.
    pub(crate) escape: bool,
    /// Where the values of an open label are.
    pub(crate) open: Option<&'static Open>,
    /// Which combinations of this label and those after it are declared impossible: on a set's first label, so that it
    /// goes wherever the set's labels go.
    pub(crate) impossible: Option<&'static Impossible>,
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
        Self {
            name,
            values,
            // An info metric's is set at run time.
            max_values: if values.is_empty() { 1 } else { values.len() },
            escape,
            open: None,
            impossible: None,
        }
    }

    /// For the macros: a label whose values come while the program runs.
    #[doc(hidden)]
    #[must_use]
    pub const fn open(open: &'static Open) -> Self {
        Self {
            name: open.name,
            values: &[],
            max_values: open.max + 1,
            escape: true,
            open: Some(open),
            impossible: None,
        }
    }

    /// Whether the values become known only while the program runs, as `open_label!` declares it.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// How many values there can be: all of them, or those that an open label has room for and the one for the rest.
    #[must_use]
    pub const fn max_values(&self) -> usize {
        self.max_values
    }

    /// The value at a position, unless it is one of an open label that nobody interned, or that was removed.
    pub(crate) fn value(&self, position: usize) -> Option<&'static str> {
        match self.values.get(position) {
            Some(value) => Some(value),
            None => self.open?.exported(position),
        }
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
        self.positions()
            .map(|(label, position, _)| (label, label.value(position).unwrap_or_default()))
    }

    /// Whether it is in a scrape, where nothing was recorded if it `is_zero`.
    ///
    /// All are, but those with a value of an open label that is not there, and those that are declared impossible and
    /// are still zero: a declaration that is wrong must be seen.
    pub(crate) fn is_exported(self, is_zero: bool) -> bool {
        self.next_present() == self.index && !(is_zero && self.is_impossible())
    }

    /// The index of the next combination whose values may all be there, which is this one if they are: those that have a
    /// missing value in common stand one after the other.
    pub(crate) fn next_present(self) -> usize {
        self.positions()
            .find(|(label, position, _)| label.value(*position).is_none())
            .map_or(self.index, |(_, _, alike)| (self.index / alike + 1) * alike)
    }

    /// Whether it is declared impossible.
    pub(crate) fn is_impossible(self) -> bool {
        let Some(impossible) = self.labels.first().and_then(|first| first.impossible) else {
            return false;
        };
        let mut positions = [0; Impossible::MOST_LABELS];
        for (place, (_, position, _)) in positions.iter_mut().zip(self.positions()) {
            *place = position;
        }
        impossible.matches(&positions)
    }

    /// Each label with the position of its value, and how many combinations have this value and those before it.
    pub(crate) fn positions(self) -> impl Iterator<Item = (&'static LabelDescriptor, usize, usize)> {
        // How many combinations the labels that are still to come have.
        let mut faster: usize = self.labels.iter().map(LabelDescriptor::max_values).product();
        let mut rest = self.index;
        self.labels.iter().map(move |label| {
            faster /= label.max_values();
            let position = rest / faster;
            rest %= faster;
            (label, position, faster)
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

/// How the cells of a metric's series are kept, and which are exported.
///
/// A counter, histogram or summary of more than [`MOST_DENSE`](Self::MOST_DENSE) series says it itself, or does not compile:
/// one form costs memory and scrapes, the other the zeros, and nobody else can know what a program can do without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Form {
    /// All are there from the start: `#[metric(dense)]`, or without a word for what is not as wide.
    Dense,
    /// Each is there, and has cells, once something was recorded with it: `#[metric(sparse)]`.
    Sparse,
}

impl Form {
    /// The most series of a metric that is dense without saying so. Each thread that records has cells for all of them, and
    /// each scrape a line: some 80 KB and 1 MB for 10 000.
    pub const MOST_DENSE: usize = 10_000;
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
    /// The native buckets of a histogram, beside the others or instead of them.
    pub native: Option<NativeBuckets>,
    /// The quantiles of a summary, increasing; empty for other kinds.
    pub quantiles: &'static [f64],
    /// The base unit, in plural as the name has it: what `unit = "…"` says, or the unit that the name ends in.
    pub unit: Option<&'static str>,
    /// Labels that all series have, with their values.
    pub constant_labels: &'static [(&'static str, &'static str)],
    /// The bucket bounds on which an objective lies.
    pub slo: &'static [f64],
    /// What to use instead, where the metric is deprecated; the text may be empty.
    pub deprecated: Option<&'static str>,
    /// The name that replaces this one, where the metric is exported under its former name too.
    pub renamed_to: Option<&'static str>,
    /// The file and line of the declaration.
    pub declared_at: Option<(&'static str, u32)>,
    /// How many labels, the first ones, decide what is exported: only series whose values of them something was recorded
    /// with. Nothing where all series are exported from the first scrape.
    pub touched: Option<usize>,
    /// How the cells of its series are kept.
    pub form: Form,
    /// Which of several instances it is of.
    pub(crate) instance: Option<Instance>,
}

/// One of several instances of a struct, told apart by the value of a label.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Instance {
    pub(crate) label: &'static str,
    /// Those of all instances.
    pub(crate) values: &'static [&'static str],
    /// That of this one.
    pub(crate) position: usize,
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
            native: None,
            quantiles: &[],
            unit: unit_of(name),
            constant_labels: &[],
            slo: &[],
            deprecated: None,
            renamed_to: None,
            declared_at: None,
            touched: None,
            form: Form::Dense,
            instance: None,
        }
    }

    /// The same with these bucket bounds, for the macros.
    #[doc(hidden)]
    #[must_use]
    pub const fn with_buckets(self, buckets: &'static [f64]) -> Self {
        Self { buckets, ..self }
    }

    /// The same with native buckets, for the macros.
    #[doc(hidden)]
    #[must_use]
    pub const fn with_native(self, native: NativeBuckets) -> Self {
        Self {
            native: Some(native),
            ..self
        }
    }

    /// The same with these quantiles, for the macros.
    #[doc(hidden)]
    #[must_use]
    pub const fn with_quantiles(self, quantiles: &'static [f64]) -> Self {
        Self { quantiles, ..self }
    }

    /// The same in this unit, for the macros.
    #[doc(hidden)]
    #[must_use]
    pub const fn with_unit(self, unit: &'static str) -> Self {
        Self {
            unit: Some(unit),
            ..self
        }
    }

    /// The same with labels that all its series have, for the macros.
    #[doc(hidden)]
    #[must_use]
    pub const fn with_constant_labels(self, constant_labels: &'static [(&'static str, &'static str)]) -> Self {
        Self {
            constant_labels,
            ..self
        }
    }

    /// The same with objectives, for the macros.
    #[doc(hidden)]
    #[must_use]
    pub const fn with_slo(self, slo: &'static [f64]) -> Self {
        Self { slo, ..self }
    }

    /// The same with the advice of its `#[deprecated]`, for the macros.
    #[doc(hidden)]
    #[must_use]
    pub const fn deprecated(self, note: &'static str) -> Self {
        Self {
            deprecated: Some(note),
            ..self
        }
    }

    /// The same under the name that it had before, for the macros.
    #[doc(hidden)]
    #[must_use]
    pub const fn also_as(self, name: &'static str, labels: &'static [LabelDescriptor]) -> Self {
        Self {
            name,
            labels,
            renamed_to: Some(self.name),
            ..self
        }
    }

    /// The same with its place in the sources, for the macros.
    #[doc(hidden)]
    #[must_use]
    pub const fn declared_at(self, file: &'static str, line: u32) -> Self {
        Self {
            declared_at: Some((file, line)),
            ..self
        }
    }

    /// The same where only what was touched is exported, for the macros.
    #[doc(hidden)]
    #[must_use]
    pub const fn touched(self, labels: usize) -> Self {
        Self {
            touched: Some(if labels < self.labels.len() {
                labels
            } else {
                self.labels.len()
            }),
            ..self
        }
    }

    /// The same where cells are made at the first recording, for the macros.
    #[doc(hidden)]
    #[must_use]
    pub const fn sparse(self) -> Self {
        Self {
            form: Form::Sparse,
            ..self
        }
    }

    /// The same of one of several instances.
    pub(crate) const fn of_instance(self, instance: Instance) -> Self {
        Self {
            instance: Some(instance),
            ..self
        }
    }

    /// The label that tells several [`Instances`](crate::Instances) of a struct apart, and its value for this one.
    #[must_use]
    pub fn instance(&self) -> Option<(&'static str, &'static str)> {
        let instance = self.instance?;
        Some((instance.label, instance.values.get(instance.position)?))
    }

    /// Whether it is of an instance after the first: the family is described already.
    pub(crate) const fn is_repeated(&self) -> bool {
        matches!(self.instance, Some(Instance { position: 1.., .. }))
    }

    /// The labels whose values all its series have in common.
    pub(crate) fn given_labels<'a>(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        // To be chained with labels that live less long.
        let shorter = |(name, value): (&'static str, &'static str)| -> (&'a str, &'a str) { (name, value) };
        self.constant_labels.iter().copied().chain(self.instance()).map(shorter)
    }

    /// What the `# HELP` line says, in pieces: that the metric is on its way out, and what it is.
    pub(crate) fn help_parts(&self) -> [&'static str; 4] {
        match (self.renamed_to, self.deprecated) {
            (Some(name), _) => ["Renamed to ", name, ". ", self.help],
            (None, Some("")) => ["Deprecated. ", self.help, "", ""],
            (None, Some(note)) => ["Deprecated: ", note, ". ", self.help],
            (None, None) => [self.help, "", "", ""],
        }
    }

    /// How many combinations of label values there are, those that are declared impossible included.
    #[must_use]
    pub const fn combinations(&self) -> usize {
        combinations(self.labels)
    }

    /// The most time series that this family can export: what Prometheus counts as samples of one scrape. A
    /// histogram has one for each finite bucket, the `+Inf` bucket, the sum and the count; a summary one for each
    /// quantile, the sum and the count. Native buckets are one series more. What is declared impossible is not counted.
    #[must_use]
    pub const fn max_series(&self) -> usize {
        possible_combinations(self.labels).saturating_mul(self.samples())
    }

    /// How many time series there are for each combination of label values.
    pub(crate) const fn samples(&self) -> usize {
        self.kind.samples(self.buckets.len() + self.quantiles.len()) + self.native.is_some() as usize
    }

    /// Whether it has so many series that it says in which [form](Form) they are kept.
    #[must_use]
    pub const fn is_wide(&self) -> bool {
        self.max_series() > Form::MOST_DENSE
    }

    /// One of them.
    pub(crate) fn combination(&self, index: usize) -> Combination {
        Combination {
            labels: self.labels,
            index,
        }
    }

    /// Whether every combination is exported, always.
    pub(crate) const fn is_dense(&self) -> bool {
        let mut at = 0;
        while at < self.labels.len() {
            if self.labels[at].open.is_some() || self.labels[at].impossible.is_some() {
                return false;
            }
            at += 1;
        }
        self.touched.is_none()
    }

    /// Whether it is of one of several instances of a struct, of which not all need be exported.
    #[cfg(feature = "rules")]
    pub(crate) const fn is_of_instance(&self) -> bool {
        self.instance.is_some()
    }

    /// The combinations that are exported as soon as something is recorded with one of them, this one included; nothing
    /// where all are exported anyway.
    pub(crate) fn touched_with(&self, index: usize) -> Option<Range<usize>> {
        let deciding = self.touched?;
        let alike = combinations(self.labels.get(deciding..).unwrap_or_default());
        let start = index - index % alike;
        Some(start..start + alike)
    }
}

/// How many combinations of values these labels have.
const fn combinations(labels: &[LabelDescriptor]) -> usize {
    let mut product = 1_usize;
    let mut label = 0;
    while label < labels.len() {
        product = product.saturating_mul(labels[label].max_values());
        label += 1;
    }
    product
}

/// How many of them are not declared impossible.
pub(crate) const fn possible_combinations(labels: &[LabelDescriptor]) -> usize {
    match labels {
        [
            LabelDescriptor {
                impossible: Some(impossible),
                ..
            },
            ..,
        ] => impossible
            .possible
            // What stands behind the set: the label of a state set.
            .saturating_mul(combinations(labels.split_at(impossible.labels).1)),
        _ => combinations(labels),
    }
}

/// The units that names end in by themselves: Prometheus' base units
/// (<https://prometheus.io/docs/practices/naming/#base-units>).
const BASE_UNITS: &[&str] = &[
    "seconds", "bytes", "ratio", "celsius", "meters", "volts", "amperes", "joules", "grams",
];

/// The unit that a name ends in, before `_total`.
pub(crate) const fn unit_of(name: &str) -> Option<&'static str> {
    let name = match without_suffix(name, "total") {
        Some(name) => name,
        None => name,
    };
    let mut at = 0;
    while at < BASE_UNITS.len() {
        if without_suffix(name, BASE_UNITS[at]).is_some() {
            return Some(BASE_UNITS[at]);
        }
        at += 1;
    }
    None
}

/// The name before `_` and this word, if it ends so.
pub(crate) const fn without_suffix<'a>(name: &'a str, word: &str) -> Option<&'a str> {
    let (bytes, word) = (name.as_bytes(), word.as_bytes());
    if bytes.len() < word.len() + 1 {
        return None;
    }
    let (start, end) = bytes.split_at(bytes.len() - word.len());
    let mut at = 0;
    while at < word.len() {
        if end[at] != word[at] {
            return None;
        }
        at += 1;
    }
    match start.split_last() {
        Some((b'_', start)) => Some(name.split_at(start.len()).0),
        _ => None,
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
