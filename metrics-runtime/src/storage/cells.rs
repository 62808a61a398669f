//! Cells: what one series of one lane is.

use std::sync::atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering};

/// Something that starts at zero: in a constant, and in fresh memory.
///
/// # Safety
///
/// Bytes that are all zero are a value, the same as `ZERO`.
#[allow(unsafe_code, reason = "blocks are made of zeroed memory; see `Lanes`")]
pub unsafe trait Block: Send + Sync + 'static {
    /// The block before anything was recorded.
    const ZERO: Self;
}

#[allow(unsafe_code)]
// SAFETY: an array of zero bytes is an array of values of zero bytes.
unsafe impl<T: Block, const N: usize> Block for [T; N] {
    const ZERO: Self = [const { T::ZERO }; N];
}

/// A count that only grows. It wraps to 0 after 2⁶⁴ − 1, which Prometheus sees as a counter reset.
#[derive(Debug)]
pub struct CounterCell(AtomicU64);

#[allow(unsafe_code)]
// SAFETY: an integer.
unsafe impl Block for CounterCell {
    const ZERO: Self = Self(AtomicU64::new(0));
}

impl CounterCell {
    /// Adds where nobody else writes: a load and a store, which readers see as one or not at all.
    #[inline]
    pub(crate) fn add_alone(&self, amount: u64) {
        add_alone(&self.0, amount, Ordering::Relaxed);
    }

    #[inline]
    pub(crate) fn add_shared(&self, amount: u64) {
        self.0.fetch_add(amount, Ordering::Relaxed);
    }

    #[inline]
    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

#[inline]
fn add_alone(cell: &AtomicU64, amount: u64, order: Ordering) {
    cell.store(cell.load(Ordering::Relaxed).wrapping_add(amount), order);
}

/// A whole number that goes up and down. It wraps at the ends of `i64`.
#[derive(Debug)]
pub struct IntCell(AtomicI64);

#[allow(unsafe_code)]
// SAFETY: an integer.
unsafe impl Block for IntCell {
    const ZERO: Self = Self(AtomicI64::new(0));
}

impl IntCell {
    #[inline]
    pub(crate) fn set(&self, value: i64) {
        self.0.store(value, Ordering::Relaxed);
    }

    #[inline]
    pub(crate) fn add(&self, amount: i64) {
        self.0.fetch_add(amount, Ordering::Relaxed);
    }

    #[inline]
    pub(crate) fn sub(&self, amount: i64) {
        self.0.fetch_sub(amount, Ordering::Relaxed);
    }

    #[inline]
    pub(crate) fn get(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
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

    /// Adds where nobody else writes.
    #[inline]
    pub(crate) fn add_alone(&self, amount: f64) {
        self.0.store((self.get() + amount).to_bits(), Ordering::Relaxed);
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

    pub(crate) fn get(&self) -> Option<usize> {
        self.0.load(Ordering::Relaxed).checked_sub(1)
    }
}

/// One histogram series with `N` finite bucket bounds.
#[derive(Debug)]
pub(crate) struct HistogramCell<const N: usize> {
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
pub(crate) struct HistogramReading<const N: usize> {
    pub(crate) buckets: [u64; N],
    pub(crate) above: u64,
    pub(crate) count: u64,
    pub(crate) sum: f64,
}

impl<const N: usize> HistogramCell<N> {
    /// How often a reader looks again while an observation is being written, before it lets the writer run.
    const SPINS: usize = 64;
    /// How often it lets it run before it takes what it sees.
    const YIELDS: usize = 16;

    /// Counts one observation in bucket `index` (`N` and more: above the last bound), where nobody else writes.
    ///
    /// The order bucket, sum, complete is what [`read`](Self::read) relies on.
    #[inline]
    pub(crate) fn record_alone(&self, index: usize, value: f64) {
        add_alone(self.buckets.get(index).unwrap_or(&self.above), 1, Ordering::Relaxed);
        let sum = self.sum.get() + value;
        self.sum.0.store(sum.to_bits(), Ordering::Release);
        add_alone(&self.complete, 1, Ordering::Release);
    }

    /// The same, where others write too.
    pub(crate) fn record_shared(&self, index: usize, value: f64) {
        let bucket = self.buckets.get(index).unwrap_or(&self.above);
        bucket.fetch_add(1, Ordering::Relaxed);
        self.sum.add_release(value);
        self.complete.fetch_add(1, Ordering::Release);
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
        for attempt in 0..Self::SPINS + Self::YIELDS {
            let complete = self.complete.load(Ordering::Acquire);
            let reading = self.read_once();
            if reading.count == complete {
                return reading;
            }
            if attempt < Self::SPINS {
                std::hint::spin_loop();
            } else {
                std::thread::yield_now();
            }
        }
        self.read_once()
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
