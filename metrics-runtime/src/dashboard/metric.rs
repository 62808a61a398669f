//! Metrics as panels show them.

use crate::descriptor::{Descriptor, Kind};

/// How many values of a label a panel shows side by side: of more, those that matter most.
const MANY: usize = 20;

/// A metric family, with what panels want to know of it.
pub(super) struct Metric {
    pub(super) descriptor: &'static Descriptor,
    /// Its labels: the one of several instances first, and not that of a state set which says the state.
    pub(super) labels: Vec<Label>,
    /// Its name in words, without what all metrics of its struct have in common.
    pub(super) title: String,
}

#[derive(Clone, Copy)]
pub(super) struct Label {
    pub(super) name: &'static str,
    /// None where they come while the program runs.
    pub(super) values: &'static [&'static str],
}

impl Label {
    pub(super) fn is_open(self) -> bool {
        self.values.is_empty()
    }

    pub(super) fn is_wide(self) -> bool {
        self.is_open() || self.values.len() > MANY
    }
}

impl Metric {
    pub(super) fn new(descriptor: &'static Descriptor, prefix: &str) -> Self {
        let instance = descriptor.instance.map(|instance| (instance.label, instance.values));
        let own = descriptor.labels.iter().map(|label| (label.name, label.values));
        let labels = instance
            .into_iter()
            .chain(own)
            .map(|(name, values)| Label { name, values });
        let is_state = |label: &Label| descriptor.kind == Kind::StateSet && label.name == descriptor.name;
        Self {
            descriptor,
            labels: labels.filter(|label| !is_state(label)).collect(),
            title: words(stem(descriptor).strip_prefix(prefix).unwrap_or(stem(descriptor))),
        }
    }

    pub(super) fn name(&self) -> &'static str {
        self.descriptor.name
    }

    /// Whether its declaration gives it a label of this name.
    pub(super) fn has_label(&self, name: &str) -> bool {
        let mut constant = self.descriptor.constant_labels.iter();
        self.labels.iter().any(|label| label.name == name) || constant.any(|(label, _)| *label == name)
    }

    /// Whether series of this name are its own.
    pub(super) fn has_series(&self, series: &str) -> bool {
        let suffixes = self.descriptor.kind.sample_suffixes();
        suffixes
            .iter()
            .any(|suffix| series.strip_suffix(suffix) == Some(self.name()))
    }

    /// The name of some of its series.
    pub(super) fn some_series(&self) -> String {
        match self.descriptor.kind {
            Kind::Histogram | Kind::Summary => format!("{}_count", self.name()),
            _ => self.name().to_owned(),
        }
    }

    /// Whether it is the time at which something happened.
    pub(super) fn is_time(&self) -> bool {
        self.descriptor.kind == Kind::Gauge && self.name().ends_with("_timestamp_seconds")
    }
}

/// The metrics of a struct.
pub(super) fn metrics(descriptors: &[&'static Descriptor]) -> Vec<Metric> {
    let each = || {
        descriptors
            .iter()
            .copied()
            .filter(|descriptor| !descriptor.is_repeated())
    };
    let prefix = common_prefix(each().map(|descriptor| descriptor.name));
    each().map(|descriptor| Metric::new(descriptor, prefix)).collect()
}

/// What all names begin with, up to a `_`, so that something is left of each.
fn common_prefix<'a>(mut names: impl Iterator<Item = &'a str>) -> &'a str {
    let Some(first) = names.next() else { return "" };
    let mut prefix = match names.next() {
        None => return "",
        Some(second) => common(first, second),
    };
    for name in names {
        prefix = common(prefix, name);
    }
    &prefix[..prefix.rfind('_').map_or(0, |last| last + 1)]
}

fn common<'a>(a: &'a str, b: &str) -> &'a str {
    let same = a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count();
    a.split_at_checked(same).map_or("", |(same, _)| same)
}

/// The name without what its kind adds, and without a unit that goes without saying.
fn stem(descriptor: &Descriptor) -> &'static str {
    let without = |name: &'static str, suffix: &str| -> &'static str {
        let shorter = name.strip_suffix(suffix).and_then(|name| name.strip_suffix('_'));
        shorter.filter(|shorter| !shorter.is_empty()).unwrap_or(name)
    };
    let name = match descriptor.kind {
        Kind::Counter => without(descriptor.name, "total"),
        Kind::Info => without(descriptor.name, "info"),
        _ => descriptor.name,
    };
    let name = without(without(name, "seconds"), "ratio");
    without(name, "timestamp")
}

/// `rate_limit_hits` and `RateLimitHits` as `Rate limit hits`.
pub(super) fn words(name: &str) -> String {
    let mut text = String::new();
    for c in name.chars() {
        match c {
            '_' | ':' => text.push(' '),
            c if text.is_empty() => text.extend(c.to_uppercase()),
            c if c.is_uppercase() => {
                text.push(' ');
                text.extend(c.to_lowercase());
            }
            c => text.push(c),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{common_prefix, words};

    #[test]
    fn names_become_words() {
        assert_eq!(words("rate_limit_hits"), "Rate limit hits");
        assert_eq!(words("HighErrorRate"), "High error rate");
        assert_eq!(common_prefix(["kyc_a_total", "kyc_b_total"].into_iter()), "kyc_");
        assert_eq!(
            common_prefix(["kyc_a_total", "kyc_a_bytes", "kyc_a"].into_iter()),
            "kyc_"
        );
        assert_eq!(common_prefix(["kyc_a_total"].into_iter()), "");
        assert_eq!(common_prefix(["a", "b"].into_iter()), "");
    }
}
