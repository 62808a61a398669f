//! What a catalog adds to every series: labels that are known at start-up, and the time at which it started.

mod support;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use enumetrics::{
    Catalog, Counter, Export, Exporter, Format, Gauge, Histogram, Info, InfoLabels, LabelValue, StateSet, Summary,
    catalog, metric_family, open_label,
};
use support::http;
use support::prometheus::{Prometheus, Release, Scrape, promtool};

#[derive(LabelValue, Clone, Copy)]
pub enum Status {
    Ok,
    Error,
}

open_label! {
    /// Tenants.
    pub struct Tenant(max = 3, other = "other");
}

#[derive(InfoLabels)]
pub struct Build {
    pub version: &'static str,
}

#[metric_family(namespace = "kyc", labels(component = "gateway"))]
pub struct Kyc {
    /// Verifications.
    pub verifications_total: Counter<Status>,
    /// Requests, by tenant.
    pub requests_total: Counter<Tenant>,
    /// Sessions.
    pub sessions: Gauge,
    /// Durations.
    #[metric(buckets = [0.5])]
    pub duration_seconds: Histogram,
    /// Sizes.
    pub size_bytes: Summary,
    /// State.
    pub state: StateSet<Status>,
    /// What was built.
    pub build_info: Info<Build>,
}

#[metric_family(namespace = "bare")]
pub struct Bare {
    /// Requests.
    pub requests_total: Counter,
    /// Sessions.
    pub sessions: Gauge,
    /// Sessions opened, which have no name of their own in OpenMetrics.
    pub sessions_total: Counter,
    /// Durations.
    #[metric(buckets = [0.5])]
    pub duration_seconds: Histogram,
}

static KYC: Kyc = Kyc::new();
static BARE: Bare = Bare::new();
catalog! { static METRICS = [KYC, BARE]; }

fn with_labels() -> Catalog<'static> {
    KYC.build_info.set(Build { version: "1.2" });
    METRICS.with_labels([("region", "eu \"1\""), ("shard", "7")]).unwrap()
}

/// The lines of a scrape that are samples.
fn samples(text: &str) -> Vec<&str> {
    text.lines().filter(|line| !line.starts_with('#')).collect()
}

#[test]
fn labels_of_all_stand_before_those_of_a_metric() {
    let metrics = with_labels();
    for format in [Format::Text, Format::OpenMetrics] {
        let text = metrics.render_as(format);
        let plain = METRICS.render_as(format);
        let both = samples(&text).into_iter().zip(samples(&plain));
        assert!(both.len() > 20 && samples(&text).len() == samples(&plain).len());
        for (line, plain) in both {
            const ADDED: &str = "region=\"eu \\\"1\\\"\",shard=\"7\"";
            let expected = match plain.split_once("{component=\"gateway\"") {
                Some((name, rest)) => format!("{name}{{component=\"gateway\",{ADDED}{rest}"),
                None => match plain.split_once('{') {
                    Some((name, rest)) => format!("{name}{{{ADDED},{rest}"),
                    None => plain.replacen(' ', &format!("{{{ADDED}}} "), 1),
                },
            };
            assert_eq!(line, expected);
        }
    }
    for release in Release::ALL {
        let verdict = promtool(release, &["check", "metrics"], &metrics.render());
        assert!(
            !String::from_utf8_lossy(&verdict.stderr).contains("error while"),
            "{verdict:?}"
        );
    }
}

#[test]
fn labels_are_added_to_those_that_were_given_before() {
    let metrics = METRICS.with_labels([("region", "eu")]).unwrap();
    let metrics = metrics
        .with_labels([("shard", "7")])
        .unwrap()
        .without(["kyc_state"])
        .unwrap();
    assert!(
        metrics
            .render()
            .contains("bare_sessions{region=\"eu\",shard=\"7\"} 0\n")
    );
    let error = metrics.with_labels([("shard", "8")]).unwrap_err();
    assert!(error.to_string().contains("has a label `shard` of its own"), "{error}");
}

#[test]
fn a_registry_and_a_collector_have_them_too() {
    let registry = prometheus::Registry::new();
    let hits = prometheus::IntCounterVec::new(prometheus::Opts::new("hits_total", "Hits."), &["shard"]).unwrap();
    hits.with_label_values(&["its own"]).inc();
    registry.register(Box::new(hits)).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let exporter = Exporter::new(&with_labels()).registry(&registry).self_metrics();
    let server = exporter.bind("127.0.0.1:0");
    let server = runtime.block_on(server).unwrap();
    let address = server.local_addr().unwrap();
    runtime.spawn(server.run());
    let response = http::get(address, "/metrics", &[]);
    let text = response.text();
    assert!(
        text.contains("\nhits_total{region=\"eu \\\"1\\\"\",shard=\"its own\"} 1\n"),
        "{text}"
    );
    for own in [
        "\nenumetrics_exporter_scrapes_total{region=\"eu \\\"1\\\"\",shard=\"7\",format=\"",
        "\nenumetrics_exporter_failing_files{region=\"eu \\\"1\\\"\",shard=\"7\"} 0\n",
    ] {
        assert!(text.contains(own), "{own} in {text}");
    }

    let registry = prometheus::Registry::new();
    registry.register(Box::new(with_labels().collector().unwrap())).unwrap();
    let families = registry.gather();
    let sessions = families.iter().find(|family| family.name() == "bare_sessions").unwrap();
    let labels = sessions.get_metric()[0].get_label();
    let labels: Vec<_> = labels.iter().map(|label| (label.name(), label.value())).collect();
    assert_eq!(labels, [("region", "eu \"1\""), ("shard", "7")]);
}

/// Seconds since the Unix epoch.
fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64()
}

#[test]
fn what_is_counted_says_when_it_started() {
    let kyc = Kyc::new();
    let families: [&dyn Export; 2] = [&kyc, &BARE];
    let plain = Catalog::new(&families).unwrap();
    let metrics = plain.with_created_timestamps();
    assert_eq!(metrics.render(), plain.render(), "only OpenMetrics has a place for it");
    std::thread::sleep(Duration::from_millis(50));
    let reset = now();
    kyc.verifications_total.with(Status::Error).reset();
    kyc.duration_seconds.remove();
    kyc.duration_seconds.observe(1.0);

    let text = metrics.render_as(Format::OpenMetrics);
    let created: Vec<_> = samples(&text)
        .windows(2)
        .filter(|lines| lines[1].contains("_created"))
        .map(|lines| (lines[0], lines[1].rsplit_once(' ').unwrap()))
        .collect();
    let names: Vec<_> = created.iter().map(|(_, (name, _))| *name).collect();
    assert_eq!(
        names,
        [
            "kyc_verifications_created{component=\"gateway\",status=\"ok\"}",
            "kyc_verifications_created{component=\"gateway\",status=\"error\"}",
            "kyc_requests_created{component=\"gateway\",tenant=\"other\"}",
            "kyc_duration_seconds_created{component=\"gateway\"}",
            "kyc_size_bytes_created{component=\"gateway\"}",
            "bare_requests_created",
            "bare_duration_seconds_created",
            "enumetrics_label_overflows_created{label=\"tenant\"}",
        ]
    );
    let time = |at: usize| created[at].1.1.parse::<f64>().unwrap();
    assert_eq!(
        (time(0), time(0), time(0)),
        (time(2), time(4), time(6)),
        "the process started once"
    );
    assert!((reset - 600.0..reset).contains(&time(0)));
    assert!((reset - 0.001..now()).contains(&time(1)) && time(3) >= time(1));
    // It stands with the samples of its series.
    assert!(
        created[0]
            .0
            .starts_with("kyc_verifications_total{component=\"gateway\",status=\"ok\"} 0")
    );
    assert!(created[6].0.starts_with("bare_duration_seconds_count 0"));
}

#[tokio::test(flavor = "multi_thread")]
async fn prometheus_sees_the_first_value_as_an_increase() {
    let server = Exporter::new(&METRICS.with_created_timestamps());
    let server = server.bind("127.0.0.1:0").await.unwrap();
    let address = server.local_addr().unwrap();
    tokio::spawn(server.run());
    tokio::task::spawn_blocking(move || {
        BARE.requests_total.inc_by(5);
        let scrape = [Scrape::new("bare", address)];
        let features = ["created-timestamp-zero-ingestion"];
        let current = Prometheus::start_with(Release::Current, &scrape, &features);
        current.wait_until_scraped();
        // Zero is stored at the start, in front of the first value.
        let first = current.query("min_over_time(bare_requests_total[1h])");
        assert!(matches!(first[..], [(_, 0.0)]), "{first:?}");
        assert_eq!(current.query("bare_requests_total")[0].1, 5.0);
        assert_eq!(current.query("bare_requests_created"), [], "it is no series");

        // Without the feature it is one.
        let stable = Prometheus::start(Release::Stable, &scrape);
        stable.wait_until_scraped();
        assert_eq!(stable.query("bare_requests_created").len(), 1);
        assert_eq!(stable.query("min_over_time(bare_requests_total[1h])")[0].1, 5.0);
    })
    .await
    .unwrap();
}
