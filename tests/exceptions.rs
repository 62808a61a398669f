//! What is excepted from a rule is exported, recorded and known to rules as it is declared.

mod support;

use std::collections::BTreeSet;

use enumetrics::catalogue::Catalogue;
use enumetrics::dashboard::Dashboard;
use enumetrics::operations::Operations;
use enumetrics::{
    Calls, Counter, Exporter, Format, Gauge, Histogram, Info, InfoLabels, LabelSet, LabelValue, Summary, catalog,
    http_metrics, metric_family, open_label, rules,
};
use support::prometheus::{Prometheus, Release, Scrape, promtool};

#[derive(LabelValue, Clone, Copy)]
#[label(allow(label-target = "the jobs of a batch system, which is scraped with honor_labels"))]
pub enum Job {
    Import,
    Export,
}

open_label! {
    /// The machines that jobs run on.
    pub struct Instance(max = 3, allow(label-target = "as above"));
}

#[derive(LabelSet, Clone, Copy)]
pub struct Run {
    #[label(allow(label-target = "as above"))]
    pub job: Job,
    #[label(name = "exitKind", allow(label-snake-case = "the rules of 2019 say so"))]
    pub exit: Exit,
}

#[derive(LabelValue, Clone, Copy)]
pub enum Exit {
    Ok,
    Failed,
}

#[derive(LabelValue, Clone, Copy)]
pub enum Bytes {
    Few,
    Many,
}

#[derive(InfoLabels)]
pub struct Build {
    #[label(name = "gitRevision", allow(label-snake-case = "the dashboards of 2019 show it"))]
    pub revision: &'static str,
}

#[metric_family(namespace = "batch")]
pub struct Batch {
    /// Runs.
    #[metric(exemplars, allow(name-total = "the name of 2019"))]
    pub runs: Counter<Run>,
    /// Jobs that wait.
    #[metric(allow(name-suffix = "the name of 2019"))]
    pub queue_count: Gauge<Job>,
    /// Machines.
    #[metric(allow(name-total = "the name of 2019", name-suffix = "the name of 2019"))]
    pub machines_sum: Counter<Instance>,
    /// When the queue was made.
    #[metric(allow(name-suffix = "the name of 2019"))]
    pub queue_created: Gauge,
    /// How often the queue was emptied.
    pub queue_total: Counter,
    /// What was built.
    #[metric(allow(name-info = "the name of 2019"))]
    pub build: Info<Build>,
    #[metric(allow(help-missing = "it speaks for itself", name-kind = "a gauge on the wall"))]
    pub pressure_gauge: Gauge,
    /// Ages.
    #[metric(buckets = [1, 5], allow(name-unit = "the dashboards show minutes"))]
    pub age_minutes: Histogram,
    /// Prices.
    #[metric(unit = "euros", allow(name-unit = "the name of 2019"))]
    pub price: Summary,
    /// Sizes.
    #[metric(allow(label-unit = "we call it so"))]
    pub size_bytes: Gauge<Bytes>,
    /// Waiting.
    #[metric(buckets = MANY, allow(bucket-count = "an experiment"))]
    pub wait_seconds: Histogram,
    /// Names.
    #[metric(allow(name-snake-case = "the name of 2019"))]
    pub open_files_: Gauge,
}

const MANY: [f64; 50] = enumetrics::buckets::linear(1.0, 1.0);

/// What is said once, for all metrics of a struct.
#[metric_family(
    namespace = "oldBatch",
    labels(env = "production", job = "reports"),
    allow(
        name-snake-case = "the names of 2019",
        name-total = "the names of 2019",
        help-missing = "nobody knows any more",
        label-constant = "the dashboards select by it",
        label-target = "it is about another target",
        name-kind = "the names of 2019",
    )
)]
pub struct Old {
    pub runs: Counter,
    pub failures: Counter<Exit>,
    #[metric(calls(outcome))]
    pub report_counter: Calls,
}

http_metrics! {
    #[http(names(requests = "http_requests"), without(high_resolution), allow(name-total = "the name of 2019"))]
    static HTTP: Http;
}

pub static BATCH: Batch = Batch::new();
pub static OLD: Old = Old::new();
catalog! { pub static METRICS = [BATCH, OLD, HTTP]; }

rules! {
    pub static RULES for METRICS;

    /// Jobs fail.
    #[alert(for = "10m", severity = Critical, runbook = "https://runbooks.example/jobs")]
    JobsFail = sum by (job) (rate(batch_runs{job="import",exitKind="failed"}[5m])) > 0.1;

    /// Jobs wait.
    #[alert(for = "10m", severity = Critical, runbook = "https://runbooks.example/queue")]
    JobsWait = sum by (job) (batch_queue_count) > 10;

    #[record]
    job:batch_runs:rate5m = sum by (job) (rate(batch_runs[5m]));
}

fn record() {
    BATCH
        .runs
        .with(Run {
            job: Job::Import,
            exit: Exit::Failed,
        })
        .inc();
    BATCH.queue_count.with(Job::Export).set(7);
    BATCH.machines_sum.with(Instance::intern("a:1")).inc_by(2);
    BATCH.queue_created.set(1_700_000_000);
    BATCH.queue_total.inc();
    BATCH.build.set(Build { revision: "abc" });
    BATCH.pressure_gauge.set(3);
    BATCH.age_minutes.observe(2.0);
    BATCH.price.observe(9.5);
    BATCH.size_bytes.with(Bytes::Many).set(4);
    BATCH.wait_seconds.observe(30.0);
    BATCH.open_files_.set(5);
    OLD.runs.inc();
    OLD.failures.with(Exit::Ok).inc();
}

#[test]
fn the_names_are_those_that_were_declared() {
    record();
    let text = METRICS.render();
    for line in [
        "# TYPE batch_runs counter",
        "batch_runs{job=\"import\",exitKind=\"failed\"} 1",
        "# TYPE batch_queue_count gauge",
        "batch_queue_count{job=\"export\"} 7",
        "batch_machines_sum{instance=\"a:1\"} 2",
        "batch_queue_created 1700000000",
        "batch_build{gitRevision=\"abc\"} 1",
        "batch_price_sum 9.5",
        "oldBatch_runs{env=\"production\",job=\"reports\"} 1",
        "# TYPE http_requests counter",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
    assert!(!text.contains("# HELP batch_pressure_gauge"), "{text}");

    let openmetrics = METRICS.with_created_timestamps().render_as(Format::OpenMetrics);
    for line in [
        "# TYPE batch_runs unknown",
        "batch_runs{job=\"import\",exitKind=\"failed\"} 1",
        "# TYPE batch_build unknown",
        // There is something else of the name that its time of creation would have.
        "# TYPE batch_queue_total unknown",
        "batch_queue_created 1700000000",
        "batch_price_sum 9.5",
    ] {
        assert!(openmetrics.lines().any(|found| found == line), "{line}\n{openmetrics}");
    }
    assert_eq!(openmetrics.matches("\nbatch_queue_created ").count(), 1);
    assert!(!openmetrics.contains("# UNIT batch_price"), "{openmetrics}");
}

/// It complains of the conventions, and of nothing else.
#[test]
fn promtool_reads_what_it_would_not_call_so() {
    record();
    for release in Release::ALL {
        let output = promtool(release, &["check", "metrics"], &METRICS.render());
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(3), "{release:?}: {said}");
        let about: BTreeSet<_> = said
            .lines()
            .filter_map(|line| line.split_once(' '))
            .map(|(_, what)| what)
            .collect();
        let known = [
            "counter metrics should have \"_total\" suffix",
            "label names should be written in 'snake_case' not 'camelCase'",
            "metric names should be written in 'snake_case' not 'camelCase'",
            "metric name should not include type 'gauge'",
            "metric name should not include type 'counter'",
            "no help text",
            "non-histogram and non-summary metrics should not have \"_count\" suffix",
            "non-histogram and non-summary metrics should not have \"_sum\" suffix",
            "use base unit \"seconds\" instead of \"minutes\"",
        ];
        assert!(about.iter().all(|what| known.contains(what)), "{release:?}: {said}");
    }
}

#[test]
fn prometheus_stores_the_same_from_every_format() {
    record();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let server = runtime.block_on(Exporter::new(&METRICS).bind("127.0.0.1:0")).unwrap();
    let address = server.local_addr().unwrap();
    runtime.spawn(server.run());
    let text = METRICS.render();
    let declared: BTreeSet<String> = text
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split(['{', ' ']).next().map(str::to_owned))
        .collect();
    for release in Release::ALL {
        let protocols: &[&[&str]] = match release {
            Release::Stable => &[&[]],
            Release::Current => &[
                &["PrometheusText0.0.4"],
                &["OpenMetricsText1.0.0"],
                &["PrometheusProto"],
            ],
        };
        for protocols in protocols {
            let job = Scrape::new("batch", address).with("honor_labels", true.into());
            let prometheus = Prometheus::start(release, &[job.protocols(protocols)]);
            prometheus.wait_until_scraped();
            let name = |labels: &std::collections::BTreeMap<String, String>| labels["__name__"].clone();
            let series = prometheus.query("{__name__=~\"batch_.+|oldBatch_.+|http_.+|enumetrics_.+\"}");
            let stored: BTreeSet<_> = series.iter().map(|(labels, _)| name(labels)).collect();
            assert_eq!(stored, declared, "{release:?} {protocols:?}");
            for (query, value) in [
                ("batch_runs{job=\"import\",exitKind=\"failed\"}", 1.0),
                ("batch_queue_count{job=\"export\"}", 7.0),
                ("batch_machines_sum{instance=\"a:1\"}", 2.0),
                ("oldBatch_runs{env=\"production\",job=\"reports\"}", 1.0),
            ] {
                let found = prometheus.query(query);
                let values: Vec<_> = found.iter().map(|(_, value)| *value).collect();
                assert!(
                    values.len() == 1 && values[0] >= value,
                    "{release:?} {protocols:?} {query}: {found:?}"
                );
            }
        }
    }
}

#[test]
fn rules_and_files_take_labels_of_targets_for_the_metrics_own() {
    RULES.assert_right();
    let files = Operations::new("batch", &METRICS).rules(&RULES).files().unwrap().files;
    let content = |path: &str| {
        let file = files.iter().find(|file| file.path == path);
        file.unwrap_or_else(|| panic!("no {path}")).content.clone()
    };
    assert!(content("prometheus/prometheus.yml").contains("honor_labels: true"));
    assert!(content("kubernetes/service-monitor.yml").contains("honorLabels: true"));

    let dashboard = Dashboard::of(&METRICS).rules(&RULES).to_json();
    assert!(dashboard.contains("batch_queue_count"), "{dashboard}");
    assert!(!dashboard.contains("batch_queue_count{job=~"), "{dashboard}");
    assert!(!dashboard.contains("label_values(batch_runs"), "{dashboard}");
}

#[test]
fn a_catalogue_knows_them_and_what_changes() {
    let catalogue = Catalogue::of(&METRICS);
    let read = Catalogue::from_json(&catalogue.to_json()).unwrap();
    assert!(catalogue.changes_to(&read).is_empty());
    let price = read.metrics.iter().find(|metric| metric.name == "batch_price").unwrap();
    assert_eq!(price.unit.as_deref(), Some("euros"));
    assert!(
        catalogue
            .to_markdown()
            .contains("## oldBatch_report_counter_calls_total")
    );
}
