//! A million calls on many threads, each with a random end: what is recorded is what was done.

use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};

use enumetrics::{Calls, ErrorLabel, Joined, LabelValue, Outcome, metric_family, timed};

#[derive(LabelValue, Clone, Copy)]
pub enum Module {
    Liveness,
    Ocr,
}

#[derive(ErrorLabel, Debug)]
pub enum Failure {
    Small,
    Late,
}

#[metric_family(namespace = "soak")]
#[allow(dead_code, reason = "nothing is rendered")]
pub struct Soak {
    /// Calls.
    #[metric(buckets = [0.001, 1], calls(outcome, in_flight, error = FailureKind, slow = 0, poll))]
    pub module: Calls<Module>,
}

pub static SOAK: Soak = Soak::new();

/// What the functions themselves say that they did, for each module.
static STARTED: [AtomicU64; 2] = [const { AtomicU64::new(0) }; 2];
static DONE: [AtomicU64; 2] = [const { AtomicU64::new(0) }; 2];
static SMALL: [AtomicU64; 2] = [const { AtomicU64::new(0) }; 2];
static LATE: [AtomicU64; 2] = [const { AtomicU64::new(0) }; 2];
static PANICKED: [AtomicU64; 2] = [const { AtomicU64::new(0) }; 2];

// Of which so many begin that there are a million.
const CALLS: u64 = 1_200_000;
const TASKS: u64 = 64;

fn count(counters: &[AtomicU64; 2], module: Module) {
    counters[module as usize].fetch_add(1, Ordering::Relaxed);
}

/// The ends that a function has by itself.
fn end(module: Module, dice: u64) -> Result<(), Failure> {
    match dice % 8 {
        0 => {
            count(&SMALL, module);
            Err(Failure::Small)
        }
        1 => {
            count(&LATE, module);
            Err(Failure::Late)
        }
        2 if dice % 128 == 2 => {
            count(&PANICKED, module);
            panic!("as planned")
        }
        _ => {
            count(&DONE, module);
            Ok(())
        }
    }
}

#[timed(SOAK.module, module = module)]
fn function(module: Module, dice: u64) -> Result<(), Failure> {
    count(&STARTED, module);
    end(module, dice)
}

#[timed(SOAK.module, module = module)]
async fn future(module: Module, dice: u64) -> Result<(), Failure> {
    count(&STARTED, module);
    for _ in 0..dice % 3 {
        tokio::task::yield_now().await;
    }
    end(module, dice)
}

/// Marsaglia's xorshift: the same dice in every run.
struct Dice(u64);

impl Dice {
    fn throw(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

async fn call(dice: u64) {
    let module = if dice & (1 << 40) == 0 {
        Module::Liveness
    } else {
        Module::Ocr
    };
    let mut call = Box::pin(future(module, dice));
    match (dice >> 32) % 16 {
        0..4 => {
            let _ = std::panic::catch_unwind(|| function(module, dice));
        }
        // Half-way, or before the first poll.
        4 => drop(call),
        5 => {
            let mut context = Context::from_waker(Waker::noop());
            let _: Result<Poll<_>, _> = std::panic::catch_unwind(AssertUnwindSafe(|| call.as_mut().poll(&mut context)));
        }
        6 => {
            let task = tokio::spawn(call);
            task.abort();
            let _ = task.await;
        }
        7 => {
            let task = tokio::spawn(call);
            tokio::task::yield_now().await;
            task.abort();
            let _ = task.await;
        }
        8 => {
            let _ = tokio::spawn(async move {
                tokio::select! {
                    biased;
                    _ = call => {}
                    () = tokio::task::yield_now() => {}
                }
            })
            .await;
        }
        _ => {
            let _ = tokio::spawn(call).await;
        }
    }
}

#[test]
fn a_million_calls_are_counted_as_they_ended() {
    // Panics that are wanted; their messages would only alarm the reader.
    std::panic::set_hook(Box::new(|_| ()));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(4)
        .build()
        .unwrap();
    runtime.block_on(async {
        let tasks: Vec<_> = (1..=TASKS)
            .map(|seed| {
                tokio::spawn(async move {
                    let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
                    for _ in 0..CALLS / TASKS {
                        call(dice.throw()).await;
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
    });
    drop(runtime);
    let _ = std::panic::take_hook();

    let mut all = 0;
    for module in [Module::Liveness, Module::Ocr] {
        let done = |counters: &[AtomicU64; 2]| counters[module as usize].load(Ordering::Relaxed);
        let counted = |outcome| SOAK.module.calls_total.with(Joined(module, outcome)).get();
        let failed = |kind| SOAK.module.errors_total.with(Joined(module, kind)).get();
        let (started, ok, panicked) = (done(&STARTED), done(&DONE), done(&PANICKED));
        let (small, late) = (done(&SMALL), done(&LATE));
        let cancelled = started - ok - small - late - panicked;
        assert!([ok, small, late, panicked, cancelled].iter().all(|count| *count > 100));
        assert_eq!(counted(Outcome::Ok), ok);
        assert_eq!(counted(Outcome::Error), small + late);
        assert_eq!(failed(FailureKind::Small), small);
        assert_eq!(failed(FailureKind::Late), late);
        assert_eq!(counted(Outcome::Panic), panicked);
        assert_eq!(counted(Outcome::Cancelled), cancelled);
        assert_eq!(SOAK.module.duration_seconds.with(module).count(), started);
        assert_eq!(SOAK.module.slow_calls_total.with(module).get(), started);
        assert_eq!(SOAK.module.in_flight.with(module).get(), 0);
        all += started;
    }

    assert!(all >= 1_000_000, "{all}");
}
