//! What is exported says more than the expression alone.

use std::collections::HashMap;

use super::{Facts, Labels, Nature, Numbers, Unit, selector_of};
use crate::ast::{Expr, Matcher, Modifiers, Selector};
use crate::interval::Interval;
use crate::names::Names;
use crate::nearest::nearest;
use crate::schema::{Details, Domain, Family, MetricKind, Part, Schema};

/// A schema looked at for one expression.
pub(crate) struct Exported {
    families: Vec<Family>,
    /// By the names of families.
    details: HashMap<String, Details>,
    recorded: Vec<(String, Labels)>,
    pub(crate) target_labels: Vec<String>,
}

/// What a series' name means.
pub(crate) enum Resolved<'a> {
    Series(&'a Family, Part),
    /// What a rule records.
    Recorded(&'a Labels),
    /// The family is there, but has no such series.
    NoSuchPart(&'a Family),
    Unknown,
}

impl Exported {
    pub(crate) fn new(schema: &dyn Schema) -> Self {
        let families = schema.families();
        let details = families
            .iter()
            .map(|family| (family.name.clone(), schema.details(&family.name)));
        Self {
            details: details.collect(),
            families,
            recorded: schema.recorded(),
            target_labels: schema.target_labels(),
        }
    }

    pub(crate) fn resolve(&self, name: &str) -> Resolved<'_> {
        if let Some((_, labels)) = self.recorded.iter().find(|(recorded, _)| recorded == name) {
            return Resolved::Recorded(labels);
        }
        let family = |name: &str| self.families.iter().find(|family| family.name == name);
        if let Some(family) = family(name) {
            let has_whole = match &family.kind {
                MetricKind::Histogram { .. } => false,
                MetricKind::Summary { quantiles } => !quantiles.is_empty(),
                _ => true,
            };
            return match has_whole {
                true => Resolved::Series(family, Part::Whole),
                false => Resolved::NoSuchPart(family),
            };
        }
        for (suffix, part) in [("_bucket", Part::Bucket), ("_sum", Part::Sum), ("_count", Part::Count)] {
            let Some(family) = name.strip_suffix(suffix).and_then(family) else {
                continue;
            };
            let has_part = match family.kind {
                MetricKind::Histogram { .. } => true,
                MetricKind::NativeHistogram { ref bounds } => !bounds.is_empty(),
                MetricKind::Summary { .. } => part != Part::Bucket,
                _ => false,
            };
            return match has_part {
                true => Resolved::Series(family, part),
                false => Resolved::NoSuchPart(family),
            };
        }
        Resolved::Unknown
    }

    pub(crate) fn details(&self, family: &str) -> Option<&Details> {
        self.details.get(family)
    }

    /// What the values of a family count.
    pub(crate) fn unit(&self, family: &str) -> Option<Unit> {
        let declared = self.details(family).and_then(|details| details.unit.as_deref());
        declared.map(Unit::named).or_else(|| Unit::of_name(family))
    }

    /// The exported name that was probably meant, with the suffix that `name` has.
    pub(crate) fn nearest(&self, name: &str) -> Option<String> {
        let recorded = self.recorded.iter().map(|(name, _)| name.clone());
        let names: Vec<String> = self.families.iter().flat_map(Family::series).chain(recorded).collect();
        let total = format!("{name}_total");
        match names.iter().find(|&series| *series == total) {
            Some(total) => Some(total.clone()),
            None => {
                let names: Vec<_> = names.iter().map(String::as_str).collect();
                nearest(name, &names).map(str::to_owned)
            }
        }
    }

    /// What is known of the series of a selector, given what its name says; nothing of those that are not exported.
    pub(super) fn facts(&self, selector: &Selector, named: &Facts) -> Option<Facts> {
        let (family, part) = match self.resolve(selector.metric().unwrap_or_default()) {
            Resolved::Series(family, part) => (family, part),
            Resolved::Recorded(labels) => {
                let mut facts = named.clone();
                facts.labels = labels.clone();
                facts.labels.select(selector);
                return Some(facts);
            }
            Resolved::NoSuchPart(_) | Resolved::Unknown => return None,
        };
        let is_always_exported = self
            .details(&family.name)
            .is_some_and(|details| details.is_always_exported);
        let mut labels = labels_of(family, part, self);
        labels.select(selector);
        let finds = |matcher: &Matcher| {
            let label = &matcher.label.name;
            label == Matcher::METRIC || labels.values(label).is_some_and(|mut values| values.next().is_some())
        };
        let may_be_empty =
            !is_always_exported || selector.modifiers != Modifiers::default() || !selector.matchers.iter().all(finds);
        Some(Facts {
            nature: nature_of(family, part),
            unit: match part {
                Part::Bucket | Part::Count => Some(Unit::none()),
                Part::Whole | Part::Sum => self.unit(&family.name),
            },
            labels,
            is_complete: is_always_exported,
            may_be_empty,
            ..named.clone().with(numbers_of(family, part))
        })
    }

    /// Whether the values of the series can be those of a counter.
    pub(super) fn may_rise(&self, selector: &Selector) -> bool {
        match self.resolve(selector.metric().unwrap_or_default()) {
            Resolved::Series(family, part) => numbers_of(family, part).interval.least >= 0.0,
            _ => true,
        }
    }

    /// The values of quantiles between 0 and 1 of these buckets.
    pub(super) fn quantiles(&self, buckets: &Expr) -> Option<Interval> {
        Some(match self.quantiled(buckets)?.bounds {
            [first, .., last] | [first @ last] => Interval::new(first.min(0.0), *last),
            [] => Interval::ALL,
        })
    }

    /// The only histogram that a quantile is taken of, if it is exported.
    pub(crate) fn quantiled(&self, buckets: &Expr) -> Option<Quantiled<'_>> {
        let mut found = None;
        let mut others = false;
        buckets.walk(&mut |expr| {
            let Some(selector) = selector_of(expr) else {
                return;
            };
            match self.resolve(selector.metric().unwrap_or_default()) {
                Resolved::Series(family, Part::Bucket) if found.is_none() => {
                    if let MetricKind::Histogram { bounds } | MetricKind::NativeHistogram { bounds } = &family.kind {
                        let name = &family.name;
                        found = Some(Quantiled { name, bounds });
                    }
                }
                _ => others = true,
            }
        });
        found.filter(|_| !others)
    }
}

fn nature_of(family: &Family, part: Part) -> Nature {
    match (&family.kind, part) {
        (_, Part::Bucket) => Nature::Buckets,
        (_, Part::Sum | Part::Count) | (MetricKind::Counter, _) => Nature::Counter,
        (MetricKind::Gauge, _) => Nature::Gauge,
        (MetricKind::Info, _) => Nature::Info,
        (MetricKind::StateSet, _) => Nature::State,
        (MetricKind::Summary { .. }, _) => Nature::Quantile,
        (MetricKind::Histogram { .. } | MetricKind::NativeHistogram { .. } | MetricKind::Unknown, _) => Nature::Unknown,
    }
}

fn labels_of(family: &Family, part: Part, exported: &Exported) -> Labels {
    let own = family.labels.iter().map(|(label, _)| label.as_str());
    let targets = exported.target_labels.iter().map(String::as_str);
    let all = own.chain(targets).chain(family.extra_label(part));
    let mut labels = Labels {
        scraped: exported.target_labels.iter().cloned().collect(),
        ..Labels::only(all.map(str::to_owned).collect())
    };
    for (label, domain) in &family.labels {
        if let Domain::Values(values) = domain {
            labels.values.insert(label, values.iter().cloned().collect());
        }
    }
    let canonical = |numbers: &[f64]| numbers.iter().map(|number| format!("{number:?}")).collect();
    match (part, &family.kind) {
        (Part::Bucket, MetricKind::Histogram { bounds } | MetricKind::NativeHistogram { bounds }) => {
            let mut bounds: Names = canonical(bounds);
            bounds.insert("+Inf");
            labels.values.insert("le", bounds);
        }
        (Part::Whole, MetricKind::Summary { quantiles }) => {
            labels.values.insert("quantile", canonical(quantiles));
        }
        _ => {}
    }
    labels
}

/// What the kind of a metric says of its values.
fn numbers_of(family: &Family, part: Part) -> Numbers {
    match family.kind {
        MetricKind::Info => Numbers::ONE,
        MetricKind::StateSet => Numbers::RATIO,
        // The sum of what a histogram or summary observed can fall, if what is observed is negative.
        _ if part == Part::Sum => Numbers::finite(Interval::ALL),
        _ if family.is_counter(part) => Numbers::POSITIVE,
        _ => Numbers::ANY,
    }
}

/// The classic histogram that a quantile is taken of.
pub(crate) struct Quantiled<'a> {
    pub(crate) name: &'a str,
    pub(crate) bounds: &'a [f64],
}

impl Quantiled<'_> {
    /// No quantile is above it.
    pub(crate) fn top(&self) -> f64 {
        self.bounds.last().copied().unwrap_or(f64::INFINITY)
    }
}
