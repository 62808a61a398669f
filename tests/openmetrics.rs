//! Real Prometheus servers read the very same from every format that they can ask for.

mod support;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use enumetrics::{Counter, Exporter, Format, Gauge, Histogram, LabelSet, LabelValue, catalog, metric_family};
use prometheus::{HistogramOpts, IntCounter, IntCounterVec, Opts, Registry};
use support::http;
use support::prometheus::{Prometheus, Release, Scrape};

#[derive(LabelValue, Clone, Copy)]
pub enum Module {
    Ocr,
    #[label(value = "a \"quoted\\\"\nvalue, ünïcode")]
    Odd,
}

#[derive(LabelValue, Clone, Copy)]
pub enum Outcome {
    Ok,
    Error,
}

#[derive(LabelSet, Clone, Copy)]
pub struct Call {
    pub module: Module,
    pub outcome: Outcome,
}

#[metric_family(namespace = "demo")]
pub struct Demo {
    /// Calls by "module" \ outcome.
    pub calls_total: Counter<Call>,
    /// Sessions opened.
    pub sessions_total: Counter,
    /// Sessions open: a name that OpenMetrics would give to the counter above.
    pub sessions: Gauge,
    /// Temperature.
    pub temperature_celsius: Gauge<Module, f64>,
    /// Duration of a call.
    #[metric(buckets = [0.005, 0.25, 8, 1e6])]
    pub call_duration_seconds: Histogram<Module>,
}

#[metric_family(namespace = "demo")]
pub struct Drift {
    /// How far off, to either side: OpenMetrics has no place for its sum.
    #[metric(buckets = [-1, 1])]
    pub drift: Histogram,
}

pub static DEMO: Demo = Demo::new();
pub static DRIFT: Drift = Drift::new();

catalog! { pub static METRICS = [DEMO]; }
catalog! { pub static DRIFTING = [DRIFT]; }

fn record() {
    for outcome in Outcome::VARIANTS {
        let (module, outcome) = (Module::Odd, *outcome);
        DEMO.calls_total.with(Call { module, outcome }).inc_by(1 << 40);
    }
    DEMO.sessions_total.inc_by(3);
    DEMO.sessions.set(-2);
    DEMO.temperature_celsius.with(Module::Ocr).set(-0.1);
    DEMO.temperature_celsius.with(Module::Odd).set(f64::INFINITY);
    for seconds in [0.001, 0.25, 7.5, 2e6] {
        DEMO.call_duration_seconds.with(Module::Odd).observe(seconds);
    }
}

/// What libraries may have registered: with a counter of any name.
fn registry() -> Registry {
    let registry = Registry::new();
    let hits = IntCounter::new("library_hits", "A counter without the suffix.").unwrap();
    let calls = IntCounterVec::new(
        Opts::new("library_calls_total", "Calls.").const_label("from", "b\\"),
        &["to"],
    )
    .unwrap();
    let wait =
        prometheus::Histogram::with_opts(HistogramOpts::new("library_wait_seconds", "Wait.").buckets(vec![1.0, 8.0]));
    let wait = wait.unwrap();
    hits.inc_by(5);
    calls.with_label_values(&["a\"\n"]).inc_by(6);
    wait.observe(2.5);
    registry.register(Box::new(hits)).unwrap();
    registry.register(Box::new(calls)).unwrap();
    registry.register(Box::new(wait)).unwrap();
    registry
}

fn serve(exporter: Exporter) -> (tokio::runtime::Runtime, SocketAddr) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let server = runtime.block_on(exporter.bind("127.0.0.1:0")).unwrap();
    let address = server.local_addr().unwrap();
    runtime.spawn(server.run());
    (runtime, address)
}

#[test]
fn every_format_says_the_same_to_prometheus() {
    record();
    let (_runtime, address) = serve(Exporter::new(&METRICS).registry(&registry()));
    // All series as they are when nobody interprets them: name, labels, value.
    let all = |prometheus: &Prometheus, job: &str| -> BTreeMap<String, f64> {
        let query = format!("{{__name__=~\"demo_.+|library_.+\",job=\"{job}\"}}");
        let series = prometheus.query(&query).into_iter().map(|(mut labels, value)| {
            labels.retain(|name, _| name != "job" && name != "instance");
            (format!("{labels:?}"), value)
        });
        series.collect()
    };
    let text = http::get(address, "/metrics", &[]);
    let samples = text.text().lines().filter(|line| !line.starts_with('#')).count();

    let mut seen = Vec::new();
    for release in Release::ALL {
        let every = Duration::from_secs(1);
        let mut jobs = vec![Scrape::new("preferred", address).every(every)];
        if release == Release::Current {
            for protocol in [
                "PrometheusText0.0.4",
                "PrometheusText1.0.0",
                "OpenMetricsText1.0.0",
                "PrometheusProto",
            ] {
                jobs.push(Scrape::new(protocol, address).protocols(&[protocol]).every(every));
            }
        }
        let names: Vec<_> = jobs.iter().map(|job| job.name().to_owned()).collect();
        let prometheus = Prometheus::start(release, &jobs);
        prometheus.wait_until_scraped();
        for name in names {
            seen.push((release, name.clone(), all(&prometheus, &name)));
        }
        if release == Release::Stable {
            // Nobody but OpenMetrics says so.
            assert_eq!(prometheus.metadata("demo_temperature_celsius")["unit"], "celsius");
            assert_eq!(prometheus.metadata("demo_calls")["type"], "counter");
            assert_eq!(
                prometheus.metadata("demo_calls")["help"],
                "Calls by \"module\" \\ outcome."
            );
            assert_eq!(prometheus.metadata("demo_sessions_total")["type"], "unknown");
        }
    }
    for (release, job, series) in &seen {
        assert_eq!(series.len(), samples, "{release:?} {job}: {series:#?}");
        assert_eq!(series, &seen[0].2, "{release:?} {job}");
    }
    let values: Vec<f64> = seen[0].2.values().copied().collect();
    assert!(values.contains(&1_099_511_627_776.0) && values.contains(&f64::INFINITY));
}

#[test]
fn a_scrape_that_openmetrics_has_no_place_for_is_answered_in_text() {
    let openmetrics = [("Accept", Format::OpenMetrics.content_type())];
    let content_type = |exporter: Exporter| {
        let (_runtime, address) = serve(exporter);
        let response = http::get(address, "/metrics", &openmetrics);
        assert_eq!(response.text().ends_with("# EOF\n"), response.text().contains("# UNIT"));
        response.header("content-type").map(str::to_owned)
    };
    let text = Some(Format::Text.content_type().to_owned());
    assert_eq!(content_type(Exporter::new(&DRIFTING)), text);
    assert_eq!(
        content_type(Exporter::new(&METRICS)),
        Some(Format::OpenMetrics.content_type().to_owned())
    );
    // So it is with somebody else's histogram.
    let registry = Registry::new();
    let offset = HistogramOpts::new("library_offset", "To either side.").buckets(vec![-1.0, 1.0]);
    registry
        .register(Box::new(prometheus::Histogram::with_opts(offset).unwrap()))
        .unwrap();
    let (_runtime, address) = serve(Exporter::new(&METRICS).registry(&registry));
    let response = http::get(address, "/metrics", &openmetrics);
    assert_eq!(response.header("content-type").map(str::to_owned), text);
    assert!(response.text().contains("library_offset_sum 0\n"));
}
