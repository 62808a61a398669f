//! The cells of a native histogram, whose buckets are made where something is observed.

use std::fmt;

use super::cells::{Block, Cell, CounterCell, HistogramCell, HistogramReading, is_finite, patiently};
use crate::sync::{OnceBox, zeroed};

/// What one series of a histogram with `N` bucket bounds is recorded into.
pub trait ObservationCell<const N: usize>: Cell + Block {
    /// Whether it has native buckets.
    const NATIVE: bool;

    /// What is recorded of a value: its bucket (`N` and more: above the last bound), itself, and where it is among the
    /// native buckets, for those that ask. `None` of a value that is not finite, and where one of them does not answer;
    /// `bucket` is not asked about such a value, and `spot` has no answer.
    fn record_of(
        value: f64,
        bucket: impl FnOnce() -> Option<usize>,
        spot: impl FnOnce() -> Option<Spot>,
    ) -> Option<Self::Record>;

    /// The buckets between the bounds, the sum and the count.
    fn classic(&self) -> &HistogramCell<N>;

    /// Reads the series. Appends the native buckets that have observations to `native`, in the order of their positions;
    /// they are the same observations.
    fn read_with_native(&self, native: &mut Vec<(i32, u64)>) -> HistogramReading<N>;
}

impl<const N: usize> ObservationCell<N> for HistogramCell<N> {
    const NATIVE: bool = false;

    #[inline]
    fn record_of(
        value: f64,
        bucket: impl FnOnce() -> Option<usize>,
        _: impl FnOnce() -> Option<Spot>,
    ) -> Option<(usize, f64)> {
        if is_finite(value) {
            Some((bucket()?, value))
        } else {
            None
        }
    }

    #[inline]
    fn classic(&self) -> &Self {
        self
    }

    fn read_with_native(&self, _: &mut Vec<(i32, u64)>) -> HistogramReading<N> {
        self.read()
    }
}

/// Where among the native buckets a value is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Spot {
    /// In the zero bucket.
    Zero,
    /// In the positive bucket at this place, of so many; the first is next to the zero bucket.
    Positive { at: usize, of: u32 },
    /// The same of negative buckets.
    Negative { at: usize, of: u32 },
}

/// One histogram series with native buckets beside its `N` finite bucket bounds.
pub struct NativeCell<const N: usize> {
    classic: HistogramCell<N>,
    zero: CounterCell,
    positive: Side,
    negative: Side,
}

/// The buckets on one side of 0, in chunks: one is made when one of its buckets has its first observation, and stays.
type Side = OnceBox<Box<[OnceBox<Chunk>]>>;

/// Buckets that lie together.
type Chunk = [CounterCell; TOGETHER];

const TOGETHER: usize = 64;

#[allow(unsafe_code)]
// SAFETY: counts, and `OnceBox`es, each an atomic pointer and nothing else, null while it is empty.
unsafe impl<const N: usize> Block for NativeCell<N> {
    const ZERO: Self = Self {
        classic: HistogramCell::ZERO,
        zero: CounterCell::ZERO,
        positive: OnceBox::new(),
        negative: OnceBox::new(),
    };
}

impl<const N: usize> Cell for NativeCell<N> {
    type Record = (usize, f64, Spot);

    // What a reader finds complete is in every bucket: the native one comes first.

    #[inline]
    fn record_alone(&self, (bucket, value, spot): (usize, f64, Spot)) {
        self.bucket(spot).record_alone(1);
        self.classic.record_alone((bucket, value));
    }

    #[inline]
    fn record_shared(&self, (bucket, value, spot): (usize, f64, Spot)) {
        self.bucket(spot).record_shared(1);
        self.classic.record_shared((bucket, value));
    }
}

impl<const N: usize> ObservationCell<N> for NativeCell<N> {
    const NATIVE: bool = true;

    #[inline]
    fn record_of(
        value: f64,
        bucket: impl FnOnce() -> Option<usize>,
        spot: impl FnOnce() -> Option<Spot>,
    ) -> Option<(usize, f64, Spot)> {
        let spot = spot()?;
        Some((bucket()?, value, spot))
    }

    #[inline]
    fn classic(&self) -> &HistogramCell<N> {
        &self.classic
    }

    fn read_with_native(&self, native: &mut Vec<(i32, u64)>) -> HistogramReading<N> {
        let consistent = patiently(|| self.read_consistently(native));
        consistent.unwrap_or_else(|| {
            self.read_native(native);
            self.classic.read()
        })
    }
}

impl<const N: usize> NativeCell<N> {
    #[inline]
    fn bucket(&self, spot: Spot) -> &CounterCell {
        let (side, at, of) = match spot {
            Spot::Zero => return &self.zero,
            Spot::Positive { at, of } => (&self.positive, at, of),
            Spot::Negative { at, of } => (&self.negative, at, of),
        };
        let chunk = side.get().and_then(|chunks| chunks.get(at / TOGETHER)?.get());
        match chunk {
            Some(chunk) => &chunk[at % TOGETHER],
            None => self.make(side, at, of),
        }
    }

    /// The first time.
    #[cold]
    #[inline(never)]
    fn make<'a>(&'a self, side: &'a Side, at: usize, of: u32) -> &'a CounterCell {
        let chunks = (of as usize).div_ceil(TOGETHER);
        let chunks = side.get_or_init(|| Box::new((0..chunks).map(|_| OnceBox::new()).collect()));
        match chunks.get(at / TOGETHER) {
            Some(chunk) => &chunk.get_or_init(zeroed)[at % TOGETHER],
            // There is no such position; if there were, nothing would be lost.
            None => &self.zero,
        }
    }

    /// What is in the native buckets is at least what was complete before: if it is as much, it is the same.
    pub(crate) fn read_consistently(&self, native: &mut Vec<(i32, u64)>) -> Option<HistogramReading<N>> {
        let others = native.len();
        let reading = self.classic.read_consistently()?;
        let is_same = self.read_native(native) == reading.count;
        if !is_same {
            native.truncate(others);
        }
        is_same.then_some(reading)
    }

    /// Appends what is in the buckets, 0 for the zero bucket and positions from 1 and −1 on for the others; says how many
    /// observations that is.
    fn read_native(&self, native: &mut Vec<(i32, u64)>) -> u64 {
        let negative = buckets_of(&self.negative).rev().map(|(at, count)| (-at, count));
        let all = negative.chain([(0, self.zero.get())]).chain(buckets_of(&self.positive));
        all.filter(|(_, count)| *count != 0).fold(0, |total, (at, count)| {
            native.push((at, count));
            total.wrapping_add(count)
        })
    }
}

/// The buckets of a side that are made, by their distance from 0.
fn buckets_of(side: &Side) -> impl DoubleEndedIterator<Item = (i32, u64)> {
    let chunks = side.get().map_or(&[][..], |chunks| chunks);
    let made = chunks.iter().enumerate();
    let made = made.filter_map(|(number, chunk)| Some((number * TOGETHER + 1, chunk.get()?)));
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_possible_wrap,
        reason = "a position is an `i32`"
    )]
    made.flat_map(|(first, chunk)| {
        chunk
            .iter()
            .enumerate()
            .map(move |(at, bucket)| ((first + at) as i32, bucket.get()))
    })
}

impl<const N: usize> fmt::Debug for NativeCell<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let made = |side: &Side| side.get().is_some();
        f.debug_struct("NativeCell")
            .field("classic", &self.classic)
            .field("zero", &self.zero)
            .field("positive", &made(&self.positive))
            .field("negative", &made(&self.negative))
            .finish()
    }
}
