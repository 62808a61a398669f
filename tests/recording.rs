//! What a recording does, alone and with many threads.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use enumetrics::{
    Catalog, Counter, Gauge, Histogram, InFlight, LabelSet, LabelValue, Shared, Storage, Summary, metric_family,
};

#[derive(LabelValue, Clone, Copy)]
enum Endpoint {
    Verify,
    Sessions,
}

#[derive(LabelValue, Clone, Copy)]
enum Reason {
    Ip,
    Device,
    Session,
}

#[derive(LabelSet, Clone, Copy)]
struct Hit {
    endpoint: Endpoint,
    reason: Reason,
}

const ENDPOINTS: [Endpoint; 2] = [Endpoint::Verify, Endpoint::Sessions];
const REASONS: [Reason; 3] = [Reason::Ip, Reason::Device, Reason::Session];

#[test]
fn a_counter_counts() {
    let counter = Counter::<()>::new();
    counter.inc();
    counter.inc_by(41);
    counter.inc_by(0);
    assert_eq!(counter.get(), 42);
}

#[test]
fn every_combination_of_labels_has_a_cell_of_its_own() {
    let counter = Counter::<Hit>::new();
    for (e, endpoint) in ENDPOINTS.into_iter().enumerate() {
        for (r, reason) in REASONS.into_iter().enumerate() {
            counter.with(Hit { endpoint, reason }).inc_by(10 * e as u64 + r as u64);
        }
    }
    for (e, endpoint) in ENDPOINTS.into_iter().enumerate() {
        for (r, reason) in REASONS.into_iter().enumerate() {
            assert_eq!(counter.with(Hit { endpoint, reason }).get(), 10 * e as u64 + r as u64);
        }
    }
}

#[test]
fn a_counter_wraps_as_prometheus_expects_of_a_reset() {
    let counter = Counter::<()>::new();
    counter.inc_by(u64::MAX);
    counter.inc();
    assert_eq!(counter.get(), 0);
}

#[test]
fn a_gauge_goes_up_and_down() {
    let gauge = Gauge::<Endpoint>::new();
    let series = gauge.with(Endpoint::Verify);
    series.set(10);
    series.add(5);
    series.sub(20);
    series.inc();
    series.dec();
    assert_eq!((series.get(), gauge.with(Endpoint::Sessions).get()), (-5, 0));

    let gauge = Gauge::<(), f64>::new();
    gauge.set(1.5);
    gauge.add(0.25);
    gauge.sub(1.0);
    gauge.inc();
    gauge.dec();
    assert_eq!(gauge.get(), 0.75);
    gauge.set(f64::NAN);
    assert!(gauge.get().is_nan());
}

#[test]
fn a_tracked_gauge_comes_back_whatever_the_end() {
    let gauge = Gauge::<()>::new();
    let first = gauge.track();
    {
        let _second = gauge.track();
        assert_eq!(gauge.get(), 2);
    }
    assert_eq!(gauge.get(), 1);
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let _third = gauge.track();
        panic!("as planned");
    }));
    assert!(panicked.is_err());
    assert_eq!(gauge.get(), 1);
    drop(first);
    assert_eq!(gauge.get(), 0);
}

#[test]
fn a_bucket_holds_what_is_less_than_or_equal_to_its_bound() {
    static BOUNDS: [f64; 3] = [0.5, 1.0, 2.0];
    for (value, bucket) in [
        (-1.0, 0),
        (0.0, 0),
        (0.5, 0),
        (0.500_000_000_000_000_1, 1),
        (1.0, 1),
        (2.0, 2),
        (2.1, 3),
        (f64::INFINITY, 3),
        (f64::NEG_INFINITY, 0),
        (f64::NAN, 3),
    ] {
        let histogram = Histogram::<(), 3>::with_buckets(&BOUNDS);
        histogram.observe(value);
        let expected: Vec<u64> = (0..4).map(|at| u64::from(at == bucket)).collect();
        assert_eq!(histogram.snapshot().buckets, expected, "{value}");
    }
}

#[test]
fn a_histogram_sums_numbers_and_durations_in_seconds() {
    let histogram = Histogram::<Endpoint, 2>::with_buckets(&[0.5, 1.0]);
    let series = histogram.with(Endpoint::Verify);
    series.observe(0.25);
    series.observe(Duration::from_millis(500));
    series.observe(4.0);
    assert_eq!((series.count(), series.sum()), (3, 4.75));
    assert_eq!(histogram.with(Endpoint::Sessions).count(), 0);
}

#[test]
fn what_is_not_finite_is_counted_and_does_not_spoil_the_sum() {
    let histogram = Histogram::<(), 1>::with_buckets(&[1.0]);
    histogram.observe(2.0);
    histogram.observe(f64::NAN);
    histogram.observe(f64::INFINITY);
    histogram.observe(f64::NEG_INFINITY);
    assert_eq!((histogram.count(), histogram.sum()), (4, 2.0));
    assert_eq!(histogram.snapshot().buckets, [1, 3]);
}

#[test]
fn a_timer_observes_once() {
    let histogram = Histogram::<(), 1>::with_buckets(&[60.0]);
    {
        let _timer = histogram.start_timer();
    }
    assert_eq!(histogram.count(), 1);
    let timer = histogram.start_timer();
    std::thread::sleep(Duration::from_millis(2));
    let elapsed = timer.stop();
    assert!(elapsed >= Duration::from_millis(2));
    assert_eq!(histogram.count(), 2);
    assert!(histogram.sum() >= elapsed.as_secs_f64());
    histogram.start_timer().discard();
    assert_eq!(histogram.count(), 2);
    assert_eq!(histogram.time(|| "result"), "result");
    assert_eq!(histogram.count(), 3);
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| histogram.time(|| panic!("as planned"))));
    assert!(panicked.is_err());
    assert_eq!(histogram.count(), 4);
}

/// The same metric in lanes and shared.
#[metric_family(namespace = "both")]
struct Both {
    /// Requests.
    requests_total: Counter<Endpoint>,
    /// Requests, again.
    #[metric(shared)]
    shared_requests_total: Counter<Endpoint>,
    /// Seconds.
    busy_seconds_total: Counter<Endpoint, f64>,
    /// Seconds, again.
    #[metric(shared)]
    shared_busy_seconds_total: Counter<Endpoint, f64>,
    /// Durations.
    #[metric(buckets = [0.5, 1.0])]
    duration_seconds: Histogram<Endpoint>,
    /// Durations, again.
    #[metric(shared, buckets = [0.5, 1.0])]
    shared_duration_seconds: Histogram<Endpoint>,
    /// Sizes.
    #[metric(quantiles = [0.5, 1.0])]
    size_bytes: Summary<Endpoint>,
    /// Sizes, again.
    #[metric(shared, quantiles = [0.5, 1.0])]
    shared_size_bytes: Summary<Endpoint>,
    /// In flight.
    in_flight: InFlight<Endpoint>,
    /// In flight, again.
    #[metric(shared)]
    shared_in_flight: InFlight<Endpoint>,
}

#[test]
fn where_the_cells_are_changes_nothing_that_is_exported() {
    let both = Both::new();
    // The attribute changes the type.
    let _: (&Counter<Endpoint>, &Counter<Endpoint, u64, Shared>) = (&both.requests_total, &both.shared_requests_total);
    let _: &Counter<Endpoint, f64, Shared> = &both.shared_busy_seconds_total;
    let _: &Histogram<Endpoint, 2, Shared> = &both.shared_duration_seconds;
    let _: &Summary<Endpoint, 2, Shared> = &both.shared_size_bytes;
    for endpoint in ENDPOINTS {
        both.requests_total.with(endpoint).inc_by(3);
        both.shared_requests_total.with(endpoint).inc_by(3);
        both.busy_seconds_total.with(endpoint).inc_by(0.1);
        both.shared_busy_seconds_total.with(endpoint).inc_by(0.1);
        for value in [0.5, 0.75, 3.0, -1.0, f64::NAN, f64::INFINITY] {
            both.duration_seconds.with(endpoint).observe(value);
            both.shared_duration_seconds.with(endpoint).observe(value);
            both.size_bytes.with(endpoint).observe(value);
            both.shared_size_bytes.with(endpoint).observe(value);
        }
        both.in_flight.with(endpoint).add(5);
        both.shared_in_flight.with(endpoint).add(5);
    }
    both.in_flight.with(Endpoint::Verify).sub(2);
    both.shared_in_flight.with(Endpoint::Verify).sub(2);

    let families: [&dyn enumetrics::Export; 1] = [&both];
    let text = Catalog::new(&families).expect("the names are unique").render();
    let samples = |shared: bool| -> Vec<String> {
        text.lines()
            .filter(|line| !line.starts_with('#') && line.contains("shared_") == shared)
            .map(|line| line.replace("shared_", ""))
            .collect()
    };
    assert_eq!(samples(true), samples(false));
    assert_eq!(samples(true).len(), 2 + 2 + 2 * 5 + 2 * 4 + 2);
    assert!(
        text.contains("both_shared_duration_seconds_sum{endpoint=\"verify\"} 3.25\n"),
        "{text}"
    );
    assert!(
        text.contains("both_shared_duration_seconds_bucket{endpoint=\"verify\",le=\"+Inf\"} 6\n"),
        "{text}"
    );
    assert!(
        text.contains("# TYPE both_in_flight gauge\nboth_in_flight{endpoint=\"verify\"} 3\n"),
        "{text}"
    );
}

#[test]
fn what_is_in_flight_comes_back_whatever_its_end() {
    let in_flight = InFlight::<Endpoint>::new();
    let series = in_flight.with(Endpoint::Verify);
    let one = series.track();
    let two = in_flight.with(Endpoint::Verify).track();
    series.inc();
    assert_eq!((series.get(), in_flight.with(Endpoint::Sessions).get()), (3, 0));
    drop(one);
    // On another thread.
    std::thread::scope(|scope| {
        scope.spawn(move || drop(two));
    });
    let panicked = std::panic::catch_unwind(|| {
        let _tracked = series.track();
        panic!("while it is tracked");
    });
    assert!(panicked.is_err());
    assert_eq!(series.get(), 1);
    series.dec();
    series.dec();
    // More ends than beginnings are a mistake of the program, which the number shows.
    assert_eq!(series.get(), -1);
    assert_eq!(format!("{:?}", InFlight::<()>::new()), "0");
}

#[test]
fn what_is_recorded_shared_is_not_lost_when_many_threads_record() {
    const THREADS: u64 = 8;
    const EACH: u64 = if cfg!(miri) { 50 } else { 20_000 };
    let counter = Counter::<Endpoint, u64, Shared>::new();
    let seconds = Counter::<(), f64, Shared>::new();
    let histogram = Histogram::<(), 2, Shared>::with_buckets(&[1.0, 2.0]);
    let summary = Summary::<(), 0, Shared>::new();
    let in_flight = InFlight::<(), Shared>::new();
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                for _ in 0..EACH {
                    let _tracked = in_flight.track();
                    counter.with(Endpoint::Verify).inc();
                    seconds.inc_by(0.5);
                    histogram.observe(1.5);
                    summary.observe(1.5);
                }
            });
        }
        for _ in 0..if cfg!(miri) { 20 } else { 1_000 } {
            let now = in_flight.get();
            assert!(now >= 0, "{now} in flight");
        }
    });
    let total = THREADS * EACH;
    assert_eq!((counter.with(Endpoint::Verify).get(), in_flight.get()), (total, 0));
    assert_eq!(seconds.get(), total as f64 * 0.5);
    assert_eq!((summary.count(), summary.sum()), (total, total as f64 * 1.5));
    let snapshot = histogram.snapshot();
    assert_eq!((snapshot.count, snapshot.sum), (total, total as f64 * 1.5));
    assert_eq!(snapshot.buckets, [0, total, 0]);
}

#[test]
fn nothing_is_lost_when_many_threads_record() {
    const THREADS: u64 = 8;
    const EACH: u64 = if cfg!(miri) { 50 } else { 20_000 };
    let counter = Counter::<Hit>::new();
    let gauge = Gauge::<(), f64>::new();
    let histogram = Histogram::<(), 2>::with_buckets(&[1.0, 2.0]);
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                for _ in 0..EACH {
                    counter
                        .with(Hit {
                            endpoint: Endpoint::Sessions,
                            reason: Reason::Device,
                        })
                        .inc();
                    gauge.add(0.5);
                    histogram.observe(1.5);
                }
            });
        }
    });
    let total = THREADS * EACH;
    assert_eq!(
        counter
            .with(Hit {
                endpoint: Endpoint::Sessions,
                reason: Reason::Device
            })
            .get(),
        total
    );
    assert_eq!(gauge.get(), total as f64 / 2.0);
    assert_eq!((histogram.count(), histogram.sum()), (total, total as f64 * 1.5));
}

/// Tells others to stop, also where an assertion failed: they would run for ever.
struct Done<'a>(&'a AtomicBool);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Reads again and again while two threads observe 1, 2, 3 and 4; hands out the sum and what it should be.
fn read_while_two_write<S: Storage>(histogram: &Histogram<(), 3, S>, mut check_sum: impl FnMut(f64, f64)) {
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    for value in [1.0, 2.0, 3.0, 4.0] {
                        // Each observation adds its own value, so that the buckets tell the sum.
                        histogram.observe(value);
                    }
                }
            });
        }
        let _done = Done(&done);
        let mut last = 0;
        for _ in 0..if cfg!(miri) { 20 } else { 2_000 } {
            let snapshot = histogram.snapshot();
            assert_eq!(snapshot.buckets.iter().sum::<u64>(), snapshot.count);
            assert!(snapshot.count >= last);
            last = snapshot.count;
            let values = snapshot.buckets.iter().zip([1.0, 2.0, 3.0, 4.0]);
            check_sum(snapshot.sum, values.map(|(n, value)| *n as f64 * value).sum());
        }
    });
}

#[test]
fn a_reader_sees_each_histogram_consistent_with_itself() {
    let histogram = Histogram::<(), 3>::with_buckets(&[1.0, 2.0, 3.0]);
    read_while_two_write(&histogram, |sum, expected| assert_eq!(sum, expected));
}

#[test]
fn the_sum_of_a_shared_histogram_lacks_no_more_than_what_is_being_written() {
    let histogram = Histogram::<(), 3, Shared>::with_buckets(&[1.0, 2.0, 3.0]);
    // Reading takes a moment, too: other observations begin and end while it lasts.
    read_while_two_write(&histogram, |sum, expected| {
        assert!(sum <= expected, "{sum} of {expected}")
    });
    let snapshot = histogram.snapshot();
    let values = snapshot.buckets.iter().zip([1.0, 2.0, 3.0, 4.0]);
    assert_eq!(snapshot.sum, values.map(|(n, value)| *n as f64 * value).sum::<f64>());
}
