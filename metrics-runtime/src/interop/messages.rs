//! Families of the crate `prometheus` as protobuf.
//!
//! Not `prometheus::ProtobufEncoder`, which is there only with its feature `protobuf`.

use prometheus::proto::{Metric, MetricFamily, MetricType};

use super::families::all_labels;
use super::model;
use crate::exposition::protobuf::{bucket, counter, gauge, histogram, label, metric, summary, timestamp, untyped};

/// Appends one series of a family.
pub(super) fn write_metric(out: &mut Vec<u8>, family: &MetricFamily, series: &Metric, labels_of_all: &[(&str, &str)]) {
    metric(out, |out| {
        all_labels(labels_of_all, series.get_label()).for_each(|(name, value)| label(out, name, value));
        match family.get_field_type() {
            MetricType::COUNTER => counter(out, model::counter(series), |_| {}),
            MetricType::GAUGE => gauge(out, model::gauge(series)),
            MetricType::HISTOGRAM => {
                let read = series.get_histogram();
                histogram(out, read.get_sample_count(), read.get_sample_sum(), |out| {
                    for read in read.get_bucket() {
                        bucket(out, read.cumulative_count(), read.upper_bound(), |_| {});
                    }
                });
            }
            MetricType::SUMMARY => {
                let read = series.get_summary();
                let quantiles = read.get_quantile().iter().map(|row| (row.quantile(), row.value()));
                summary(out, read.sample_count(), read.sample_sum(), quantiles, |_| {});
            }
            // NaN says "no value", 0 would be a value.
            MetricType::UNTYPED => untyped(out, model::untyped(series).unwrap_or(f64::NAN)),
        }
        // 0 means "now" in both shapes of the model.
        if series.timestamp_ms() != 0 {
            timestamp(out, series.timestamp_ms());
        }
    });
}
