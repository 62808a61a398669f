//! Families of the crate `prometheus` as text.
//!
//! Source: <https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format>.
//!
//! Not `prometheus::TextEncoder`, because that one writes `le="8"`, where Prometheus 3 stores
//! `8.0` and Prometheus 2 what it is given; fails the whole scrape for one empty family; has no
//! untyped metrics; and has no OpenMetrics.

use prometheus::proto::{Histogram, LabelPair, Metric, MetricFamily, MetricType, Summary};

use super::model;
use crate::descriptor::{Kind, unit_of};
use crate::exposition::escape::write_escaped_label_value;
use crate::exposition::number::{write_canonical_f64, write_f64, write_i64, write_u64};
use crate::exposition::{Format, Head, Type};

/// Appends what stands before a family's series.
///
/// Names are written as they are: [`Merged`](super::merge::Merged) has checked them.
pub(super) fn write_head(out: &mut Vec<u8>, family: &MetricFamily, kind: Type, format: Format) {
    let head = Head {
        name: family.name(),
        help: &[family.help()],
        kind,
        unit: unit_of(family.name()),
    };
    head.write(out, format);
}

/// Appends one series of a family.
pub(super) fn write_metric(
    out: &mut Vec<u8>,
    family: &MetricFamily,
    metric: &Metric,
    format: Format,
    labels_of_all: &[(&str, &str)],
) {
    let series = Series {
        name: family.name(),
        metric,
        labels_of_all,
        format,
    };
    match family.get_field_type() {
        MetricType::COUNTER => series.write_value(out, model::counter(metric)),
        MetricType::GAUGE => series.write_value(out, model::gauge(metric)),
        MetricType::HISTOGRAM => series.write_histogram(out, metric.get_histogram()),
        MetricType::SUMMARY => series.write_summary(out, metric.get_summary()),
        // NaN says "no value", 0 would be a value.
        MetricType::UNTYPED => {
            series.write_value(out, model::untyped(metric).unwrap_or(f64::NAN));
        }
    }
}

/// Whether a format has a place for all of a family.
pub(super) fn is_carried_by(family: &MetricFamily, format: Format) -> bool {
    family.get_field_type() != MetricType::HISTOGRAM
        || family
            .get_metric()
            .iter()
            .all(|metric| format.has_totals(lowest_bound(metric.get_histogram())))
}

/// The type of a family.
pub(super) fn type_of(family: &MetricFamily) -> Type {
    match family.get_field_type() {
        MetricType::COUNTER => Type::Known(Kind::Counter),
        MetricType::GAUGE => Type::Known(Kind::Gauge),
        MetricType::HISTOGRAM => Type::Known(Kind::Histogram),
        MetricType::SUMMARY => Type::Known(Kind::Summary),
        MetricType::UNTYPED => Type::Untyped,
    }
}

/// One metric of a family, which is one or more samples.
struct Series<'a> {
    name: &'a str,
    metric: &'a Metric,
    /// What all series of all families have.
    labels_of_all: &'a [(&'a str, &'a str)],
    format: Format,
}

impl Series<'_> {
    fn write_value(&self, out: &mut Vec<u8>, value: f64) {
        self.sample(out, "", None, |out| write_f64(out, value));
    }

    fn write_histogram(&self, out: &mut Vec<u8>, histogram: &Histogram) {
        let count = histogram.get_sample_count();
        let mut infinity_seen = false;
        for bucket in histogram.get_bucket() {
            infinity_seen |= bucket.upper_bound() == f64::INFINITY;
            self.sample(out, "_bucket", Some(("le", bucket.upper_bound())), |out| {
                write_u64(out, bucket.cumulative_count());
            });
        }
        // `histogram_quantile` is NaN without it, and `prometheus` never stores it.
        if !infinity_seen {
            self.sample(out, "_bucket", Some(("le", f64::INFINITY)), |out| {
                write_u64(out, count);
            });
        }
        if self.format.has_totals(lowest_bound(histogram)) {
            self.write_sum_and_count(out, histogram.get_sample_sum(), count);
        }
    }

    fn write_summary(&self, out: &mut Vec<u8>, summary: &Summary) {
        for quantile in summary.get_quantile() {
            self.sample(out, "", Some(("quantile", quantile.quantile())), |out| {
                write_f64(out, quantile.value());
            });
        }
        self.write_sum_and_count(out, summary.sample_sum(), summary.sample_count());
    }

    fn write_sum_and_count(&self, out: &mut Vec<u8>, sum: f64, count: u64) {
        self.sample(out, "_sum", None, |out| write_f64(out, sum));
        self.sample(out, "_count", None, |out| write_u64(out, count));
    }

    /// One line: name, labels, value, and the time stamp if the metric has one.
    fn sample(
        &self,
        out: &mut Vec<u8>,
        suffix: &str,
        numbered: Option<(&str, f64)>,
        write_value: impl FnOnce(&mut Vec<u8>),
    ) {
        out.extend_from_slice(self.name.as_bytes());
        out.extend_from_slice(suffix.as_bytes());
        write_labels(out, self.labels_of_all, self.metric.get_label(), numbered);
        out.push(b' ');
        write_value(out);
        // 0 means "now" in both shapes of the model.
        if self.metric.timestamp_ms() != 0 {
            out.push(b' ');
            match self.format {
                Format::OpenMetrics => write_seconds(out, self.metric.timestamp_ms()),
                _ => write_i64(out, self.metric.timestamp_ms()),
            }
        }
        out.push(b'\n');
    }
}

fn lowest_bound(histogram: &Histogram) -> f64 {
    histogram
        .get_bucket()
        .first()
        .map_or(0.0, |bucket| bucket.upper_bound())
}

/// Milliseconds as seconds: `1395066363.07`.
fn write_seconds(out: &mut Vec<u8>, milliseconds: i64) {
    // Below 2⁵³ milliseconds, which is in the year 287396, a float has them all.
    #[allow(clippy::cast_precision_loss, reason = "see above")]
    write_f64(out, milliseconds as f64 / 1000.0);
}

/// The labels of all series, and those of one.
///
/// Of two labels of one name the series' own stays: it tells the series apart, and one that has both is refused.
pub(super) fn all_labels<'a>(
    of_all: &[(&'a str, &'a str)],
    labels: &'a [LabelPair],
) -> impl Iterator<Item = (&'a str, &'a str)> {
    let of_all = of_all.iter().copied();
    let of_all = of_all.filter(|(name, _)| labels.iter().all(|label| label.name() != *name));
    of_all.chain(labels.iter().map(|label| (label.name(), label.value())))
}

/// The labels in braces, `le` or `quantile` last; no braces where there are none.
fn write_labels(out: &mut Vec<u8>, of_all: &[(&str, &str)], labels: &[LabelPair], numbered: Option<(&str, f64)>) {
    let mut separator = b'{';
    for (name, value) in all_labels(of_all, labels) {
        out.push(separator);
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b"=\"");
        write_escaped_label_value(out, value);
        out.push(b'"');
        separator = b',';
    }
    if let Some((name, value)) = numbered {
        out.push(separator);
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b"=\"");
        write_canonical_f64(out, value);
        out.push(b'"');
        separator = b',';
    }
    if separator == b',' {
        out.push(b'}');
    }
}

#[cfg(test)]
mod tests {
    use prometheus::core::Collector;
    use prometheus::proto::{Bucket, Quantile};
    use prometheus::{CounterVec, Gauge, HistogramOpts, HistogramVec, IntCounter, Opts};

    use super::*;

    fn text(families: &[MetricFamily]) -> String {
        text_as(families, Format::Text)
    }

    fn text_as(families: &[MetricFamily], format: Format) -> String {
        text_with(families, format, &[])
    }

    fn text_with(families: &[MetricFamily], format: Format, labels_of_all: &[(&str, &str)]) -> String {
        let mut out = Vec::new();
        for family in families {
            write_head(&mut out, family, type_of(family), format);
            for metric in family.get_metric() {
                write_metric(&mut out, family, metric, format, labels_of_all);
            }
        }
        String::from_utf8(out).unwrap()
    }

    fn family(name: &str, kind: MetricType, metrics: Vec<Metric>) -> MetricFamily {
        let mut family = MetricFamily::default();
        family.set_name(name.to_owned());
        family.set_field_type(kind);
        family.set_metric(metrics);
        family
    }

    #[test]
    fn a_counter_with_labels() {
        let counter =
            CounterVec::new(Opts::new("hits_total", "Hits by \"path\",\n\\ all."), &["path", "code"]).unwrap();
        counter.with_label_values(&["/a\"\\\n", "200"]).inc_by(3.0);
        assert_eq!(
            text(&counter.collect()),
            "# HELP hits_total Hits by \"path\",\\n\\\\ all.\n\
             # TYPE hits_total counter\n\
             hits_total{code=\"200\",path=\"/a\\\"\\\\\\n\"} 3\n"
        );
    }

    #[test]
    fn labels_of_all_stand_first_and_do_not_hide_its_own() {
        let counter = CounterVec::new(Opts::new("hits_total", "Hits."), &["path"]).unwrap();
        counter.with_label_values(&["/a"]).inc();
        let mut families = counter.collect();
        families.extend(Gauge::new("temperature", "Warm.").unwrap().collect());
        let labels = [("region", "eu \"1\""), ("path", "of all")];
        assert_eq!(
            text_with(&families, Format::Text, &labels),
            "# HELP hits_total Hits.\n# TYPE hits_total counter\n\
             hits_total{region=\"eu \\\"1\\\"\",path=\"/a\"} 1\n\
             # HELP temperature Warm.\n# TYPE temperature gauge\n\
             temperature{region=\"eu \\\"1\\\"\",path=\"of all\"} 0\n"
        );
    }

    #[test]
    fn a_gauge_without_labels_or_help() {
        let gauge = Gauge::new("temperature", "x").unwrap();
        gauge.set(-0.25);
        let mut families = gauge.collect();
        families[0].set_help(String::new());
        assert_eq!(text(&families), "# TYPE temperature gauge\ntemperature -0.25\n");
    }

    #[test]
    fn a_histogram_has_canonical_bounds_and_its_last_bucket() {
        let options = HistogramOpts::new("wait_seconds", "Wait.").buckets(vec![0.005, 8.0, 1_000_000.0]);
        let histogram = HistogramVec::new(options, &["queue"]).unwrap();
        histogram.with_label_values(&["a"]).observe(0.001);
        histogram.with_label_values(&["a"]).observe(7.5);
        histogram.with_label_values(&["a"]).observe(2e6);
        assert_eq!(
            text(&histogram.collect()),
            "# HELP wait_seconds Wait.\n\
             # TYPE wait_seconds histogram\n\
             wait_seconds_bucket{queue=\"a\",le=\"0.005\"} 1\n\
             wait_seconds_bucket{queue=\"a\",le=\"8.0\"} 2\n\
             wait_seconds_bucket{queue=\"a\",le=\"1e+06\"} 2\n\
             wait_seconds_bucket{queue=\"a\",le=\"+Inf\"} 3\n\
             wait_seconds_sum{queue=\"a\"} 2000007.501\n\
             wait_seconds_count{queue=\"a\"} 3\n"
        );
    }

    #[test]
    fn a_last_bucket_that_exists_is_not_repeated() {
        let mut bucket = Bucket::default();
        bucket.set_upper_bound(f64::INFINITY);
        bucket.set_cumulative_count(4);
        let mut histogram = Histogram::default();
        histogram.set_bucket(vec![bucket]);
        histogram.set_sample_count(4);
        let mut metric = Metric::default();
        metric.set_histogram(histogram);
        let text = text(&[family("x", MetricType::HISTOGRAM, vec![metric])]);
        assert_eq!(text.matches("le=\"+Inf\"} 4\n").count(), 1, "{text}");
    }

    #[test]
    fn a_summary_has_canonical_quantiles() {
        let quantiles = [(0.5, 2.0), (1.0, f64::NAN)].map(|(quantile, value)| {
            let mut row = Quantile::default();
            row.set_quantile(quantile);
            row.set_value(value);
            row
        });
        let mut summary = Summary::default();
        summary.set_quantile(quantiles.to_vec());
        summary.set_sample_count(7);
        summary.set_sample_sum(14.5);
        let mut metric = Metric::default();
        metric.set_summary(summary);
        assert_eq!(
            text(&[family("rpc_seconds", MetricType::SUMMARY, vec![metric])]),
            "# TYPE rpc_seconds summary\n\
             rpc_seconds{quantile=\"0.5\"} 2\n\
             rpc_seconds{quantile=\"1.0\"} NaN\n\
             rpc_seconds_sum 14.5\n\
             rpc_seconds_count 7\n"
        );
    }

    /// Only the plain shape of the model lets a test write an untyped value; in the other shape this
    /// does not compile, so there the value stays unset.
    #[test]
    fn an_untyped_family_without_a_value_does_not_fail_the_scrape() {
        let text = text(&[family("raw", MetricType::UNTYPED, vec![Metric::default()])]);
        assert!(
            text == "# TYPE raw untyped\nraw 0\n" || text == "# TYPE raw untyped\nraw NaN\n",
            "{text}"
        );
    }

    #[test]
    fn a_time_stamp_is_written() {
        let mut metric = Metric::default();
        metric.set_timestamp_ms(1_395_066_363_000);
        assert_eq!(
            text(&[family("x", MetricType::GAUGE, vec![metric])]),
            "# TYPE x gauge\nx 0 1395066363000\n"
        );
    }

    #[test]
    fn openmetrics_has_seconds_and_other_heads() {
        let counter = prometheus::Counter::new("cpu_seconds_total", "A \"help\".").unwrap();
        let gauge = prometheus::IntGauge::new("cores", "Cores.").unwrap();
        let mut families = [counter.collect(), gauge.collect()].concat();
        families[1].mut_metric()[0].set_timestamp_ms(1_395_066_363_070);
        assert_eq!(
            text_as(&families, Format::OpenMetrics),
            "# TYPE cpu_seconds counter\n# UNIT cpu_seconds seconds\n# HELP cpu_seconds A \\\"help\\\".\n\
             cpu_seconds_total 0\n\
             # TYPE cores gauge\n# HELP cores Cores.\n\
             cores 0 1395066363.07\n"
        );
    }

    #[test]
    fn openmetrics_calls_unknown_what_it_has_no_type_for() {
        let mut untyped = family("raw", MetricType::UNTYPED, Vec::new());
        untyped.set_help(String::new());
        assert_eq!(text_as(&[untyped], Format::OpenMetrics), "# TYPE raw unknown\n");
        // As client_golang does: the name must stay what it is.
        let counter = IntCounter::new("hits", "Hits.").unwrap();
        assert_eq!(
            text_as(&counter.collect(), Format::OpenMetrics),
            "# TYPE hits unknown\n# HELP hits Hits.\nhits 0\n"
        );
    }

    #[test]
    fn openmetrics_has_no_totals_of_what_may_be_negative() {
        let options = HistogramOpts::new("drift", "Drift.").buckets(vec![-1.0, 1.0]);
        let histogram = prometheus::Histogram::with_opts(options).unwrap();
        let text = text_as(&histogram.collect(), Format::OpenMetrics);
        assert!(!text.contains("drift_sum") && !text.contains("drift_count"), "{text}");
        assert!(text_as(&histogram.collect(), Format::Text).contains("drift_sum 0\n"));
        assert!(!is_carried_by(&histogram.collect()[0], Format::OpenMetrics));
        assert!(is_carried_by(&histogram.collect()[0], Format::Text));
    }
}
