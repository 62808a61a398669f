//! What was observed lately, as a summary's quantiles want it.
//!
//! A window is a ring of slots in time: five that are over and the current one. An observation is counted in the current
//! slot, in the bucket that its value falls into. Each count carries the epoch that it belongs to, in the same atomic: a
//! count of an epoch that is over starts again from 1, and a reader passes it by. So nothing is ever cleared, nothing
//! locks, and memory of zeros is an empty window.
//!
//! # How exact
//!
//! The buckets are logarithmic, 16 for each power of two, so that the ends of one are 2^(1/16) apart, and a bucket stands
//! for the number between its ends from which both are the same proportion away. That is
//! (2^(1/16) − 1) / (2^(1/16) + 1), 2.17 %: the most by which a quantile differs from the observation of its rank.

use std::time::{Duration, Instant};

use crate::storage::Block;
use crate::sync::{AtomicU64, OnceBox, Ordering, zeroed};

/// The time since the process first asked, in steps of a fifth of a window.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Epochs {
    /// How many nanoseconds a step is; not 0.
    step: u64,
}

/// How many steps ago the oldest slot of a window began to be counted in.
const STEPS: u32 = 5;

/// A step's nanoseconds must fit a `u64`, of which a division is much faster than of a `u128`.
const LONGEST_STEP: u128 = u64::MAX as u128;

/// Those that are over, and the current one.
const SLOTS: usize = STEPS as usize + 1;

impl Epochs {
    /// For a window of this length, of 584 years at most.
    pub(crate) const fn of_window(window: Duration) -> Self {
        let step = window.as_nanos() / STEPS as u128;
        Self {
            step: match step {
                0 => 1,
                1..=LONGEST_STEP => step as u64,
                _ => LONGEST_STEP as u64,
            },
        }
    }

    /// The step that runs now.
    pub(crate) fn now(self) -> u32 {
        /// Made without a lock: a recording waits for nobody.
        static START: OnceBox<Instant> = OnceBox::new();
        self.at(START.get_or_init(|| Box::new(Instant::now())).elapsed())
    }

    #[allow(
        clippy::cast_possible_truncation,
        reason = "no process lives for 584 years; epochs are compared modulo 2³²"
    )]
    fn at(self, since_start: Duration) -> u32 {
        (since_start.as_nanos() as u64 / self.step) as u32
    }
}

/// One series' window: its memory is there from the first observation on.
#[derive(Debug)]
pub(crate) struct WindowCell(OnceBox<Window>);

type Window = [[TaggedCount; SLOTS]; BUCKETS];

#[allow(unsafe_code)]
// SAFETY: a `OnceBox` is an atomic pointer and nothing else, null while it is empty.
unsafe impl Block for WindowCell {
    const ZERO: Self = Self(OnceBox::new());
}

const _: () = assert!(size_of::<WindowCell>() == size_of::<*const Window>());

impl WindowCell {
    /// Counts an observation. One that is not a number has no place among the others and is left out.
    pub(crate) fn count(&self, value: f64, epoch: u32) {
        let window = self.0.get_or_init(zeroed);
        if let Some(slots) = bucket_of(value).and_then(|bucket| window.get(bucket)) {
            slots[epoch as usize % SLOTS].add(epoch);
        }
    }

    /// Forgets all observations. One that is counted at the same time may stay.
    pub(crate) fn clear(&self) {
        for slot in self.0.get().into_iter().flatten().flatten() {
            slot.0.store(0, Ordering::Relaxed);
        }
    }

    /// The value at each of the quantiles, which increase: that of the nearest rank. Without observations `NaN`.
    pub(crate) fn quantiles(&self, epoch: u32, quantiles: &[f64], values: &mut [f64]) {
        values.fill(f64::NAN);
        let Some(window) = self.0.get() else { return };
        let mut counts = [0_u64; BUCKETS];
        for (count, slots) in counts.iter_mut().zip(window) {
            *count = slots.iter().map(|slot| u64::from(slot.get(epoch))).sum();
        }
        let total: u64 = counts.iter().sum();
        if total == 0 {
            return;
        }
        // The bucket that is looked at, and how many observations are in it and those before it.
        let (mut bucket, mut upto) = (0, counts[0]);
        for (quantile, value) in quantiles.iter().zip(values) {
            // The first is the one at quantile 0.
            let rank = (quantile * total as f64).ceil().max(1.0) as u64;
            while upto < rank && bucket + 1 < BUCKETS {
                bucket += 1;
                upto += counts[bucket];
            }
            *value = value_of(bucket);
        }
    }
}

/// A count, and the epoch that it is of: a half of the integer each.
#[derive(Debug)]
struct TaggedCount(AtomicU64);

#[allow(unsafe_code)]
// SAFETY: an integer.
unsafe impl Block for TaggedCount {
    const ZERO: Self = Self(AtomicU64::new(0));
}

impl TaggedCount {
    /// Adds 1 to the count of this epoch; the count of an earlier one is over. It stays at 2³² − 1 if it gets there.
    fn add(&self, epoch: u32) {
        let mut seen = self.0.load(Ordering::Relaxed);
        loop {
            let (tag, count) = unpack(seen);
            // A thread that the system stopped for a while finds a later epoch, and counts in that.
            let is_over = epoch.wrapping_sub(tag).cast_signed() > 0;
            let next = if is_over || count == 0 {
                pack(epoch, 1)
            } else {
                pack(tag, count.saturating_add(1))
            };
            match self
                .0
                .compare_exchange_weak(seen, next, Ordering::Relaxed, Ordering::Relaxed)
            {
                Ok(_) => return,
                Err(now) => seen = now,
            }
        }
    }

    /// The count if it is of the window that ends with this epoch. (A writer may have begun the next epoch already.)
    fn get(&self, epoch: u32) -> u32 {
        let (tag, count) = unpack(self.0.load(Ordering::Relaxed));
        let next = epoch.wrapping_add(1);
        if next.wrapping_sub(tag) <= STEPS + 1 { count } else { 0 }
    }
}

fn pack(tag: u32, count: u32) -> u64 {
    u64::from(tag) << 32 | u64::from(count)
}

#[allow(clippy::cast_possible_truncation, reason = "the halves")]
fn unpack(cell: u64) -> (u32, u32) {
    ((cell >> 32) as u32, cell as u32)
}

/// How many buckets there are: from 2⁻³⁰ (a nanosecond, in seconds) to 2³⁴. What is less is in the first, what is more in
/// the last.
const BUCKETS: usize = (HIGHEST - LOWEST) as usize * PER_POWER;
const LOWEST: i32 = -30;
const HIGHEST: i32 = 34;
const PER_POWER: usize = 16;

/// The lower ends of the buckets between 1 and 2, and 2: the powers of 2^(1/16).
const ENDS: [f64; PER_POWER + 1] = [
    1.0,
    1.044_273_782_427_413_8,
    1.090_507_732_665_257_7,
    1.138_788_634_756_691_6,
    1.189_207_115_002_721,
    1.241_857_812_073_484,
    1.296_839_554_651_009_6,
    1.354_255_546_936_892_7,
    std::f64::consts::SQRT_2,
    1.476_826_145_939_499_3,
    1.542_210_825_407_940_7,
    1.610_490_331_949_254_3,
    1.681_792_830_507_429,
    1.756_252_160_373_299_5,
    1.834_008_086_409_342_4,
    1.915_206_561_397_147_3,
    2.0,
];

/// 2 to the power of a small integer.
const fn power_of_two(exponent: i32) -> f64 {
    f64::from_bits(((exponent + 1023) as u64) << 52)
}

/// The bucket of a value; none if it is not a number.
fn bucket_of(value: f64) -> Option<usize> {
    const FIRST: f64 = power_of_two(LOWEST);
    const LAST: f64 = power_of_two(HIGHEST).next_down();
    if value.is_nan() {
        return None;
    }
    let bits = value.clamp(FIRST, LAST).to_bits();
    let power = (bits >> 52) as usize - (LOWEST + 1023) as usize;
    // The same value between 1 and 2, and its sixteenth of that, counted evenly: the logarithm is at most 1.4 more.
    let mantissa = f64::from_bits(bits & ((1 << 52) - 1) | 1.0_f64.to_bits());
    let even = (bits >> 48) as usize % PER_POWER;
    let above = |end: usize| usize::from(ENDS.get(end).is_some_and(|end| mantissa >= *end));
    Some(power * PER_POWER + even + above(even + 1) + above(even + 2))
}

/// The value that a bucket stands for.
fn value_of(bucket: usize) -> f64 {
    let (power, part) = ((bucket / PER_POWER) as i32 + LOWEST, bucket % PER_POWER);
    let (low, high) = (ENDS[part], ENDS[part + 1]);
    power_of_two(power) * (2.0 * low * high / (low + high))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The most by which a value may differ from its bucket's, in proportion.
    const BOUND: f64 = 0.0217;

    fn quantiles(window: &WindowCell, epoch: u32, quantiles: &[f64]) -> Vec<f64> {
        let mut values = vec![0.0; quantiles.len()];
        window.quantiles(epoch, quantiles, &mut values);
        values
    }

    /// How many observations a reader sees, in all buckets.
    fn seen(window: &WindowCell, epoch: u32) -> u64 {
        let cells = window.0.get().unwrap().iter().flatten();
        cells.map(|cell| u64::from(cell.get(epoch))).sum()
    }

    #[test]
    fn the_ends_of_the_buckets_are_powers_of_the_sixteenth_root_of_two() {
        for (position, end) in ENDS.into_iter().enumerate() {
            let exact = 2.0_f64.powf(position as f64 / PER_POWER as f64);
            assert!((end - exact).abs() <= f64::EPSILON, "{position}: {end} is not {exact}");
        }
    }

    #[test]
    fn no_value_differs_from_its_bucket_by_more_than_the_bound() {
        let mut last = 0;
        for power in LOWEST..HIGHEST {
            for (position, end) in ENDS[..PER_POWER].iter().enumerate() {
                let end = power_of_two(power) * end;
                let bucket = (power - LOWEST) as usize * PER_POWER + position;
                assert_eq!(bucket_of(end), Some(bucket), "{end}");
                // What is just before an end is in the bucket before it, and furthest from what that stands for.
                assert_eq!(bucket_of(end.next_down()), Some(bucket.saturating_sub(1)), "{end}");
                for value in [end, end.next_down().max(power_of_two(LOWEST))] {
                    let error = (value_of(bucket_of(value).unwrap()) - value).abs() / value;
                    assert!(error <= BOUND, "{value}: {error}");
                }
                last = bucket;
            }
        }
        assert_eq!(last + 1, BUCKETS);
    }

    #[test]
    fn what_is_out_of_range_is_in_the_first_or_last_bucket() {
        for small in [0.0, -0.0, -7.0, 1e-300, f64::NEG_INFINITY, power_of_two(LOWEST)] {
            assert_eq!(bucket_of(small), Some(0), "{small}");
        }
        for large in [power_of_two(HIGHEST), 1e300, f64::INFINITY] {
            assert_eq!(bucket_of(large), Some(BUCKETS - 1), "{large}");
        }
        assert_eq!(bucket_of(f64::NAN), None);
    }

    #[test]
    fn a_quantile_is_within_the_bound_of_the_observation_of_its_rank() {
        const QUANTILES: [f64; 7] = [0.0, 0.01, 0.5, 0.9, 0.95, 0.999, 1.0];
        let mut state = 7_u64;
        for count in [1, 2, 3, 100, 5_000] {
            let window = WindowCell::ZERO;
            let mut observed: Vec<f64> = (0..count)
                .map(|_| {
                    state = state
                        .wrapping_mul(6_364_136_223_846_793_005)
                        .wrapping_add(1_442_695_040_888_963_407);
                    // Evenly over the logarithm, from 2^-29 to 2^33.
                    ((state >> 11) as f64 / (1_u64 << 53) as f64 * 62.0 - 29.0).exp2()
                })
                .collect();
            for value in &observed {
                window.count(*value, 3);
            }
            observed.sort_by(f64::total_cmp);
            for (quantile, value) in QUANTILES.into_iter().zip(quantiles(&window, 3, &QUANTILES)) {
                let rank = (quantile * f64::from(count)).ceil().max(1.0) as usize;
                let exact = observed[rank - 1];
                assert!(
                    (value - exact).abs() / exact <= BOUND,
                    "{quantile} of {count}: {value} for {exact}"
                );
            }
        }
    }

    #[test]
    fn an_observation_is_seen_in_its_epoch_and_five_more() {
        // Also where the epochs begin again.
        for epoch in [0, 1, 5, 6, 41, u32::MAX - 2] {
            let window = WindowCell::ZERO;
            assert!(quantiles(&window, epoch, &[0.5])[0].is_nan(), "no memory yet");
            window.count(1.0, epoch);
            for later in 0..=STEPS {
                let now = epoch.wrapping_add(later);
                assert_eq!(seen(&window, now), 1);
                assert!((quantiles(&window, now, &[0.5])[0] - 1.0).abs() <= BOUND);
            }
            let over = epoch.wrapping_add(STEPS + 1);
            assert_eq!(seen(&window, over), 0);
            assert!(quantiles(&window, over, &[0.5])[0].is_nan());
        }
    }

    #[test]
    fn what_is_over_is_counted_over_and_what_is_not_is_added_to() {
        let window = WindowCell::ZERO;
        for epoch in 0..30 {
            for _ in 0..=epoch {
                window.count(1.0, epoch);
            }
            let expected: u32 = (epoch.saturating_sub(STEPS)..=epoch).map(|epoch| epoch + 1).sum();
            assert_eq!(seen(&window, epoch), u64::from(expected));
        }
        // A thread that slept for a whole round: it counts in the slot's epoch of now.
        window.count(1.0, 29 - SLOTS as u32);
        assert_eq!(
            unpack(
                window.0.get().unwrap()[bucket_of(1.0).unwrap()][29 % SLOTS]
                    .0
                    .load(Ordering::Relaxed)
            ),
            (29, 31)
        );
    }

    #[test]
    fn a_count_stays_at_its_largest() {
        let count = TaggedCount(AtomicU64::new(pack(4, u32::MAX)));
        count.add(4);
        assert_eq!((count.get(4), count.get(10)), (u32::MAX, 0));
    }

    #[test]
    fn several_threads_lose_no_observation() {
        let window = WindowCell::ZERO;
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..5_000).for_each(|at| window.count(1.0, at / 1_000)));
            }
        });
        assert_eq!(seen(&window, 4), 20_000);
    }

    #[test]
    fn an_epoch_is_a_fifth_of_the_window() {
        let epochs = Epochs::of_window(Duration::from_secs(600));
        let at = |seconds| epochs.at(Duration::from_secs(seconds));
        assert_eq!([at(0), at(119), at(120), at(600)], [0, 0, 1, 5]);
        // The extremes are no error, but of no use.
        assert_eq!(
            Epochs::of_window(Duration::MAX).at(Duration::from_secs(u64::from(u32::MAX))),
            0
        );
        assert_eq!(Epochs::of_window(Duration::ZERO).at(Duration::from_nanos(7)), 7);
        assert!(epochs.now() <= epochs.now());
    }
}
