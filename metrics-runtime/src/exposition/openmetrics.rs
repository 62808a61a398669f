//! What OpenMetrics 1.0 writes differently from Prometheus' text format.
//!
//! Source: <https://prometheus.io/docs/specs/om/open_metrics_spec/>. Samples are the same; heads are not.

use super::escape::write_escaped_label_value;
use super::head::{Head, Type, write_line};
use crate::descriptor::{Descriptor, Kind, without_suffix};

/// Appends a family's lines of metadata.
///
/// The family of a counter has the name of its samples without `_total`, that of an info metric without `_info`. One
/// whose samples have no such name is of no known type: that is valid, and the samples keep the name that everyone
/// queries.
pub(super) fn write_head(head: &Head<'_>, out: &mut Vec<u8>) {
    let named = match head.kind {
        Type::Known(kind) => family_name(head.name, kind).map(|name| (name, kind.as_str())),
        Type::Untyped => None,
    };
    let (name, kind) = named.unwrap_or((head.name, "unknown"));
    write_line(out, "TYPE", name, |out| out.extend_from_slice(kind.as_bytes()));
    // A name that ends in something else has no unit here, whatever its numbers are.
    if let Some(unit) = head.unit.filter(|unit| without_suffix(name, unit).is_some()) {
        write_line(out, "UNIT", name, |out| out.extend_from_slice(unit.as_bytes()));
    }
    // Here a quote is escaped in every string.
    head.write_help(out, name, write_escaped_label_value);
}

/// What a family is called; nothing where its samples are called as those of no family of this kind.
fn family_name(name: &str, kind: Kind) -> Option<&str> {
    let suffix = match kind {
        Kind::Counter => "_total",
        Kind::Info => "_info",
        Kind::Gauge | Kind::Histogram | Kind::Summary | Kind::StateSet | Kind::Unknown => return Some(name),
    };
    name.strip_suffix(suffix).filter(|name| !name.is_empty())
}

/// What a family is called, if that is not what its samples are called.
pub(crate) fn shortened(name: &str, kind: Kind) -> Option<&str> {
    family_name(name, kind).filter(|family| family.len() < name.len())
}

/// Families that cannot be called what OpenMetrics calls them, because another one is called so: a gauge `sessions`
/// beside a counter `sessions_total`. The counter is written as of unknown type then, under its whole name.
#[derive(Debug, Default)]
pub(crate) struct Ambiguous {
    names: Vec<&'static str>,
    /// All families by name; memory that is used again.
    families: Vec<&'static Descriptor>,
}

impl Ambiguous {
    /// Looks for them among the families of a catalog.
    pub(crate) fn find(&mut self, families: impl Iterator<Item = &'static Descriptor>) {
        self.names.clear();
        self.families.clear();
        self.families.extend(families);
        self.compare();
    }

    /// Apart from [`find`](Self::find), so that sorting is compiled once.
    fn compare(&mut self) {
        self.families.sort_unstable_by_key(|family| family.name);
        for family in &self.families {
            if shortened(family.name, family.kind).is_some_and(|name| self.is_taken(name, family.kind)) {
                self.names.push(family.name);
            }
        }
    }

    /// Adds a family, because somebody outside the catalog has its name.
    #[cfg(all(feature = "exporter", feature = "prometheus"))]
    pub(crate) fn add(&mut self, name: &'static str) {
        self.names.push(name);
    }

    /// Whether a family is one of them, by the name of its samples.
    pub(crate) fn contains(&self, name: &str) -> bool {
        self.names.contains(&name)
    }

    /// Whether a family is called so, or has samples that are.
    fn is_taken(&self, name: &str, kind: Kind) -> bool {
        let family = |name: &str, suffix: &str| {
            let whole = || name.bytes().chain(suffix.bytes());
            let found = self
                .families
                .binary_search_by(|family| family.name.bytes().cmp(whole()));
            found.ok().map(|position| self.families[position])
        };
        let has_sample = |suffix: &&str| {
            let name = name.strip_suffix(*suffix);
            let family = name.and_then(|name| family(name, ""));
            family.is_some_and(|family| family.kind.sample_suffixes().contains(suffix))
        };
        family(name, "").is_some()
            || SUFFIXES.iter().any(has_sample)
            // So would be called when its series started.
            || family(name, "_created").is_some()
            // Both would be called `build`: `build_total` is.
            || kind == Kind::Info && family(name, "_total").is_some_and(|family| family.kind == Kind::Counter)
    }
}

/// What the formats append to the name of a family.
const SUFFIXES: &[&str] = &["_bucket", "_sum", "_count"];
