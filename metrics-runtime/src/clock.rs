//! The clock of timers: the processor's time stamp counter where it can be trusted, `Instant` everywhere else.
//!
//! Two readings are most of what a timer costs, and reading the counter takes less than half as long as `Instant::now`.
//! `quanta` learns its frequency; that takes up to a fifth of a second, for which nobody waits: a thread of its own does it,
//! once there is an exporter or a first timer, and until it is done timers use `Instant`. Without the feature `tsc` they
//! always do.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering, compiler_fence};
use std::time::Instant;

use self::counter::Counter;

/// When a timer started.
///
/// It ends by the clock that it started by, so that no timer is wrong that runs while the clock is calibrated. On Linux
/// it is as large as an [`Instant`].
#[derive(Clone, Copy, Debug)]
pub(crate) enum Moment {
    Ticks(u64),
    Instant(Instant),
}

impl Moment {
    #[inline]
    pub(crate) fn now() -> Self {
        CLOCK.now()
    }

    /// The seconds since then, never negative.
    #[inline]
    pub(crate) fn elapsed(self) -> f64 {
        CLOCK.since(self)
    }
}

/// Looks for a faster clock than `Instant`, if nobody did: at a program's start its first timers have not begun.
#[cfg(feature = "exporter")]
pub(crate) fn seek() {
    CLOCK.seek();
}

#[cfg(all(test, feature = "exporter"))]
pub(crate) fn is_sought() -> bool {
    CLOCK.is_sought.load(Ordering::Relaxed)
}

static CLOCK: Clock = Clock::new(counter::find);

struct Clock {
    /// Made once, and never while timers use `Instant`.
    counter: OnceLock<Counter>,
    /// A thread looks for it, or did. In a process that was forked meanwhile there is no such thread, and timers stay with
    /// `Instant`.
    is_sought: AtomicBool,
    find: fn() -> Option<Counter>,
}

impl Clock {
    const fn new(find: fn() -> Option<Counter>) -> Self {
        Self {
            counter: OnceLock::new(),
            is_sought: AtomicBool::new(false),
            find,
        }
    }

    #[inline]
    fn now(&'static self) -> Moment {
        match self.counter.get() {
            Some(counter) => Moment::Ticks(read(counter)),
            None => self.instant(),
        }
    }

    #[inline]
    fn since(&self, moment: Moment) -> f64 {
        match moment {
            Moment::Ticks(start) => match self.counter.get() {
                // They are none where the end looks earlier than the start, as it may by some ticks from another core.
                Some(counter) => counter.seconds(read(counter).saturating_sub(start)),
                // There are no ticks without a counter.
                None => 0.0,
            },
            Moment::Instant(start) => since_instant(start),
        }
    }

    #[cold]
    #[inline(never)]
    fn instant(&'static self) -> Moment {
        self.seek();
        // Last, so that what this costs is not part of what is timed.
        Moment::Instant(Instant::now())
    }

    /// Once; nobody waits.
    fn seek(&'static self) {
        if self.is_sought.load(Ordering::Relaxed) || self.is_sought.swap(true, Ordering::Relaxed) {
            return;
        }
        counter::aside(|| {
            if let Some(counter) = (self.find)() {
                // Nobody else sets it.
                _ = self.counter.set(counter);
            }
        });
    }
}

/// What the counter says, give or take the instructions that the processor has in flight.
#[inline]
fn read(counter: &Counter) -> u64 {
    // The compiler believes that reading the counter has nothing to do with memory: what is timed stays between.
    compiler_fence(Ordering::SeqCst);
    let ticks = counter.ticks();
    compiler_fence(Ordering::SeqCst);
    ticks
}

#[cold]
#[inline(never)]
fn since_instant(start: Instant) -> f64 {
    start.elapsed().as_secs_f64()
}

#[cfg(all(feature = "tsc", target_arch = "x86_64", target_os = "linux", not(miri)))]
mod counter {
    use std::fs;
    use std::thread;
    use std::time::{Duration, Instant};

    use super::read;

    /// What Linux shows of a thread's name is 15 bytes.
    const THREAD: &str = "metrics-clock";

    /// Does this on a thread of its own. Where none can be started, `Instant` is as good as it was.
    pub(super) fn aside(seek: impl FnOnce() + Send + 'static) {
        _ = thread::Builder::new().name(THREAD.to_owned()).spawn(seek);
    }

    /// The time stamp counter.
    #[derive(Clone, Copy, Debug)]
    pub(super) struct Counter {
        /// How long a tick is.
        seconds: f64,
    }

    impl Counter {
        /// Its ticks so far. (quanta asks for them by a call that is not inlined, and scales them by another: together they
        /// are a third of the instructions of a timed function.)
        #[inline]
        #[allow(unsafe_code, reason = "the only way to read it")]
        pub(super) fn ticks(&self) -> u64 {
            // SAFETY: each processor of x86-64 has this instruction.
            unsafe { std::arch::x86_64::_rdtsc() }
        }

        /// How long so many ticks are.
        #[inline]
        #[allow(clippy::cast_precision_loss, reason = "of more than 30 days, less than a nanosecond")]
        pub(super) fn seconds(&self, ticks: u64) -> f64 {
            // Signed, which is one instruction: 2⁶³ ticks are 70 years and more.
            ticks.cast_signed() as f64 * self.seconds
        }
    }

    /// The counter, if it ticks at one rate whatever the processor does, alike on all cores, and that rate is known.
    pub(super) fn find() -> Option<Counter> {
        /// Many, so that the nanoseconds that they take are as good as any fraction.
        const TICKS: u64 = 1 << 40;

        if !is_clock_of_the_kernel() {
            return None;
        }
        // It asks the processor whether the counter is invariant. Where it is not, its ticks are nanoseconds, and ours do not
        // agree with that.
        let nanos = quanta::Clock::new().delta_as_nanos(0, TICKS);
        #[allow(clippy::cast_precision_loss, reason = "some minutes")]
        let seconds = nanos as f64 / 1e9 / TICKS as f64;
        let counter = Counter { seconds };
        (0..ATTEMPTS).any(|_| agrees(&counter)).then_some(counter)
    }

    /// Linux compares the counters of the cores when it starts them and watches them afterwards; it keeps time by
    /// another clock if they differ, or if they would after the machine is moved by its hypervisor.
    pub(super) fn is_clock_of_the_kernel() -> bool {
        const CURRENT: &str = "/sys/devices/system/clocksource/clocksource0/current_clocksource";
        fs::read(CURRENT).is_ok_and(|name| name == b"tsc\n")
    }

    const ATTEMPTS: usize = 10;
    /// Long against the time between the readings of the two clocks.
    const INTERVAL: Duration = Duration::from_millis(50);
    /// How far from `Instant` the counter may be.
    const TOLERANCE: f64 = 1e-3;

    /// Whether an interval is as long by the counter as by `Instant`.
    ///
    /// A frequency is wrong if the thread was stopped between the two readings of a moment that it was learnt from, and
    /// so is this interval if the thread is stopped: a good frequency agrees the next time, and a wrong one never does.
    fn agrees(counter: &Counter) -> bool {
        let (start, ticks) = (Instant::now(), read(counter));
        thread::sleep(INTERVAL);
        let (elapsed, end) = (start.elapsed().as_secs_f64(), read(counter));
        let counted = counter.seconds(end.saturating_sub(ticks));
        (counted - elapsed).abs() <= elapsed * TOLERANCE
    }
}

/// Elsewhere nothing is known that is faster than `Instant` and as good.
#[cfg(not(all(feature = "tsc", target_arch = "x86_64", target_os = "linux", not(miri))))]
mod counter {
    /// There is nothing to look for.
    pub(super) fn aside(_: impl FnOnce()) {}

    #[derive(Debug)]
    pub(super) enum Counter {}

    impl Counter {
        pub(super) fn ticks(&self) -> u64 {
            match *self {}
        }

        pub(super) fn seconds(&self, _: u64) -> f64 {
            match *self {}
        }
    }

    pub(super) fn find() -> Option<Counter> {
        None
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::sync_channel;
    use std::thread;
    use std::time::Duration;

    use super::*;

    /// How far ticks may be from `Instant` for each second: the frequency is learnt once, and the corrections of the
    /// system's clock by NTP, up to 500 millionths, may begin or end later.
    const DRIFT: f64 = 2e-3;
    /// Reading a clock is not an instant, and the processor may read ahead.
    const READING: f64 = 2e-6;

    const MS: Duration = Duration::from_millis(1);

    fn clock(find: fn() -> Option<Counter>) -> &'static Clock {
        Box::leak(Box::new(Clock::new(find)))
    }

    /// A clock that counts ticks, if the counter of this machine is trusted, and nothing came between when its frequency
    /// was learnt.
    fn calibrated() -> Option<&'static Clock> {
        let clock = clock(counter::find);
        if let Some(counter) = counter::find() {
            assert!(clock.counter.set(counter).is_ok());
            assert!(matches!(clock.now(), Moment::Ticks(_)));
        }
        clock.counter.get().map(|_| clock)
    }

    /// Times `work` by `clock` and checks it against two `Instant`s around it and two inside.
    fn check(clock: &'static Clock, work: impl FnOnce()) {
        let outside = Instant::now();
        let start = clock.now();
        let inside = Instant::now();
        work();
        let least = inside.elapsed().as_secs_f64();
        let seconds = clock.since(start);
        let most = outside.elapsed().as_secs_f64();
        assert!(
            seconds >= least * (1.0 - DRIFT) - READING,
            "{seconds} of at least {least}"
        );
        assert!(seconds <= most * (1.0 + DRIFT) + READING, "{seconds} of at most {most}");
    }

    #[test]
    fn ticks_agree_with_instant() {
        let Some(clock) = calibrated() else { return };
        for milliseconds in [0, 1, 5, 40] {
            check(clock, || thread::sleep(MS * milliseconds));
        }
    }

    #[test]
    fn every_timer_is_right_while_the_clock_is_calibrated() {
        let clock = clock(counter::find);
        let began = Instant::now();
        // Each ends after the next one started; the first one when the clock is calibrated, or cannot be.
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    while began.elapsed() < 400 * MS {
                        check(clock, || thread::sleep(7 * MS));
                    }
                });
            }
            check(clock, || thread::sleep(500 * MS));
        });
    }

    #[test]
    fn the_first_timer_has_the_counter_sought_once_and_waits_for_nothing() {
        static SOUGHT: AtomicBool = AtomicBool::new(false);
        static MAY_BE_FOUND: OnceLock<()> = OnceLock::new();
        fn find() -> Option<Counter> {
            assert!(!SOUGHT.swap(true, Ordering::Relaxed), "it is sought again");
            assert_eq!(thread::current().name(), Some("metrics-clock"));
            MAY_BE_FOUND.wait();
            counter::find()
        }
        let clock = clock(find);
        // While it is not found, as it never is where no thread could be started, or that thread stayed behind in the
        // process that forked this one.
        for _ in 0..3 {
            assert!(matches!(clock.now(), Moment::Instant(_)));
            check(clock, || thread::sleep(MS));
        }
        MAY_BE_FOUND.set(()).unwrap();
        if counter::find().is_some() {
            clock.counter.wait();
            assert!(SOUGHT.load(Ordering::Relaxed) && matches!(clock.now(), Moment::Ticks(_)));
        }
    }

    #[test]
    fn a_counter_that_is_not_trusted_is_not_used() {
        let clock = clock(|| None);
        for _ in 0..3 {
            assert!(matches!(clock.now(), Moment::Instant(_)));
            check(clock, || thread::sleep(20 * MS));
        }
    }

    #[test]
    #[cfg(all(feature = "tsc", target_arch = "x86_64", target_os = "linux"))]
    fn the_counter_is_used_only_where_linux_keeps_time_by_it() {
        assert!(counter::find().is_none() || counter::is_clock_of_the_kernel());
    }

    #[test]
    fn time_does_not_run_backwards_between_threads() {
        let Some(clock) = calibrated() else { return };
        let (to, from) = sync_channel::<(Instant, Moment)>(0);
        thread::scope(|scope| {
            scope.spawn(move || {
                for (outside, start) in from {
                    let seconds = clock.since(start);
                    let most = outside.elapsed().as_secs_f64();
                    assert!(
                        (0.0..=most * (1.0 + DRIFT) + READING).contains(&seconds),
                        "{seconds} of at most {most}"
                    );
                }
            });
            for _ in 0..2_000 {
                let outside = Instant::now();
                to.send((outside, clock.now())).unwrap();
            }
            drop(to);
        });
    }

    #[test]
    fn an_end_before_the_start_is_no_time() {
        let Some(clock) = calibrated() else { return };
        let Moment::Ticks(now) = clock.now() else { panic!() };
        assert_eq!(clock.since(Moment::Ticks(now + (1 << 40))), 0.0);
        assert_eq!(clock.since(Moment::Ticks(u64::MAX)), 0.0);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_moment_is_as_large_as_an_instant() {
        assert_eq!(size_of::<Moment>(), size_of::<Instant>());
    }
}
