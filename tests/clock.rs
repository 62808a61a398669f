//! The clock of timers in a process that forks, and in one that may start no thread: alone in its process, which starts its
//! first timer here.
#![cfg(unix)]

use std::thread::sleep;
use std::time::{Duration, Instant};

use enumetrics::{Histogram, metric_family};

#[metric_family(namespace = "clock")]
#[allow(dead_code, reason = "nothing is rendered")]
pub struct Clock {
    /// Durations.
    #[metric(buckets = [1])]
    pub seconds: Histogram,
}

static CLOCK: Clock = Clock::new();

const MS: Duration = Duration::from_millis(1);

/// Whether timers that run for so long say so, by two `Instant`s around each and two inside.
fn timers_are_right(duration: Duration) -> bool {
    let began = Instant::now();
    std::iter::from_fn(|| (began.elapsed() < duration).then(timer_is_right)).all(|is_right| is_right)
}

fn timer_is_right() -> bool {
    let outside = Instant::now();
    let timer = CLOCK.seconds.start_timer();
    let inside = Instant::now();
    sleep(5 * MS);
    let least = inside.elapsed();
    let elapsed = timer.stop();
    let most = outside.elapsed();
    // A clock may drift by a thousandth, and its readings take their time.
    let drift = most / 500 + Duration::from_micros(2);
    elapsed + drift >= least && elapsed <= most + drift
}

/// Whether `check` says so in a child of this process.
fn holds_in_a_child(check: impl FnOnce() -> bool) -> bool {
    #[allow(unsafe_code, reason = "forking is the point")]
    // SAFETY: the child starts timers and leaves without running anything that the parent has set up.
    unsafe {
        match libc::fork() {
            0 => libc::_exit(i32::from(!check())),
            child => {
                let mut status = 0;
                assert_eq!(libc::waitpid(child, &raw mut status, 0), child);
                libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0
            }
        }
    }
}

/// From now on this process gets no memory for the stack of a thread.
#[cfg(target_os = "linux")]
fn forbid_threads() {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: u64 = pages.split(' ').next().unwrap().parse().unwrap();
    #[allow(unsafe_code, reason = "the standard library sets no limits")]
    // SAFETY: two calls of the C library, with a number and with a struct that lives as long.
    let limited = unsafe {
        let bytes = pages * u64::try_from(libc::sysconf(libc::_SC_PAGESIZE)).unwrap() + (1 << 20);
        let limit = libc::rlimit {
            rlim_cur: bytes,
            rlim_max: bytes,
        };
        libc::setrlimit(libc::RLIMIT_AS, &raw const limit)
    };
    assert_eq!(limited, 0);
    assert!(std::thread::Builder::new().spawn(|| {}).is_err());
}

#[test]
fn timers_are_right_without_the_thread_that_calibrates_their_clock() {
    #[cfg(target_os = "linux")]
    assert!(holds_in_a_child(|| {
        forbid_threads();
        timers_are_right(30 * MS)
    }));

    // The first timer of this process: the clock is being calibrated, and is by a thread that the child does not have.
    CLOCK.seconds.start_timer().discard();
    assert!(holds_in_a_child(|| timers_are_right(100 * MS)));
    assert!(timers_are_right(300 * MS));
    // And now it is calibrated, and so is the child's.
    assert!(holds_in_a_child(|| timers_are_right(30 * MS)));
}
