//! The service template, as it runs, and real Prometheus servers that scrape it.

mod support;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use support::example::example;
use support::http;
use support::prometheus::{Prometheus, Release, Scrape};

struct Service {
    child: Child,
    address: SocketAddr,
    /// Where its metrics are.
    metrics: SocketAddr,
}

impl Service {
    fn start(variables: &[(&str, &str)]) -> Self {
        let mut child = Command::new(example("service_template"))
            .env("SERVICE_ADDRESS", "127.0.0.1:0")
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the example starts");
        let mut lines = BufReader::new(child.stdout.take().expect("stdout is piped")).lines();
        let mut address = || {
            let line = lines.next().expect("it says where it listens").expect("in text");
            let address = line.trim_start_matches("http://").trim_end_matches("/metrics");
            address.parse().expect("an address")
        };
        let own = variables.iter().any(|(name, _)| *name == "METRICS_ADDRESS");
        let service = address();
        let metrics = if own { address() } else { service };
        Self {
            child,
            address: service,
            metrics,
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // Both fail only where it has ended already.
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

/// The samples of a scrape that do not change while nothing but scrapes happens, by series.
fn settled(scrape: &str) -> BTreeMap<String, f64> {
    let samples = scrape
        .lines()
        .filter(|line| !line.starts_with(['#']) && !line.starts_with("process_"));
    let samples = samples.map(|line| line.rsplit_once(' ').expect("a sample has a value"));
    samples
        .map(|(series, value)| (series.to_owned(), value.parse().expect("a value is a number")))
        .collect()
}

fn compare(service: &Service, expected: &[&str]) {
    // At once: the first scrape after the first requests shows them.
    let scrape = http::get(service.metrics, "/metrics", &[]);
    assert_eq!(scrape.status, 200);
    let samples = settled(scrape.text());
    for series in expected {
        assert_eq!(samples.get(*series), Some(&1.0), "{series} in\n{}", scrape.text());
    }
    for release in Release::ALL {
        let prometheus = Prometheus::start(release, &[Scrape::new("service-template", service.metrics)]);
        prometheus.wait_until_scraped();
        for (series, value) in &samples {
            let found = prometheus.query(series);
            assert_eq!(found.len(), 1, "{release:?}: {series}: {found:?}");
            assert_eq!(found[0].1, *value, "{release:?}: {series}");
        }
        let names: Vec<_> = samples.keys().filter_map(|series| series.split('{').next()).collect();
        let count = prometheus.query(&format!("count({{__name__=~\"{}\"}})", names.join("|")));
        assert_eq!(count[0].1, samples.len() as f64, "{release:?}");
        // Nothing but the service's own requests: scrapes are none of them.
        let requests = prometheus.query("sum({__name__=~\".*http_requests_total\"})");
        assert_eq!(requests[0].1, expected.len() as f64, "{release:?}");
    }
}

#[test]
fn prometheus_reads_every_name_and_number_of_the_first_requests() {
    let service = Service::start(&[]);
    for (method, path, status) in [
        ("PUT", "/items/7", 201),
        ("GET", "/items/7", 200),
        ("GET", "/items/8", 404),
        ("DELETE", "/items/7", 405),
        ("GET", "/nowhere", 404),
    ] {
        let response = http::request(service.address, method, path, &[], Some(b"")).expect("the service answers");
        assert_eq!(response.status, status, "{method} {path}");
    }
    compare(
        &service,
        &[
            r#"http_requests_total{handler="/items/{id}",method="PUT",status="201"}"#,
            r#"http_requests_total{handler="/items/{id}",method="GET",status="200"}"#,
            r#"http_requests_total{handler="/items/{id}",method="GET",status="404"}"#,
            r#"http_requests_total{handler="/items/{id}",method="DELETE",status="405"}"#,
            r#"http_requests_total{handler="none",method="GET",status="404"}"#,
        ],
    );
}

#[test]
fn prometheus_reads_what_operators_set_from_a_port_of_its_own() {
    let service = Service::start(&[
        ("METRICS_ADDRESS", "127.0.0.1:0"),
        ("METRICS_NAMESPACE", "shop"),
        ("METRICS_SUBSYSTEM", "cart"),
        ("CUSTOM_LABELS", "service=cart,environment=staging"),
        ("METRICS_EXCLUDED_HANDLERS", "^/health$"),
    ]);
    for path in ["/items/7", "/health"] {
        http::get(service.address, path, &[]);
    }
    assert_eq!(http::get(service.address, "/metrics", &[]).status, 404);
    compare(
        &service,
        &[
            r#"shop_cart_http_requests_total{service="cart",environment="staging",handler="/items/{id}",method="GET",status="404"}"#,
        ],
    );
}

#[test]
fn without_metrics_there_is_nothing_to_scrape() {
    let service = Service::start(&[("ENABLE_METRICS", "false")]);
    assert_eq!(http::get(service.address, "/health", &[]).status, 200);
    assert_eq!(http::get(service.address, "/metrics", &[]).status, 404);
}
