//! Series that are reset and removed, and families that are cleared: what is read, and what a scrape has.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use enumetrics::{
    Catalog, Counter, Format, Gauge, Histogram, InFlight, LabelSet, LabelValue, StateSet, Summary, metric_family,
};

#[derive(LabelValue, Clone, Copy, Debug, PartialEq)]
pub enum Module {
    Liveness,
    #[label(skip)]
    None,
    Ocr,
}

#[derive(LabelValue, Clone, Copy)]
pub enum Status {
    Ok,
    Error,
}

#[derive(LabelSet, Clone, Copy)]
#[label(impossible(module = "ocr", status = "error"))]
pub struct Call {
    pub module: Module,
    pub status: Status,
}

#[metric_family(namespace = "kyc")]
pub struct Kyc {
    /// Requests.
    pub requests_total: Counter,
    /// Calls.
    pub calls_total: Counter<Call>,
    /// Calls, in one place.
    #[metric(shared)]
    pub shared_calls_total: Counter<Module>,
    /// Time spent.
    pub busy_seconds_total: Counter<Module, f64>,
    /// Sessions.
    pub sessions: Gauge<Module>,
    /// Load.
    pub load_ratio: Gauge<(), f64>,
    /// Calls now.
    pub calls_in_flight: InFlight<Module>,
    /// Durations.
    #[metric(buckets = [0.5, 1])]
    pub call_seconds: Histogram<Module>,
    /// Sizes.
    #[metric(quantiles = [0.5])]
    pub size_bytes: Summary<Module>,
    /// Which module is at work.
    pub state: StateSet<Module, Status>,
}

/// The samples of a family.
fn scrape(kyc: &Kyc, family: &str) -> String {
    let families: [&dyn enumetrics::Export; 1] = [kyc];
    let catalog = Catalog::new(&families).unwrap();
    let samples = |text: String| {
        let lines = text.lines().filter(|line| line.starts_with(family));
        lines.flat_map(|line| [line, "\n"]).collect::<String>()
    };
    let text = samples(catalog.render());
    assert_eq!(samples(catalog.render_as(Format::OpenMetrics)), text);
    text
}

#[test]
fn a_counter_that_is_reset_starts_again_from_0() {
    let kyc = Kyc::new();
    kyc.requests_total.inc_by(7);
    kyc.requests_total.reset();
    assert_eq!(kyc.requests_total.get(), 0);
    assert_eq!(scrape(&kyc, "kyc_requests"), "kyc_requests_total 0\n");
    std::thread::scope(|scope| _ = scope.spawn(|| kyc.requests_total.inc_by(2)));
    kyc.requests_total.inc();
    assert_eq!(scrape(&kyc, "kyc_requests"), "kyc_requests_total 3\n");
    kyc.requests_total.reset();
    assert_eq!(kyc.requests_total.get(), 0);

    kyc.busy_seconds_total.with(Module::Ocr).inc_by(0.1);
    kyc.busy_seconds_total.with(Module::Liveness).inc_by(0.2);
    kyc.busy_seconds_total.with(Module::Ocr).reset();
    assert_eq!(
        scrape(&kyc, "kyc_busy"),
        "kyc_busy_seconds_total{module=\"liveness\"} 0.2\nkyc_busy_seconds_total{module=\"ocr\"} 0\n"
    );
}

#[test]
fn a_series_that_is_removed_is_gone_until_it_is_recorded_again() {
    let kyc = Kyc::new();
    let calls = |module| kyc.shared_calls_total.with(module);
    calls(Module::Liveness).inc_by(5);
    calls(Module::Ocr).inc_by(5);
    calls(Module::Liveness).remove();
    let both = "kyc_shared_calls_total{module=\"liveness\"} 1\nkyc_shared_calls_total{module=\"ocr\"} 5\n";
    let (_, one) = both.split_once('\n').unwrap();
    assert_eq!(scrape(&kyc, "kyc_shared"), one);
    assert_eq!(calls(Module::Liveness).get(), 0);
    calls(Module::Liveness).inc();
    assert_eq!(scrape(&kyc, "kyc_shared"), both);
    // What is skipped is no series, whatever is done with it.
    calls(Module::None).remove();
    calls(Module::None).reset();
    assert_eq!(scrape(&kyc, "kyc_shared"), both);
}

#[test]
fn a_family_that_is_cleared_is_its_head() {
    let kyc = Kyc::new();
    let call = |module, status| kyc.calls_total.with(Call { module, status });
    call(Module::Ocr, Status::Ok).inc();
    call(Module::Ocr, Status::Error).inc();
    kyc.calls_total.clear();
    assert_eq!(scrape(&kyc, "kyc_calls_total"), "");
    let text = Catalog::new(&[&kyc]).unwrap().render();
    assert!(text.contains("# TYPE kyc_calls_total counter\n# HELP"), "{text}");
    call(Module::Liveness, Status::Error).inc();
    assert_eq!(
        scrape(&kyc, "kyc_calls_total"),
        "kyc_calls_total{module=\"liveness\",status=\"error\"} 1\n"
    );
}

#[test]
fn a_gauge_is_0_when_it_is_removed_and_back_when_it_is_something() {
    let kyc = Kyc::new();
    kyc.sessions.with(Module::Ocr).set(3);
    kyc.sessions.clear();
    assert_eq!(kyc.sessions.with(Module::Ocr).get(), 0);
    assert_eq!(scrape(&kyc, "kyc_sessions"), "");
    kyc.sessions.with(Module::Ocr).inc();
    assert_eq!(scrape(&kyc, "kyc_sessions"), "kyc_sessions{module=\"ocr\"} 1\n");
    // It is not gone again whenever it happens to be 0.
    kyc.sessions.with(Module::Ocr).dec();
    assert_eq!(scrape(&kyc, "kyc_sessions"), "kyc_sessions{module=\"ocr\"} 0\n");

    kyc.load_ratio.set(0.5);
    kyc.load_ratio.remove();
    assert_eq!(scrape(&kyc, "kyc_load"), "");
    kyc.load_ratio.set(-0.5);
    assert_eq!(scrape(&kyc, "kyc_load"), "kyc_load_ratio -0.5\n");
}

#[test]
fn what_is_under_way_is_not_forgotten() {
    let kyc = Kyc::new();
    let call = kyc.calls_in_flight.with(Module::Ocr).track();
    kyc.calls_in_flight.clear();
    let calls = || scrape(&kyc, "kyc_calls_in_flight");
    assert_eq!(calls(), "kyc_calls_in_flight{module=\"ocr\"} 1\n");
    drop(call);
    assert_eq!(calls(), "kyc_calls_in_flight{module=\"ocr\"} 0\n");
    kyc.calls_in_flight.with(Module::Ocr).remove();
    assert_eq!(calls(), "");
}

#[test]
fn a_histogram_forgets_everything_at_once() {
    let kyc = Kyc::new();
    let (liveness, ocr) = (
        kyc.call_seconds.with(Module::Liveness),
        kyc.call_seconds.with(Module::Ocr),
    );
    for seconds in [0.25, 0.75, 3.0] {
        liveness.observe(seconds);
        ocr.observe(seconds);
    }
    ocr.reset();
    liveness.remove();
    ocr.observe(0.75);
    assert_eq!(
        scrape(&kyc, "kyc_call_seconds"),
        "kyc_call_seconds_bucket{module=\"ocr\",le=\"0.5\"} 0\n\
         kyc_call_seconds_bucket{module=\"ocr\",le=\"1.0\"} 1\n\
         kyc_call_seconds_bucket{module=\"ocr\",le=\"+Inf\"} 1\n\
         kyc_call_seconds_sum{module=\"ocr\"} 0.75\n\
         kyc_call_seconds_count{module=\"ocr\"} 1\n"
    );
    assert_eq!((liveness.count(), liveness.sum()), (0, 0.0));
    liveness.observe(Duration::from_secs(2));
    let snapshot = liveness.snapshot();
    assert_eq!(
        (snapshot.count, snapshot.sum, snapshot.buckets),
        (1, 2.0, vec![0, 0, 1])
    );
    assert_eq!(scrape(&kyc, "kyc_call_seconds").lines().count(), 10);
}

#[test]
fn a_summary_forgets_its_window_too() {
    let kyc = Kyc::new();
    let ocr = kyc.size_bytes.with(Module::Ocr);
    ocr.observe(100.0);
    ocr.reset();
    assert_eq!(
        scrape(&kyc, "kyc_size_bytes{module=\"ocr\""),
        "kyc_size_bytes{module=\"ocr\",quantile=\"0.5\"} NaN\n"
    );
    ocr.observe(1.0);
    assert_eq!((ocr.count(), ocr.sum()), (1, 1.0));
    assert!((ocr.snapshot().quantiles[0] - 1.0).abs() < 0.022);
    kyc.size_bytes.clear();
    assert_eq!(scrape(&kyc, "kyc_size_bytes"), "");
}

#[test]
fn states_that_are_removed_have_no_current_one() {
    let kyc = Kyc::new();
    kyc.state.with(Status::Ok).set(Module::Ocr);
    kyc.state.clear();
    assert_eq!(kyc.state.with(Status::Ok).get(), None);
    assert_eq!(scrape(&kyc, "kyc_state"), "");
    kyc.state.with(Status::Error).set(Module::Liveness);
    assert_eq!(
        scrape(&kyc, "kyc_state"),
        "kyc_state{status=\"error\",kyc_state=\"liveness\"} 1\nkyc_state{status=\"error\",kyc_state=\"ocr\"} 0\n"
    );
}

#[test]
fn whoever_reads_while_others_record_and_reset_never_finds_less_than_nothing() {
    const EACH: u64 = 20_000;
    static KYC: Kyc = Kyc::new();
    let (counter, histogram) = (
        KYC.shared_calls_total.with(Module::Ocr),
        KYC.call_seconds.with(Module::Ocr),
    );
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let writers = [(); 2].map(|()| {
            scope.spawn(|| {
                for _ in 0..EACH {
                    counter.inc();
                    KYC.requests_total.inc();
                    histogram.observe(0.75);
                }
            })
        });
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                counter.reset();
                KYC.requests_total.reset();
                histogram.reset();
            }
        });
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                assert!(counter.get() <= 2 * EACH && KYC.requests_total.get() <= 2 * EACH);
                let snapshot = histogram.snapshot();
                assert!(snapshot.count <= 2 * EACH, "{snapshot:?}");
                assert_eq!(snapshot.buckets, [0, snapshot.count, 0]);
            }
        });
        for writer in writers {
            writer.join().unwrap();
        }
        done.store(true, Ordering::Relaxed);
    });
    histogram.reset();
    assert_eq!((histogram.count(), histogram.sum()), (0, 0.0));
}
