//! What OpenMetrics 1.0 writes differently from Prometheus' text format.
//!
//! Source: <https://prometheus.io/docs/specs/om/open_metrics_spec/>. Samples are the same; heads are not.

use super::escape::write_escaped_label_value;
use super::head::{Head, Type, write_line};
use crate::descriptor::{Descriptor, Kind, without_suffix};

/// Appends a family's lines of metadata.
///
/// The family of a counter has the name of its samples without `_total`. One whose samples have no such name is of no
/// known type: that is valid, and the samples keep the name that everyone queries.
pub(super) fn write_head(head: &Head<'_>, out: &mut Vec<u8>) {
    let (name, kind) = match head.kind {
        Type::Counter => match family_of_counter(head.name) {
            Some(name) => (name, Type::Counter.as_str()),
            None => (head.name, UNKNOWN),
        },
        Type::Untyped => (head.name, UNKNOWN),
        other => (head.name, other.as_str()),
    };
    write_line(out, "TYPE", name, |out| out.extend_from_slice(kind.as_bytes()));
    // A name that ends in something else has no unit here, whatever its numbers are.
    if let Some(unit) = head.unit.filter(|unit| without_suffix(name, unit).is_some()) {
        write_line(out, "UNIT", name, |out| out.extend_from_slice(unit.as_bytes()));
    }
    // Here a quote is escaped in every string.
    head.write_help(out, name, write_escaped_label_value);
}

const UNKNOWN: &str = "unknown";

/// What a counter's family is called.
pub(crate) fn family_of_counter(name: &str) -> Option<&str> {
    name.strip_suffix("_total").filter(|name| !name.is_empty())
}

/// Counters whose family cannot be called what OpenMetrics calls it, because another family is called so: a gauge
/// `sessions` beside a counter `sessions_total`. Such a counter is written as of unknown type, under its whole name.
#[derive(Debug, Default)]
pub(crate) struct Ambiguous {
    counters: Vec<&'static str>,
    /// All families by name; memory that is used again.
    families: Vec<&'static Descriptor>,
}

impl Ambiguous {
    /// Looks for them among the families of a catalog.
    pub(crate) fn find(&mut self, families: impl Iterator<Item = &'static Descriptor>) {
        self.counters.clear();
        self.families.clear();
        self.families.extend(families);
        self.families.sort_unstable_by_key(|family| family.name);
        for counter in &self.families {
            if counter.kind == Kind::Counter && family_of_counter(counter.name).is_some_and(|name| self.is_taken(name))
            {
                self.counters.push(counter.name);
            }
        }
    }

    /// Adds a counter, because somebody outside the catalog has the name of its family.
    #[cfg(all(feature = "exporter", feature = "prometheus"))]
    pub(crate) fn add(&mut self, counter: &'static str) {
        self.counters.push(counter);
    }

    pub(crate) fn contains(&self, counter: &str) -> bool {
        self.counters.contains(&counter)
    }

    /// Whether a family is called so, or has samples that are.
    fn is_taken(&self, name: &str) -> bool {
        let family = |name: &str| {
            let found = self.families.binary_search_by_key(&name, |family| family.name);
            found.ok().map(|position| self.families[position])
        };
        // Only a counter's samples are called other than itself in one format and not in the other.
        let has_sample = |suffix: &&str| {
            let name = name.strip_suffix(*suffix);
            name.and_then(family)
                .is_some_and(|family| family.kind.sample_suffixes().contains(suffix))
        };
        family(name).is_some() || SUFFIXES.iter().any(has_sample)
    }
}

/// What the formats append to the name of a family.
const SUFFIXES: &[&str] = &["_bucket", "_sum", "_count"];
