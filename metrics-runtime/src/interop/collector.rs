//! A catalog in a registry of the crate `prometheus`.

use std::borrow::Cow;
use std::fmt;

use prometheus::core::{Collector, Desc};
use prometheus::proto;

use crate::catalog::Catalog;
use crate::descriptor::{Combination, Descriptor, Kind};
use crate::exposition::Touched;
use crate::metric::{HistogramSeries, HistogramSnapshot, Reading, SummarySeries, SummarySnapshot};

impl Catalog<'static> {
    /// The catalog as a collector, for a program that serves a `prometheus::Registry` already.
    ///
    /// That crate knows no native buckets: a histogram that has no others is there with its count and its sum.
    ///
    /// # Errors
    ///
    /// When `prometheus` does not accept a name or a help text. Those that the macros declare it accepts.
    ///
    /// # Examples
    ///
    /// ```
    /// # use enumetrics_runtime::Catalog;
    /// # static METRICS: Catalog<'static> = Catalog::__new(&[], &[]);
    /// let registry = prometheus::Registry::new();
    /// registry.register(Box::new(METRICS.collector()?))?;
    /// # Ok::<(), prometheus::Error>(())
    /// ```
    pub fn collector(&self) -> Result<CatalogCollector, prometheus::Error> {
        let desc = |family: &Descriptor| {
            let labels = family.labels.iter().map(|label| label.name.to_owned()).collect();
            let constant_labels = family
                .given_labels()
                .map(|(name, value)| (name.to_owned(), value.to_owned()));
            let help = family.help_parts().concat();
            Desc::new(family.name.to_owned(), help, labels, constant_labels.collect())
        };
        Ok(CatalogCollector {
            catalog: *self,
            descs: self.descriptors().map(desc).collect::<Result<_, _>>()?,
        })
    }
}

/// A [`Catalog`] as a collector of the crate `prometheus`; made by [`Catalog::collector`].
pub struct CatalogCollector {
    catalog: Catalog<'static>,
    descs: Vec<Desc>,
}

impl Collector for CatalogCollector {
    fn desc(&self) -> Vec<&Desc> {
        self.descs.iter().collect()
    }

    fn collect(&self) -> Vec<proto::MetricFamily> {
        let mut families = Vec::with_capacity(self.descs.len());
        self.catalog
            .read(&mut |descriptor, reading| families.extend(family(descriptor, &reading)));
        families
    }
}

impl fmt::Debug for CatalogCollector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CatalogCollector").field(&self.catalog).finish()
    }
}

/// The family, unless nothing is known of it yet.
fn family(descriptor: &'static Descriptor, reading: &Reading<'_>) -> Option<proto::MetricFamily> {
    let metrics: Vec<_> = match reading {
        Reading::Absent => return None,
        Reading::Info(texts) => vec![info(descriptor, texts)],
        Reading::States { cells, count, past } => cells
            .iter()
            .enumerate()
            .flat_map(|(combination, cell)| {
                // Read once for all its series, so that exactly one is 1.
                let current = cell.get();
                let states = match past.hides(combination, current.is_none()) {
                    true => 0..0,
                    false => 0..*count,
                };
                states.filter_map(move |state| {
                    let combination = descriptor.combination(combination * count + state);
                    combination.is_exported(current.is_none()).then(|| {
                        let mut metric = metric(descriptor, combination);
                        metric.set_gauge(gauge(f64::from(current == Some(state))));
                        metric
                    })
                })
            })
            .collect(),
        _ => {
            let mut touched = Touched::of(descriptor, reading);
            let mut metrics = Vec::new();
            let mut index = touched.next(0);
            while index < descriptor.combinations() {
                metrics.extend(series(descriptor, reading, index));
                index = touched.next(index + 1);
            }
            metrics
        }
    };
    let mut family = proto::MetricFamily::default();
    family.set_name(descriptor.name.to_owned());
    family.set_help(descriptor.help_parts().concat());
    family.set_field_type(match descriptor.kind {
        Kind::Counter => proto::MetricType::COUNTER,
        Kind::Gauge | Kind::Info | Kind::StateSet => proto::MetricType::GAUGE,
        Kind::Histogram => proto::MetricType::HISTOGRAM,
        Kind::Summary => proto::MetricType::SUMMARY,
        Kind::Unknown => proto::MetricType::UNTYPED,
    });
    family.set_metric(metrics);
    Some(family)
}

/// One series of those kinds that are read series by series, unless it is not exported or computing it panics.
fn series(descriptor: &'static Descriptor, reading: &Reading<'_>, index: usize) -> Option<proto::Metric> {
    let combination = descriptor.combination(index);
    let mut metric = metric(descriptor, combination);
    let is_zero = match reading {
        #[allow(clippy::cast_precision_loss, reason = "a sample is a float, whoever rounds it")]
        Reading::Counter(cells) => {
            let mut count = [0];
            cells.sum(index, &mut count);
            metric.set_counter(counter(count[0] as f64));
            count[0] == 0
        }
        Reading::FloatCounter(cells) => {
            let mut count = [0.0];
            cells.sum(index, &mut count);
            metric.set_counter(counter(count[0]));
            count[0] == 0.0
        }
        #[allow(clippy::cast_precision_loss, reason = "a sample is a float, whoever rounds it")]
        Reading::Int(cells, _) => {
            let value = cells[index].get();
            metric.set_gauge(gauge(value as f64));
            value == 0
        }
        Reading::Float(cells, _) => {
            let value = cells[index].get();
            metric.set_gauge(gauge(value));
            value == 0.0
        }
        Reading::Histogram(cells) => {
            let snapshot = HistogramSeries::new(*cells, index).snapshot();
            metric.set_histogram(histogram(descriptor, &snapshot));
            snapshot.count == 0
        }
        #[allow(clippy::cast_precision_loss, reason = "a sample is a float, whoever rounds it")]
        Reading::InFlight(cells) => {
            let value = cells.get(index);
            metric.set_gauge(gauge(value as f64));
            value == 0
        }
        Reading::Summary(cells) => {
            let snapshot = SummarySeries::new(*cells, index).snapshot();
            metric.set_summary(summary(descriptor, &snapshot));
            snapshot.count == 0
        }
        // What is impossible has no value to compute.
        Reading::Computed(_) if !combination.is_exported(true) => return None,
        Reading::Computed(computation) => {
            let value = computation.value(index)?;
            match descriptor.kind {
                Kind::Counter => metric.set_counter(counter(value)),
                _ => metric.set_gauge(gauge(value)),
            }
            false
        }
        Reading::Info(_) | Reading::States { .. } | Reading::Absent => return None,
    };
    let is_hidden = || reading.past().is_some_and(|past| past.hides(index, is_zero));
    (combination.is_exported(is_zero) && !is_hidden()).then_some(metric)
}

fn metric(descriptor: &Descriptor, combination: Combination) -> proto::Metric {
    let mut metric = proto::Metric::default();
    let labels = combination.pairs().map(|(label, value)| (label.name, value));
    metric.set_label(pairs(descriptor, labels));
    metric
}

fn info(descriptor: &'static Descriptor, texts: &[Cow<'static, str>]) -> proto::Metric {
    let labels = descriptor.labels.iter().map(|label| label.name);
    let mut metric = proto::Metric::default();
    metric.set_label(pairs(descriptor, labels.zip(texts.iter().map(AsRef::as_ref))));
    metric.set_gauge(gauge(1.0));
    metric
}

/// These labels, and those that all series have.
fn pairs<'a>(descriptor: &Descriptor, labels: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<proto::LabelPair> {
    let mut pairs: Vec<_> = labels
        .chain(descriptor.given_labels())
        .map(|(name, value)| {
            let mut pair = proto::LabelPair::default();
            pair.set_name(name.to_owned());
            pair.set_value(value.to_owned());
            pair
        })
        .collect();
    // A registry sorts series by their labels' values and expects the labels in the order of their names.
    pairs.sort_by(|a, b| a.name().cmp(b.name()));
    pairs
}

fn counter(value: f64) -> proto::Counter {
    let mut counter = proto::Counter::default();
    counter.set_value(value);
    counter
}

fn gauge(value: f64) -> proto::Gauge {
    let mut gauge = proto::Gauge::default();
    gauge.set_value(value);
    gauge
}

fn histogram(descriptor: &Descriptor, snapshot: &HistogramSnapshot) -> proto::Histogram {
    let mut total = 0_u64;
    let buckets = descriptor
        .buckets
        .iter()
        .zip(&snapshot.buckets)
        .map(|(bound, observations)| {
            total = total.wrapping_add(*observations);
            let mut bucket = proto::Bucket::default();
            bucket.set_upper_bound(*bound);
            bucket.set_cumulative_count(total);
            bucket
        });
    let mut histogram = proto::Histogram::default();
    histogram.set_bucket(buckets.collect());
    histogram.set_sample_count(snapshot.count);
    histogram.set_sample_sum(snapshot.sum);
    histogram
}

fn summary(descriptor: &Descriptor, snapshot: &SummarySnapshot) -> proto::Summary {
    let quantiles = descriptor.quantiles.iter().zip(&snapshot.quantiles);
    let quantiles = quantiles.map(|(quantile, value)| {
        let mut row = proto::Quantile::default();
        row.set_quantile(*quantile);
        row.set_value(*value);
        row
    });
    let mut summary = proto::Summary::default();
    summary.set_quantile(quantiles.collect());
    summary.set_sample_count(snapshot.count);
    summary.set_sample_sum(snapshot.sum);
    summary
}
