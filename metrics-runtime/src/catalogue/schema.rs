//! A catalogue as what expressions are checked against.

use enumetrics_promql::{Details, Domain, Family, Labels, MetricKind, Schema};

use super::{Catalogue, Entry};
use crate::descriptor::Kind;

/// A metric of another kind than those that are declared may be anything: it is known by its name alone.
impl Schema for Catalogue {
    fn families(&self) -> Vec<Family> {
        self.metrics.iter().filter_map(family).collect()
    }

    fn recorded(&self) -> Vec<(String, Labels)> {
        let unknown = self.metrics.iter().filter(|entry| kind(entry).is_none());
        unknown.map(|entry| (entry.name.clone(), Labels::default())).collect()
    }

    fn details(&self, family: &str) -> Details {
        let Some(entry) = self.metrics.iter().find(|entry| entry.name == family) else {
            return Details::default();
        };
        let numbered = entry.buckets.len() + entry.quantiles.len();
        let composite = [Kind::Histogram, Kind::Summary]
            .into_iter()
            .find(|kind| kind.as_str() == entry.kind);
        let samples = composite.map_or(1, |kind| kind.samples(numbered)) + usize::from(entry.native.is_some());
        let labels = entry.labels.iter().map(|(_, values)| values.len());
        let all = labels.fold(samples, usize::saturating_mul);
        Details {
            unit: entry.unit.clone(),
            // A sparse one says so; where some combinations are impossible there are fewer series, and where values come
            // while the program runs there is no combination.
            is_always_exported: entry.form.as_ref().is_none_or(|form| form.starts_with("dense"))
                && all > 0
                && entry.max_series == all,
            renamed_to: entry.renamed_to.clone(),
            deprecated: entry.deprecated.clone(),
        }
    }
}

fn family(entry: &Entry) -> Option<Family> {
    let own = entry.labels.iter().map(|(name, values)| {
        let domain = match values.is_empty() {
            true => Domain::Open,
            false => Domain::of(values.iter().map(String::as_str)),
        };
        (name.clone(), domain)
    });
    let constant = entry.constant_labels.iter();
    let constant = constant.map(|(name, value)| (name.clone(), Domain::of([value.as_str()])));
    Some(Family {
        name: entry.name.clone(),
        kind: kind(entry)?,
        labels: own.chain(constant).collect(),
    })
}

fn kind(entry: &Entry) -> Option<MetricKind> {
    let bounds = entry.buckets.clone();
    Some(match entry.kind.as_str() {
        "counter" => MetricKind::Counter,
        "gauge" => MetricKind::Gauge,
        "histogram" if entry.native.is_some() => MetricKind::NativeHistogram { bounds },
        "histogram" => MetricKind::Histogram { bounds },
        "summary" => MetricKind::Summary {
            quantiles: entry.quantiles.clone(),
        },
        "info" => MetricKind::Info,
        "stateset" => MetricKind::StateSet,
        "unknown" | "untyped" => MetricKind::Unknown,
        _ => return None,
    })
}
