//! Cells: what one series of one lane is.

use std::fmt;

use super::{Cells, Place};
use crate::sync::{AtomicU64, AtomicUsize, Ordering, SPINS, YIELDS, spin_loop, yield_now};

/// Something that starts at zero: in a constant, and in fresh memory.
///
/// # Safety
///
/// Bytes that are all zero are a value, the same as `ZERO`.
#[allow(unsafe_code, reason = "blocks are made of zeroed memory")]
pub unsafe trait Block: fmt::Debug + Send + Sync + 'static {
    /// The block before anything was recorded.
    const ZERO: Self;
}

#[allow(unsafe_code)]
// SAFETY: an array of zero bytes is an array of values of zero bytes.
unsafe impl<T: Block, const N: usize> Block for [T; N] {
    const ZERO: Self = [const { T::ZERO }; N];
}

/// What one series is recorded into.
pub trait Cell {
    /// What is recorded.
    type Record: Copy;

    /// Records where nobody else writes: by loads and stores, of which readers see each as one or not at all.
    fn record_alone(&self, what: Self::Record);

    /// Records where others write, too.
    fn record_shared(&self, what: Self::Record);
}

#[inline]
fn add_alone(cell: &AtomicU64, amount: u64, order: Ordering) {
    cell.store(cell.load(Ordering::Relaxed).wrapping_add(amount), order);
}

/// A count that only grows. It wraps to 0 after 2⁶⁴ − 1, which Prometheus sees as a counter reset.
#[derive(Debug)]
pub struct CounterCell(AtomicU64);

#[allow(unsafe_code)]
// SAFETY: an integer.
unsafe impl Block for CounterCell {
    const ZERO: Self = Self(AtomicU64::new(0));
}

impl Cell for CounterCell {
    type Record = u64;

    #[inline]
    fn record_alone(&self, amount: u64) {
        add_alone(&self.0, amount, Ordering::Relaxed);
    }

    #[inline]
    fn record_shared(&self, amount: u64) {
        self.0.fetch_add(amount, Ordering::Relaxed);
    }
}

impl CounterCell {
    #[inline]
    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// How many of something started and how many ended; their difference is under way.
///
/// What starts in one lane may end in another: only the sums over all lanes say how many there are.
#[derive(Debug)]
pub(crate) struct InFlightCell {
    started: AtomicU64,
    ended: AtomicU64,
}

#[allow(unsafe_code)]
// SAFETY: integers.
unsafe impl Block for InFlightCell {
    const ZERO: Self = Self {
        started: AtomicU64::new(0),
        ended: AtomicU64::new(0),
    };
}

/// So many more, or so many fewer.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    Started(u64),
    Ended(u64),
}

impl Cell for InFlightCell {
    type Record = Step;

    #[inline]
    fn record_alone(&self, step: Step) {
        match step {
            Step::Started(count) => add_alone(&self.started, count, Ordering::Relaxed),
            Step::Ended(count) => add_alone(&self.ended, count, Ordering::Release),
        }
    }

    #[inline]
    fn record_shared(&self, step: Step) {
        match step {
            Step::Started(count) => self.started.fetch_add(count, Ordering::Relaxed),
            Step::Ended(count) => self.ended.fetch_add(count, Ordering::Release),
        };
    }
}

impl InFlightCell {
    /// How many are under way in the series at `index`.
    ///
    /// First all cells are asked what ended, and only then what started: what a reader has seen ending it then sees
    /// starting (an end releases what came before it, its start among that), so that it never finds less than nothing.
    pub(crate) fn under_way<B: Block + Cells<Self>>(place: &impl Place<B>, index: usize) -> i64 {
        let cells = || place.blocks().filter_map(|block| block.at(index));
        let ended = cells().fold(0_u64, |sum, cell| sum.wrapping_add(cell.ended.load(Ordering::Acquire)));
        let started = cells().fold(0_u64, |sum, cell| {
            sum.wrapping_add(cell.started.load(Ordering::Relaxed))
        });
        started.wrapping_sub(ended).cast_signed()
    }
}

/// A whole number that goes up and down. It wraps at the ends of `i64`.
#[derive(Debug)]
pub struct IntCell(AtomicU64);

#[allow(unsafe_code)]
// SAFETY: an integer.
unsafe impl Block for IntCell {
    const ZERO: Self = Self(AtomicU64::new(0));
}

impl IntCell {
    #[inline]
    pub(crate) fn set(&self, value: i64) {
        self.0.store(value.cast_unsigned(), Ordering::Relaxed);
    }

    #[inline]
    pub(crate) fn add(&self, amount: i64) {
        self.0.fetch_add(amount.cast_unsigned(), Ordering::Relaxed);
    }

    #[inline]
    pub(crate) fn sub(&self, amount: i64) {
        self.0.fetch_sub(amount.cast_unsigned(), Ordering::Relaxed);
    }

    #[inline]
    pub(crate) fn get(&self) -> i64 {
        self.0.load(Ordering::Relaxed).cast_signed()
    }
}

/// A floating-point number that goes up and down.
#[derive(Debug)]
pub struct FloatCell(AtomicU64);

#[allow(unsafe_code)]
// SAFETY: the bits of 0.0.
unsafe impl Block for FloatCell {
    const ZERO: Self = Self(AtomicU64::new(0)); // the bits of 0.0
}

impl FloatCell {
    #[inline]
    pub(crate) fn set(&self, value: f64) {
        self.0.store(value.to_bits(), Ordering::Relaxed);
    }

    #[inline]
    pub(crate) fn add(&self, amount: f64) {
        self.add_ordered(amount, Ordering::Relaxed);
    }

    /// Whoever sees this addition sees what its thread wrote before.
    fn add_release(&self, amount: f64) {
        self.add_ordered(amount, Ordering::Release);
    }

    #[inline]
    fn add_ordered(&self, amount: f64, order: Ordering) {
        let mut seen = self.0.load(Ordering::Relaxed);
        loop {
            let sum = (f64::from_bits(seen) + amount).to_bits();
            match self.0.compare_exchange_weak(seen, sum, order, Ordering::Relaxed) {
                Ok(_) => return,
                Err(now) => seen = now,
            }
        }
    }

    #[inline]
    pub(crate) fn get(&self) -> f64 {
        f64::from_bits(self.0.load(Ordering::Relaxed))
    }
}

impl Cell for FloatCell {
    type Record = f64;

    #[inline]
    fn record_alone(&self, amount: f64) {
        self.set(self.get() + amount);
    }

    #[inline]
    fn record_shared(&self, amount: f64) {
        self.add(amount);
    }
}

/// The current one of several states, by its position; none at first.
#[derive(Debug)]
pub struct StateCell(AtomicUsize);

#[allow(unsafe_code)]
// SAFETY: an integer.
unsafe impl Block for StateCell {
    const ZERO: Self = Self(AtomicUsize::new(0));
}

impl StateCell {
    pub(crate) fn set(&self, state: usize) {
        // 0 is no state.
        self.0.store(state.wrapping_add(1), Ordering::Relaxed);
    }

    pub(crate) fn clear(&self) {
        self.0.store(0, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> Option<usize> {
        self.0.load(Ordering::Relaxed).checked_sub(1)
    }
}

/// The same as `f64::is_finite` in fewer instructions: from infinity, infinity cannot be taken.
#[inline]
#[allow(clippy::eq_op, reason = "that is the test")]
pub(crate) fn is_finite(value: f64) -> bool {
    !(value - value).is_nan()
}

/// One histogram series with `N` finite bucket bounds.
#[derive(Debug)]
pub struct HistogramCell<const N: usize> {
    buckets: [AtomicU64; N],
    /// Observations above the last finite bound.
    above: AtomicU64,
    sum: FloatCell,
    /// Observations whose bucket and sum are both written: a reader that finds this many in the buckets has read a
    /// consistent histogram.
    complete: AtomicU64,
}

#[allow(unsafe_code)]
// SAFETY: integers, and a float's bits.
unsafe impl<const N: usize> Block for HistogramCell<N> {
    const ZERO: Self = Self {
        buckets: [const { AtomicU64::new(0) }; N],
        above: AtomicU64::new(0),
        sum: FloatCell::ZERO,
        complete: AtomicU64::new(0),
    };
}

/// What a histogram series holds at one moment; not accumulated.
#[derive(Debug)]
pub struct HistogramReading<const N: usize> {
    pub(crate) buckets: [u64; N],
    pub(crate) above: u64,
    pub(crate) count: u64,
    pub(crate) sum: f64,
}

/// One observation: its bucket (`N` and more: above the last bound) and its value.
impl<const N: usize> Cell for HistogramCell<N> {
    type Record = (usize, f64);

    // The order bucket, sum, complete is what `read` relies on.

    #[inline]
    fn record_alone(&self, (bucket, value): (usize, f64)) {
        add_alone(self.bucket(bucket), 1, Ordering::Relaxed);
        let sum = self.sum.get() + value;
        self.sum.0.store(sum.to_bits(), Ordering::Release);
        add_alone(&self.complete, 1, Ordering::Release);
    }

    #[inline]
    fn record_shared(&self, (bucket, value): (usize, f64)) {
        self.bucket(bucket).fetch_add(1, Ordering::Relaxed);
        self.sum.add_release(value);
        self.complete.fetch_add(1, Ordering::Release);
    }
}

impl<const N: usize> HistogramCell<N> {
    #[inline]
    fn bucket(&self, index: usize) -> &AtomicU64 {
        self.buckets.get(index).unwrap_or(&self.above)
    }

    /// Reads the series.
    ///
    /// Count, sum and buckets describe the same observations: `complete` is read first, then the sum, then the
    /// buckets. Whatever is counted in `complete` is in the sum, and whatever is in the sum is in the buckets (each
    /// write releases what came before it), so when the buckets add up to `complete` all three sets are equal.
    /// Otherwise an observation was under way and the reader looks again. The retries are bounded, because a
    /// scrape must end: after them (a thread was stopped in the middle of an observation) the count is what the
    /// buckets add up to, and the sum may lack what that thread is writing.
    pub(crate) fn read(&self) -> HistogramReading<N> {
        patiently(|| self.read_consistently()).unwrap_or_else(|| self.read_once())
    }

    pub(crate) fn read_consistently(&self) -> Option<HistogramReading<N>> {
        let complete = self.complete.load(Ordering::Acquire);
        let reading = self.read_once();
        (reading.count == complete).then_some(reading)
    }

    fn read_once(&self) -> HistogramReading<N> {
        let sum = f64::from_bits(self.sum.0.load(Ordering::Acquire));
        let buckets: [u64; N] = std::array::from_fn(|index| self.buckets[index].load(Ordering::Relaxed));
        let above = self.above.load(Ordering::Relaxed);
        let count = buckets.iter().fold(above, |total, bucket| total.wrapping_add(*bucket));
        HistogramReading {
            buckets,
            above,
            count,
            sum,
        }
    }
}

/// Reads again until it is consistent, or has been tried often enough.
pub(super) fn patiently<T>(mut read: impl FnMut() -> Option<T>) -> Option<T> {
    for attempt in 0..SPINS + YIELDS {
        if let Some(reading) = read() {
            return Some(reading);
        }
        if attempt < SPINS {
            spin_loop();
        } else {
            yield_now();
        }
    }
    None
}
