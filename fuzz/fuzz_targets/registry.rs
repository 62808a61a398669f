//! Any families in a registry of the crate `prometheus`, whose collectors return what they like: what comes out is a
//! scrape.
#![no_main]

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex};

use enumetrics::{Exporter, ExporterService};
use enumetrics_fuzz::{demo, reader};
use http::Request;
use http_body_util::BodyExt as _;
use libfuzzer_sys::arbitrary::{Result, Unstructured};
use libfuzzer_sys::fuzz_target;
use prometheus::Registry;
use prometheus::core::{Collector, Desc};
use prometheus::proto::{
    Bucket, Counter, Gauge, Histogram, LabelPair, Metric, MetricFamily, MetricType, Quantile, Summary,
};
use tokio::runtime::{Builder, Runtime};
use tower::ServiceExt as _;

/// What the collector returns.
static COLLECTED: Mutex<Vec<MetricFamily>> = Mutex::new(Vec::new());

static SERVER: LazyLock<(Runtime, ExporterService)> = LazyLock::new(|| {
    let registry = Registry::new();
    let desc = Desc::new("collected".to_owned(), "x".to_owned(), Vec::new(), HashMap::new()).unwrap();
    registry.register(Box::new(Collected(desc))).unwrap();
    // Labels that a collector's series may have, too.
    let catalog = demo::METRICS.with_labels([("a", "1"), ("b", "2")]).unwrap();
    let runtime = Builder::new_current_thread().enable_time().build().unwrap();
    (runtime, Exporter::new(&catalog).registry(&registry).into_service())
});

struct Collected(Desc);

impl Collector for Collected {
    fn desc(&self) -> Vec<&Desc> {
        vec![&self.0]
    }

    fn collect(&self) -> Vec<MetricFamily> {
        COLLECTED.lock().unwrap().clone()
    }
}

fuzz_target!(|data: &[u8]| {
    let mut families = Vec::new();
    let _ = collect(&mut Unstructured::new(data), &mut families);
    *COLLECTED.lock().unwrap() = families;
    const PROTOBUF: &str = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited";
    for accept in ["text/plain", "application/openmetrics-text", PROTOBUF] {
        let (runtime, service) = &*SERVER;
        runtime.block_on(async {
            let request = Request::get("/").header("accept", accept).body(()).unwrap();
            let answer = service.clone().oneshot(request).await.unwrap();
            assert_eq!(answer.status(), 200);
            let (head, body) = answer.into_parts();
            let text = body.collect().await.unwrap().to_bytes();
            let content_type = head.headers["content-type"].to_str().unwrap();
            match content_type.starts_with("text/") || content_type.starts_with("application/openmetrics-text") {
                true => reader::read(content_type, str::from_utf8(&text).unwrap()),
                false => reader::read_protobuf(&text),
            };
        });
    }
});

/// Names that mean something to each other, and any text.
fn name(data: &mut Unstructured<'_>) -> Result<String> {
    const NAMES: [&str; 12] = [
        "a",
        "a_total",
        "a_bucket",
        "a_sum",
        "a_count",
        "a_created",
        "a_info",
        "le",
        "quantile",
        "demo_calls",
        "demo_calls_total",
        "b",
    ];
    Ok(match data.ratio(3, 4)? {
        true => (*data.choose(&NAMES)?).to_owned(),
        false => data.arbitrary()?,
    })
}

fn collect(data: &mut Unstructured<'_>, families: &mut Vec<MetricFamily>) -> Result<()> {
    while !data.is_empty() && families.len() < 8 {
        let mut family = MetricFamily::default();
        family.set_name(name(data)?);
        family.set_help(data.arbitrary()?);
        let kinds = [
            MetricType::COUNTER,
            MetricType::GAUGE,
            MetricType::HISTOGRAM,
            MetricType::SUMMARY,
            MetricType::UNTYPED,
        ];
        family.set_field_type(*data.choose(&kinds)?);
        let mut metrics = Vec::new();
        for _ in 0..data.int_in_range(0..=3)? {
            metrics.push(metric(data)?);
        }
        family.set_metric(metrics);
        families.push(family);
    }
    Ok(())
}

/// With a value of some kinds, which need not be that of the family.
fn metric(data: &mut Unstructured<'_>) -> Result<Metric> {
    let mut metric = Metric::default();
    let mut labels = Vec::new();
    for _ in 0..data.int_in_range(0..=3)? {
        let mut label = LabelPair::default();
        label.set_name(name(data)?);
        label.set_value(data.arbitrary()?);
        labels.push(label);
    }
    metric.set_label(labels);
    if data.arbitrary()? {
        let mut counter = Counter::default();
        counter.set_value(data.arbitrary()?);
        metric.set_counter(counter);
    }
    if data.arbitrary()? {
        let mut gauge = Gauge::default();
        gauge.set_value(data.arbitrary()?);
        metric.set_gauge(gauge);
    }
    if data.arbitrary()? {
        let mut histogram = Histogram::default();
        histogram.set_sample_count(data.arbitrary()?);
        histogram.set_sample_sum(data.arbitrary()?);
        let mut buckets = Vec::new();
        for _ in 0..data.int_in_range(0..=3)? {
            let mut bucket = Bucket::default();
            bucket.set_cumulative_count(data.arbitrary()?);
            bucket.set_upper_bound(data.arbitrary()?);
            buckets.push(bucket);
        }
        histogram.set_bucket(buckets);
        metric.set_histogram(histogram);
    }
    if data.arbitrary()? {
        let mut summary = Summary::default();
        summary.set_sample_count(data.arbitrary()?);
        summary.set_sample_sum(data.arbitrary()?);
        let mut quantiles = Vec::new();
        for _ in 0..data.int_in_range(0..=3)? {
            let mut quantile = Quantile::default();
            quantile.set_quantile(data.arbitrary()?);
            quantile.set_value(data.arbitrary()?);
            quantiles.push(quantile);
        }
        summary.set_quantile(quantiles);
        metric.set_summary(summary);
    }
    if data.arbitrary()? {
        metric.set_timestamp_ms(data.arbitrary()?);
    }
    Ok(metric)
}
