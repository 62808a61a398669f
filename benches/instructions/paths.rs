//! The hot paths: each a loop of calls with labels and values that the compiler does not know.

use std::fs;
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::thread::sleep;
use std::time::{Duration, Instant};

use enumetrics::{
    Catalog, Counter, Export, Gauge, Histogram, InFlight, IntRange, LabelSet, LabelValue, Scrape, StateSet, Summary,
    metric_family, set_recording, timed,
};

/// One hot path.
pub struct Path {
    pub name: &'static str,
    /// How many calls, or series, one pass makes.
    pub calls: u64,
    /// How many passes make a count that no start-up disturbs.
    pub passes: u64,
    pub run: fn(passes: u64),
    /// The path whose instructions are not counted here: what this one does besides its own.
    pub beyond: Option<&'static str>,
    /// What is aimed at, where something is.
    pub target: &'static [f64],
}

#[derive(LabelValue, Clone, Copy)]
enum Method {
    Get,
    Post,
    Put,
    Delete,
}

#[derive(LabelValue, Clone, Copy)]
enum Route {
    Verify,
    Upload,
    Status,
    Search,
}

#[derive(LabelValue, Clone, Copy)]
enum Outcome {
    Ok,
    Error,
}

#[derive(LabelSet, Clone, Copy)]
struct Request {
    method: Method,
    route: Route,
    outcome: Outcome,
}

#[derive(LabelValue, Clone, Copy)]
enum Digit {
    Zero,
    One,
    Two,
    Three,
    Four,
    Five,
    Six,
    Seven,
    Eight,
    Nine,
}

#[derive(LabelSet, Clone, Copy)]
struct Number {
    hundreds: Digit,
    tens: Digit,
    ones: Digit,
}

const BOUNDS: [f64; 11] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// From 0.1 to 10.
const MANY_BOUNDS: [f64; 100] = {
    let mut bounds = [0.0; 100];
    let mut at = 0;
    while at < bounds.len() {
        bounds[at] = (at + 1) as f64 / 10.0;
        at += 1;
    }
    bounds
};

#[metric_family(namespace = "instructions")]
struct Calls {
    /// Calls.
    plain_total: Counter,
    /// Calls by route.
    by_route_total: Counter<Route>,
    /// Calls by three labels.
    requests_total: Counter<Request>,
    /// Ends.
    outcomes_total: Counter<Outcome>,
    /// Workers.
    workers: Gauge<Route>,
    /// Calls now.
    in_flight: InFlight<Route>,
    /// Searches.
    #[metric(buckets = BOUNDS, calls(outcome, in_flight))]
    search: enumetrics::Calls<Route>,
    /// Calls by route, in one place.
    #[metric(shared)]
    shared_by_route_total: Counter<Route>,
    /// Durations by route, in one place.
    #[metric(shared, buckets = BOUNDS)]
    shared_by_route_duration_seconds: Histogram<Route>,
    /// Calls by three labels, each with a cell once it is recorded.
    #[metric(sparse)]
    sparse_requests_total: Counter<Request>,
    /// Durations by route, each with a cell once it is recorded.
    #[metric(sparse, buckets = BOUNDS)]
    sparse_duration_seconds: Histogram<Route>,
    /// Durations.
    #[metric(buckets = BOUNDS)]
    duration_seconds: Histogram,
    /// Durations by route.
    #[metric(buckets = BOUNDS)]
    by_route_duration_seconds: Histogram<Route>,
    /// Durations, finely.
    #[metric(buckets = MANY_BOUNDS, allow(bucket-count = "what so many cost"))]
    fine_duration_seconds: Histogram,
    /// Durations, in native buckets.
    #[metric(native)]
    native_duration_seconds: Histogram,
    /// Durations by route, in native buckets and others.
    #[metric(native, buckets = BOUNDS)]
    both_duration_seconds: Histogram<Route>,
    /// Seconds by route.
    busy_seconds_total: Counter<Route, f64>,
    /// Sizes by route.
    size_bytes: Summary<Route>,
    /// Sizes by route, and those of late.
    #[metric(quantiles = [0.5, 0.99])]
    late_size_bytes: Summary<Route>,
    /// The last outcome by route.
    outcome: StateSet<Outcome, Route>,
}

static CALLS: Calls = Calls::new();

#[metric_family(namespace = "scrape")]
struct Counters {
    /// A thousand series.
    numbers_total: Counter<Number>,
}

static COUNTERS: Counters = Counters::new();

#[metric_family(namespace = "scrape")]
struct Histograms {
    /// A thousand series of twelve buckets.
    #[metric(dense, buckets = BOUNDS)]
    numbers_seconds: Histogram<Number>,
}

static HISTOGRAMS: Histograms = Histograms::new();

/// What one call is about.
struct Step {
    route: Route,
    request: Request,
    seconds: f64,
}

/// How many calls a pass makes.
const STEPS: usize = 64;

fn steps() -> Vec<Step> {
    (0..STEPS)
        .map(|step| {
            let route = Route::VARIANTS[step * 7 % 4];
            let request = Request {
                method: Method::VARIANTS[step * 3 % 4],
                route,
                outcome: Outcome::VARIANTS[step % 2],
            };
            Step {
                route,
                request,
                seconds: step as f64 / 5.0,
            }
        })
        .collect()
}

#[inline(always)]
fn repeat(passes: u64, call: impl Fn(&Step)) {
    let steps = steps();
    for _ in 0..passes {
        for step in black_box(&steps[..]) {
            call(step);
        }
    }
}

/// Timers first learn how long a tick of the processor's counter is, on a thread of their own.
pub fn settle_the_clock() {
    CALLS.duration_seconds.start_timer().discard();
    let patience = Instant::now() + Duration::from_secs(60);
    while calibrates() && Instant::now() < patience {
        // Long: valgrind runs one thread at a time, and this one disturbs what it waits for.
        sleep(Duration::from_millis(500));
    }
}

/// Whether this process has a thread besides this one, as Linux tells.
fn calibrates() -> bool {
    let threads = fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    threads.count() > 1
}

#[timed(CALLS.by_route_duration_seconds, route = "search")]
fn timed_fn(step: &Step) -> f64 {
    black_box(step.seconds)
}

/// Never inlined, as the timed one is not.
#[inline(never)]
fn bare_fn(step: &Step) -> f64 {
    black_box(step.seconds)
}

#[timed(CALLS.by_route_duration_seconds, route = "search")]
async fn timed_async(step: &Step) -> f64 {
    std::future::ready(black_box(step.seconds)).await
}

#[timed(CALLS.by_route_duration_seconds, route = "search")]
async fn with_outcome(step: &Step) -> f64 {
    let _in_flight = CALLS.in_flight.with(Route::Search).track();
    let result = std::future::ready(black_box(step.seconds)).await;
    CALLS.outcomes_total.with(step.request.outcome).inc();
    result
}

/// The same by one attribute.
#[timed(CALLS.search, route = "search")]
async fn timed_calls(step: &Step) -> f64 {
    std::future::ready(black_box(step.seconds)).await
}

async fn bare_async(step: &Step) -> f64 {
    std::future::ready(black_box(step.seconds)).await
}

/// As an executor does: through a pointer to any future.
#[inline(always)]
fn run_to_end(future: impl Future<Output = f64>) {
    let future: Pin<&mut dyn Future<Output = f64>> = pin!(future);
    match black_box(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(_) => {}
        Poll::Pending => panic!("these futures wait for nothing"),
    }
}

fn scrape(passes: u64, family: &dyn Export) {
    let families = [family];
    let catalog = Catalog::new(&families).expect("one family");
    let mut scrape = Scrape::new();
    for _ in 0..passes {
        black_box(catalog.render_into(&mut scrape));
    }
}

macro_rules! calls {
    (recording $on:literal: $($name:literal $(at most $target:literal)?: $call:expr;)*) => {
        [$(Path {
            name: $name,
            calls: STEPS as u64,
            passes: 1000,
            run: |passes| {
                set_recording($on);
                repeat(passes, $call);
            },
            beyond: None,
            target: &[$($target)?],
        }),*]
    };
}

/// The first is the loop without a call.
pub const PATHS: &[Path] = &calls! {
    recording true:
    "loop": |step| { black_box(step); };
    "counter" at most 12.0: |_| CALLS.plain_total.inc();
    "counter_1_constant": |_| CALLS.by_route_total.with(Route::Search).inc();
    "counter_1": |step| CALLS.by_route_total.with(step.route).inc();
    "counter_3_constant": |_| CALLS.requests_total.with(Request {
        method: Method::Put,
        route: Route::Search,
        outcome: Outcome::Error,
    }).inc();
    "counter_3" at most 24.0: |step| CALLS.requests_total.with(step.request).inc();
    "gauge_inc_1": |step| CALLS.workers.with(step.route).inc();
    "shared_counter_1": |step| CALLS.shared_by_route_total.with(step.route).inc();
    "in_flight_1": |step| drop(CALLS.in_flight.with(step.route).track());
    "sparse_counter_3": |step| CALLS.sparse_requests_total.with(step.request).inc();
    "sparse_histogram_1": |step| CALLS.sparse_duration_seconds.with(step.route).observe(step.seconds);
    "histogram" at most 50.0: |step| CALLS.duration_seconds.observe(step.seconds);
    "histogram_1" at most 50.0: |step| CALLS.by_route_duration_seconds.with(step.route).observe(step.seconds);
    "shared_histogram_1": |step| CALLS.shared_by_route_duration_seconds.with(step.route).observe(step.seconds);
    "histogram_100_bounds" at most 50.0: |step| CALLS.fine_duration_seconds.observe(step.seconds);
    "native_histogram": |step| CALLS.native_duration_seconds.observe(step.seconds);
    "native_histogram_and_classic_1": |step| CALLS.both_duration_seconds.with(step.route).observe(step.seconds);
    "counter_f64_1": |step| CALLS.busy_seconds_total.with(step.route).inc_by(step.seconds);
    "summary_1": |step| CALLS.size_bytes.with(step.route).observe(step.seconds);
    "summary_quantiles_1": |step| CALLS.late_size_bytes.with(step.route).observe(step.seconds);
    "state_set_1": |step| CALLS.outcome.with(step.route).set(step.request.outcome);
    "timer_1": |step| drop(CALLS.by_route_duration_seconds.with(step.route).start_timer());
    "bare_fn": |step| { bare_fn(step); };
    "timed_fn": |step| { timed_fn(step); };
    "bare_async": |step| run_to_end(bare_async(step));
    "timed_async": |step| run_to_end(timed_async(step));
    "timed_async_outcome": |step| run_to_end(with_outcome(step));
    "timed_async_calls": |step| run_to_end(timed_calls(step));
};

/// What each kind costs while recording is off.
pub const SWITCHED_OFF: &[Path] = &calls! {
    recording false:
    "off_counter_1": |step| CALLS.by_route_total.with(step.route).inc();
    "off_counter_f64_1": |step| CALLS.busy_seconds_total.with(step.route).inc_by(step.seconds);
    "off_gauge_inc_1": |step| CALLS.workers.with(step.route).inc();
    "off_shared_counter_1": |step| CALLS.shared_by_route_total.with(step.route).inc();
    "off_in_flight_1": |step| drop(CALLS.in_flight.with(step.route).track());
    "off_sparse_counter_3": |step| CALLS.sparse_requests_total.with(step.request).inc();
    "off_histogram_1": |step| CALLS.by_route_duration_seconds.with(step.route).observe(step.seconds);
    "off_shared_histogram_1": |step| CALLS.shared_by_route_duration_seconds.with(step.route).observe(step.seconds);
    "off_native_histogram": |step| CALLS.native_duration_seconds.observe(step.seconds);
    "off_summary_1": |step| CALLS.size_bytes.with(step.route).observe(step.seconds);
    "off_summary_quantiles_1": |step| CALLS.late_size_bytes.with(step.route).observe(step.seconds);
    "off_state_set_1": |step| CALLS.outcome.with(step.route).set(step.request.outcome);
    "off_timer_1": |step| drop(CALLS.by_route_duration_seconds.with(step.route).start_timer());
    "off_timed_fn": |step| { timed_fn(step); };
    "off_timed_async": |step| run_to_end(timed_async(step));
};

const SERIES: u64 = Number::COMBINATIONS as u64;

/// Very many series, of which a hundred are recorded.
#[derive(LabelSet, Clone, Copy)]
struct SparseNumber {
    high: IntRange<0, 255>,
    low: IntRange<0, 255>,
    outcome: Outcome,
}

const SPARSE_SERIES: usize = SparseNumber::COMBINATIONS;

#[metric_family(namespace = "instructions")]
struct SparseNumbers {
    /// Numbers.
    #[metric(sparse)]
    numbers_total: Counter<SparseNumber>,
}

static SPARSE: SparseNumbers = SparseNumbers::new();

/// Instructions per series.
pub const SCRAPES: &[Path] = &[
    Path {
        name: "scrape_counter",
        calls: SERIES,
        passes: 20,
        run: |passes| scrape(passes, &COUNTERS),
        beyond: None,
        target: &[],
    },
    Path {
        name: "scrape_sparse",
        calls: SPARSE_SERIES as u64,
        passes: 20,
        run: |passes| {
            for part in 0..100 {
                let (high, low) = (IntRange::clamped(part * 2), IntRange::clamped(part));
                let outcome = Outcome::Error;
                SPARSE.numbers_total.with(SparseNumber { high, low, outcome }).inc();
            }
            scrape(passes, &SPARSE);
        },
        beyond: None,
        target: &[],
    },
    Path {
        name: "scrape_histogram",
        calls: SERIES,
        passes: 20,
        run: |passes| scrape(passes, &HISTOGRAMS),
        beyond: None,
        target: &[],
    },
];
