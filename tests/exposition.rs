//! The text of a scrape, to the letter, and what promtool says of it.

mod support;

use std::time::Duration;

use enumetrics::{
    Catalog, ComputedCounter, ComputedGauge, Counter, Format, Gauge, Histogram, Info, InfoLabels, LabelSet, LabelValue,
    StateSet, Summary, metric_family,
};
use support::prometheus::{Release, promtool};

#[derive(LabelValue, Clone, Copy)]
pub enum Endpoint {
    Verify,
    #[label(value = "a \"quoted\\\"\nvalue, ünïcode")]
    Odd,
}

#[derive(LabelValue, Clone, Copy)]
#[label(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    Ok,
    ManualReview,
}

#[derive(LabelSet, Clone, Copy)]
pub struct Request {
    pub endpoint: Endpoint,
    pub status: Status,
}

#[metric_family(namespace = "demo")]
pub struct Demo {
    /// Requests \ by "endpoint" and status.
    pub requests_total: Counter<Request>,
    /// Sessions now open.
    pub sessions: Gauge,
    /// Temperature by place.
    pub temperature_celsius: Gauge<Status, f64>,
    /// Duration of a request.
    #[metric(buckets = [0.005, 0.25, 1, 8])]
    pub request_duration_seconds: Histogram<Status>,
    /// Size of a request.
    #[metric(buckets = [1e3, 1e6, 2.5e9])]
    pub request_size_bytes: Histogram,
}

const SCRAPE: &str = r#"# HELP demo_requests_total Requests \\ by "endpoint" and status.
# TYPE demo_requests_total counter
demo_requests_total{endpoint="verify",status="OK"} 18446744073709551615
demo_requests_total{endpoint="verify",status="MANUAL_REVIEW"} 0
demo_requests_total{endpoint="a \"quoted\\\"\nvalue, ünïcode",status="OK"} 0
demo_requests_total{endpoint="a \"quoted\\\"\nvalue, ünïcode",status="MANUAL_REVIEW"} 7
# HELP demo_sessions Sessions now open.
# TYPE demo_sessions gauge
demo_sessions -3
# HELP demo_temperature_celsius Temperature by place.
# TYPE demo_temperature_celsius gauge
demo_temperature_celsius{status="OK"} -0.1
demo_temperature_celsius{status="MANUAL_REVIEW"} +Inf
# HELP demo_request_duration_seconds Duration of a request.
# TYPE demo_request_duration_seconds histogram
demo_request_duration_seconds_bucket{status="OK",le="0.005"} 1
demo_request_duration_seconds_bucket{status="OK",le="0.25"} 2
demo_request_duration_seconds_bucket{status="OK",le="1.0"} 2
demo_request_duration_seconds_bucket{status="OK",le="8.0"} 3
demo_request_duration_seconds_bucket{status="OK",le="+Inf"} 4
demo_request_duration_seconds_sum{status="OK"} 17.25390625
demo_request_duration_seconds_count{status="OK"} 4
demo_request_duration_seconds_bucket{status="MANUAL_REVIEW",le="0.005"} 0
demo_request_duration_seconds_bucket{status="MANUAL_REVIEW",le="0.25"} 0
demo_request_duration_seconds_bucket{status="MANUAL_REVIEW",le="1.0"} 0
demo_request_duration_seconds_bucket{status="MANUAL_REVIEW",le="8.0"} 0
demo_request_duration_seconds_bucket{status="MANUAL_REVIEW",le="+Inf"} 0
demo_request_duration_seconds_sum{status="MANUAL_REVIEW"} 0
demo_request_duration_seconds_count{status="MANUAL_REVIEW"} 0
# HELP demo_request_size_bytes Size of a request.
# TYPE demo_request_size_bytes histogram
demo_request_size_bytes_bucket{le="1000.0"} 0
demo_request_size_bytes_bucket{le="1e+06"} 1
demo_request_size_bytes_bucket{le="2.5e+09"} 1
demo_request_size_bytes_bucket{le="+Inf"} 1
demo_request_size_bytes_sum 2048
demo_request_size_bytes_count 1
"#;

fn recorded() -> Demo {
    let demo = Demo::new();
    let request = |endpoint, status| demo.requests_total.with(Request { endpoint, status });
    request(Endpoint::Verify, Status::Ok).inc_by(u64::MAX);
    request(Endpoint::Odd, Status::ManualReview).inc_by(7);
    demo.sessions.set(-3);
    demo.temperature_celsius.with(Status::Ok).set(-0.1);
    demo.temperature_celsius.with(Status::ManualReview).set(f64::INFINITY);
    let durations = demo.request_duration_seconds.with(Status::Ok);
    durations.observe(Duration::from_nanos(3_906_250)); // 1/256: a sum without rounding
    durations.observe(0.25);
    durations.observe(8.0);
    durations.observe(9.0);
    demo.request_size_bytes.observe(2_048.0);
    demo
}

#[test]
fn a_scrape_is_the_text_format_to_the_letter() {
    let demo = recorded();
    let families: [&dyn enumetrics::Export; 1] = [&demo];
    let catalog = Catalog::new(&families).expect("the names are unique");
    assert_eq!(catalog.render(), SCRAPE);
    let samples = SCRAPE.lines().filter(|line| !line.starts_with('#')).count();
    assert_eq!(samples, catalog.max_series());
}

/// Name and type of each family in text and in OpenMetrics, and its unit.
const OPENMETRICS: [(&str, &str, &str, &str, &str); 5] = [
    ("demo_requests_total", "counter", "demo_requests", "counter", ""),
    ("demo_sessions", "gauge", "demo_sessions", "gauge", ""),
    (
        "demo_temperature_celsius",
        "gauge",
        "demo_temperature_celsius",
        "gauge",
        "celsius",
    ),
    (
        "demo_request_duration_seconds",
        "histogram",
        "demo_request_duration_seconds",
        "histogram",
        "seconds",
    ),
    (
        "demo_request_size_bytes",
        "histogram",
        "demo_request_size_bytes",
        "histogram",
        "bytes",
    ),
];

/// The same scrape with the heads that OpenMetrics has, and its end.
fn in_openmetrics(text: &str, families: &[(&str, &str, &str, &str, &str)]) -> String {
    let mut openmetrics = text.to_owned() + "# EOF\n";
    for (name, kind, family, openmetrics_kind, unit) in families {
        let help = text
            .lines()
            .find_map(|line| line.strip_prefix(&format!("# HELP {name} ")));
        let help = help.expect("every family has a help text");
        let unit = if unit.is_empty() {
            String::new()
        } else {
            format!("# UNIT {family} {unit}\n")
        };
        let head = format!("# HELP {name} {help}\n# TYPE {name} {kind}\n");
        assert_eq!(openmetrics.matches(&head).count(), 1, "{head}");
        let help = help.replace('"', "\\\"");
        openmetrics = openmetrics.replace(
            &head,
            &format!("# TYPE {family} {openmetrics_kind}\n{unit}# HELP {family} {help}\n"),
        );
    }
    openmetrics
}

/// Lets the parser of Prometheus' Python client read a scrape. It knows every rule.
fn assert_is_openmetrics(text: &str) {
    let python = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("target/python/bin/python");
    assert!(python.is_file(), "there is no {}: run tests/tools", python.display());
    let read = "import io, sys\nfrom prometheus_client.openmetrics import parser\n\
                text = io.StringIO(sys.stdin.buffer.read().decode(), newline='\\n')\n\
                list(parser.text_fd_to_metric_families(text))";
    let mut child = std::process::Command::new(python)
        .args(["-c", read])
        .stdin(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("Python starts");
    std::io::Write::write_all(&mut child.stdin.take().expect("stdin is piped"), text.as_bytes()).expect("it reads");
    let output = child.wait_with_output().expect("Python ends");
    assert!(
        output.status.success(),
        "{}\n{text}",
        String::from_utf8_lossy(&output.stderr)
    );
}

fn render_as(family: &dyn enumetrics::Export, format: Format) -> String {
    Catalog::new(&[family]).expect("the names are unique").render_as(format)
}

#[test]
fn openmetrics_has_other_heads_the_same_samples_and_an_end() {
    let text = render_as(&recorded(), Format::OpenMetrics);
    assert_eq!(text, in_openmetrics(SCRAPE, &OPENMETRICS));
    assert!(
        text.contains("# HELP demo_requests Requests \\\\ by \\\"endpoint\\\" and status.\n"),
        "{text}"
    );
    assert_is_openmetrics(&text);
}

#[test]
fn the_text_format_1_0_0_is_the_same_text() {
    assert_eq!(render_as(&recorded(), Format::Text1), SCRAPE);
}

#[test]
fn what_is_written_piece_by_piece_is_the_same() {
    let demo = recorded();
    let families: [&dyn enumetrics::Export; 1] = [&demo];
    let catalog = Catalog::new(&families).expect("the names are unique");
    let mut scrape = enumetrics::Scrape::new();
    for format in [Format::OpenMetrics, Format::Text, Format::Text1, Format::OpenMetrics] {
        let mut written = Vec::new();
        catalog
            .write_to(&mut written, format, &mut scrape)
            .expect("memory takes all");
        assert_eq!(
            String::from_utf8(written).expect("it is text"),
            catalog.render_as(format)
        );
    }
}

#[metric_family]
pub struct Twins {
    /// Opened.
    pub doors_total: Counter,
    /// Open now.
    pub doors: Gauge,
    /// Observations of a histogram are counted under this name.
    pub visits_count_total: Counter,
    /// Visits.
    #[metric(buckets = [1])]
    pub visits: Histogram,
    /// Alone.
    pub windows_total: Counter,
    /// Two of them would be called `build`.
    pub build_total: Counter,
    /// The other one.
    pub build_info: Info<Build>,
    /// How far off, to either side.
    #[metric(buckets = [-1, 1])]
    pub drift: Histogram,
}

#[test]
fn openmetrics_says_nothing_that_is_forbidden() {
    let twins = Twins::new();
    twins.build_info.set(Build {
        version: "1",
        revision: String::new(),
    });
    let text = render_as(&twins, Format::OpenMetrics);
    for line in [
        // Their families would have the names of others.
        "# TYPE doors_total unknown",
        "doors_total 0",
        "# TYPE doors gauge",
        "# TYPE visits_count_total unknown",
        "# TYPE windows counter",
        "windows_total 0",
        "# TYPE build counter",
        "# TYPE build_info unknown",
        "visits_sum 0",
        "drift_bucket{le=\"-1.0\"} 0",
    ] {
        assert!(text.lines().any(|have| have == line), "{line} is not in\n{text}");
    }
    assert_is_openmetrics(&text);
    // A sum may not fall, and there is no count without one.
    assert!(!text.contains("drift_sum") && !text.contains("drift_count"), "{text}");
    let text = render_as(&twins, Format::Text);
    for line in ["# TYPE doors_total counter", "drift_sum 0"] {
        assert!(text.lines().any(|have| have == line), "{line} is not in\n{text}");
    }
}

#[derive(LabelValue, Clone, Copy)]
#[label(name = "place")]
pub enum Place {
    A,
    #[label(value = "a place whose name is longer than what is copied at once, which is thirty-two bytes")]
    Long,
    C,
}

#[metric_family]
pub struct Wide {
    /// Numbers of every length.
    pub numbers: Gauge<Place, f64>,
    /// Counts of every length.
    pub counts_total: Counter<Place>,
}

#[test]
fn long_values_and_labels_are_written_whole() {
    let wide = Wide::new();
    for (number, count) in [
        (-2.225_073_858_507_201_4e-308, u64::MAX),
        (5e-324, 10_u64.pow(18)),
        (1e300, 99),
        (0.5, 0),
    ] {
        for place in Place::VARIANTS {
            wide.numbers.with(*place).set(number);
            wide.counts_total.with(*place).inc_by(count);
        }
        let families: [&dyn enumetrics::Export; 1] = [&wide];
        let text = Catalog::new(&families).expect("the names are unique").render();
        for place in Place::VARIANTS {
            let value = place.value();
            let number: f64 = text
                .lines()
                .find_map(|line| line.strip_prefix(&format!("numbers{{place=\"{value}\"}} ")))
                .and_then(|number| number.parse().ok())
                .expect("every place has a number");
            assert_eq!(number, wide.numbers.with(*place).get());
            let count = wide.counts_total.with(*place).get();
            assert!(
                text.contains(&format!("counts_total{{place=\"{value}\"}} {count}\n")),
                "{text}"
            );
        }
        assert_eq!(text.lines().count(), 4 + 6, "{text}");
    }
}

#[test]
fn a_scrape_into_used_memory_is_the_same() {
    let demo = recorded();
    let families: [&dyn enumetrics::Export; 1] = [&demo];
    let catalog = Catalog::new(&families).expect("the names are unique");
    let mut scrape = enumetrics::Scrape::new();
    for _ in 0..3 {
        assert_eq!(catalog.render_into(&mut scrape), SCRAPE.as_bytes());
    }
    // Shorter than what was there before.
    let wide = Wide::new();
    let families: [&dyn enumetrics::Export; 1] = [&wide];
    let catalog = Catalog::new(&families).expect("the names are unique");
    assert_eq!(catalog.render_into(&mut scrape), catalog.render().as_bytes());
}

#[test]
fn promtool_finds_nothing_wrong_with_a_scrape() {
    for (release, scrape) in Release::ALL
        .into_iter()
        .flat_map(|release| [(release, SCRAPE), (release, KINDS)])
    {
        let output = promtool(release, &["check", "metrics"], scrape);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && said.is_empty(), "{release:?}: {said}");
    }
}

#[test]
fn promtool_would_find_something() {
    for release in Release::ALL {
        let output = promtool(release, &["check", "metrics"], &SCRAPE.replace("_total", ""));
        assert!(!output.status.success(), "{release:?}");
    }
}

#[derive(InfoLabels)]
pub struct Build {
    pub version: &'static str,
    pub revision: String,
}

#[derive(LabelValue, Clone, Copy)]
pub enum Breaker {
    Closed,
    Open,
}

#[metric_family(namespace = "demo")]
pub struct Kinds {
    /// Time spent.
    pub busy_seconds_total: Counter<Status, f64>,
    /// Size of a picture.
    pub picture_bytes: Summary,
    /// Duration of a step.
    #[metric(quantiles = [0.5, 0.99, 1], window = "1h")]
    pub step_seconds: Summary<Endpoint>,
    /// Wait for a place.
    #[metric(quantiles = [0.9])]
    pub wait_seconds: Summary,
    /// What was built.
    pub build_info: Info<Build>,
    /// State of the breaker.
    pub breaker_state: StateSet<Breaker, Endpoint>,
    /// Jobs waiting.
    #[metric(compute = |status| 1.5 * status.index() as f64)]
    pub queue_length: ComputedGauge<Status>,
    /// Jobs done.
    #[metric(compute = |()| 1e16)]
    pub jobs_total: ComputedCounter,
    /// Nothing computes it.
    #[metric(compute = later)]
    pub age_seconds: ComputedGauge,
}

const KINDS: &str = r#"# HELP demo_busy_seconds_total Time spent.
# TYPE demo_busy_seconds_total counter
demo_busy_seconds_total{status="OK"} 0
demo_busy_seconds_total{status="MANUAL_REVIEW"} 0.75
# HELP demo_picture_bytes Size of a picture.
# TYPE demo_picture_bytes summary
demo_picture_bytes_sum 2048.5
demo_picture_bytes_count 2
# HELP demo_step_seconds Duration of a step.
# TYPE demo_step_seconds summary
demo_step_seconds{endpoint="verify",quantile="0.5"} NaN
demo_step_seconds{endpoint="verify",quantile="0.99"} NaN
demo_step_seconds{endpoint="verify",quantile="1.0"} NaN
demo_step_seconds_sum{endpoint="verify"} 0
demo_step_seconds_count{endpoint="verify"} 0
demo_step_seconds{endpoint="a \"quoted\\\"\nvalue, ünïcode",quantile="0.5"} 1.0216574623262262
demo_step_seconds{endpoint="a \"quoted\\\"\nvalue, ünïcode",quantile="0.99"} 8.17325969860981
demo_step_seconds{endpoint="a \"quoted\\\"\nvalue, ünïcode",quantile="1.0"} 8.17325969860981
demo_step_seconds_sum{endpoint="a \"quoted\\\"\nvalue, ünïcode"} 10
demo_step_seconds_count{endpoint="a \"quoted\\\"\nvalue, ünïcode"} 3
# HELP demo_wait_seconds Wait for a place.
# TYPE demo_wait_seconds summary
demo_wait_seconds{quantile="0.9"} NaN
demo_wait_seconds_sum 0
demo_wait_seconds_count 0
# HELP demo_build_info What was built.
# TYPE demo_build_info gauge
demo_build_info{version="1.4.2",revision="9c\"1f"} 1
# HELP demo_breaker_state State of the breaker.
# TYPE demo_breaker_state gauge
demo_breaker_state{endpoint="verify",demo_breaker_state="closed"} 0
demo_breaker_state{endpoint="verify",demo_breaker_state="open"} 0
demo_breaker_state{endpoint="a \"quoted\\\"\nvalue, ünïcode",demo_breaker_state="closed"} 0
demo_breaker_state{endpoint="a \"quoted\\\"\nvalue, ünïcode",demo_breaker_state="open"} 1
# HELP demo_queue_length Jobs waiting.
# TYPE demo_queue_length gauge
demo_queue_length{status="OK"} 0
demo_queue_length{status="MANUAL_REVIEW"} 1.5
# HELP demo_jobs_total Jobs done.
# TYPE demo_jobs_total counter
demo_jobs_total 1e+16
"#;

/// Name and type of each family in text and in OpenMetrics, and its unit.
const OPENMETRICS_KINDS: [(&str, &str, &str, &str, &str); 8] = [
    (
        "demo_busy_seconds_total",
        "counter",
        "demo_busy_seconds",
        "counter",
        "seconds",
    ),
    (
        "demo_picture_bytes",
        "summary",
        "demo_picture_bytes",
        "summary",
        "bytes",
    ),
    (
        "demo_step_seconds",
        "summary",
        "demo_step_seconds",
        "summary",
        "seconds",
    ),
    (
        "demo_wait_seconds",
        "summary",
        "demo_wait_seconds",
        "summary",
        "seconds",
    ),
    ("demo_build_info", "gauge", "demo_build", "info", ""),
    ("demo_breaker_state", "gauge", "demo_breaker_state", "stateset", ""),
    ("demo_queue_length", "gauge", "demo_queue_length", "gauge", ""),
    ("demo_jobs_total", "counter", "demo_jobs", "counter", ""),
];

#[test]
fn a_scrape_of_every_other_kind_is_the_text_format_to_the_letter() {
    let kinds = Kinds::new();
    kinds.busy_seconds_total.with(Status::ManualReview).inc_by(0.75);
    kinds.picture_bytes.observe(2_048.0);
    kinds.picture_bytes.observe(0.5);
    for seconds in [1.0, 1.0, 8.0] {
        kinds.step_seconds.with(Endpoint::Odd).observe(seconds);
    }
    kinds.build_info.set(Build {
        version: "1.4.2",
        revision: "9c\"1f".to_owned(),
    });
    kinds.breaker_state.with(Endpoint::Odd).set(Breaker::Open);
    let families: [&dyn enumetrics::Export; 1] = [&kinds];
    let catalog = Catalog::new(&families).expect("the names are unique");
    assert_eq!(catalog.render(), KINDS);
    let openmetrics = catalog.render_as(Format::OpenMetrics);
    assert_eq!(openmetrics, in_openmetrics(KINDS, &OPENMETRICS_KINDS));
    assert_is_openmetrics(&openmetrics);
    // Also into memory that was used before.
    let mut scrape = enumetrics::Scrape::new();
    for _ in 0..2 {
        assert_eq!(catalog.render_into(&mut scrape), KINDS.as_bytes());
    }
}
