//! A catalog in a registry of the crate `prometheus`.

use std::fmt;

use prometheus::core::{Collector, Desc};
use prometheus::proto;

use crate::catalog::Catalog;
use crate::descriptor::{Combination, Descriptor, Kind};
use crate::metric::{HistogramSeries, Reading};

impl Catalog<'static> {
    /// The catalog as a collector, for a program that serves a `prometheus::Registry` already.
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
            let constant_labels = family.constant_labels.iter();
            let constant_labels = constant_labels.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
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
            .read(&mut |descriptor, reading| families.push(family(descriptor, &reading)));
        families
    }
}

impl fmt::Debug for CatalogCollector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CatalogCollector").field(&self.catalog).finish()
    }
}

fn family(descriptor: &'static Descriptor, reading: &Reading<'_>) -> proto::MetricFamily {
    let metrics = (0..descriptor.combinations()).map(|index| {
        let mut metric = proto::Metric::default();
        metric.set_label(labels(descriptor, index));
        match reading {
            #[allow(clippy::cast_precision_loss, reason = "a sample is a float, whoever rounds it")]
            Reading::Counter(cells) => {
                let mut count = [0];
                cells.sum(index, &mut count);
                metric.set_counter(counter(count[0] as f64));
            }
            #[allow(clippy::cast_precision_loss, reason = "a sample is a float, whoever rounds it")]
            Reading::Int(cells) => metric.set_gauge(gauge(cells[index].get() as f64)),
            Reading::Float(cells) => metric.set_gauge(gauge(cells[index].get())),
            Reading::Histogram(cells) => {
                metric.set_histogram(histogram(descriptor, HistogramSeries::new(*cells, index)))
            }
            #[allow(clippy::cast_precision_loss, reason = "a sample is a float, whoever rounds it")]
            Reading::InFlight(cells) => {
                let mut value = [0];
                cells.sum(index, &mut value);
                metric.set_gauge(gauge(value[0] as f64));
            }
        }
        metric
    });
    let mut family = proto::MetricFamily::default();
    family.set_name(descriptor.name.to_owned());
    family.set_help(descriptor.help_parts().concat());
    family.set_field_type(match descriptor.kind {
        Kind::Counter => proto::MetricType::COUNTER,
        Kind::Gauge => proto::MetricType::GAUGE,
        Kind::Histogram => proto::MetricType::HISTOGRAM,
    });
    family.set_metric(metrics.collect());
    family
}

fn labels(descriptor: &'static Descriptor, index: usize) -> Vec<proto::LabelPair> {
    let combination = Combination {
        labels: descriptor.labels,
        index,
    };
    let pairs = combination.pairs().map(|(label, value)| (label.name, value));
    let mut pairs: Vec<_> = pairs
        .chain(descriptor.constant_labels.iter().copied())
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

fn histogram(descriptor: &Descriptor, series: HistogramSeries<'_>) -> proto::Histogram {
    let snapshot = series.snapshot();
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
