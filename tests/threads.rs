//! Threads that come and go: nothing that they count is lost, and no scrape sees a count go backwards.

use std::cell::RefCell;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use enumetrics::{Catalog, Counter, Histogram, InFlight, LabelValue, metric_family};

#[derive(LabelValue, Clone, Copy)]
pub enum Parity {
    Even,
    Odd,
}

#[metric_family(namespace = "threads")]
pub struct Threads {
    /// Rounds.
    pub rounds_total: Counter<Parity>,
    /// Values.
    #[metric(buckets = [1.0, 2.0, 3.0])]
    pub values: Histogram<Parity>,
}

impl Threads {
    /// One round of one thread, which every test counts.
    fn round(&self, number: usize) {
        let parity = if number.is_multiple_of(2) {
            Parity::Even
        } else {
            Parity::Odd
        };
        self.rounds_total.with(parity).inc();
        self.values.with(parity).observe((number % 4 + 1) as f64);
    }

    fn rounds(&self) -> u64 {
        Parity::VARIANTS
            .iter()
            .map(|parity| self.rounds_total.with(*parity).get())
            .sum()
    }

    fn values(&self) -> u64 {
        Parity::VARIANTS
            .iter()
            .map(|parity| self.values.with(*parity).count())
            .sum()
    }

    fn assert_exactly(&self, rounds: u64) {
        assert_eq!((self.rounds(), self.values()), (rounds, rounds));
        let [even, odd] = [Parity::Even, Parity::Odd].map(|parity| self.values.with(parity).snapshot());
        // Even rounds observe 1 and 3, odd ones 2 and 4.
        let [one, two, three, four] = [even.buckets[0], odd.buckets[1], even.buckets[2], odd.buckets[3]];
        assert_eq!(one + two + three + four, rounds);
        assert_eq!(even.sum + odd.sum, (one + 2 * two + 3 * three + 4 * four) as f64);
    }
}

#[test]
fn two_hundred_threads_come_and_go_while_four_scrape() {
    const THREADS: usize = 200;
    const EACH: usize = if cfg!(miri) { 4 } else { 2_000 };
    static METRICS: Threads = Threads::new();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let scrapers: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let families: [&dyn enumetrics::Export; 1] = [&METRICS];
                    let catalog = Catalog::new(&families).expect("the names are unique");
                    let (mut last, mut scrapes) = (Vec::new(), 0);
                    while !done.load(Ordering::Relaxed) {
                        let text = catalog.render();
                        let counts: Vec<f64> = text
                            .lines()
                            .filter(|line| !line.starts_with('#'))
                            .map(|line| line.rsplit_once(' ').expect("a value").1.parse().expect("a number"))
                            .collect();
                        if !last.is_empty() {
                            assert!(counts.iter().zip(&last).all(|(now, before)| now >= before), "{text}");
                        }
                        last = counts;
                        scrapes += 1;
                    }
                    scrapes
                })
            })
            .collect();
        // Never more than eight at once: the lanes are handed on again and again.
        let next = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    while next.fetch_add(1, Ordering::Relaxed) < THREADS {
                        let worker = std::thread::spawn(|| (0..EACH).for_each(|number| METRICS.round(number)));
                        worker.join().expect("no recording panics");
                    }
                });
            }
        });
        done.store(true, Ordering::Relaxed);
        for scraper in scrapers {
            assert!(scraper.join().expect("no count went backwards") > 0);
        }
    });
    METRICS.assert_exactly((THREADS * EACH) as u64);
}

#[test]
fn more_threads_than_lanes_lose_nothing() {
    const THREADS: usize = 150;
    const EACH: usize = if cfg!(miri) { 40 } else { 20_000 };
    let metrics = Threads::new();
    // All alive at once, so that most of them have to share.
    let barrier = Barrier::new(THREADS);
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                barrier.wait();
                (0..EACH).for_each(|number| metrics.round(number));
                barrier.wait();
            });
        }
    });
    metrics.assert_exactly((THREADS * EACH) as u64);
    // And afterwards there are lanes again.
    std::thread::scope(|scope| {
        scope.spawn(|| (0..EACH).for_each(|number| metrics.round(number)));
    });
    metrics.assert_exactly(((THREADS + 1) * EACH) as u64);
}

/// Records when its thread's locals are destroyed.
struct Late;

static LATE: Threads = Threads::new();

impl Drop for Late {
    fn drop(&mut self) {
        LATE.round(0);
    }
}

thread_local! {
    static BEFORE: RefCell<Option<Late>> = const { RefCell::new(None) };
    static AFTER: RefCell<Option<Late>> = const { RefCell::new(None) };
}

#[test]
fn what_is_recorded_while_a_thread_ends_is_counted() {
    const THREADS: u64 = 20;
    for _ in 0..THREADS {
        let thread = std::thread::spawn(|| {
            // One local is set up before the thread first records and one after, so that whatever the order in which
            // they are destroyed, one of them records when the thread has its lane no more.
            BEFORE.set(Some(Late));
            LATE.round(1);
            AFTER.set(Some(Late));
        });
        thread.join().expect("the thread ends");
    }
    // A thread that records nothing but that.
    let thread = std::thread::spawn(|| BEFORE.set(Some(Late)));
    thread.join().expect("the thread ends");
    LATE.assert_exactly(3 * THREADS + 1);
}

#[test]
fn an_instance_that_is_dropped_takes_its_cells_along() {
    for _ in 0..100 {
        let metrics = Threads::new();
        metrics.round(1);
        metrics.assert_exactly(1);
    }
    // A new instance starts at 0, whoever recorded into the one before it.
    Threads::new().assert_exactly(0);
}

#[test]
fn guards_that_change_threads_come_back_and_are_never_fewer_than_none() {
    const EACH: usize = if cfg!(miri) { 40 } else { 20_000 };
    static IN_FLIGHT: InFlight<Parity> = InFlight::new();
    let series = IN_FLIGHT.with(Parity::Even);
    // What one thread of a pair tracks, the other ends.
    let (mut most, mut reads) = (0, 0);
    std::thread::scope(|scope| {
        let pairs: Vec<_> = (0..2)
            .map(|_| {
                let (sender, receiver) = std::sync::mpsc::sync_channel(100);
                scope.spawn(move || {
                    for _ in 0..EACH {
                        sender.send(series.track()).expect("the other thread listens");
                    }
                });
                scope.spawn(move || receiver.into_iter().for_each(drop))
            })
            .collect();
        while !pairs.iter().all(|thread| thread.is_finished()) {
            let now = series.get();
            assert!(now >= 0, "{now} in flight");
            most = most.max(now);
            reads += 1;
        }
    });
    assert!(most > 0, "nothing was seen in flight in {reads} reads");
    assert_eq!((series.get(), IN_FLIGHT.with(Parity::Odd).get()), (0, 0));
}

// Miri does not fork.
#[cfg(all(unix, not(miri)))]
#[test]
fn a_forked_process_counts_on() {
    static METRICS: Threads = Threads::new();
    METRICS.round(0);
    // The child has this thread alone, with its lane; the others' lanes stay taken, which costs nothing but lanes.
    #[allow(unsafe_code, reason = "forking is the point")]
    // SAFETY: the child records, reads, and leaves without running anything that the parent has set up.
    let status = unsafe {
        match libc::fork() {
            0 => {
                METRICS.round(0);
                libc::_exit(i32::from(METRICS.rounds() != 2 || METRICS.values() != 2));
            }
            child => {
                let mut status = 0;
                assert_eq!(libc::waitpid(child, &raw mut status, 0), child);
                status
            }
        }
    };
    assert!(libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0, "{status}");
    METRICS.assert_exactly(1);
}
