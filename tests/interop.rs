//! Beside the crate `prometheus`: its registries in our scrape, and our catalog in its registries.

mod support;

use std::net::SocketAddr;

use enumetrics::{Counter, Exporter, Gauge, Histogram, LabelSet, LabelValue, catalog, metric_family};
use prometheus::proto::MetricType;
use prometheus::{IntCounter, Registry, TextEncoder};

#[derive(LabelValue, Clone, Copy)]
pub enum Zone {
    East,
    West,
}

#[derive(LabelValue, Clone, Copy)]
pub enum Area {
    Kitchen,
    Hall,
}

/// The labels are not in the order of their names.
#[derive(LabelSet, Clone, Copy)]
pub struct Place {
    pub zone: Zone,
    pub area: Area,
}

#[metric_family(namespace = "house")]
pub struct House {
    /// Doors opened.
    pub doors_total: Counter<Place>,
    /// People inside.
    pub people: Gauge,
    /// Temperature.
    pub temperature_celsius: Gauge<(), f64>,
    /// Duration of a visit.
    #[metric(buckets = [60, 3600])]
    pub visit_duration_seconds: Histogram<Zone>,
}

pub static HOUSE: House = House::new();

catalog! { pub static METRICS = [HOUSE]; }

/// Every test records the same once.
fn record() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        HOUSE
            .doors_total
            .with(Place {
                zone: Zone::West,
                area: Area::Hall,
            })
            .inc_by(3);
        HOUSE.people.set(-2);
        HOUSE.temperature_celsius.set(20.5);
        HOUSE.visit_duration_seconds.with(Zone::East).observe(90.0);
        HOUSE.visit_duration_seconds.with(Zone::East).observe(7_000.0);
    });
}

#[test]
fn a_catalog_is_a_collector() {
    record();
    let registry = Registry::new();
    registry.register(Box::new(METRICS.collector().unwrap())).unwrap();
    let families = registry.gather();
    // A registry sorts by name.
    let shown: Vec<_> = families
        .iter()
        .map(|family| {
            (
                family.name(),
                family.help(),
                family.get_field_type(),
                family.get_metric().len(),
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            ("house_doors_total", "Doors opened.", MetricType::COUNTER, 4),
            ("house_people", "People inside.", MetricType::GAUGE, 1),
            ("house_temperature_celsius", "Temperature.", MetricType::GAUGE, 1),
            (
                "house_visit_duration_seconds",
                "Duration of a visit.",
                MetricType::HISTOGRAM,
                2
            ),
        ]
    );
    let text = TextEncoder::new().encode_to_string(&families).unwrap();
    for line in [
        "house_doors_total{area=\"hall\",zone=\"west\"} 3",
        "house_doors_total{area=\"kitchen\",zone=\"west\"} 0",
        "house_people -2",
        "house_temperature_celsius 20.5",
        "house_visit_duration_seconds_bucket{zone=\"east\",le=\"60\"} 0",
        "house_visit_duration_seconds_bucket{zone=\"east\",le=\"3600\"} 1",
        "house_visit_duration_seconds_bucket{zone=\"east\",le=\"+Inf\"} 2",
        "house_visit_duration_seconds_sum{zone=\"east\"} 7090",
        "house_visit_duration_seconds_count{zone=\"east\"} 2",
        "house_visit_duration_seconds_count{zone=\"west\"} 0",
    ] {
        assert!(text.lines().any(|have| have == line), "{line} is not in\n{text}");
    }
}

#[test]
fn a_registry_refuses_the_catalog_twice() {
    let registry = Registry::new();
    registry.register(Box::new(METRICS.collector().unwrap())).unwrap();
    assert!(registry.register(Box::new(METRICS.collector().unwrap())).is_err());
}

/// What a running exporter answers.
fn scrape(exporter: Exporter) -> String {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let server = runtime.block_on(exporter.bind("127.0.0.1:0")).unwrap();
    let address: SocketAddr = server.local_addr().unwrap();
    runtime.spawn(server.run());
    let response = support::http::get(address, "/metrics", &[]);
    assert_eq!(response.status, 200);
    response.text().to_owned()
}

#[test]
fn registries_and_the_process_are_in_the_same_answer() {
    record();
    let library = IntCounter::new("library_calls_total", "Calls of a library.").unwrap();
    prometheus::register(Box::new(library.clone())).unwrap();
    library.inc_by(5);
    let mine = Registry::new();
    let other = IntCounter::new("other_calls_total", "Other calls.").unwrap();
    mine.register(Box::new(other.clone())).unwrap();
    other.inc_by(6);

    let text = scrape(
        Exporter::new(&METRICS)
            .registry(prometheus::default_registry())
            .registry(&mine)
            .process_metrics(),
    );
    assert!(text.starts_with(&METRICS.render()), "{text}");
    for line in ["library_calls_total 5", "other_calls_total 6"] {
        assert!(text.lines().any(|have| have == line), "{line} is not in\n{text}");
    }
    #[cfg(target_os = "linux")]
    for family in [
        "process_cpu_seconds_total",
        "process_resident_memory_bytes",
        "process_open_fds",
    ] {
        assert_eq!(text.matches(&format!("# TYPE {family} ")).count(), 1, "{text}");
    }
    // What is read is what every parser accepts.
    for release in support::prometheus::Release::ALL {
        let output = support::prometheus::promtool(release, &["check", "metrics"], &text);
        // 2 and 3 are findings about names and help of others' metrics; 1 is a text that cannot be read.
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!said.contains("error while linting"), "{release:?}: {said}");
        assert!(!said.contains("house_"), "{release:?}: {said}");
    }
}

#[test]
fn a_catalog_that_is_also_in_the_registry_is_exported_once() {
    record();
    let registry = Registry::new();
    registry.register(Box::new(METRICS.collector().unwrap())).unwrap();
    let text = scrape(Exporter::new(&METRICS).registry(&registry));
    assert_eq!(text.matches("# TYPE house_people gauge").count(), 1, "{text}");
    assert!(
        text.contains("# enumetrics: left out family \"house_people\" of registry 1"),
        "{text}"
    );
}
