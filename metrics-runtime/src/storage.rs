//! Where recorded numbers live: cells in arrays, one cell per series, read and written by index.
//!
//! This is the only module that touches atomics. Every cell has a `const` zero, so that a `static` of metrics is
//! zero-initialised memory: nothing runs at start-up and no recording asks whether it is the first.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

/// Something that starts at zero in a constant.
pub trait Cell: Sync + 'static {
    /// The cell before anything was recorded.
    const ZERO: Self;
}

impl<T: Cell, const N: usize> Cell for [T; N] {
    const ZERO: Self = [const { T::ZERO }; N];
}

/// A count that only grows. It wraps to 0 after 2⁶⁴ − 1, which Prometheus sees as a counter reset.
#[derive(Debug)]
pub struct CounterCell(AtomicU64);

impl Cell for CounterCell {
    const ZERO: Self = Self(AtomicU64::new(0));
}

impl CounterCell {
    #[inline]
    pub(crate) fn add(&self, amount: u64) {
        self.0.fetch_add(amount, Ordering::Relaxed);
    }

    #[inline]
    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A whole number that goes up and down. It wraps at the ends of `i64`.
#[derive(Debug)]
pub struct IntCell(AtomicI64);

impl Cell for IntCell {
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

impl Cell for FloatCell {
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
    #[inline]
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
        self.load(Ordering::Relaxed)
    }

    #[inline]
    fn load(&self, order: Ordering) -> f64 {
        f64::from_bits(self.0.load(order))
    }
}

/// One histogram series with `N` finite bucket bounds.
#[derive(Debug)]
pub(crate) struct HistogramCell<const N: usize> {
    buckets: [AtomicU64; N],
    rest: HistogramRest,
}

/// What a histogram series has besides its finite buckets.
#[derive(Debug)]
struct HistogramRest {
    /// Observations above the last finite bound.
    above: AtomicU64,
    sum: FloatCell,
    /// Observations whose bucket and sum are both written: a reader that finds this many in the buckets has read a
    /// consistent histogram.
    complete: AtomicU64,
}

impl<const N: usize> Cell for HistogramCell<N> {
    const ZERO: Self = Self {
        buckets: [const { AtomicU64::new(0) }; N],
        rest: HistogramRest {
            above: AtomicU64::new(0),
            sum: FloatCell::ZERO,
            complete: AtomicU64::new(0),
        },
    };
}

impl<const N: usize> HistogramCell<N> {
    #[inline]
    pub(crate) fn as_ref(&self) -> HistogramRef<'_> {
        HistogramRef {
            buckets: &self.buckets,
            rest: &self.rest,
        }
    }
}

/// A histogram series of any number of buckets.
#[derive(Clone, Copy)]
pub(crate) struct HistogramRef<'a> {
    buckets: &'a [AtomicU64],
    rest: &'a HistogramRest,
}

impl HistogramRef<'_> {
    /// How often a reader looks again while observations are being written, before it lets the writers run.
    const SPINS: usize = 64;
    /// How often it lets them run before it takes what it sees.
    const YIELDS: usize = 16;

    /// Counts one observation in bucket `index` (`N` and more: above the last bound).
    ///
    /// The order bucket, sum, complete is what [`read`](Self::read) relies on.
    #[inline]
    pub(crate) fn record(&self, index: usize, value: f64) {
        self.buckets
            .get(index)
            .unwrap_or(&self.rest.above)
            .fetch_add(1, Ordering::Relaxed);
        // NaN or an infinity would stay in the sum for as long as the process lives.
        if value.is_finite() {
            self.rest.sum.add_release(value);
        }
        self.rest.complete.fetch_add(1, Ordering::Release);
    }

    /// Reads the series: gives the observations of each bucket (not accumulated, the last is above the last bound)
    /// to `buckets` and returns count and sum.
    ///
    /// Count, sum and buckets describe the same observations: `complete` is read first, then the sum, then the
    /// buckets. Whatever is counted in `complete` is in the sum, and whatever is in the sum is in the buckets (each
    /// write releases what came before it), so when the buckets add up to `complete` all three sets are equal.
    /// Otherwise an observation was under way and the reader looks again. The retries are bounded, because a
    /// scrape must end: after them (threads were stopped in the middle of observations again and again) the count is
    /// what the buckets add up to, and the sum may lack what those threads are writing.
    pub(crate) fn read(&self, mut buckets: impl FnMut(usize, u64)) -> (u64, f64) {
        for attempt in 0..Self::SPINS + Self::YIELDS {
            let complete = self.rest.complete.load(Ordering::Acquire);
            let sum = self.rest.sum.load(Ordering::Acquire);
            if self.read_buckets(&mut buckets) == complete {
                return (complete, sum);
            }
            if attempt < Self::SPINS {
                std::hint::spin_loop();
            } else {
                std::thread::yield_now();
            }
        }
        let sum = self.rest.sum.load(Ordering::Acquire);
        (self.read_buckets(&mut buckets), sum)
    }

    fn read_buckets(&self, buckets: &mut impl FnMut(usize, u64)) -> u64 {
        let mut total = 0_u64;
        for (index, bucket) in self.buckets.iter().chain([&self.rest.above]).enumerate() {
            let count = bucket.load(Ordering::Relaxed);
            buckets(index, count);
            total = total.wrapping_add(count);
        }
        total
    }
}
