//! Families from several places as one scrape, in which every name occurs once.
//!
//! A scrape in which a family occurs twice, or one bad name, is refused by parsers as a whole, so
//! what does not fit is left out, and a comment in the scrape says what and why:
//!
//! - The catalog is first: it was checked at compile time, and dashboards rely on it.
//! - Families of one name and type become one family, as inside one registry; of two series with
//!   the same labels the first stays.
//! - Whatever else claims a name that is taken is left out. A histogram `x` claims `x_bucket`,
//!   `x_sum` and `x_count` too, a summary `x_sum` and `x_count`.
//! - Names that the format cannot carry, labels and series that occur twice, and buckets and
//!   quantiles that are none are left out. `prometheus` checks its own instruments, but hand-written
//!   collectors may return anything, and the common labels of a registry may repeat a metric's own.

use std::collections::{HashMap, HashSet};
use std::fmt;

use prometheus::proto::{Bucket, LabelPair, Metric, MetricFamily, MetricType};

use super::families::{is_carried_by, type_of, write_head, write_metric};
use super::foreign::NoAnswer;
#[cfg(feature = "protobuf")]
use super::messages;
use super::model;
use crate::catalog::Catalog;
use crate::descriptor::{Descriptor, Kind};
use crate::exposition::openmetrics::{Ambiguous, shortened};
#[cfg(feature = "protobuf")]
use crate::exposition::wire::delimited;
use crate::exposition::{Format, Type, write_comment};

/// The names that a catalog takes, computed once for all scrapes.
#[derive(Debug)]
pub(crate) struct CatalogNames {
    samples: HashSet<String>,
    /// Those families that OpenMetrics calls other than their samples, with what it calls them.
    shortened: Vec<(&'static str, &'static str)>,
    /// What all series are given, but for those that have such a label themselves.
    labels: Vec<(&'static str, &'static str)>,
}

impl CatalogNames {
    pub(crate) fn of(catalog: &Catalog<'_>) -> Self {
        let claimed = |family: &Descriptor| claimed_names(family.name, family.kind.sample_suffixes());
        let shortened = |family: &Descriptor| Some((family.name, shortened(family.name, family.kind)?));
        Self {
            samples: catalog.descriptors().flat_map(claimed).collect(),
            shortened: catalog.descriptors().filter_map(shortened).collect(),
            labels: catalog.labels().to_vec(),
        }
    }
}

/// Where a family comes from, as comments name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The registry that was added as the n-th, counted from 1.
    Registry(usize),
    /// Our own process metrics.
    #[cfg(feature = "process")]
    Process,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Registry(number) => write!(f, "registry {number}"),
            #[cfg(feature = "process")]
            Self::Process => f.write_str("the process metrics"),
        }
    }
}

/// One scrape in the making.
#[derive(Debug)]
pub(crate) struct Merged<'a> {
    catalog: &'a CatalogNames,
    families: Vec<(Origin, MetricFamily)>,
    /// Sample name to the position of the family that claims it.
    claims: HashMap<String, usize>,
    comments: Vec<String>,
    missing: Missing,
}

/// How many registries are left out, and why.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Missing {
    pub(crate) panicked: usize,
    pub(crate) late: usize,
}

impl<'a> Merged<'a> {
    pub(crate) fn new(catalog: &'a CatalogNames) -> Self {
        Self {
            catalog,
            families: Vec::new(),
            claims: HashMap::new(),
            comments: Vec::new(),
            missing: Missing::default(),
        }
    }

    /// Notes that a registry is left out.
    pub(super) fn miss(&mut self, origin: Origin, reason: NoAnswer) {
        let (count, why) = match reason {
            NoAnswer::Panicked => (
                &mut self.missing.panicked,
                "a collector panicked; this program's panic message says where, and the next scrape tries again",
            ),
            NoAnswer::Late => (
                &mut self.missing.late,
                "a collector has not answered in half the time that the scrape may take",
            ),
        };
        *count += 1;
        self.comments.push(format!("left out {origin}: {why}"));
    }

    /// What was left out.
    pub(crate) fn missing(&self) -> Missing {
        self.missing
    }

    /// Whether the catalog or a family that was added claims this name.
    #[cfg(feature = "process")]
    pub(crate) fn claims(&self, name: &str) -> bool {
        self.claims.contains_key(name) || self.catalog.samples.contains(name)
    }

    /// Says something in the scrape that parsers ignore.
    #[cfg(any(test, feature = "process"))]
    pub(crate) fn comment(&mut self, text: String) {
        self.comments.push(text);
    }

    /// Takes a family in, or what of it fits.
    pub(crate) fn add(&mut self, origin: Origin, mut family: MetricFamily) {
        // An instrument with labels that none has used yet; nothing is lost, so nothing is said.
        if family.get_metric().is_empty() {
            return;
        }
        if !is_metric_name(family.name()) {
            let reason = "the text format allows [a-zA-Z_:][a-zA-Z0-9_:]* only";
            return self.leave_out(origin, family.name(), reason);
        }
        self.drop_bad_series(origin, &mut family);
        if family.get_metric().is_empty() {
            return;
        }

        let names = claimed_names(family.name(), suffixes(family.get_field_type()));
        if let Some(taken) = names.iter().find(|name| self.catalog.samples.contains(*name)) {
            let reason = format!("the catalog exports {taken}");
            return self.leave_out(origin, family.name(), &reason);
        }
        let Some(taken) = names.iter().find(|name| self.claims.contains_key(*name)) else {
            let position = self.families.len();
            self.claims.extend(names.into_iter().map(|name| (name, position)));
            return self.families.push((origin, family));
        };
        self.resolve(origin, family, taken);
    }

    /// Whether a format has a place for everything.
    pub(crate) fn is_carried_by(&self, format: Format) -> bool {
        self.families.iter().all(|(_, family)| is_carried_by(family, format))
    }

    /// Leaves away what nobody asked for.
    pub(crate) fn retain(&mut self, is_wanted: impl Fn(&str, &[&str]) -> bool) {
        self.families
            .retain(|(_, family)| is_wanted(family.name(), suffixes(family.get_field_type())));
    }

    /// What is left to do once everything is there: to write it.
    pub(crate) fn finish(self, format: Format, ambiguous: &mut Ambiguous) -> Gathered {
        let of_catalog = self.catalog.shortened.iter();
        for (name, _) in of_catalog.filter(|(_, family)| self.claims.contains_key(*family)) {
            ambiguous.add(name);
        }
        let is_taken = |name: &str| self.claims.contains_key(name) || self.catalog.samples.contains(name);
        let families = self.families.into_iter().map(|(_, family)| {
            let kind = match type_of(&family) {
                Type::Known(kind) if shortened(family.name(), kind).is_some_and(is_taken) => format.ambiguous(kind),
                // OpenMetrics forbids what is no count.
                Type::Known(Kind::Counter) if !family.get_metric().iter().all(is_count) => {
                    format.ambiguous(Kind::Counter)
                }
                kind => kind,
            };
            (kind, family)
        });
        Gathered {
            families: families.collect(),
            comments: self.comments,
            format,
            labels_of_all: &[],
            written: 0,
            series: 0,
        }
    }

    /// A family of the same name and type is joined to the first one, any other left out.
    fn resolve(&mut self, origin: Origin, mut family: MetricFamily, taken: &str) {
        let first = self
            .claims
            .get(taken)
            .and_then(|&position| self.families.get_mut(position));
        let Some((first_origin, first)) = first else {
            return;
        };
        if first.name() == family.name() && first.get_field_type() == family.get_field_type() {
            let repeated = join(first, &mut family, &self.catalog.labels);
            if repeated > 0 {
                self.comments.push(format!(
                    "left out {repeated} series of {} of {origin}: {first_origin} exports the same labels",
                    family.name(),
                ));
            }
        } else {
            let reason = format!(
                "{first_origin} exports {taken} as part of the {} {}, this one is a {}",
                type_of(first).as_text_type(),
                first.name(),
                type_of(&family).as_text_type(),
            );
            self.leave_out(origin, family.name(), &reason);
        }
    }

    fn drop_bad_series(&mut self, origin: Origin, family: &mut MetricFamily) {
        let kind = family.get_field_type();
        let all = family.get_metric().len();
        family
            .mut_metric()
            .retain(|metric| has_good_labels(metric.get_label(), kind));
        let labelled = family.get_metric().len();
        family.mut_metric().retain(|metric| has_good_numbers(metric, kind));
        let numbered = family.get_metric().len();
        let repeated = drop_repeated(family, &self.catalog.labels);
        for (dropped, why) in [
            (all - labelled, "a label name is invalid, reserved or occurs twice"),
            (
                labelled - numbered,
                "buckets or quantiles are out of order, or counts contradict each other",
            ),
            (repeated, "it exports the same labels before"),
        ] {
            if dropped > 0 {
                let name = family.name();
                self.comments
                    .push(format!("left out {dropped} series of {name} of {origin}: {why}"));
            }
        }
    }

    fn leave_out(&mut self, origin: Origin, name: &str, reason: &str) {
        // `{:?}`: a bad name may hold anything.
        self.comments
            .push(format!("left out family {name:?} of {origin}: {reason}"));
    }
}

/// Families of others, checked, and where their scrape goes on.
#[derive(Debug)]
pub(crate) struct Gathered {
    families: Vec<(Type, MetricFamily)>,
    comments: Vec<String>,
    format: Format,
    labels_of_all: &'static [(&'static str, &'static str)],
    /// How many families are written, and how many series of the next.
    written: usize,
    series: usize,
}

impl Gathered {
    /// The same with labels that all series have, but for those that have one of that name themselves.
    pub(crate) fn with_labels(self, labels_of_all: &'static [(&'static str, &'static str)]) -> Self {
        Self { labels_of_all, ..self }
    }

    /// Appends text until there are so many bytes. Says whether that was all.
    pub(crate) fn write(&mut self, out: &mut Vec<u8>, full: usize) -> bool {
        #[cfg(feature = "protobuf")]
        if self.format == Format::Protobuf {
            return self.write_messages(out, full);
        }
        while let Some((kind, family)) = self.families.get(self.written) {
            if self.series == 0 {
                write_head(out, family, *kind, self.format);
            }
            for metric in &family.get_metric()[self.series..] {
                write_metric(out, family, metric, self.format, self.labels_of_all);
                self.series += 1;
                if out.len() >= full {
                    return false;
                }
            }
            (self.written, self.series) = (self.written + 1, 0);
        }
        if self.format.has_comments() {
            for comment in self.comments.drain(..) {
                write_comment(out, &comment);
            }
        }
        true
    }
}

#[cfg(feature = "protobuf")]
impl Gathered {
    /// The same as messages. A family that is cut off goes on in another one of its name.
    fn write_messages(&mut self, out: &mut Vec<u8>, full: usize) -> bool {
        while let Some((kind, family)) = self.families.get(self.written) {
            if out.len() >= full {
                return false;
            }
            let series = &family.get_metric()[self.series..];
            let before = self.series;
            delimited(out, |out| {
                write_head(out, family, *kind, self.format);
                for metric in series {
                    messages::write_metric(out, family, metric, self.labels_of_all);
                    self.series += 1;
                    if out.len() >= full {
                        break;
                    }
                }
            });
            if self.series - before == series.len() {
                (self.written, self.series) = (self.written + 1, 0);
            }
        }
        true
    }
}

/// As for our own kinds.
fn suffixes(kind: MetricType) -> &'static [&'static str] {
    match kind {
        MetricType::HISTOGRAM => Kind::Histogram.sample_suffixes(),
        MetricType::SUMMARY => Kind::Summary.sample_suffixes(),
        MetricType::COUNTER | MetricType::GAUGE | MetricType::UNTYPED => &[""],
    }
}

fn claimed_names(family: &str, suffixes: &[&str]) -> Vec<String> {
    suffixes.iter().map(|suffix| format!("{family}{suffix}")).collect()
}

/// Moves the series of `later` to `first`, but those whose labels `first` has; says how many stayed.
fn join(first: &mut MetricFamily, later: &mut MetricFamily, of_all: &[(&str, &str)]) -> usize {
    let metrics = later.take_metric();
    let is_new: Vec<bool> = {
        let mut seen: HashSet<_> = first
            .get_metric()
            .iter()
            .map(|metric| label_set(metric, of_all))
            .collect();
        metrics
            .iter()
            .map(|metric| seen.insert(label_set(metric, of_all)))
            .collect()
    };
    let repeated = is_new.iter().filter(|is_new| !**is_new).count();
    let new = metrics.into_iter().zip(is_new);
    first
        .mut_metric()
        .extend(new.filter_map(|(metric, is_new)| is_new.then_some(metric)));
    repeated
}

/// Of series with the same labels the first one stays; says how many others there were.
fn drop_repeated(family: &mut MetricFamily, of_all: &[(&str, &str)]) -> usize {
    match family.get_metric() {
        [_] => 0,
        _ => {
            let mut whole = MetricFamily::default();
            let repeated = join(&mut whole, family, of_all);
            family.set_metric(whole.take_metric());
            repeated
        }
    }
}

/// What identifies a series: its labels in whatever order, with those of all, empty ones being as good as absent.
fn label_set<'a>(metric: &'a Metric, of_all: &'a [(&str, &str)]) -> Vec<(&'a str, &'a str)> {
    let own = metric.get_label();
    let given = of_all
        .iter()
        .filter(|(name, _)| own.iter().all(|label| label.name() != *name));
    let mut labels: Vec<_> = own
        .iter()
        .map(|label| (label.name(), label.value()))
        .chain(given.map(|&(name, value)| (name, value)))
        .filter(|(_, value)| !value.is_empty())
        .collect();
    labels.sort_unstable();
    labels
}

fn is_metric_name(name: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_' || byte == b':';
    name.bytes().next().is_some_and(letter) && name.bytes().all(|byte| letter(byte) || byte.is_ascii_digit())
}

fn is_label_name(name: &str) -> bool {
    is_metric_name(name) && !name.contains(':')
}

fn has_good_labels(labels: &[LabelPair], kind: MetricType) -> bool {
    let reserved = match kind {
        MetricType::HISTOGRAM => "le",
        MetricType::SUMMARY => "quantile",
        MetricType::COUNTER | MetricType::GAUGE | MetricType::UNTYPED => "",
    };
    // A metric has a handful of labels: comparing each with those before it beats any set.
    labels.iter().enumerate().all(|(position, label)| {
        let name = label.name();
        let before = labels.iter().take(position);
        is_label_name(name)
            && name != reserved
            && name != "__name__"
            && before.into_iter().all(|other| other.name() != name)
    })
}

/// Whether the value of a counter is one: neither negative nor no number.
fn is_count(metric: &Metric) -> bool {
    model::counter(metric) >= 0.0
}

/// Whether the buckets of a histogram increase and count up to its count, and the quantiles of a summary are some.
fn has_good_numbers(metric: &Metric, kind: MetricType) -> bool {
    match kind {
        MetricType::HISTOGRAM => {
            let histogram = metric.get_histogram();
            let buckets = histogram.get_bucket();
            let in_order = |pair: &[Bucket]| {
                pair[0].upper_bound() < pair[1].upper_bound()
                    && pair[0].cumulative_count() <= pair[1].cumulative_count()
            };
            let fits = |last: &Bucket| match last.upper_bound() {
                f64::INFINITY => last.cumulative_count() == histogram.get_sample_count(),
                bound => !bound.is_nan() && last.cumulative_count() <= histogram.get_sample_count(),
            };
            buckets.windows(2).all(in_order) && buckets.last().is_none_or(fits)
        }
        MetricType::SUMMARY => {
            let quantiles = metric.get_summary().get_quantile();
            quantiles.iter().enumerate().all(|(position, quantile)| {
                let before = quantiles.iter().take(position);
                let is_new = before.into_iter().all(|other| other.quantile() != quantile.quantile());
                (0.0..=1.0).contains(&quantile.quantile()) && is_new
            })
        }
        MetricType::COUNTER | MetricType::GAUGE | MetricType::UNTYPED => true,
    }
}

#[cfg(test)]
mod tests {
    use prometheus::proto::{Counter, Histogram, Quantile, Summary};

    use super::*;
    use crate::exporter::fixture::catalog;

    /// A family with one series per entry of `series`, each entry a list of labels.
    fn family(name: &str, kind: MetricType, series: &[&[(&str, &str)]]) -> MetricFamily {
        let metrics = series.iter().map(|labels| {
            let labels = labels.iter().map(|(name, value)| {
                let mut label = LabelPair::default();
                label.set_name((*name).to_owned());
                label.set_value((*value).to_owned());
                label
            });
            Metric::from_label(labels.collect())
        });
        let mut family = MetricFamily::default();
        family.set_name(name.to_owned());
        family.set_field_type(kind);
        family.set_metric(metrics.collect());
        family
    }

    /// The scrape of these families, each from the registry with that number.
    fn scrape(families: impl IntoIterator<Item = (usize, MetricFamily)>) -> String {
        let names = CatalogNames::of(catalog());
        let mut merged = Merged::new(&names);
        for (registry, family) in families {
            merged.add(Origin::Registry(registry), family);
        }
        text(merged, Format::Text)
    }

    fn text(merged: Merged<'_>, format: Format) -> String {
        let mut out = Vec::new();
        assert!(
            merged
                .finish(format, &mut Ambiguous::default())
                .write(&mut out, usize::MAX)
        );
        String::from_utf8(out).unwrap()
    }

    use MetricType::{COUNTER, GAUGE, HISTOGRAM, SUMMARY};

    #[test]
    fn families_with_different_names_are_all_there() {
        assert_eq!(
            scrape([(1, family("a", GAUGE, &[&[]])), (2, family("b", COUNTER, &[&[]])),]),
            "# TYPE a gauge\na 0\n# TYPE b counter\nb 0\n"
        );
    }

    #[test]
    fn the_catalog_wins() {
        assert_eq!(
            scrape([(1, family("requests_total", COUNTER, &[&[]]))]),
            "# enumetrics: left out family \"requests_total\" of registry 1: the catalog exports requests_total\n"
        );
    }

    #[test]
    fn a_histogram_of_the_catalog_claims_its_samples() {
        for name in [
            "request_seconds",
            "request_seconds_bucket",
            "request_seconds_sum",
            "request_seconds_count",
        ] {
            let text = scrape([(1, family(name, GAUGE, &[&[]]))]);
            assert_eq!(
                text,
                format!("# enumetrics: left out family {name:?} of registry 1: the catalog exports {name}\n")
            );
        }
        // A counter does not.
        let text = scrape([(1, family("requests_total_count", GAUGE, &[&[]]))]);
        assert_eq!(text, "# TYPE requests_total_count gauge\nrequests_total_count 0\n");
    }

    #[test]
    fn a_foreign_histogram_whose_samples_the_catalog_exports_is_left_out() {
        for kind in [HISTOGRAM, SUMMARY] {
            assert_eq!(
                scrape([(1, family("pool", kind, &[&[]]))]),
                "# enumetrics: left out family \"pool\" of registry 1: the catalog exports pool_count\n"
            );
        }
        assert_eq!(
            scrape([(1, family("pool", GAUGE, &[&[]]))]),
            "# TYPE pool gauge\npool 0\n"
        );
    }

    #[test]
    fn one_name_and_type_becomes_one_family() {
        assert_eq!(
            scrape([
                (1, family("x", GAUGE, &[&[("a", "1")]])),
                (2, family("x", GAUGE, &[&[("a", "2")], &[("b", "1")]])),
            ]),
            "# TYPE x gauge\nx{a=\"1\"} 0\nx{a=\"2\"} 0\nx{b=\"1\"} 0\n"
        );
    }

    #[test]
    fn a_series_that_two_registries_export_is_there_once() {
        assert_eq!(
            scrape([
                (1, family("x", GAUGE, &[&[("a", "1"), ("b", "2")]])),
                (2, family("x", GAUGE, &[&[("b", "2"), ("a", "1")], &[("a", "1")]])),
            ]),
            "# TYPE x gauge\nx{a=\"1\",b=\"2\"} 0\nx{a=\"1\"} 0\n\
             # enumetrics: left out 1 series of x of registry 2: registry 1 exports the same labels\n"
        );
    }

    #[test]
    fn one_name_of_two_types_is_the_first_one() {
        assert_eq!(
            scrape([
                (1, family("x", GAUGE, &[&[("a", "1")]])),
                (2, family("x", COUNTER, &[&[("a", "2")]])),
            ]),
            "# TYPE x gauge\nx{a=\"1\"} 0\n\
             # enumetrics: left out family \"x\" of registry 2: registry 1 exports x as part of the \
             gauge x, this one is a counter\n"
        );
    }

    #[test]
    fn samples_of_a_foreign_histogram_are_claimed_in_both_orders() {
        let histogram = || family("x", HISTOGRAM, &[&[]]);
        let count = || family("x_count", GAUGE, &[&[]]);
        let text = scrape([(1, histogram()), (2, count())]);
        assert_eq!(text.matches("\nx_count").count(), 1, "{text}");
        assert!(text.contains("# enumetrics: left out family \"x_count\" of registry 2: registry 1 exports x_count as part of the histogram x"), "{text}");
        let text = scrape([(1, count()), (2, histogram())]);
        assert_eq!(text.matches("\nx_count").count(), 1, "{text}");
        assert!(text.contains("# enumetrics: left out family \"x\" of registry 2: registry 1 exports x_count as part of the gauge x_count"), "{text}");
        // A summary has no buckets.
        let text = scrape([
            (1, family("x", SUMMARY, &[&[]])),
            (2, family("x_bucket", GAUGE, &[&[]])),
        ]);
        assert!(!text.contains("left out"), "{text}");
    }

    #[test]
    fn bad_names_do_not_spoil_the_scrape() {
        for name in ["", "9lives", "a b", "naïve", "x\n# TYPE y gauge\ny 1"] {
            let text = scrape([(1, family(name, GAUGE, &[&[]])), (1, family("ok", GAUGE, &[&[]]))]);
            assert!(
                text.starts_with("# TYPE ok gauge\nok 0\n# enumetrics: left out family "),
                "{text}"
            );
            assert_eq!(text.lines().count(), 3, "{text}");
        }
    }

    #[test]
    fn bad_labels_cost_their_series_only() {
        for labels in [
            &[("a", "1"), ("a", "2")][..],
            &[("a", "1"), ("b", "1"), ("a", "1")],
            &[("a-b", "1")],
            &[("a:b", "1")],
            &[("", "1")],
            &[("__name__", "y")],
        ] {
            let text = scrape([(1, family("x", GAUGE, &[labels, &[("a", "3")]]))]);
            assert_eq!(
                text,
                "# TYPE x gauge\nx{a=\"3\"} 0\n# enumetrics: left out 1 series of x of registry 1: \
                 a label name is invalid, reserved or occurs twice\n"
            );
        }
    }

    #[test]
    fn reserved_labels_are_reserved_where_the_format_uses_them() {
        let le: &[&[(&str, &str)]] = &[&[("le", "1")]];
        let quantile: &[&[(&str, &str)]] = &[&[("quantile", "1")]];
        assert!(scrape([(1, family("x", HISTOGRAM, le))]).starts_with("# enumetrics: left out 1"));
        assert!(scrape([(1, family("x", SUMMARY, quantile))]).starts_with("# enumetrics: left out 1"));
        assert_eq!(scrape([(1, family("x", GAUGE, le))]), "# TYPE x gauge\nx{le=\"1\"} 0\n");
    }

    #[test]
    fn series_that_one_registry_exports_twice_are_there_once() {
        assert_eq!(
            scrape([(
                1,
                family("a", GAUGE, &[&[], &[("x", "1")], &[("y", "")], &[("x", "1")]])
            )]),
            "# TYPE a gauge\na 0\na{x=\"1\"} 0\n\
             # enumetrics: left out 2 series of a of registry 1: it exports the same labels before\n"
        );
    }

    #[test]
    fn a_label_of_all_series_makes_no_two_of_them_the_same() {
        let catalog = catalog().with_labels([("service", "cart")]).unwrap();
        let names = CatalogNames::of(&catalog);
        let mut merged = Merged::new(&names);
        let series: [&[_]; 3] = [&[], &[("service", "cart")], &[("service", "till")]];
        merged.add(Origin::Registry(1), family("a", GAUGE, &series));
        let mut out = Vec::new();
        let gathered = merged.finish(Format::OpenMetrics, &mut Ambiguous::default());
        assert!(gathered.with_labels(catalog.labels()).write(&mut out, usize::MAX));
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "# TYPE a gauge\na{service=\"cart\"} 0\na{service=\"till\"} 0\n"
        );
    }

    #[test]
    fn buckets_that_are_none_cost_their_series_only() {
        let histogram = |buckets: &[(f64, u64)], count: u64| {
            let buckets = buckets.iter().map(|&(bound, count)| {
                let mut bucket = Bucket::default();
                bucket.set_upper_bound(bound);
                bucket.set_cumulative_count(count);
                bucket
            });
            let mut histogram = Histogram::default();
            histogram.set_bucket(buckets.collect());
            histogram.set_sample_count(count);
            histogram
        };
        let told = |histogram| {
            let mut family = family("a", HISTOGRAM, &[&[]]);
            family.mut_metric()[0].set_histogram(histogram);
            scrape([(1, family)])
                .contains("left out 1 series of a of registry 1: buckets or quantiles are out of order")
        };
        for (buckets, count) in [
            (&[(1.0, 1), (2.0, 1)][..], 1),
            (&[], 3),
            (&[(1.0, 0), (f64::INFINITY, 2)], 2),
        ] {
            assert!(!told(histogram(buckets, count)), "{buckets:?}");
        }
        for (buckets, count) in [
            (&[(2.0, 1), (1.0, 1)][..], 1),
            (&[(1.0, 1), (1.0, 1)], 1),
            (&[(1.0, 2), (2.0, 1)], 2),
            (&[(1.0, 2)], 1),
            (&[(1.0, 1), (f64::INFINITY, 1)], 2),
            (&[(f64::NAN, 1)], 1),
        ] {
            assert!(told(histogram(buckets, count)), "{buckets:?}");
        }
    }

    #[test]
    fn quantiles_are_between_0_and_1_and_there_once() {
        for (quantiles, is_good) in [
            (&[0.99, 0.5][..], true),
            (&[0.5, 0.5], false),
            (&[1.5], false),
            (&[f64::NAN], false),
        ] {
            let quantiles = quantiles.iter().map(|&number| {
                let mut quantile = Quantile::default();
                quantile.set_quantile(number);
                quantile
            });
            let mut summary = Summary::default();
            summary.set_quantile(quantiles.collect());
            let mut family = family("a", SUMMARY, &[&[]]);
            family.mut_metric()[0].set_summary(summary);
            assert_eq!(!scrape([(1, family)]).contains("left out"), is_good);
        }
    }

    #[test]
    fn what_is_no_count_is_no_counter_in_openmetrics() {
        for (value, type_) in [(1.0, "counter"), (-1.0, "unknown"), (f64::NAN, "unknown")] {
            let mut counter = Counter::default();
            counter.set_value(value);
            let mut family = family("a_total", COUNTER, &[&[]]);
            family.mut_metric()[0].set_counter(counter);
            let names = CatalogNames::of(catalog());
            let mut merged = Merged::new(&names);
            merged.add(Origin::Registry(1), family);
            let text = text(merged, Format::OpenMetrics);
            assert!(text.contains(&format!(" {type_}\na_total ")), "{text}");
        }
    }

    #[test]
    fn an_empty_family_neither_claims_a_name_nor_is_mentioned() {
        assert_eq!(
            scrape([(1, family("x", GAUGE, &[])), (2, family("x", COUNTER, &[&[]])),]),
            "# TYPE x counter\nx 0\n"
        );
    }

    #[test]
    fn openmetrics_calls_no_two_families_the_same() {
        let names = CatalogNames::of(catalog());
        let mut merged = Merged::new(&names);
        for family in [
            // As the catalog's counter `requests_total` would be called.
            family("requests", GAUGE, &[&[]]),
            // As the catalog's histogram is called, and as samples of it are.
            family("request_seconds_total", COUNTER, &[&[]]),
            family("request_seconds_count_total", COUNTER, &[&[]]),
            family("a_total", COUNTER, &[&[]]),
            family("b_total", COUNTER, &[&[]]),
            family("b", SUMMARY, &[&[]]),
        ] {
            merged.add(Origin::Registry(1), family);
        }
        merged.comment("a comment, which the format has no place for".to_owned());
        let mut ambiguous = Ambiguous::default();
        let mut out = Vec::new();
        assert!(
            merged
                .finish(Format::OpenMetrics, &mut ambiguous)
                .write(&mut out, usize::MAX)
        );
        assert!(ambiguous.contains("requests_total"));
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "# TYPE requests gauge\nrequests 0\n\
             # TYPE request_seconds_total unknown\nrequest_seconds_total 0\n\
             # TYPE request_seconds_count_total unknown\nrequest_seconds_count_total 0\n\
             # TYPE a counter\na_total 0\n\
             # TYPE b_total unknown\nb_total 0\n\
             # TYPE b summary\nb_sum 0\nb_count 0\n"
        );
    }

    #[test]
    fn pages_end_between_series_and_a_head_is_there_once() {
        let names = CatalogNames::of(catalog());
        let families = || {
            let mut merged = Merged::new(&names);
            merged.add(
                Origin::Registry(1),
                family("x", GAUGE, &[&[("a", "1")], &[("a", "2")], &[("a", "3")]]),
            );
            merged.add(Origin::Registry(1), family("y", HISTOGRAM, &[&[]]));
            merged
        };
        let whole = text(families(), Format::Text);
        for full in 0..whole.len() + 1 {
            let mut gathered = families().finish(Format::Text, &mut Ambiguous::default());
            let (mut pages, mut ended) = (String::new(), false);
            while !ended {
                let mut page = Vec::new();
                ended = gathered.write(&mut page, full);
                pages.push_str(&String::from_utf8(page).unwrap());
            }
            assert_eq!(pages, whole);
        }
    }

    #[test]
    fn a_comment_is_one_line() {
        let names = CatalogNames::of(catalog());
        let mut merged = Merged::new(&names);
        merged.comment("TYPE x\r\ngauge".to_owned());
        assert_eq!(text(merged, Format::Text), "# enumetrics: TYPE x  gauge\n");
    }
}
