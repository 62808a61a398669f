//! The text of a scrape, to the letter, and what promtool says of it.

mod support;

use std::time::Duration;

use enumetrics::{
    Catalog, ComputedCounter, ComputedGauge, Counter, Gauge, Histogram, Info, InfoLabels, LabelSet, LabelValue,
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
    // Also into memory that was used before.
    let mut scrape = enumetrics::Scrape::new();
    for _ in 0..2 {
        assert_eq!(catalog.render_into(&mut scrape), KINDS.as_bytes());
    }
}
