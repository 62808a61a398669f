//! Several instances of one struct in one catalog, told apart by a label.

use enumetrics::catalogue::Catalogue;
use enumetrics::testing::Coverage;
use enumetrics::{
    Catalog, ComputedGauge, Counter, Export, Format, Gauge, Histogram, Info, InfoLabels, Instances, LabelValue,
    MetricFamily, Scrape, catalog, metric_family,
};

#[derive(LabelValue, Clone, Copy, Debug)]
pub enum Tier {
    Memory,
    #[label(value = "a \"disk\"")]
    Disk,
}

#[derive(LabelValue, Clone, Copy)]
pub enum Outcome {
    Hit,
    Miss,
}

#[derive(InfoLabels)]
pub struct Build {
    pub engine: &'static str,
}

#[metric_family(namespace = "cache", labels(component = "gateway"))]
#[derive(Debug)]
pub struct Cache {
    /// Lookups.
    pub lookups_total: Counter<Outcome>,
    /// Entries.
    pub entries: Gauge,
    /// Durations.
    #[metric(buckets = [0.5])]
    pub lookup_seconds: Histogram,
    /// What it is made of.
    pub engine_info: Info<Build>,
    /// Age.
    #[metric(compute = later)]
    pub age_seconds: ComputedGauge,
}

const fn caches() -> Instances<Cache, Tier, 2> {
    Instances::new([const { Cache::new() }; 2])
}

static CACHES: Instances<Cache, Tier, 2> = caches();

#[metric_family(namespace = "app")]
pub struct App {
    /// Requests.
    pub requests_total: Counter,
}

static APP: App = App::new();

catalog! { static METRICS = [APP, CACHES]; }

const SCRAPE: &str = r#"# HELP cache_lookups_total Lookups.
# TYPE cache_lookups_total counter
cache_lookups_total{component="gateway",tier="memory",outcome="hit"} 0
cache_lookups_total{component="gateway",tier="memory",outcome="miss"} 7
cache_lookups_total{component="gateway",tier="a \"disk\"",outcome="hit"} 1
cache_lookups_total{component="gateway",tier="a \"disk\"",outcome="miss"} 0
# HELP cache_entries Entries.
# TYPE cache_entries gauge
cache_entries{component="gateway",tier="memory"} 3
cache_entries{component="gateway",tier="a \"disk\""} 0
# HELP cache_lookup_seconds Durations.
# TYPE cache_lookup_seconds histogram
cache_lookup_seconds_bucket{component="gateway",tier="memory",le="0.5"} 0
cache_lookup_seconds_bucket{component="gateway",tier="memory",le="+Inf"} 0
cache_lookup_seconds_sum{component="gateway",tier="memory"} 0
cache_lookup_seconds_count{component="gateway",tier="memory"} 0
cache_lookup_seconds_bucket{component="gateway",tier="a \"disk\"",le="0.5"} 1
cache_lookup_seconds_bucket{component="gateway",tier="a \"disk\"",le="+Inf"} 1
cache_lookup_seconds_sum{component="gateway",tier="a \"disk\""} 0.25
cache_lookup_seconds_count{component="gateway",tier="a \"disk\""} 1
# HELP cache_engine_info What it is made of.
# TYPE cache_engine_info gauge
cache_engine_info{component="gateway",tier="a \"disk\"",engine="lsm"} 1
# HELP cache_age_seconds Age.
# TYPE cache_age_seconds gauge
"#;

fn record(caches: &Instances<Cache, Tier, 2>) {
    caches.with(Tier::Memory).lookups_total.with(Outcome::Miss).inc_by(7);
    caches.with(Tier::Memory).entries.set(3);
    let disk = caches.with(Tier::Disk);
    disk.lookups_total.with(Outcome::Hit).inc();
    disk.lookup_seconds.observe(0.25);
    disk.engine_info.set(Build { engine: "lsm" });
}

#[test]
fn all_instances_are_one_family_each() {
    let caches = caches();
    record(&caches);
    let families: [&dyn Export; 1] = [&caches];
    let catalog = Catalog::new(&families).unwrap();
    assert_eq!(catalog.render(), SCRAPE);
    let openmetrics = catalog.render_as(Format::OpenMetrics);
    assert_eq!(openmetrics.matches("# TYPE").count(), 5);
    assert!(openmetrics.contains("cache_lookups_total{component=\"gateway\",tier=\"memory\",outcome=\"miss\"} 7\n"));
    let mut pages = Vec::new();
    catalog.write_to(&mut pages, Format::Text, &mut Scrape::new()).unwrap();
    assert_eq!(String::from_utf8(pages).unwrap(), SCRAPE);
    let debug = format!("{caches:?}");
    assert!(debug.starts_with("{\"memory\": Cache { lookups_total: "), "{debug}");
}

#[test]
fn they_are_listed_counted_and_switched_off_like_any_struct() {
    const { assert!(Instances::<Cache, Tier, 2>::MAX_SERIES == 2 * (2 + 1 + 4 + 1 + 1)) };
    assert_eq!(METRICS.max_series(), 1 + Instances::<Cache, Tier, 2>::MAX_SERIES);
    let described: Vec<_> = Instances::<Cache, Tier, 2>::DESCRIPTORS
        .iter()
        .map(|family| (family.name, family.instance().unwrap()))
        .take(3)
        .collect();
    assert_eq!(
        described,
        [
            ("cache_lookups_total", ("tier", "memory")),
            ("cache_lookups_total", ("tier", "a \"disk\"")),
            ("cache_entries", ("tier", "memory")),
        ]
    );
    let metrics = METRICS
        .without(["cache_lookups_total", "cache_lookup_seconds"])
        .unwrap();
    assert_eq!(metrics.max_series(), METRICS.max_series() - 2 * (2 + 4));
    assert!(!metrics.render().contains("cache_lookup"));
    let error = METRICS.with_labels([("tier", "x")]).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("`cache_lookups_total` has a label `tier` of its own"),
        "{error}"
    );
    let twice: [&dyn Export; 2] = [&CACHES, &Cache::new()];
    assert_eq!(Catalog::new(&twice).unwrap_err().name(), "cache_lookups_total");
}

#[test]
fn a_catalogue_has_them_once_with_a_label_more() {
    let catalogue = Catalogue::of(&METRICS);
    let names: Vec<_> = catalogue.metrics.iter().map(|metric| metric.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "app_requests_total",
            "cache_age_seconds",
            "cache_engine_info",
            "cache_entries",
            "cache_lookup_seconds",
            "cache_lookups_total"
        ]
    );
    let lookups = &catalogue.metrics[5];
    let labels: Vec<_> = lookups
        .labels
        .iter()
        .map(|(name, values)| (name.as_str(), values.len()))
        .collect();
    assert_eq!((labels, lookups.max_series), (vec![("tier", 2), ("outcome", 2)], 4));
}

#[test]
fn what_no_test_recorded_of_any_instance_is_named_once() {
    APP.requests_total.inc();
    record(&CACHES);
    let unrecorded: Vec<_> = Coverage::of(&METRICS)
        .unrecorded(&METRICS)
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(unrecorded.len(), 4, "{unrecorded:?}");
    for expected in [
        "cache_age_seconds",
        "cache_engine_info",
        "cache_entries",
        "cache_lookup_seconds",
    ] {
        assert_eq!(
            unrecorded.iter().filter(|line| line.contains(expected)).count(),
            1,
            "{unrecorded:?}"
        );
    }
}

#[test]
fn a_registry_has_them_as_one_family() {
    let registry = prometheus::Registry::new();
    registry.register(Box::new(METRICS.collector().unwrap())).unwrap();
    let families = registry.gather();
    let entries: Vec<_> = families
        .iter()
        .filter(|family| family.name() == "cache_entries")
        .collect();
    let [entries] = entries[..] else { panic!("{entries:?}") };
    assert_eq!(entries.get_metric().len(), 2);
}

/// Instances as a part of a struct, beside another part and a metric.
#[metric_family(namespace = "whole", max_series = 25)]
pub struct Whole {
    /// Requests.
    pub requests_total: Counter,
    #[metric(flatten)]
    pub caches: Instances<Cache, Tier, 2>,
    #[metric(flatten)]
    pub app: App,
}

static WHOLE: Whole = Whole::new();

catalog! { static WHOLES = [WHOLE]; }

#[test]
fn instances_are_a_part_of_a_struct() {
    // Two lookups, the entries, four of the histogram, the engine and the age, of each; and one counter twice.
    const _: () = assert!(Whole::MAX_SERIES == 2 * 9 + 2);
    WHOLE.requests_total.inc();
    WHOLE.app.requests_total.inc_by(2);
    WHOLE
        .caches
        .with(Tier::Disk)
        .lookups_total
        .with(Outcome::Miss)
        .inc_by(3);
    let text = WHOLES.render();
    let counts: Vec<_> = text.lines().filter(|line| line.contains("_total")).collect();
    assert_eq!(
        counts,
        [
            "# HELP whole_requests_total Requests.",
            "# TYPE whole_requests_total counter",
            "whole_requests_total 1",
            "# HELP cache_lookups_total Lookups.",
            "# TYPE cache_lookups_total counter",
            "cache_lookups_total{component=\"gateway\",tier=\"memory\",outcome=\"hit\"} 0",
            "cache_lookups_total{component=\"gateway\",tier=\"memory\",outcome=\"miss\"} 0",
            "cache_lookups_total{component=\"gateway\",tier=\"a \\\"disk\\\"\",outcome=\"hit\"} 0",
            "cache_lookups_total{component=\"gateway\",tier=\"a \\\"disk\\\"\",outcome=\"miss\"} 3",
            "# HELP app_requests_total Requests.",
            "# TYPE app_requests_total counter",
            "app_requests_total 2",
        ]
    );
}
