//! What allocates: nothing that records, and of a scrape only the buffer.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::future::{Future, ready};
use std::io::{self, Write};
use std::panic::catch_unwind;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use enumetrics::{
    Calls, Catalog, ComputedGauge, Counter, ErrorLabel, Gauge, Histogram, InFlight, Info, InfoLabels, IntRange,
    LabelSet, LabelValue, StateSet, Summary, metric_family, time, timed,
};

/// The system's allocator, and how often this thread asked it.
struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
    static BYTES: Cell<usize> = const { Cell::new(0) };
}

fn count(bytes: usize) {
    ALLOCATIONS.with(|allocations| allocations.set(allocations.get() + 1));
    BYTES.with(|all| all.set(all.get() + bytes));
}

#[allow(unsafe_code, reason = "an allocator can only be counted by being one")]
// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size);
        // SAFETY: the caller's promise.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn allocations(work: impl FnOnce()) -> usize {
    let before = ALLOCATIONS.with(Cell::get);
    work();
    ALLOCATIONS.with(Cell::get) - before
}

#[derive(LabelValue, Clone, Copy)]
pub enum Digit {
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
pub struct Number {
    pub hundreds: Digit,
    pub tens: Digit,
    pub ones: Digit,
}

#[metric_family(namespace = "few")]
pub struct Few {
    /// Ten series.
    pub numbers_total: Counter<Digit>,
    /// Some more.
    #[metric(buckets = [0.1, 1.0])]
    pub seconds: Histogram<Digit>,
}

#[metric_family(namespace = "many")]
pub struct Many {
    /// A thousand series.
    pub numbers_total: Counter<Number>,
    /// Five thousand more.
    #[metric(buckets = [0.1, 1.0])]
    pub seconds: Histogram<Number>,
    /// One.
    pub now: Gauge,
    /// Ten.
    pub in_flight: InFlight<Digit>,
}

#[metric_family(namespace = "shared")]
pub struct SharedByAll {
    /// A thousand series.
    #[metric(shared)]
    pub numbers_total: Counter<Number>,
    /// Thirty.
    #[metric(shared, buckets = [0.1, 1.0])]
    pub seconds: Histogram<Digit>,
    /// Ten.
    #[metric(shared)]
    pub in_flight: InFlight<Digit>,
}

static FEW: Few = Few::new();
static MANY: Many = Many::new();
static SHARED: SharedByAll = SharedByAll::new();

#[timed(FEW.seconds, digit = "seven")]
fn timed() {}

#[test]
fn recording_allocates_nothing() {
    let record = || {
        for digit in Digit::VARIANTS {
            let number = Number {
                hundreds: *digit,
                tens: *digit,
                ones: Digit::One,
            };
            MANY.numbers_total.with(number).inc();
            MANY.seconds.with(number).observe(0.5);
            let _now = MANY.now.track();
            let _in_flight = MANY.in_flight.with(*digit).track();
            let _timer = FEW.seconds.with(*digit).start_timer();
            timed();
        }
    };
    // But the first time that a thread records into a metric: it gets its cells.
    record();
    assert_eq!(allocations(record), 0);
}

#[derive(ErrorLabel, Debug)]
pub enum Failure {
    Odd { number: usize },
}

#[metric_family(namespace = "calls")]
pub struct CallsOfAll {
    /// Calls.
    #[metric(buckets = [0.1, 1], calls(outcome, in_flight, error = FailureKind, slow = 0.000_000_001, poll))]
    pub digit: Calls<Digit>,
    /// Calls whose cells all threads share.
    #[metric(shared, buckets = [0.1, 1], calls(outcome, in_flight))]
    pub shared: Calls,
}

static CALLS: CallsOfAll = CallsOfAll::new();

#[timed(CALLS.digit, digit = digit)]
fn even(digit: Digit) -> Result<usize, Failure> {
    let number = digit.index();
    number
        .is_multiple_of(2)
        .then_some(number)
        .ok_or(Failure::Odd { number })
}

#[timed(CALLS.digit, digit = digit)]
async fn even_later(digit: Digit) -> Result<usize, Failure> {
    let mut waited = false;
    std::future::poll_fn(|_| {
        if std::mem::replace(&mut waited, true) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
    even(digit)
}

#[timed(CALLS.shared)]
fn of_a_future() -> impl Future<Output = ()> {
    ready(())
}

/// Polls it so often, and drops it.
fn poll(future: impl Future, times: usize) {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..times {
        let _ = future.as_mut().poll(&mut context);
    }
}

#[test]
fn timed_functions_allocate_nothing_whatever_their_end() {
    let record = || {
        for digit in Digit::VARIANTS {
            let _ = even(*digit);
            poll(even_later(*digit), 2);
            // Cancelled.
            poll(even_later(*digit), 1);
            poll(of_a_future(), 1);
            let _ = time!(CALLS.digit, digit = *digit; { Err::<(), _>(Failure::Odd { number: 1 }) });
        }
    };
    record();
    let before = CALLS.digit.duration_seconds.with(Digit::Five).count();
    assert_eq!(allocations(record), 0);
    // Both calls of `even`, both futures and the block.
    assert_eq!(CALLS.digit.duration_seconds.with(Digit::Five).count() - before, 5);
}

#[test]
fn a_panic_allocates_no_more_in_a_timed_function() {
    fn bare() {
        std::panic::resume_unwind(Box::new(7));
    }
    #[timed(CALLS.digit, digit = "three")]
    fn timed() {
        std::panic::resume_unwind(Box::new(7));
    }
    let caught = |function: fn()| allocations(|| assert!(catch_unwind(function).is_err()));
    // The first time of the thread.
    caught(timed);
    assert_eq!(caught(timed), caught(bare));
    assert_eq!(CALLS.digit.duration_seconds.with(Digit::Three).count(), 2);
}

#[test]
fn timed_functions_of_a_shared_group_allocate_nothing_even_at_first() {
    #[timed(CALLS.shared)]
    fn shared() {}
    // The first timer of the process looks for its clock.
    timed();
    assert_eq!(allocations(shared), 0);
}

#[test]
fn a_shared_metric_allocates_nothing_even_at_first() {
    let first = allocations(|| {
        let digit = Digit::Seven;
        let _in_flight = SHARED.in_flight.with(digit).track();
        SHARED.seconds.with(digit).observe(0.5);
        SHARED.seconds.with(digit).observe(f64::INFINITY);
        let number = Number {
            hundreds: digit,
            tens: digit,
            ones: digit,
        };
        SHARED.numbers_total.with(number).inc();
    });
    assert_eq!(first, 0);
    assert_eq!(SHARED.seconds.with(Digit::Seven).count(), 2);
}

#[test]
fn a_scrape_allocates_for_its_buffer_and_not_for_its_series() {
    let families: [&dyn enumetrics::Export; 2] = [&FEW, &MANY];
    let few = Catalog::new(&families[..1]).expect("the names are unique");
    let many = Catalog::new(&families[1..]).expect("the names are unique");
    assert!(many.max_series() > 90 * few.max_series());
    let render = |catalog: &Catalog<'_>| allocations(|| drop(catalog.render()));
    let (few, many) = (render(&few), render(&many));
    // The text, and pieces of lines; not again and again while it grows, but once more where lines are long.
    assert!(few > 0 && few <= 10, "{few} allocations for few series");
    assert!(many <= few + 1, "{few} allocations for few series, {many} for many");
}

#[test]
fn a_scrape_into_used_memory_allocates_nothing() {
    let families: [&dyn enumetrics::Export; 2] = [&FEW, &MANY];
    let catalog = Catalog::new(&families).expect("the names are unique");
    let mut scrape = enumetrics::Scrape::new();
    catalog.render_into(&mut scrape);
    let again = allocations(|| {
        catalog.render_into(&mut scrape);
    });
    assert_eq!(again, 0);
}

#[derive(LabelSet, Clone, Copy)]
pub struct Place {
    pub row: IntRange<0, 999>,
    pub column: IntRange<0, 999>,
}

#[metric_family(namespace = "huge")]
pub struct Huge {
    /// Visits.
    #[metric(dense)]
    pub visits_total: Counter<Place>,
}

/// What is written, counted and forgotten.
#[derive(Default)]
struct Written {
    lines: usize,
    bytes: usize,
}

impl Write for Written {
    fn write(&mut self, page: &[u8]) -> io::Result<usize> {
        self.lines += page.iter().filter(|byte| **byte == b'\n').count();
        self.bytes += page.len();
        Ok(page.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_million_series_are_written_in_the_memory_of_some_pages() {
    static HUGE: Huge = Huge::new();
    HUGE.visits_total
        .with(Place {
            row: IntRange::clamped(999),
            column: IntRange::clamped(999),
        })
        .inc();
    let families: [&dyn enumetrics::Export; 1] = [&HUGE];
    let catalog = Catalog::new(&families).expect("one family");
    let (mut scrape, mut written) = (enumetrics::Scrape::new(), Written::default());
    let mut write = || {
        let result = catalog.write_to(&mut written, enumetrics::Format::Text, &mut scrape);
        result.expect("nothing refuses it");
    };
    let before = BYTES.with(Cell::get);
    write();
    let taken = BYTES.with(Cell::get) - before;
    assert_eq!(allocations(write), 0);
    assert!(written.lines > 2_000_000 && written.bytes > 80_000_000);
    assert!(taken < 1 << 20, "a first scrape of 40 MB took {taken} bytes");
}

#[metric_family(namespace = "native")]
pub struct NativeOfAll {
    /// Ten series.
    #[metric(native)]
    pub seconds: Histogram<Digit>,
    /// Ten, in both forms.
    #[metric(native(max_buckets = 4), buckets = [0.1, 1])]
    pub both_seconds: Histogram<Digit>,
}

static NATIVE: NativeOfAll = NativeOfAll::new();

#[test]
fn native_histograms_allocate_nothing_either_where_something_was_observed() {
    let record = || {
        for digit in Digit::VARIANTS {
            for value in [0.0, 0.003, 0.7, 20.0, -1.0, f64::INFINITY, f64::NAN] {
                NATIVE.seconds.with(*digit).observe(value);
                NATIVE.both_seconds.with(*digit).observe(value);
            }
        }
    };
    // The buckets around such a value are made when the first is observed.
    record();
    assert_eq!(allocations(record), 0);
    let families: [&dyn enumetrics::Export; 1] = [&NATIVE];
    let catalog = Catalog::new(&families).expect("the names are unique");
    let mut scrape = enumetrics::Scrape::new();
    let mut write = |out: &mut Vec<u8>| {
        out.clear();
        let written = catalog.write_to(out, enumetrics::Format::Protobuf, &mut scrape);
        written.expect("a vector takes everything");
    };
    let mut out = Vec::new();
    (0..2).for_each(|_| write(&mut out));
    assert_eq!(allocations(|| write(&mut out)), 0);
}

#[derive(InfoLabels)]
pub struct Build {
    pub version: String,
}

#[metric_family(namespace = "other")]
pub struct Other {
    /// Fractions.
    pub fractions_total: Counter<Digit, f64>,
    /// Observations and what they were of late.
    #[metric(quantiles = [0.5, 0.99])]
    pub size: Summary<Digit>,
    /// Observations.
    pub weight: Summary<Digit>,
    /// A hundred series.
    pub digit: StateSet<Digit, Digit>,
    /// What is set once.
    pub build_info: Info<Build>,
    /// What is computed.
    #[metric(compute = |digit| digit.index() as f64)]
    pub length: ComputedGauge<Digit>,
    /// What is computed later.
    #[metric(compute = later)]
    pub age: ComputedGauge<Digit>,
}

static OTHER: Other = Other::new();

#[test]
fn neither_do_the_other_kinds() {
    let record = || {
        for digit in Digit::VARIANTS {
            OTHER.fractions_total.with(*digit).inc_by(0.5);
            OTHER.size.with(*digit).observe(0.5);
            OTHER.weight.with(*digit).observe(0.5);
            OTHER.digit.with(*digit).set(Digit::Five);
        }
    };
    record();
    assert_eq!(allocations(record), 0);

    OTHER.build_info.set(Build {
        version: "1.4.2".to_owned(),
    });
    OTHER.age.compute_with(|digit| digit.index() as f64);
    let families: [&dyn enumetrics::Export; 1] = [&OTHER];
    let catalog = Catalog::new(&families).expect("the names are unique");
    let mut scrape = enumetrics::Scrape::new();
    catalog.render_into(&mut scrape);
    let again = allocations(|| {
        catalog.render_into(&mut scrape);
    });
    assert_eq!(again, 0);
}
