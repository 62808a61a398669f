//! Exemplars: which are kept, how they are written, and what Prometheus makes of them.

mod support;

use std::cell::Cell;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use enumetrics::{
    Catalog, Counter, Exemplar, Export, Exporter, Format, Gauge, Histogram, LabelValue, catalog, metric_family, timed,
};
use support::prometheus::{Prometheus, Release, Scrape};

#[derive(LabelValue, Clone, Copy)]
pub enum Status {
    Ok,
    Error,
    #[label(skip)]
    Unknown,
}

#[metric_family(namespace = "kyc")]
pub struct Kyc {
    /// Verifications.
    pub verifications_total: Counter<Status>,
    /// Bytes read.
    pub read_bytes_total: Counter,
    /// Time spent.
    pub busy_seconds_total: Counter<(), f64>,
    /// Durations.
    #[metric(buckets = [0.5, 1])]
    pub duration_seconds: Histogram<Status>,
    /// Durations of what is traced.
    #[metric(shared, exemplars, buckets = [0.5, 1])]
    pub traced_seconds: Histogram<Status>,
    /// Requests that are traced.
    #[metric(exemplars)]
    pub traced_total: Counter,
}

const ONE: Exemplar = Exemplar::new(0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736, 0x00f0_67aa_0ba9_02b7);
const ONE_TEXT: &str = r#"{trace_id="4bf92f3577b34da6a3ce929d0e0e4736",span_id="00f067aa0ba902b7"}"#;

/// The samples of a family that have an exemplar, with their times as `T`.
fn with_exemplars(families: &[&dyn Export], name: &str) -> Vec<String> {
    let catalog = Catalog::new(families).unwrap();
    assert!(!catalog.render().contains("} # {"), "text 0.0.4 has no exemplars");
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64();
    let text = catalog.render_as(Format::OpenMetrics);
    let lines = text
        .lines()
        .filter(|line| line.starts_with(name) && line.contains(" # "));
    let lines = lines.map(|line| {
        let (line, time) = line.rsplit_once(' ').unwrap();
        let age = now - time.parse::<f64>().unwrap();
        assert!((-1.0..600.0).contains(&age), "{time} is not now");
        format!("{line} T")
    });
    lines.collect()
}

#[test]
fn the_last_exemplar_of_a_counter_is_written() {
    let kyc = Kyc::new();
    kyc.verifications_total.with(Status::Ok).inc_with(Exemplar::new(1, 2));
    kyc.verifications_total.with(Status::Ok).inc_with(ONE);
    kyc.verifications_total.with(Status::Ok).inc();
    kyc.verifications_total.with(Status::Error).inc_with(None);
    kyc.verifications_total.with(Status::Unknown).inc_with(ONE);
    kyc.read_bytes_total.inc_by_with(4_096, ONE);
    kyc.busy_seconds_total.inc_by_with(Duration::from_millis(250), ONE);
    kyc.busy_seconds_total.inc_by_with(-1.0, None);
    assert_eq!(
        with_exemplars(&[&kyc], "kyc_"),
        [
            format!("kyc_verifications_total{{status=\"ok\"}} 3 # {ONE_TEXT} 1 T"),
            format!("kyc_read_bytes_total 4096 # {ONE_TEXT} 4096 T"),
            format!("kyc_busy_seconds_total 0.25 # {ONE_TEXT} 0.25 T"),
        ]
    );
    kyc.verifications_total.with(Status::Ok).reset();
    assert_eq!(with_exemplars(&[&kyc], "kyc_verifications"), [""; 0]);
}

#[test]
fn each_bucket_has_the_last_exemplar_that_fell_into_it() {
    let kyc = Kyc::new();
    let ok = kyc.duration_seconds.with(Status::Ok);
    ok.observe_with(Duration::from_millis(250), Exemplar::new(1, 2));
    ok.observe_with(0.5, ONE);
    ok.observe_with(7.0, ONE);
    ok.observe(0.75);
    for nowhere in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        ok.observe_with(nowhere, Exemplar::new(1, 2));
    }
    let expected = [
        format!("kyc_duration_seconds_bucket{{status=\"ok\",le=\"0.5\"}} 3 # {ONE_TEXT} 0.5 T"),
        format!("kyc_duration_seconds_bucket{{status=\"ok\",le=\"+Inf\"}} 7 # {ONE_TEXT} 7 T"),
    ];
    assert_eq!(with_exemplars(&[&kyc], "kyc_"), expected);
    assert_eq!(ok.count(), 7);
}

#[test]
fn what_is_traced_asks_for_its_exemplar_itself() {
    thread_local! {
        static CURRENT: Cell<Option<Exemplar>> = const { Cell::new(None) };
    }
    static KYC: Kyc = Kyc::new();

    #[timed(KYC.traced_seconds, status = "error")]
    fn work() {}

    KYC.traced_total.inc();
    Exemplar::set_source(|| CURRENT.get()).unwrap();
    let again = Exemplar::set_source(|| None).unwrap_err().to_string();
    assert_eq!(
        again,
        "the program has a source of exemplars already: set one, where it starts"
    );
    work();
    KYC.traced_total.inc();
    assert_eq!(with_exemplars(&[&KYC], "kyc_"), [""; 0]);

    CURRENT.set(Some(ONE));
    assert_eq!(Exemplar::current(), Some(ONE));
    work();
    KYC.traced_total.inc();
    KYC.traced_seconds.with(Status::Ok).observe(0.75);
    KYC.duration_seconds.with(Status::Ok).observe(0.75);
    KYC.verifications_total.with(Status::Ok).inc();
    let lines = with_exemplars(&[&KYC], "kyc_");
    let starts: Vec<_> = lines.iter().map(|line| line.split(" # ").next().unwrap()).collect();
    assert_eq!(
        starts,
        [
            "kyc_traced_seconds_bucket{status=\"ok\",le=\"1.0\"} 1",
            "kyc_traced_seconds_bucket{status=\"error\",le=\"0.5\"} 2",
            "kyc_traced_total 3",
        ]
    );
}

#[test]
fn a_counter_that_is_none_in_openmetrics_has_no_exemplars_there() {
    #[metric_family(namespace = "taken")]
    pub struct Taken {
        /// Sessions opened.
        pub sessions_total: Counter,
        /// Sessions now open.
        pub sessions: Gauge,
    }
    let taken = Taken::new();
    taken.sessions_total.inc_with(ONE);
    assert_eq!(with_exemplars(&[&taken], "taken_"), [""; 0]);
}

static KYC: Kyc = Kyc::new();
catalog! { static METRICS = [KYC]; }

#[tokio::test(flavor = "multi_thread")]
async fn prometheus_stores_exemplars_and_sees_what_is_reset_and_removed() {
    let server = Exporter::new(&METRICS).bind("127.0.0.1:0").await.unwrap();
    let address = server.local_addr().unwrap();
    tokio::spawn(server.run());
    tokio::task::spawn_blocking(move || {
        let scrape = [Scrape::new("kyc", address)];
        let started = [Release::Stable, Release::Current]
            .map(|release| Prometheus::start_with(release, &scrape, &["exemplar-storage"]));
        KYC.verifications_total.with(Status::Ok).inc_by_with(7, ONE);
        KYC.verifications_total.with(Status::Error).inc_by(5);
        KYC.duration_seconds
            .with(Status::Error)
            .observe_with(0.75, Exemplar::new(7, 9));
        for prometheus in &started {
            prometheus.wait_until_scraped();
            let exemplars = prometheus.exemplars("{__name__=~\"kyc_.*\"}");
            let [bucket, counter] = exemplars.as_slice() else {
                panic!("{exemplars:#?}")
            };
            assert_eq!(bucket.series["le"], "1.0");
            assert_eq!(
                (bucket.value.as_str(), bucket.labels["span_id"].as_str()),
                ("0.75", "0000000000000009")
            );
            assert_eq!(counter.series["status"], "ok");
            assert_eq!(counter.value, "7");
            assert_eq!(counter.labels["trace_id"], "4bf92f3577b34da6a3ce929d0e0e4736");
            let age = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64() - counter.time;
            assert!((0.0..600.0).contains(&age), "{age}");
        }

        KYC.verifications_total.with(Status::Ok).reset();
        KYC.verifications_total.with(Status::Error).remove();
        KYC.verifications_total.with(Status::Ok).inc_by(3);
        for prometheus in &started {
            prometheus.wait_until_scraped();
            let statuses = prometheus.query("kyc_verifications_total");
            let statuses: Vec<_> = statuses
                .iter()
                .map(|(labels, value)| (labels["status"].as_str(), *value))
                .collect();
            assert_eq!(statuses, [("ok", 3.0)], "what is removed is stale at once");
            let [(_, resets)] = prometheus.query("resets(kyc_verifications_total{status=\"ok\"}[5m])")[..] else {
                panic!("one series")
            };
            assert_eq!(resets, 1.0);
        }
    })
    .await
    .unwrap();
}
