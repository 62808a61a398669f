//! The kinds of metric besides whole-number counters, gauges and histograms: what each records, and what a scrape has.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use enumetrics::{
    Catalog, ComputedCounter, ComputedGauge, Counter, Info, InfoLabels, Kind, LabelSet, LabelValue, MetricFamily,
    StateSet, Summary, metric_family, timed, timed_into,
};

#[derive(LabelValue, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Module {
    Liveness,
    Ocr,
}

#[derive(LabelValue, Clone, Copy, Debug, PartialEq, Eq)]
#[label(rename_all = "kebab-case")]
pub enum Mode {
    Closed,
    Open,
    HalfOpen,
}

#[derive(LabelSet, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub module: Module,
    #[label(name = "how")]
    pub mode: Mode,
}

#[derive(InfoLabels)]
pub struct Build {
    pub version: &'static str,
    #[label(name = "commit")]
    pub revision: String,
    pub branch: Cow<'static, str>,
    pub module: Module,
}

const TWO: [f64; 2] = [0.5, 1.0];

#[metric_family(namespace = "kyc", max_series = 39)]
#[derive(Debug)]
pub struct Kyc {
    /// Time spent.
    pub busy_seconds_total: Counter<Module, f64>,
    /// Size of a picture.
    pub picture_bytes: Summary,
    /// Duration of a module.
    #[metric(quantiles = [0, 0.5, 0.99, 1], window = "1h")]
    pub module_seconds: Summary<Module>,
    /// Wait for a place.
    #[metric(quantiles = TWO, window = "1s")]
    wait_seconds: Summary,
    /// What was built.
    pub build_info: Info<Build>,
    /// State of the breaker of each module.
    pub breaker_state: StateSet<Mode, Module>,
    /// State of the service.
    pub service_state: StateSet<Mode>,
    /// Jobs waiting.
    #[metric(compute = |place| f64::from(u8::from(place.mode == Mode::Open)) + place.module.index() as f64 * 10.0)]
    pub queue_length: ComputedGauge<Place>,
    /// Jobs done.
    #[metric(compute = jobs_done)]
    pub jobs_total: ComputedCounter,
    /// Age of the newest file.
    #[metric(compute = later)]
    pub age_seconds: ComputedGauge<Module>,
}

fn jobs_done((): ()) -> f64 {
    JOBS.load(Ordering::Relaxed) as f64
}

static JOBS: AtomicU64 = AtomicU64::new(0);

static KYC: Kyc = Kyc::new();

fn text(kyc: &Kyc) -> String {
    Catalog::new(&[kyc]).unwrap().render()
}

/// The samples of one family.
fn samples(kyc: &Kyc, family: &str) -> Vec<String> {
    let lines = text(kyc);
    let lines = lines.lines().filter(|line| line.starts_with(family));
    lines.map(str::to_owned).collect()
}

#[test]
fn each_kind_is_declared_as_what_it_is() {
    let facts: Vec<_> = Kyc::DESCRIPTORS
        .iter()
        .map(|descriptor| (descriptor.kind, descriptor.max_series()))
        .collect();
    assert_eq!(
        facts,
        [
            (Kind::Counter, 2),
            (Kind::Summary, 2),
            (Kind::Summary, 2 * 6),
            (Kind::Summary, 4),
            (Kind::Info, 1),
            (Kind::StateSet, 2 * 3),
            (Kind::StateSet, 3),
            (Kind::Gauge, 6),
            (Kind::Counter, 1),
            (Kind::Gauge, 2),
        ]
    );
    assert_eq!(Kyc::MAX_SERIES, 39);
    assert_eq!(Summary::<Module, 4>::MAX_SERIES, 12);
    assert_eq!(StateSet::<Mode, Module>::MAX_SERIES, 6);
    let [_, _, module, wait, build, breaker, ..] = Kyc::DESCRIPTORS else {
        panic!()
    };
    assert_eq!(
        (module.quantiles, wait.quantiles),
        (&[0.0, 0.5, 0.99, 1.0][..], &TWO[..])
    );
    let names =
        |descriptor: &enumetrics::Descriptor| descriptor.labels.iter().map(|label| label.name).collect::<Vec<_>>();
    assert_eq!(names(build), ["version", "commit", "branch", "module"]);
    assert_eq!(names(breaker), ["module", "kyc_breaker_state"]);
    assert_eq!(breaker.labels[1].values, ["closed", "open", "half-open"]);
}

#[test]
fn a_catalog_exports_as_many_series_as_it_says() {
    let kyc = Kyc::new();
    kyc.build_info.set(build());
    kyc.age_seconds.compute_with(|_| 0.0);
    let exported = text(&kyc).lines().filter(|line| !line.starts_with('#')).count();
    assert_eq!(exported, Kyc::MAX_SERIES);
}

#[test]
fn a_counter_of_floats_adds_numbers_and_durations() {
    let kyc = Kyc::new();
    let ocr = kyc.busy_seconds_total.with(Module::Ocr);
    ocr.inc_by(0.25);
    ocr.inc_by(Duration::from_millis(500));
    ocr.inc();
    assert_eq!(ocr.get(), 1.75);
    assert_eq!(
        samples(&kyc, "kyc_busy"),
        [
            "kyc_busy_seconds_total{module=\"liveness\"} 0",
            "kyc_busy_seconds_total{module=\"ocr\"} 1.75"
        ]
    );
}

#[test]
fn a_counter_of_floats_never_decreases() {
    let counter = Counter::<(), f64>::new();
    counter.inc_by(1.5);
    for bad in [-1.0, -0.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        counter.inc_by(bad);
        assert_eq!(counter.get(), 1.5, "{bad}");
    }
}

#[test]
fn a_counter_of_floats_loses_nothing_between_threads() {
    // More threads than there are lanes: some share.
    let counter = Counter::<Module, f64>::new();
    std::thread::scope(|scope| {
        for _ in 0..80 {
            scope.spawn(|| {
                for _ in 0..1_000 {
                    counter.with(Module::Ocr).inc_by(0.5);
                }
            });
        }
    });
    assert_eq!(counter.with(Module::Ocr).get(), 40_000.0);
    assert_eq!(counter.with(Module::Liveness).get(), 0.0);
}

#[test]
fn a_summary_is_the_sum_and_the_count() {
    let kyc = Kyc::new();
    assert_eq!(
        samples(&kyc, "kyc_picture"),
        ["kyc_picture_bytes_sum 0", "kyc_picture_bytes_count 0"]
    );
    kyc.picture_bytes.observe(2.5);
    kyc.picture_bytes.observe(Duration::from_millis(250));
    kyc.picture_bytes.observe(f64::NAN);
    assert_eq!((kyc.picture_bytes.count(), kyc.picture_bytes.sum()), (3, 2.75));
    assert!(kyc.picture_bytes.snapshot().quantiles.is_empty());
    assert_eq!(
        samples(&kyc, "kyc_picture"),
        ["kyc_picture_bytes_sum 2.75", "kyc_picture_bytes_count 3"]
    );
}

#[test]
fn a_summary_times_as_a_histogram_does() {
    let summary = Summary::<Module>::new();
    let ocr = summary.with(Module::Ocr);
    assert_eq!(ocr.time(|| 7), 7);
    let elapsed = ocr.start_timer().stop();
    drop(ocr.start_timer());
    ocr.start_timer().discard();
    assert_eq!(ocr.count(), 3);
    assert!(ocr.sum() >= elapsed.as_secs_f64());
    assert_eq!(summary.with(Module::Liveness).count(), 0);
}

timed_into!(crate::KYC.module_seconds);

#[timed(module = "ocr")]
fn read() {}

#[timed(KYC.wait_seconds)]
fn wait() {}

#[test]
fn functions_are_timed_into_summaries() {
    read();
    read();
    wait();
    assert_eq!(KYC.module_seconds.with(Module::Ocr).count(), 2);
    assert_eq!(KYC.module_seconds.with(Module::Liveness).count(), 0);
    assert_eq!(KYC.wait_seconds.count(), 1);
    assert!(KYC.module_seconds.with(Module::Ocr).snapshot().quantiles[0].is_finite());
}

/// Sum and count are of the same observations, whatever is recorded meanwhile. (A reader gives up on a thread that the
/// system stops in the middle of an observation; one that did not wait would be wrong every few times.)
#[test]
fn a_summary_is_consistent_with_itself() {
    const SNAPSHOTS: usize = 20_000;
    let summary = Summary::<()>::new();
    let over = AtomicBool::new(false);
    let recorded = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    summary.observe(1.0);
                    recorded.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        // A writer that the system stopped in the middle of an observation is missing from every snapshot until it goes on:
        // that is one, however many are taken meanwhile.
        let mut missing = 0.0;
        let torn = (0..SNAPSHOTS).filter(|_| {
            let snapshot = summary.snapshot();
            let before = std::mem::replace(&mut missing, snapshot.count as f64 - snapshot.sum);
            missing != 0.0 && missing != before
        });
        let torn = torn.count();
        over.store(true, Ordering::Relaxed);
        assert!(torn < SNAPSHOTS / 100, "{torn}");
    });
    let snapshot = summary.snapshot();
    assert_eq!(snapshot.count, recorded.into_inner());
    assert_eq!(snapshot.sum, snapshot.count as f64);
}

#[test]
fn quantiles_are_close_to_what_was_observed() {
    let kyc = Kyc::new();
    let ocr = kyc.module_seconds.with(Module::Ocr);
    for size in 1..=1_000 {
        ocr.observe(f64::from(size));
    }
    ocr.observe(f64::NAN);
    for (quantile, exact) in ocr.snapshot().quantiles.into_iter().zip([1.0, 500.0, 990.0, 1_000.0]) {
        assert!((quantile - exact).abs() / exact <= 0.0217, "{quantile} for {exact}");
    }
    let lines = samples(&kyc, "kyc_module");
    // None was observed there.
    assert_eq!(
        lines[..6],
        [
            "kyc_module_seconds{module=\"liveness\",quantile=\"0.0\"} NaN",
            "kyc_module_seconds{module=\"liveness\",quantile=\"0.5\"} NaN",
            "kyc_module_seconds{module=\"liveness\",quantile=\"0.99\"} NaN",
            "kyc_module_seconds{module=\"liveness\",quantile=\"1.0\"} NaN",
            "kyc_module_seconds_sum{module=\"liveness\"} 0",
            "kyc_module_seconds_count{module=\"liveness\"} 0",
        ]
    );
    assert_eq!(lines[10], "kyc_module_seconds_sum{module=\"ocr\"} 500500");
    assert_eq!(lines[11], "kyc_module_seconds_count{module=\"ocr\"} 1001");
}

#[test]
fn quantiles_forget_and_totals_do_not() {
    let kyc = Kyc::new();
    kyc.wait_seconds.observe(3.0);
    // A second and a fifth is the longest that it is seen.
    std::thread::sleep(Duration::from_millis(1_210));
    let snapshot = kyc.wait_seconds.snapshot();
    assert!(snapshot.quantiles.iter().all(|value| value.is_nan()), "{snapshot:?}");
    assert_eq!((snapshot.count, snapshot.sum), (1, 3.0));
    kyc.wait_seconds.observe(8.0);
    let snapshot = kyc.wait_seconds.snapshot();
    assert!(
        snapshot
            .quantiles
            .iter()
            .all(|value| (value - 8.0).abs() / 8.0 <= 0.0217),
        "{snapshot:?}"
    );
}

#[test]
fn a_summary_made_by_hand_checks_its_quantiles() {
    static BAD: [[f64; 2]; 4] = [[0.5, 0.5], [0.5, 1.5], [-0.1, 0.5], [0.5, f64::NAN]];
    for bad in &BAD {
        let made = std::panic::catch_unwind(|| Summary::<(), 2>::with_quantiles(bad, Duration::from_secs(60)));
        assert!(made.is_err(), "{bad:?}");
    }
    let made = std::panic::catch_unwind(|| Summary::<(), 2>::with_quantiles(&TWO, Duration::from_millis(999)));
    assert!(made.is_err());
}

fn build() -> Build {
    Build {
        version: "1.2",
        revision: "a \"quoted\\\"\nrevision".to_owned(),
        branch: "main".into(),
        module: Module::Ocr,
    }
}

#[test]
fn an_info_metric_is_exported_once_it_is_set() {
    let kyc = Kyc::new();
    assert!(!text(&kyc).contains("kyc_build_info"));
    assert_eq!(format!("{:?}", kyc.build_info), "{}");
    kyc.build_info.set(build());
    assert_eq!(
        samples(&kyc, "kyc_build"),
        [r#"kyc_build_info{version="1.2",commit="a \"quoted\\\"\nrevision",branch="main",module="ocr"} 1"#]
    );
    assert!(text(&kyc).contains("# TYPE kyc_build_info gauge\n"));
    kyc.build_info.set(Build {
        version: "1.3",
        revision: String::new(),
        ..build()
    });
    assert_eq!(
        samples(&kyc, "kyc_build"),
        [r#"kyc_build_info{version="1.3",commit="",branch="main",module="ocr"} 1"#]
    );
    assert!(format!("{:?}", kyc.build_info).contains(r#""version": "1.3""#));
}

#[test]
fn a_state_set_has_one_current_state() {
    let kyc = Kyc::new();
    assert_eq!(kyc.service_state.get(), None);
    let lines = |state: [u8; 3]| {
        ["closed", "open", "half-open"]
            .iter()
            .zip(state)
            .map(|(name, value)| format!("kyc_service_state{{kyc_service_state=\"{name}\"}} {value}"))
            .collect::<Vec<_>>()
    };
    assert_eq!(samples(&kyc, "kyc_service"), lines([0, 0, 0]));
    for (mode, expected) in Mode::VARIANTS.iter().zip([[1, 0, 0], [0, 1, 0], [0, 0, 1]]) {
        kyc.service_state.set(*mode);
        assert_eq!(kyc.service_state.get(), Some(*mode));
        assert_eq!(samples(&kyc, "kyc_service"), lines(expected));
    }
    kyc.breaker_state.with(Module::Ocr).set(Mode::HalfOpen);
    assert_eq!(kyc.breaker_state.with(Module::Ocr).get(), Some(Mode::HalfOpen));
    assert_eq!(kyc.breaker_state.with(Module::Liveness).get(), None);
    assert_eq!(
        samples(&kyc, "kyc_breaker"),
        [
            r#"kyc_breaker_state{module="liveness",kyc_breaker_state="closed"} 0"#,
            r#"kyc_breaker_state{module="liveness",kyc_breaker_state="open"} 0"#,
            r#"kyc_breaker_state{module="liveness",kyc_breaker_state="half-open"} 0"#,
            r#"kyc_breaker_state{module="ocr",kyc_breaker_state="closed"} 0"#,
            r#"kyc_breaker_state{module="ocr",kyc_breaker_state="open"} 0"#,
            r#"kyc_breaker_state{module="ocr",kyc_breaker_state="half-open"} 1"#,
        ]
    );
    assert_eq!(
        format!("{:?}", kyc.breaker_state),
        r#"{module="liveness": None, module="ocr": Some("half-open")}"#
    );
}

#[test]
fn a_scrape_sees_exactly_one_state_while_it_changes() {
    let kyc = Kyc::new();
    kyc.service_state.set(Mode::Open);
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                Mode::VARIANTS.iter().for_each(|mode| kyc.service_state.set(*mode));
            }
        });
        for _ in 0..300 {
            let current = samples(&kyc, "kyc_service")
                .iter()
                .filter(|line| line.ends_with(" 1"))
                .count();
            assert_eq!(current, 1);
        }
        over.store(true, Ordering::Relaxed);
    });
}

#[test]
fn a_label_set_is_found_again_by_its_position() {
    for index in 0..Place::COMBINATIONS {
        assert_eq!(Place::at(index).index(), index);
    }
    let last = Place {
        module: Module::Ocr,
        mode: Mode::HalfOpen,
    };
    assert_eq!(Place::at(5), last);
}

#[test]
fn computed_metrics_are_computed_for_each_scrape() {
    let kyc = Kyc::new();
    assert_eq!(
        samples(&kyc, "kyc_queue"),
        [
            r#"kyc_queue_length{module="liveness",how="closed"} 0"#,
            r#"kyc_queue_length{module="liveness",how="open"} 1"#,
            r#"kyc_queue_length{module="liveness",how="half-open"} 0"#,
            r#"kyc_queue_length{module="ocr",how="closed"} 10"#,
            r#"kyc_queue_length{module="ocr",how="open"} 11"#,
            r#"kyc_queue_length{module="ocr",how="half-open"} 10"#,
        ]
    );
    for jobs in [0, 3] {
        JOBS.store(jobs, Ordering::Relaxed);
        assert_eq!(samples(&kyc, "kyc_jobs"), [format!("kyc_jobs_total {jobs}")]);
    }
    assert!(text(&kyc).contains("# TYPE kyc_jobs_total counter\n"));
}

#[test]
fn a_metric_that_nothing_computes_is_not_exported() {
    let kyc = Kyc::new();
    assert!(!text(&kyc).contains("kyc_age_seconds"));
    let calls = Arc::new(AtomicU64::new(0));
    let counted = calls.clone();
    kyc.age_seconds.compute_with(move |module| {
        counted.fetch_add(1, Ordering::Relaxed);
        if module == Module::Ocr { 2.5 } else { f64::NAN }
    });
    assert_eq!(
        samples(&kyc, "kyc_age"),
        [
            r#"kyc_age_seconds{module="liveness"} NaN"#,
            r#"kyc_age_seconds{module="ocr"} 2.5"#
        ]
    );
    assert_eq!(calls.load(Ordering::Relaxed), 2, "once for each series");
    // What is set replaces what was set or declared before, and drops it.
    kyc.age_seconds.compute_with(|_| 7.0);
    assert_eq!(Arc::strong_count(&calls), 1);
    assert_eq!(samples(&kyc, "kyc_age")[1], r#"kyc_age_seconds{module="ocr"} 7"#);
    kyc.jobs_total.compute_with(|()| 1e6);
    assert_eq!(samples(&kyc, "kyc_jobs"), ["kyc_jobs_total 1000000"]);
}

#[test]
fn a_computation_that_panics_is_left_out_and_said() {
    let kyc = Kyc::new();
    kyc.age_seconds.compute_with(|module| {
        assert_eq!(module, Module::Ocr, "on purpose");
        4.0
    });
    let text = text(&kyc);
    assert!(
        text.contains("# TYPE kyc_age_seconds gauge\nkyc_age_seconds{module=\"ocr\"} 4\n"),
        "{text}"
    );
    assert!(
        text.contains("# enumetrics: left out 1 series of kyc_age_seconds: computing them panicked\n"),
        "{text}"
    );
    // The rest of the scrape is there, and so is the next scrape.
    assert!(text.contains("kyc_jobs_total "));
    kyc.age_seconds.compute_with(|_| 4.0);
    assert_eq!(samples(&kyc, "kyc_age").len(), 2);
}

/// A closure may replace itself: no lock is held while it runs.
#[test]
fn a_computation_may_set_another() {
    static KYC: Kyc = Kyc::new();
    KYC.age_seconds.compute_with(|_| {
        KYC.age_seconds.compute_with(|_| 2.0);
        1.0
    });
    let values = |lines: Vec<String>| {
        lines
            .into_iter()
            .map(|line| line[line.len() - 1..].to_owned())
            .collect::<Vec<_>>()
    };
    // A scrape is of one computation.
    assert_eq!(values(samples(&KYC, "kyc_age")), ["1", "1"]);
    assert_eq!(values(samples(&KYC, "kyc_age")), ["2", "2"]);
}

#[cfg(feature = "prometheus")]
#[test]
fn a_registry_has_every_kind() {
    static KYC: Kyc = Kyc::new();
    enumetrics::catalog! { static METRICS = [KYC]; }

    let registry = prometheus::Registry::new();
    registry.register(Box::new(METRICS.collector().unwrap())).unwrap();
    let families = registry.gather();
    let names = |families: &[prometheus::proto::MetricFamily]| {
        families
            .iter()
            .map(|family| family.name().to_owned())
            .collect::<Vec<_>>()
    };
    assert!(
        !names(&families)
            .iter()
            .any(|name| name == "kyc_build_info" || name == "kyc_age_seconds")
    );

    KYC.build_info.set(build());
    KYC.busy_seconds_total.with(Module::Ocr).inc_by(0.5);
    KYC.module_seconds.with(Module::Ocr).observe(2.0);
    KYC.service_state.set(Mode::Open);
    KYC.age_seconds.compute_with(|module| {
        assert_eq!(module, Module::Ocr, "on purpose");
        4.0
    });
    let text = prometheus::TextEncoder::new()
        .encode_to_string(&registry.gather())
        .unwrap();
    for line in [
        "# TYPE kyc_age_seconds gauge",
        "kyc_age_seconds{module=\"ocr\"} 4",
        "# TYPE kyc_build_info gauge",
        "kyc_build_info{branch=\"main\",commit=\"a \\\"quoted\\\\\\\"\\nrevision\",module=\"ocr\",version=\"1.2\"} 1",
        "kyc_busy_seconds_total{module=\"ocr\"} 0.5",
        "# TYPE kyc_module_seconds summary",
        "kyc_module_seconds{module=\"liveness\",quantile=\"0.5\"} NaN",
        "kyc_module_seconds_sum{module=\"ocr\"} 2",
        "kyc_module_seconds_count{module=\"ocr\"} 1",
        "kyc_picture_bytes_count 0",
        "kyc_service_state{kyc_service_state=\"closed\"} 0",
        "kyc_service_state{kyc_service_state=\"open\"} 1",
        "# TYPE kyc_jobs_total counter",
        "kyc_queue_length{how=\"open\",module=\"ocr\"} 11",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
    assert!(!text.contains("kyc_age_seconds{module=\"liveness\"}"));
}

#[metric_family(namespace = "shop", labels(branch = "west"))]
struct Shop {
    /// Wait.
    #[metric(quantiles = [0.5])]
    wait_seconds: Summary,
    /// What was built.
    release_info: Info<Release>,
    /// State of the door.
    #[metric(was = "door_state")]
    door: StateSet<Mode>,
    /// Customers.
    #[metric(compute = |()| 3.0, was = "shop_people")]
    customers: ComputedGauge,
    /// Price.
    #[metric(unit = "euros")]
    sold_euros_total: Counter<(), f64>,
}

#[derive(InfoLabels)]
struct Release {
    version: String,
}

/// The labels of all series, former names and units are for every kind.
#[test]
fn the_other_options_go_with_every_kind() {
    let shop = Shop::new();
    shop.release_info.set(Release {
        version: "1".to_owned(),
    });
    shop.door.set(Mode::Open);
    let text = Catalog::new(&[&shop]).unwrap().render();
    let samples: Vec<_> = text.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(
        samples,
        [
            r#"shop_wait_seconds{branch="west",quantile="0.5"} NaN"#,
            r#"shop_wait_seconds_sum{branch="west"} 0"#,
            r#"shop_wait_seconds_count{branch="west"} 0"#,
            r#"shop_release_info{branch="west",version="1"} 1"#,
            r#"shop_door{branch="west",shop_door="closed"} 0"#,
            r#"shop_door{branch="west",shop_door="open"} 1"#,
            r#"shop_door{branch="west",shop_door="half-open"} 0"#,
            // A state set's label is called like it, also under its former name.
            r#"door_state{branch="west",door_state="closed"} 0"#,
            r#"door_state{branch="west",door_state="open"} 1"#,
            r#"door_state{branch="west",door_state="half-open"} 0"#,
            r#"shop_customers{branch="west"} 3"#,
            r#"shop_people{branch="west"} 3"#,
            r#"shop_sold_euros_total{branch="west"} 0"#,
        ]
    );
    assert_eq!(samples.len(), Shop::MAX_SERIES);
    assert_eq!(Shop::DESCRIPTORS.last().unwrap().unit, Some("euros"));
}
