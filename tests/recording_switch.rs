//! `set_recording`, which holds for the whole program: one test at a time.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use axum::http::{Request, Response};
use bytes::Bytes;
use enumetrics::http::HttpLayer;
use enumetrics::websocket::{Broadcast, Connection, MessageKind};
use enumetrics::{
    Calls, Catalog, Counter, Exemplar, Format, Gauge, Histogram, InFlight, Joined, LabelValue, MetricFamily, Outcome,
    Settings, StateSet, Summary, http_metrics, is_recording, metric_family, open_label, set_recording, time, timed,
    websocket_metrics,
};
use futures_core::Stream;
use http_body_util::Full;
use tower::{Layer, ServiceExt};

/// Recording is on.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    let guard = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    set_recording(true);
    guard
}

#[derive(LabelValue, Clone, Copy, Debug, PartialEq)]
pub enum Mode {
    Open,
    Closed,
}

open_label! {
    /// Known while it runs.
    pub struct Tenant(max = 3);
}

/// Declares metrics and how each is recorded, so that its samples are other than before.
macro_rules! kinds {
    ($($(#[$option:meta])* $name:ident: $type:ty => |$metric:ident| $record:expr;)+) => {
        #[metric_family(namespace = "switch")]
        pub struct Kinds {
            $(
                /// A kind.
                $(#[$option])*
                pub $name: $type,
            )+
        }

        impl Kinds {
            fn record(&self) {
                $({
                    let $metric = &self.$name;
                    $record;
                })+
            }
        }
    };
}

const EXEMPLAR: Exemplar = Exemplar::new(7, 9);

kinds! {
    hits_total: Counter => |counter| { counter.inc(); counter.inc_by(2) };
    hits_f64_total: Counter<Mode, f64> => |counter| counter.with(Mode::Open).inc_by(Duration::from_millis(1));
    #[metric(shared)]
    hits_shared_total: Counter<Mode> => |counter| counter.with(Mode::Open).inc();
    #[metric(shared)]
    hits_f64_shared_total: Counter<(), f64> => |counter| counter.inc_by(0.5);
    #[metric(sparse)]
    hits_sparse_total: Counter<Mode> => |counter| counter.with(Mode::Closed).inc();
    #[metric(shared, sparse)]
    hits_shared_sparse_total: Counter<Mode> => |counter| counter.with(Mode::Closed).inc();
    #[metric(exemplars)]
    hits_exemplars_total: Counter => |counter| counter.inc();
    hits_with_exemplar_total: Counter => |counter| { counter.inc_with(EXEMPLAR); counter.inc_by_with(3, EXEMPLAR) };
    hits_open_total: Counter<Tenant> => |counter| counter.with(Tenant::intern("late")).inc();
    level: Gauge => |gauge| { gauge.inc(); gauge.add(5); gauge.dec(); gauge.sub(1) };
    level_f64: Gauge<Mode, f64> => |gauge| gauge.with(Mode::Open).add(0.5);
    level_set: Gauge => |gauge| gauge.set(gauge.get() + 1);
    level_f64_set: Gauge<(), f64> => |gauge| gauge.set(gauge.get() + 1.0);
    in_flight: InFlight<Mode> => |guards| {
        let guards = guards.with(Mode::Open);
        guards.inc();
        guards.add(2);
        guards.dec();
        guards.sub(1)
    };
    #[metric(shared)]
    in_flight_shared: InFlight => |guards| guards.inc();
    state: StateSet<Mode> => |state| state.set(match state.get() {
        Some(Mode::Open) => Mode::Closed,
        _ => Mode::Open,
    });
    #[metric(buckets = [1, 2])]
    latency_seconds: Histogram => |seconds| { seconds.observe(1.5); seconds.observe(f64::NAN) };
    #[metric(buckets = [1, 2])]
    latency_timer_seconds: Histogram<Mode> => |seconds| drop(seconds.with(Mode::Open).start_timer());
    #[metric(buckets = [1, 2])]
    latency_time_seconds: Histogram<Mode> => |seconds| seconds.with(Mode::Open).time(|| ());
    #[metric(buckets = [1, 2], shared)]
    latency_shared_seconds: Histogram<Mode> => |seconds| seconds.with(Mode::Open).observe(0.5);
    #[metric(buckets = [1, 2], sparse)]
    latency_sparse_seconds: Histogram<Mode> => |seconds| seconds.with(Mode::Open).observe(0.5);
    #[metric(buckets = [1, 2], exemplars)]
    latency_exemplars_seconds: Histogram => |seconds| seconds.observe(0.5);
    #[metric(buckets = [1, 2])]
    latency_with_exemplar_seconds: Histogram => |seconds| seconds.observe_with(0.5, EXEMPLAR);
    #[metric(native)]
    native_seconds: Histogram => |seconds| seconds.observe(0.5);
    #[metric(native, shared, buckets = [1])]
    native_shared_seconds: Histogram<Mode> => |seconds| seconds.with(Mode::Open).observe(0.5);
    duration_seconds: Summary => |seconds| seconds.observe(0.5);
    #[metric(shared)]
    duration_shared_seconds: Summary<Mode> => |seconds| seconds.with(Mode::Open).observe(0.5);
    #[metric(quantiles = [0.5])]
    duration_quantiles_seconds: Summary => |seconds| { seconds.observe(0.5); drop(seconds.start_timer()) };
}

static KINDS: Kinds = Kinds::new();

fn scrape() -> String {
    Catalog::new(&[&KINDS]).unwrap().render_as(Format::OpenMetrics)
}

/// The samples of a family.
fn samples<'a>(scrape: &'a str, family: &str) -> Vec<&'a str> {
    let name = family.strip_suffix("_total").unwrap_or(family);
    let head = format!("# TYPE {name} ");
    let family = scrape
        .split("# TYPE ")
        .find(|part| head == format!("# TYPE {} ", part.split(' ').next().unwrap()));
    family
        .expect(&head)
        .lines()
        .skip(1)
        .filter(|line| !line.starts_with('#'))
        .collect()
}

/// How often the program was asked for an exemplar.
static ASKED: AtomicUsize = AtomicUsize::new(0);

#[test]
fn nothing_of_any_kind_is_recorded_while_it_is_off() {
    let _alone = alone();
    Exemplar::set_source(|| {
        ASKED.fetch_add(1, Ordering::Relaxed);
        Some(EXEMPLAR)
    })
    .unwrap();
    let unused = scrape();

    set_recording(false);
    assert!(!is_recording());
    // In a thread that never recorded, and in this one.
    std::thread::spawn(|| KINDS.record()).join().unwrap();
    KINDS.record();
    assert_eq!(scrape(), unused);

    set_recording(true);
    assert!(is_recording());
    KINDS.record();
    let used = scrape();
    for descriptor in Kinds::DESCRIPTORS {
        let name = descriptor.name;
        assert_ne!(samples(&used, name), samples(&unused, name), "{name}: it shows nothing");
    }
    let asked = ASKED.load(Ordering::Relaxed);
    assert_eq!(asked, 2);

    // In threads that have cells, too, and in one that has no more than its number.
    set_recording(false);
    KINDS.record();
    std::thread::spawn(|| KINDS.record()).join().unwrap();
    assert_eq!(scrape(), used);
    assert_eq!(ASKED.load(Ordering::Relaxed), asked);

    set_recording(true);
    KINDS.record();
    let more = scrape();
    for descriptor in Kinds::DESCRIPTORS {
        let name = descriptor.name;
        assert_ne!(samples(&more, name), samples(&used, name), "{name}");
    }
}

#[test]
fn no_value_of_an_open_label_is_kept_while_it_is_off() {
    let _alone = alone();
    set_recording(false);
    let tenant = Tenant::intern("nobody");
    assert_eq!(tenant.value(), "other");
    set_recording(true);
    KINDS.hits_open_total.with(tenant).inc();
    let scrape = scrape();
    assert!(
        scrape.contains(r#"switch_hits_open_total{tenant="other"} 1"#),
        "{scrape}"
    );
    assert!(!scrape.contains("nobody"));
    assert_eq!(Tenant::intern("nobody").value(), "nobody");
}

/// Guards are made while it is on or off, and dropped while it is on or off.
#[test]
fn every_guard_gives_back_what_it_took() {
    let _alone = alone();
    static GUARDS: Kinds = Kinds::new();
    let values = || {
        [
            GUARDS.level.get() as f64,
            GUARDS.level_f64.with(Mode::Closed).get(),
            GUARDS.in_flight.with(Mode::Closed).get() as f64,
            GUARDS.in_flight_shared.get() as f64,
        ]
    };
    for begins in [true, false] {
        for ends in [true, false] {
            for elsewhere in [true, false] {
                set_recording(begins);
                let guards = (
                    GUARDS.level.track(),
                    GUARDS.level_f64.with(Mode::Closed).track(),
                    GUARDS.in_flight.with(Mode::Closed).track(),
                    GUARDS.in_flight_shared.track(),
                );
                assert_eq!(values(), [if begins { 1.0 } else { 0.0 }; 4]);
                set_recording(ends);
                if elsewhere {
                    std::thread::spawn(|| drop(guards)).join().unwrap();
                } else {
                    drop(guards);
                }
                assert_eq!(
                    values(),
                    [0.0; 4],
                    "begun {begins}, ended {ends}, elsewhere {elsewhere}"
                );
            }
        }
    }
}

/// A timer is started while it is on or off, and ends while it is on or off.
#[test]
fn a_timer_observes_if_it_is_on_from_its_start_to_its_end() {
    let _alone = alone();
    static TIMERS: Kinds = Kinds::new();
    for begins in [true, false] {
        for ends in [true, false] {
            set_recording(begins);
            let before = TIMERS.latency_seconds.count();
            let [dropped, stopped, discarded] = [(); 3].map(|()| TIMERS.latency_seconds.start_timer());
            std::thread::sleep(Duration::from_millis(1));
            set_recording(ends);
            drop(dropped);
            let told = stopped.stop();
            discarded.discard();
            let observed = TIMERS.latency_seconds.count() - before;
            assert_eq!(
                observed,
                if begins && ends { 2 } else { 0 },
                "begun {begins}, ended {ends}"
            );
            // Without a start there is no time to tell.
            assert_eq!(told.is_zero(), !begins, "begun {begins}, ended {ends}");
        }
    }
}

#[test]
fn a_series_is_removed_also_while_it_is_off() {
    let _alone = alone();
    static REMOVED: Kinds = Kinds::new();
    REMOVED.level.set(3);
    REMOVED.hits_total.inc();
    set_recording(false);
    REMOVED.level.remove();
    REMOVED.hits_total.remove();
    assert_eq!((REMOVED.level.get(), REMOVED.hits_total.get()), (0, 0));
}

#[metric_family(namespace = "switch")]
#[allow(dead_code, reason = "nothing is rendered")]
pub struct Timed {
    /// Calls.
    #[metric(buckets = [1], calls(outcome, in_flight, items, poll))]
    pub call: Calls,
}

static TIMED: Timed = Timed::new();

#[timed(TIMED.call)]
fn function() -> u8 {
    1
}

#[timed(TIMED.call)]
async fn future() -> u8 {
    tokio::task::yield_now().await;
    1
}

struct Ones;

impl Stream for Ones {
    type Item = u8;

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<u8>> {
        Poll::Ready(Some(1))
    }
}

#[timed(TIMED.call)]
fn stream() -> Pin<Box<dyn Stream<Item = u8>>> {
    Box::pin(Ones)
}

/// Ended, in flight, items, polls.
fn counts() -> (u64, i64, u64, u64) {
    let calls = Outcome::VARIANTS
        .iter()
        .map(|outcome| TIMED.call.calls_total.with(Joined((), *outcome)).get());
    (
        calls.sum(),
        TIMED.call.in_flight.get(),
        TIMED.call.items_total.get(),
        TIMED.call.polls_total.get(),
    )
}

#[test]
fn calls_that_begin_while_it_is_off_are_not_recorded_and_those_before_come_back() {
    let _alone = alone();
    let mut context = Context::from_waker(Waker::noop());
    let mut before = Box::pin(future());
    assert!(before.as_mut().poll(&mut context).is_pending());
    assert_eq!(counts(), (0, 1, 0, 0));

    set_recording(false);
    assert_eq!(function(), 1);
    assert_eq!(time!(TIMED.call; { 2 }), 2);
    let mut during = Box::pin(future());
    assert!(during.as_mut().poll(&mut context).is_pending());
    let mut ones = stream();
    assert_eq!(ones.as_mut().poll_next(&mut context), Poll::Ready(Some(1)));
    assert_eq!(counts(), (0, 1, 0, 0));
    assert_eq!(before.as_mut().poll(&mut context), Poll::Ready(1));
    assert_eq!(counts(), (0, 0, 0, 0));

    set_recording(true);
    // Begun while it was off: it is left out to its end.
    assert_eq!(during.as_mut().poll(&mut context), Poll::Ready(1));
    assert_eq!(ones.as_mut().poll_next(&mut context), Poll::Ready(Some(1)));
    drop(ones);
    assert_eq!(counts(), (0, 0, 0, 0));
    assert_eq!(function(), 1);
    assert_eq!(counts(), (1, 0, 0, 0));
}

http_metrics! {
    static HTTP: Http;
}

websocket_metrics! {
    static SOCKETS: Sockets;
}

fn render(family: &'static dyn enumetrics::Export) -> String {
    Catalog::new(&[family]).unwrap().render()
}

#[tokio::test]
#[allow(clippy::await_holding_lock, reason = "one test at a time")]
async fn http_layers_and_sockets_record_nothing_while_it_is_off() {
    let _alone = alone();
    let service = tower::service_fn(async |_| Ok::<_, Infallible>(Response::new(Full::<Bytes>::from("late"))));
    let service = HttpLayer::new(&HTTP).template(|_| Some("/late")).layer(service);
    let request = || Request::new(Full::<Bytes>::default());
    let scrapes = || (render(&HTTP), render(&SOCKETS));
    let unused = scrapes();
    let messages = async || {
        let connection = Connection::open(&SOCKETS, ());
        drop(connection.received(MessageKind::Text));
        _ = connection
            .send(MessageKind::Text, async { Ok::<_, Infallible>(()) })
            .await;
        _ = Broadcast::begin(&SOCKETS)
            .send(MessageKind::Text, async { Ok::<_, Infallible>(()) })
            .await;
        connection
    };

    set_recording(false);
    let response = service.clone().oneshot(request()).await.unwrap();
    let connection = messages().await;
    set_recording(true);
    drop((response, connection));
    assert_eq!(scrapes(), unused);

    let response = service.oneshot(request()).await.unwrap();
    let connection = messages().await;
    let (http, sockets) = scrapes();
    assert!(
        sums_to(&http, "http_requests_inprogress", 1) && sums_to(&sockets, "websocket_active_connections", 1),
        "{http}{sockets}"
    );
    set_recording(false);
    drop((response, connection));
    let (http, sockets) = scrapes();
    assert!(
        sums_to(&http, "http_requests_inprogress", 0) && sums_to(&sockets, "websocket_active_connections", 0),
        "{http}{sockets}"
    );
}

fn sums_to(scrape: &str, name: &str, sum: u64) -> bool {
    let samples = scrape.lines().filter(|line| line.starts_with(name));
    let values = samples.map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap());
    values.sum::<u64>() == sum
}

/// What operators set reaches it.
#[test]
fn settings_switch_it_off() {
    let _alone = alone();
    let catalog = Catalog::new(&[]).unwrap();
    let off = Settings::builder(&catalog).variables(|name| (name == "ENABLE_METRICS").then(|| "false".into()));
    let off = off.build().unwrap();
    assert!(is_recording());
    assert!(off.exporter().is_none() && !is_recording());
}
