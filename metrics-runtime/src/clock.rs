//! The clock of timers: the processor's time stamp counter where it can be trusted, `Instant` everywhere else.
//!
//! Two readings are most of what a timer costs, and reading the counter takes less than half as long as `Instant::now`.
//! Its frequency is learnt on the way, from the timers themselves: until then they use `Instant`, and nobody waits for
//! it, neither before `main` nor at the first timer.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

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

static CLOCK: Clock = Clock::new(counter::is_trusted);

struct Clock {
    /// The bits of an `f64`, which never change again; 0 while timers use `Instant`.
    ///
    /// A timer that ends on another thread got there in a way that orders this thread's reading after the first one's:
    /// relaxed loads suffice.
    seconds_per_tick: AtomicU64,
    /// There is nothing more to find out.
    settled: AtomicBool,
    calibration: Mutex<Calibration>,
    is_trusted: fn() -> bool,
}

impl Clock {
    const fn new(is_trusted: fn() -> bool) -> Self {
        Self {
            seconds_per_tick: AtomicU64::new(0),
            settled: AtomicBool::new(false),
            calibration: Mutex::new(Calibration::new()),
            is_trusted,
        }
    }

    #[inline]
    fn now(&self) -> Moment {
        if self.seconds_per_tick.load(Ordering::Relaxed) == 0 {
            self.instant()
        } else {
            Moment::Ticks(counter::read())
        }
    }

    #[inline]
    fn since(&self, moment: Moment) -> f64 {
        match moment {
            Moment::Ticks(start) => {
                let seconds_per_tick = f64::from_bits(self.seconds_per_tick.load(Ordering::Relaxed));
                ticks_between(start, counter::read()) * seconds_per_tick
            }
            Moment::Instant(start) => since_instant(start),
        }
    }

    #[cold]
    #[inline(never)]
    fn instant(&self) -> Moment {
        if !self.settled.load(Ordering::Relaxed) {
            self.calibrate();
        }
        // Last, so that what this costs is not part of what is timed.
        Moment::Instant(Instant::now())
    }

    fn calibrate(&self) {
        // Who comes while another does this goes on without it.
        let Ok(mut calibration) = self.calibration.try_lock() else {
            return;
        };
        if calibration.last.is_none() && !(self.is_trusted)() {
            self.settled.store(true, Ordering::Relaxed);
            return;
        }
        match calibration.advance(Instant::now(), counter::read()) {
            Progress::More => {}
            Progress::SecondsPerTick(seconds) => {
                self.seconds_per_tick.store(seconds.to_bits(), Ordering::Relaxed);
                self.settled.store(true, Ordering::Relaxed);
            }
            Progress::Hopeless => self.settled.store(true, Ordering::Relaxed),
        }
    }
}

#[cold]
#[inline(never)]
fn since_instant(start: Instant) -> f64 {
    start.elapsed().as_secs_f64()
}

/// None if the end is before the start, as it may look by some ticks from another core.
#[inline]
fn ticks_between(start: u64, end: u64) -> f64 {
    // Signed: that is one instruction to a float.
    end.wrapping_sub(start).cast_signed().max(0) as f64
}

/// Learns how long a tick is from moments read by both clocks.
///
/// A frequency counts once two intervals in a row agree on it. What can go wrong with one interval (the thread is
/// stopped between its two readings, the machine sleeps, time is corrected) does not go wrong with its neighbour alike.
struct Calibration {
    last: Option<(Instant, u64)>,
    seconds_per_tick: f64,
    disagreements: u8,
}

#[derive(Debug, PartialEq)]
enum Progress {
    More,
    SecondsPerTick(f64),
    Hopeless,
}

impl Calibration {
    /// Long against the time between the two readings of a moment, short against the life of a process.
    const INTERVAL: Duration = Duration::from_millis(20);
    /// How far two intervals may be apart: a microsecond in [`Self::INTERVAL`].
    const TOLERANCE: f64 = 5e-5;
    /// How often intervals may disagree until timers stay with `Instant`.
    const PATIENCE: u8 = 100;

    const fn new() -> Self {
        Self {
            last: None,
            seconds_per_tick: f64::NAN,
            disagreements: 0,
        }
    }

    fn advance(&mut self, now: Instant, ticks: u64) -> Progress {
        let Some((then, ticks_then)) = self.last else {
            self.last = Some((now, ticks));
            return Progress::More;
        };
        let elapsed = now.saturating_duration_since(then);
        if elapsed < Self::INTERVAL {
            return Progress::More;
        }
        let seconds_per_tick = elapsed.as_secs_f64() / ticks_between(ticks_then, ticks);
        // False for the NaN before the first interval, and for the infinity where the counter stands still.
        let agreed = (seconds_per_tick / self.seconds_per_tick - 1.0).abs() <= Self::TOLERANCE;
        if agreed {
            return Progress::SecondsPerTick(seconds_per_tick);
        }
        self.last = Some((now, ticks));
        self.seconds_per_tick = seconds_per_tick;
        self.disagreements += 1;
        if self.disagreements < Self::PATIENCE {
            Progress::More
        } else {
            Progress::Hopeless
        }
    }
}

#[cfg(all(target_arch = "x86_64", target_os = "linux", not(miri)))]
mod counter {
    use std::arch::x86_64::{__cpuid, _rdtsc};
    use std::fs::File;
    use std::io::Read;
    use std::sync::atomic::{Ordering, compiler_fence};

    /// Whether the counter ticks at one rate whatever the processor does, and alike on all cores.
    pub(super) fn is_trusted() -> bool {
        is_invariant() && is_clock_of_the_kernel()
    }

    fn is_invariant() -> bool {
        const POWER_MANAGEMENT: u32 = 0x8000_0007;
        const INVARIANT: u32 = 1 << 8;
        __cpuid(0x8000_0000).eax >= POWER_MANAGEMENT && __cpuid(POWER_MANAGEMENT).edx & INVARIANT != 0
    }

    /// Linux compares the counters of the cores when it starts them and watches them afterwards; it keeps time by
    /// another clock if they differ, or if they would after the machine is moved by its hypervisor.
    fn is_clock_of_the_kernel() -> bool {
        // On the stack: the first timer of a process asks, and timers do not allocate.
        let mut name = [0; 8];
        File::open("/sys/devices/system/clocksource/clocksource0/current_clocksource")
            .and_then(|mut file| file.read(&mut name))
            .is_ok_and(|length| name[..length] == *b"tsc\n")
    }

    /// What the counter says, give or take the instructions that the processor has in flight.
    #[inline]
    #[allow(
        unsafe_code,
        reason = "the standard library has no safe way; measured: a timed function takes less than half of what it does with `Instant`"
    )]
    pub(super) fn read() -> u64 {
        // The compiler believes that reading the counter has nothing to do with memory: what is timed stays between.
        compiler_fence(Ordering::SeqCst);
        // SAFETY: the instruction writes two registers and touches no memory; every x86-64 processor has it. A process
        // can ask Linux to make it fault (`PR_SET_TSC`): then `Instant::now` faults as well, which reads the same
        // counter while it is the kernel's clock.
        let ticks = unsafe { _rdtsc() };
        compiler_fence(Ordering::SeqCst);
        ticks
    }
}

/// Elsewhere nothing is known that is faster than `Instant` and as good.
#[cfg(not(all(target_arch = "x86_64", target_os = "linux", not(miri))))]
mod counter {
    pub(super) fn is_trusted() -> bool {
        false
    }

    /// Nobody asks a counter that is not trusted.
    pub(super) fn read() -> u64 {
        0
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::sync_channel;
    use std::thread;

    use super::*;

    /// How far ticks may be from `Instant` for each second: the corrections of the system's clock by NTP are up to
    /// 500 millionths, which it may begin or end after the calibration.
    const DRIFT: f64 = 1e-3;
    /// Reading a clock is not an instant, and the processor may read ahead.
    const READING: f64 = 2e-6;

    const MS: Duration = Duration::from_millis(1);

    /// A clock that counts ticks, if the counter of this machine is trusted.
    fn calibrated() -> Option<Clock> {
        let clock = Clock::new(counter::is_trusted);
        while !clock.settled.load(Ordering::Relaxed) {
            clock.now();
            thread::sleep(MS);
        }
        let counts = matches!(clock.now(), Moment::Ticks(_));
        assert!(counts || !counter::is_trusted(), "no two intervals agreed");
        counts.then_some(clock)
    }

    /// Times `work` by `clock` and checks it against two `Instant`s around it and two inside.
    fn check(clock: &Clock, work: impl FnOnce()) {
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
            check(&clock, || thread::sleep(MS * milliseconds));
        }
    }

    #[test]
    fn every_timer_is_right_while_the_clock_is_calibrated() {
        let clock = Clock::new(counter::is_trusted);
        let began = Instant::now();
        // Each ends after the next one started, the first one long after the clock is settled.
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    while began.elapsed() < 80 * MS {
                        check(&clock, || thread::sleep(7 * MS));
                    }
                });
            }
            check(&clock, || thread::sleep(100 * MS));
        });
    }

    #[test]
    fn a_counter_that_is_not_trusted_is_not_used() {
        let clock = Clock::new(|| false);
        for _ in 0..3 {
            assert!(matches!(clock.now(), Moment::Instant(_)));
            check(&clock, || thread::sleep(Calibration::INTERVAL));
        }
        assert!(clock.settled.into_inner());
    }

    #[test]
    fn who_comes_while_another_calibrates_does_not_wait() {
        let clock = Clock::new(counter::is_trusted);
        let another = clock.calibration.lock().unwrap();
        assert!(matches!(clock.now(), Moment::Instant(_)));
        drop(another);
    }

    #[test]
    fn time_does_not_run_backwards_between_threads() {
        let Some(clock) = calibrated() else { return };
        let clock = &clock;
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
                    // By `Instant` this is later, so it must not look earlier by the counter.
                    if let (Moment::Ticks(start), Moment::Ticks(end)) = (start, clock.now()) {
                        let late = start.wrapping_sub(end).cast_signed().max(0) as f64;
                        let late = late * f64::from_bits(clock.seconds_per_tick.load(Ordering::Relaxed));
                        assert!(late < READING, "{late} s backwards");
                    }
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
        assert_eq!(ticks_between(10, 7), 0.0);
        assert_eq!(ticks_between(7, 10), 3.0);
        assert_eq!(ticks_between(u64::MAX, 2), 3.0);
    }

    /// What a calibration says to moments given in milliseconds and ticks.
    fn advance(moments: impl IntoIterator<Item = (u32, u64)>) -> Vec<Progress> {
        let began = Instant::now();
        let mut calibration = Calibration::new();
        moments
            .into_iter()
            .map(|(milliseconds, ticks)| calibration.advance(began + MS * milliseconds, ticks))
            .collect()
    }

    #[test]
    fn two_intervals_that_agree_make_a_frequency() {
        use Progress::{More, SecondsPerTick};
        // Half a nanosecond a tick; what comes too early is passed over.
        assert_eq!(
            advance([(0, 1_000), (5, 7), (20, 40_001_000), (39, 7), (50, 100_001_000)]),
            [More, More, More, More, SecondsPerTick(0.5e-9)]
        );
    }

    #[test]
    fn one_disturbed_interval_makes_no_frequency() {
        use Progress::{More, SecondsPerTick};
        // The counter went on while the machine slept, was set back, stood still; or it took 2 us to be read.
        for disturbance in [1_000_000_000_000, -10_000_000, -40_000_000, 4_000] {
            let disturbed = 80_000_000_u64.wrapping_add_signed(disturbance);
            let more = |ticks: u64| disturbed.wrapping_add(ticks);
            let moments = [
                (0, 0),
                (20, 40_000_000),
                (40, disturbed),
                (60, more(40_000_000)),
                (80, more(80_000_000)),
            ];
            assert_eq!(
                advance(moments),
                [More, More, More, More, SecondsPerTick(0.5e-9)],
                "{disturbance}"
            );
        }
    }

    #[test]
    fn a_counter_that_never_agrees_is_given_up() {
        let restless = (0..=100).map(|n| (20 * n, u64::from(n * n) * 1_000_000));
        let progress = advance(restless);
        assert!(progress[..100].iter().all(|progress| *progress == Progress::More));
        assert_eq!(progress[100], Progress::Hopeless);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_moment_is_as_large_as_an_instant() {
        assert_eq!(size_of::<Moment>(), size_of::<Instant>());
    }
}
