//! The protobuf format over HTTP: what is answered, and what real Prometheus servers make of native histograms, exemplars
//! and starts.

#[path = "support/client_model.rs"]
mod client_model;
mod support;

use std::net::SocketAddr;

use client_model::{MetricType, decode, decode_joined};
use enumetrics::{
    Catalog, ComputedGauge, Counter, Exemplar, Export, Exporter, Format, Gauge, Histogram, InFlight, Info, InfoLabels,
    Instances, IntRange, LabelSet, LabelValue, Scrape as Memory, StateSet, Summary, catalog, metric_family,
};
use prometheus::{HistogramOpts, IntCounter, Opts, Registry};
use support::http;
use support::prometheus::{Prometheus, Release, Scrape};

#[derive(LabelValue, Clone, Copy, Debug, PartialEq)]
pub enum Module {
    Liveness,
    Ocr,
}

#[derive(InfoLabels)]
pub struct Build {
    pub version: &'static str,
}

#[metric_family(namespace = "kyc", labels(component = "gateway"))]
pub struct Kyc {
    /// Verifications by "module".
    pub verifications_total: Counter<Module>,
    /// Seconds at work.
    pub busy_seconds_total: Counter<(), f64>,
    /// Sessions.
    pub sessions: Gauge,
    /// Calls now.
    pub calls_in_flight: InFlight<Module>,
    /// Durations.
    #[metric(native)]
    pub native_seconds: Histogram<Module>,
    /// Durations, in both forms.
    #[metric(native, buckets = [0.5, 1])]
    pub both_seconds: Histogram,
    /// Sizes.
    #[metric(quantiles = [0.5])]
    pub size_bytes: Summary,
    /// What runs.
    pub build_info: Info<Build>,
    /// What is at work.
    pub state: StateSet<Module>,
    /// Six times seven.
    #[metric(compute = |()| 42.0)]
    pub answer: ComputedGauge,
    /// Requests by module, where there were any.
    #[metric(touched)]
    pub touched_total: Counter<Module>,
}

const PROTOBUF: [(&str, &str); 1] = [("Accept", Format::Protobuf.content_type())];

fn serve(exporter: Exporter) -> (tokio::runtime::Runtime, SocketAddr) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let server = runtime.block_on(exporter.bind("127.0.0.1:0")).unwrap();
    let address = server.local_addr().unwrap();
    runtime.spawn(server.run());
    (runtime, address)
}

/// A line for each series: its name, its labels, and what it is, in the words of this test.
fn read(scrape: &[u8]) -> Vec<String> {
    let mut lines = Vec::new();
    for family in decode_joined(scrape) {
        for metric in &family.metric {
            let value = match (
                &metric.counter,
                &metric.gauge,
                &metric.summary,
                &metric.untyped,
                &metric.histogram,
            ) {
                (Some(counter), None, None, None, None) => format!("counter {}", counter.value()),
                (None, Some(gauge), None, None, None) => format!("gauge {}", gauge.value()),
                (None, None, Some(summary), None, None) => {
                    format!("summary {} {}", summary.sample_count(), summary.sample_sum())
                }
                (None, None, None, Some(untyped), None) => format!("untyped {}", untyped.value()),
                (None, None, None, None, Some(histogram)) => {
                    format!("histogram {} {}", histogram.sample_count(), histogram.sample_sum())
                }
                _ => panic!("{metric:?}"),
            };
            let labels = metric
                .labels()
                .into_iter()
                .map(|(name, value)| format!(" {name}={value:?}"));
            lines.push(format!("{}{} {value}", family.name(), labels.collect::<String>()));
        }
    }
    lines
}

#[test]
fn every_kind_is_written_as_prometheus_knows_it() {
    let kyc = Kyc::new();
    kyc.verifications_total.with(Module::Ocr).inc_by(7);
    kyc.busy_seconds_total.inc_by(0.25);
    kyc.sessions.set(-3);
    let _guard = kyc.calls_in_flight.with(Module::Liveness).track();
    kyc.native_seconds.with(Module::Ocr).observe(0.75);
    kyc.both_seconds.observe(0.75);
    kyc.size_bytes.observe(10.0);
    kyc.state.set(Module::Ocr);
    kyc.touched_total.with(Module::Ocr).inc();
    let families: [&dyn Export; 1] = [&kyc];
    let catalog = Catalog::new(&families).unwrap();
    let write = || {
        let mut bytes = Vec::new();
        catalog
            .write_to(&mut bytes, Format::Protobuf, &mut Memory::new())
            .unwrap();
        bytes
    };
    let expected = [
        r#"kyc_verifications_total component="gateway" module="liveness" counter 0"#,
        r#"kyc_verifications_total component="gateway" module="ocr" counter 7"#,
        r#"kyc_busy_seconds_total component="gateway" counter 0.25"#,
        r#"kyc_sessions component="gateway" gauge -3"#,
        r#"kyc_calls_in_flight component="gateway" module="liveness" gauge 1"#,
        r#"kyc_calls_in_flight component="gateway" module="ocr" gauge 0"#,
        r#"kyc_native_seconds component="gateway" module="liveness" histogram 0 0"#,
        r#"kyc_native_seconds component="gateway" module="ocr" histogram 1 0.75"#,
        r#"kyc_both_seconds component="gateway" histogram 1 0.75"#,
        r#"kyc_size_bytes component="gateway" summary 1 10"#,
        r#"kyc_state component="gateway" kyc_state="liveness" gauge 0"#,
        r#"kyc_state component="gateway" kyc_state="ocr" gauge 1"#,
        r#"kyc_answer component="gateway" gauge 42"#,
        r#"kyc_touched_total component="gateway" module="ocr" counter 1"#,
    ];
    // What is not set yet is not there.
    assert_eq!(read(&write()), expected);
    kyc.build_info.set(Build { version: "1.\"2\"" });
    let all = read(&write());
    assert_eq!(
        all[10],
        r#"kyc_build_info component="gateway" version="1.\"2\"" gauge 1"#
    );

    let families = decode(&write());
    let of = |name: &str| families.iter().find(|family| family.name() == name).unwrap();
    assert_eq!(of("kyc_verifications_total").help(), "Verifications by \"module\".");
    assert_eq!(
        (of("kyc_busy_seconds_total").unit(), of("kyc_sessions").unit.as_ref()),
        ("seconds", None)
    );
    assert_eq!(of("kyc_state").r#type(), MetricType::Gauge);
    let quantiles = &of("kyc_size_bytes").metric[0].summary.as_ref().unwrap().quantile;
    assert!((quantiles[0].quantile(), quantiles.len()) == (0.5, 1) && (quantiles[0].value() - 10.0).abs() < 0.3);

    // What is removed is gone, and what was not, is there.
    kyc.verifications_total.with(Module::Liveness).remove();
    kyc.both_seconds.remove();
    let left = read(&write());
    assert!(
        left[0].starts_with("kyc_verifications_total component=\"gateway\" module=\"ocr\""),
        "{left:?}"
    );
    assert!(!left.iter().any(|line| line.starts_with("kyc_both")), "{left:?}");
}

#[test]
fn instances_follow_each_other_under_one_name() {
    #[metric_family(namespace = "pool")]
    pub struct Pool {
        /// Waits.
        #[metric(native)]
        pub wait_seconds: Histogram,
    }
    static POOLS: Instances<Pool, Module, 2> = Instances::new([const { Pool::new() }; 2]);
    POOLS.with(Module::Ocr).wait_seconds.observe(2.0);
    let families: [&dyn Export; 1] = [&POOLS];
    let mut bytes = Vec::new();
    let catalog = Catalog::new(&families).unwrap();
    catalog
        .write_to(&mut bytes, Format::Protobuf, &mut Memory::new())
        .unwrap();
    assert_eq!(
        read(&bytes),
        [
            "pool_wait_seconds module=\"liveness\" histogram 0 0",
            "pool_wait_seconds module=\"ocr\" histogram 1 2"
        ]
    );
}

static KYC: Kyc = Kyc::new();
catalog! { pub static METRICS = [KYC]; }

fn registry() -> Registry {
    let registry = Registry::new();
    let hits = IntCounter::with_opts(Opts::new("library_hits_total", "Hits.").const_label("from", "b\\")).unwrap();
    let wait =
        prometheus::Histogram::with_opts(HistogramOpts::new("library_wait_seconds", "Wait.").buckets(vec![1.0, 8.0]));
    let wait = wait.unwrap();
    hits.inc_by(5);
    wait.observe(2.5);
    registry.register(Box::new(hits)).unwrap();
    registry.register(Box::new(wait)).unwrap();
    registry
}

#[test]
fn registries_and_process_metrics_are_in_the_answer() {
    let exporter = Exporter::new(&METRICS)
        .registry(&registry())
        .process_metrics()
        .self_metrics();
    let (_runtime, address) = serve(exporter);
    let response = http::get(address, "/metrics", &PROTOBUF);
    assert_eq!(response.header("content-type"), Some(Format::Protobuf.content_type()));
    let lines = read(&response.body);
    assert!(
        lines.contains(&"library_hits_total from=\"b\\\\\" counter 5".to_owned()),
        "{lines:#?}"
    );
    assert!(
        lines.contains(&"library_wait_seconds histogram 1 2.5".to_owned()),
        "{lines:#?}"
    );
    assert!(
        lines
            .iter()
            .any(|line| line.starts_with("process_start_time_seconds gauge 1"))
    );
    assert!(
        lines
            .iter()
            .any(|line| line.starts_with("enumetrics_exporter_scrapes_total format=\"protobuf\""))
    );
    let families = decode(&response.body);
    let wait = families
        .iter()
        .find(|family| family.name() == "library_wait_seconds")
        .unwrap();
    let buckets = &wait.metric[0].histogram.as_ref().unwrap().bucket;
    let buckets: Vec<_> = buckets
        .iter()
        .map(|bucket| (bucket.upper_bound(), bucket.cumulative_count()))
        .collect();
    assert_eq!((wait.unit(), buckets), ("seconds", vec![(1.0, 0), (8.0, 1)]));

    let filtered = http::get(
        address,
        "/metrics?name[]=kyc_sessions&name[]=library_hits_total",
        &PROTOBUF,
    );
    let names: Vec<_> = decode(&filtered.body)
        .iter()
        .map(|family| family.name().to_owned())
        .collect();
    assert_eq!(names, ["kyc_sessions", "library_hits_total"]);
}

/// One number.
fn number(prometheus: &Prometheus, query: &str) -> f64 {
    match prometheus.query(query).as_slice() {
        [(_, value)] => *value,
        samples => panic!("{query} is not one sample: {samples:?}"),
    }
}

#[metric_family(namespace = "load")]
pub struct Load {
    /// Requests.
    pub requests_total: Counter,
    /// Durations.
    #[metric(native)]
    pub native_seconds: Histogram<Module>,
    /// Durations, in few buckets.
    #[metric(native(schema = 8, max_buckets = 20, zero_threshold = 0.001))]
    pub few_seconds: Histogram,
    /// Durations, in both forms.
    #[metric(native, buckets = [1, 50])]
    pub both_seconds: Histogram,
    /// Temperatures.
    #[metric(native(schema = 1))]
    pub drift_celsius: Histogram,
}

static LOAD: Load = Load::new();
catalog! { static LOADED = [LOAD]; }

#[test]
fn prometheus_answers_questions_about_native_histograms() {
    let ocr = LOAD.native_seconds.with(Module::Ocr);
    for value in 1..=1_000 {
        let value = f64::from(value) / 10.0;
        ocr.observe(value);
        LOAD.few_seconds.observe(value);
        LOAD.both_seconds.observe(value);
        LOAD.drift_celsius.observe(value - 50.0);
    }
    LOAD.few_seconds.observe(0.0005);
    LOAD.drift_celsius.observe(f64::NAN);
    LOAD.drift_celsius.observe(f64::NEG_INFINITY);
    ocr.observe_with(7.5, Exemplar::new(7, 9));
    ocr.observe_with(0.5, Exemplar::new(7, 10));
    LOAD.requests_total.inc_by_with(5, Exemplar::new(7, 11));
    let (_runtime, address) = serve(Exporter::new(&LOADED));
    for release in Release::ALL {
        let mut scrape = Scrape::new("load", address);
        if release == Release::Current {
            scrape = scrape
                .protocols(&["PrometheusProto"])
                .with("always_scrape_classic_histograms", true.into());
        }
        let features = ["native-histograms", "exemplar-storage"];
        let prometheus = Prometheus::start_with(release, &[scrape], &features);
        prometheus.wait_until_scraped();
        let number = |query: &str| number(&prometheus, query);

        assert_eq!(
            number("histogram_count(load_native_seconds{module=\"ocr\"})"),
            1_002.0,
            "{release:?}"
        );
        assert_eq!(
            number("histogram_sum(load_native_seconds{module=\"ocr\"})"),
            50_058.0,
            "{release:?}"
        );
        assert_eq!(
            number("histogram_count(load_native_seconds{module=\"liveness\"})"),
            0.0,
            "{release:?}"
        );
        assert_eq!(number("histogram_count(load_few_seconds)"), 1_001.0, "{release:?}");
        assert_eq!(number("histogram_count(load_both_seconds)"), 1_000.0, "{release:?}");
        assert_eq!(number("histogram_count(load_drift_celsius)"), 1_002.0, "{release:?}");
        // Not farther off than the factor of the schema.
        let few = LOAD.few_seconds.snapshot().native.unwrap().schema;
        assert!((0..3).contains(&few), "{few}");
        for (metric, schema) in [("load_native_seconds{module=\"ocr\"}", 3), ("load_few_seconds", few)] {
            for quantile in [0.1, 0.5, 0.9, 0.99] {
                let found = number(&format!("histogram_quantile({quantile}, {metric})"));
                let factor = (-f64::from(schema)).exp2().exp2();
                let exact = 100.0 * quantile;
                assert!(
                    (exact / factor..exact * factor).contains(&found),
                    "{release:?}: {quantile} of {metric} is {found}"
                );
            }
        }
        assert_eq!(
            number("histogram_fraction(-Inf, 0.001, load_few_seconds)"),
            1.0 / 1_001.0
        );
        // Half of them, and what is infinitely small.
        let below = number("histogram_fraction(-Inf, 0, load_drift_celsius)");
        assert!((below - 500.0 / 1_002.0).abs() < 0.002, "{release:?}: {below}");
        // A native one has no `_bucket`, and of the others it is there where it is asked for.
        assert_eq!(
            prometheus.query("load_native_seconds_bucket{le!=\"+Inf\"}"),
            [],
            "{release:?}"
        );
        let classic = prometheus.query("load_both_seconds_bucket{le=\"50.0\"}");
        match release {
            Release::Stable => assert_eq!(classic, []),
            Release::Current => assert_eq!(classic[0].1, 500.0),
        }

        let exemplars = prometheus.exemplars("{__name__=~\"load_native_seconds|load_requests_total\"}");
        let mut spans: Vec<_> = exemplars
            .iter()
            .map(|exemplar| (exemplar.value.as_str(), exemplar.labels["span_id"].as_str()))
            .collect();
        spans.sort_unstable();
        assert!(spans.contains(&("5", "000000000000000b")), "{release:?}: {spans:?}");
        assert!(spans.contains(&("0.5", "000000000000000a")), "{release:?}: {spans:?}");
        // An old one looks for them in the classic buckets, of which there is one.
        if release == Release::Current {
            assert!(spans.contains(&("7.5", "0000000000000009")), "{spans:?}");
        }
    }
}

#[metric_family(namespace = "first")]
pub struct First {
    /// Requests.
    pub requests_total: Counter,
    /// Durations.
    #[metric(native)]
    pub duration_seconds: Histogram,
}

static FIRST: First = First::new();
catalog! { static FIRSTS = [FIRST]; }

#[test]
fn the_first_increase_is_seen() {
    FIRST.requests_total.inc_by(5);
    (0..7).for_each(|_| FIRST.duration_seconds.observe(0.5));
    let (_runtime, address) = serve(Exporter::new(&FIRSTS));
    let features = ["native-histograms", "created-timestamp-zero-ingestion"];
    let scrape = Scrape::new("first", address).protocols(&["PrometheusProto"]);
    let prometheus = Prometheus::start_with(Release::Current, &[scrape], &features);
    prometheus.wait_until_scraped();
    // Zero is stored at the start, in front of the first value, which is an increase then.
    assert_eq!(number(&prometheus, "min_over_time(first_requests_total[1h])"), 0.0);
    assert!(number(&prometheus, "increase(first_requests_total[1h])") > 4.0);
    assert!(number(&prometheus, "histogram_count(increase(first_duration_seconds[1h]))") > 6.0);
}

#[derive(LabelSet, Clone, Copy)]
pub struct Number {
    pub thousands: IntRange<0, 9>,
    pub rest: IntRange<0, 999>,
}

#[metric_family(namespace = "wide")]
pub struct Wide {
    /// More series than a page has room for.
    pub numbers_total: Counter<Number>,
}

static WIDE: Wide = Wide::new();
catalog! { static WIDER = [WIDE]; }

#[test]
fn prometheus_takes_a_family_in_several_messages_for_one() {
    for thousands in 0..10 {
        for rest in 0..1_000 {
            let (thousands, rest) = (IntRange::clamped(thousands), IntRange::clamped(rest));
            WIDE.numbers_total
                .with(Number { thousands, rest })
                .inc_by(rest.get().into());
        }
    }
    let (_runtime, address) = serve(Exporter::new(&WIDER));
    assert!(decode(&http::get(address, "/metrics", &PROTOBUF).body).len() > 2);
    for release in Release::ALL {
        let scrape = Scrape::new("wide", address);
        let prometheus = Prometheus::start_with(release, &[scrape], &["native-histograms"]);
        prometheus.wait_until_scraped();
        assert_eq!(
            number(&prometheus, "count(wide_numbers_total)"),
            10_000.0,
            "{release:?}"
        );
        assert_eq!(
            number(&prometheus, "sum(wide_numbers_total)"),
            10.0 * 499_500.0,
            "{release:?}"
        );
        assert_eq!(
            prometheus.metadata("wide_numbers_total")["type"],
            "counter",
            "{release:?}"
        );
    }
}
