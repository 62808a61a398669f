//! Native buckets: which one a value falls into, and what a scrape says of them.

use std::fmt;

use crate::check;
use crate::storage::Spot;

/// How the native buckets of a [`Histogram`](super::Histogram) are laid out: what `#[metric(native(…))]` says.
///
/// The bounds of a native histogram follow from its *schema*: each is 2^(2^-schema) times the one before it, and 1 is one
/// of them. A value lies within its bucket, so whatever is computed from the buckets is at most that factor off:
///
/// | schema | factor | buckets from one power of two to the next |
/// |---|---|---|
/// | 8 | 1.0027 | 256 |
/// | 5 | 1.0219 | 32 |
/// | 4 | 1.0443 | 16 |
/// | 3 (the default) | 1.0905 | 8 |
/// | 2 | 1.1892 | 4 |
/// | 1 | 1.4142 | 2 |
/// | 0 | 2 | 1 |
/// | -4 | 65536 | one for 16 powers of two |
///
/// Source: <https://prometheus.io/docs/specs/native_histograms/>.
///
/// ```
/// # use enumetrics_runtime::NativeBuckets;
/// const FINE: NativeBuckets = NativeBuckets::new().with_schema(5).with_max_buckets(320);
/// assert_eq!((FINE.schema, FINE.zero_threshold), (5, 2_f64.powi(-128)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct NativeBuckets {
    /// The schema, from −4 to 8.
    pub schema: i8,
    /// How many buckets one series may have in a scrape, those of the zero bucket apart. If observations are in more, the
    /// scrape has a lower schema, in which neighbours are one bucket, as low as that takes (or −4): no observation is lost,
    /// and what follows is as far off as that schema says. It rises again with a reset only.
    pub max_buckets: usize,
    /// What is not farther from 0 than this is in the zero bucket.
    pub zero_threshold: f64,
}

impl NativeBuckets {
    /// Schema 3, at most 160 buckets, and 2⁻¹²⁸ as the threshold of the zero bucket.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            schema: 3,
            max_buckets: 160,
            zero_threshold: f64::from_bits((1023 - 128) << 52),
        }
    }

    /// The same of another schema.
    ///
    /// # Panics
    ///
    /// When it is not from −4 to 8. In a constant that is an error of the compiler, as for the others.
    #[must_use]
    #[track_caller]
    pub const fn with_schema(self, schema: i8) -> Self {
        check::check_schema(schema);
        Self { schema, ..self }
    }

    /// The same with so many buckets at most.
    ///
    /// # Panics
    ///
    /// When it is 0.
    #[must_use]
    #[track_caller]
    pub const fn with_max_buckets(self, max_buckets: usize) -> Self {
        check::check_max_buckets(max_buckets);
        Self { max_buckets, ..self }
    }

    /// The same with another threshold of the zero bucket.
    ///
    /// # Panics
    ///
    /// When it is negative or not finite.
    #[must_use]
    #[track_caller]
    pub const fn with_zero_threshold(self, zero_threshold: f64) -> Self {
        check::check_zero_threshold(zero_threshold);
        Self { zero_threshold, ..self }
    }

    /// For the macros, which check them themselves.
    #[doc(hidden)]
    #[must_use]
    pub const fn __of(schema: i8, max_buckets: usize, zero_threshold: f64) -> Self {
        Self {
            schema,
            max_buckets,
            zero_threshold,
        }
    }
}

/// `schema 3, at most 160, zero up to 2.938735877055719e-39`
impl fmt::Display for NativeBuckets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            schema,
            max_buckets,
            zero_threshold,
        } = self;
        write!(
            f,
            "schema {schema}, at most {max_buckets}, zero up to {zero_threshold:e}"
        )
    }
}

impl Default for NativeBuckets {
    fn default() -> Self {
        Self::new()
    }
}

/// What a series of a native histogram holds at one moment, in buckets of which each has observations.
///
/// The bucket with the index `i` holds what is above `f^(i-1)` and not above `f^i`, where `f` is the factor of the schema;
/// a negative one the same with the sign turned. Beyond the bucket that the largest finite number is in, there is one for
/// what is infinite. It also has what was `NaN`.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct NativeSnapshot {
    /// The schema: that of the declaration, or a lower one where that had more buckets than are allowed.
    pub schema: i8,
    /// What is not farther from 0 than this is in the zero bucket.
    pub zero_threshold: f64,
    /// How many that are.
    pub zero_count: u64,
    /// The indices of the positive buckets, increasing, and how many observations are in each.
    pub positive: Vec<(i32, u64)>,
    /// The same of the negative buckets.
    pub negative: Vec<(i32, u64)>,
}

impl NativeSnapshot {
    /// How many observations are in the buckets.
    pub(crate) fn count(&self) -> u64 {
        let buckets = self.positive.iter().chain(&self.negative);
        buckets.fold(self.zero_count, |sum, (_, count)| sum.wrapping_add(*count))
    }
}

/// The layout of one histogram's buckets: a constant, made with the histogram.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    buckets: NativeBuckets,
    /// How many times the resolution of the finest schema is halved.
    shift: u32,
    /// The index of the last bucket that is within the zero bucket.
    zero: i32,
    /// How many buckets there are on a side; the last is that of the infinite.
    last: u32,
    /// The bits of the first value that [`quickly`](Self::quickly) places, and how many follow it until infinity.
    quick: (u64, u64),
    /// What is added to a value's bits and its step, so that they count from the first bucket once they are shifted.
    offset: u64,
    bits_shift: u32,
}

const FINEST: i8 = 8;
const COARSEST: i8 = -4;

impl Layout {
    pub(super) const fn of(buckets: NativeBuckets) -> Self {
        // What is wrong is reported by a check; here it does no harm.
        let schema = match buckets.schema {
            ..COARSEST => COARSEST,
            COARSEST..=FINEST => buckets.schema,
            _ => FINEST,
        };
        let shift = (FINEST - schema) as u32;
        let zero_threshold = if buckets.zero_threshold >= 0.0 && buckets.zero_threshold < f64::MAX {
            buckets.zero_threshold
        } else {
            0.0
        };
        let zero = coarser(finest(f64::from_bits(zero_threshold.to_bits() + 1)), shift) - 1;
        let first = zero as i64 + 1;
        let quick = if zero_threshold < f64::MIN_POSITIVE {
            f64::MIN_POSITIVE.to_bits()
        } else {
            zero_threshold.to_bits() + 1
        };
        Self {
            buckets: NativeBuckets {
                schema,
                zero_threshold,
                ..buckets
            },
            shift,
            zero,
            last: (coarser(finest(f64::MAX), shift) + 1 - zero).unsigned_abs(),
            quick: (quick, f64::INFINITY.to_bits() - quick),
            // Modulo 2⁶⁴; the sum that it is a part of is not negative, and below that.
            offset: ((((1 << shift) - 1 - ZERO_EXPONENT) << STEP) - (first << (STEP + shift))).cast_unsigned(),
            bits_shift: STEP + shift,
        }
    }

    /// What it is the layout of.
    pub(super) const fn buckets(&self) -> NativeBuckets {
        self.buckets
    }

    /// Where a value is, if it is positive and above the zero bucket, as most are: in a few instructions, none of which is a
    /// jump that depends on how large it is. `None` of everything else, for which [`spot`](Self::spot) has an answer.
    #[inline]
    pub(super) fn quickly(&self, value: f64) -> Option<Spot> {
        let bits = value.to_bits();
        let (first, count) = self.quick;
        // What is negative is far beyond the end.
        if bits.wrapping_sub(first) >= count {
            return None;
        }
        let at = bits.wrapping_add(step(bits)).wrapping_add(self.offset) >> self.bits_shift;
        Some(Spot::Positive {
            at: at as usize,
            of: self.last,
        })
    }

    /// Where a value is, whatever it is.
    pub(super) fn spot(&self, value: f64) -> Spot {
        let magnitude = value.abs();
        if magnitude <= self.buckets.zero_threshold {
            return Spot::Zero;
        }
        let of = self.last;
        let at = match magnitude < f64::INFINITY {
            true => (coarser(finest(magnitude), self.shift) - self.zero).unsigned_abs(),
            false => of,
        };
        // The first is next to the zero bucket.
        let at = at as usize - 1;
        match value < 0.0 {
            true => Spot::Negative { at, of },
            false => Spot::Positive { at, of },
        }
    }

    /// What a scrape says of buckets that were read: those of all threads, one after the other. Their counts are modulo
    /// 2⁶⁴, so that some can be taken away from others.
    pub(super) fn snapshot(&self, read: &mut Vec<(i32, u64)>, into: &mut NativeSnapshot) {
        read.sort_unstable_by_key(|(position, _)| *position);
        merge_equal(read);
        into.schema = self.buckets.schema;
        into.zero_threshold = self.buckets.zero_threshold;
        into.zero_count = 0;
        into.positive.clear();
        into.negative.clear();
        let index = |position: i32| position + self.zero;
        for (position, count) in read.iter().copied().filter(|(_, count)| *count != 0) {
            match position {
                0 => into.zero_count = count,
                1.. => into.positive.push((index(position), count)),
                _ => into.negative.push((index(-position), count)),
            }
        }
        into.negative.reverse();
        while into.positive.len() + into.negative.len() > self.buckets.max_buckets && into.schema > COARSEST {
            into.schema -= 1;
            for side in [&mut into.positive, &mut into.negative] {
                side.iter_mut().for_each(|(index, _)| *index = coarser(*index, 1));
                merge_equal(side);
            }
        }
    }
}

/// Makes neighbours of the same number one.
fn merge_equal(buckets: &mut Vec<(i32, u64)>) {
    buckets.dedup_by(|(number, count), (kept, sum)| {
        let is_same = number == kept;
        if is_same {
            *sum = sum.wrapping_add(*count);
        }
        is_same
    });
}

/// The index, in a schema that is so many lower, of the bucket that has the one of this index.
#[inline]
const fn coarser(index: i32, schemas: u32) -> i32 {
    // Rounded up, because the upper bound belongs to a bucket.
    (index + ((1 << schemas) - 1)) >> schemas
}

/// The index of a value's bucket in the finest schema, for a value above 0 that is finite.
const fn finest(value: f64) -> i32 {
    if value < f64::MIN_POSITIVE {
        const POWER: i32 = 64;
        return finest(value * (1_u128 << POWER) as f64) - POWER * BOUNDS as i32;
    }
    let bits = value.to_bits();
    (bits.wrapping_add(step(bits)) >> STEP) as i32 - ZERO_EXPONENT as i32
}

/// What makes the first bits of a positive value that is not subnormal, all but the last [`STEP`], the index of its bucket
/// in the finest schema, counted from where the exponent's bits are 0.
///
/// Bounds grow by a factor, bits between two powers of two by a sum: what is added moves the values of a cell, of which at
/// most one bound is in the middle, so that those above that bound, and no others, reach the next index.
#[inline]
const fn step(bits: u64) -> u64 {
    STEPS[(bits >> (STEP - 1)) as usize % CELLS]
}

/// How many bounds there are from one power of two to the next.
const BOUNDS: usize = 1 << FINEST;

/// What a power of two is cut into: twice as many, so that no two bounds are in one.
const CELLS: usize = 2 * BOUNDS;

const FRACTION: u32 = f64::MANTISSA_DIGITS - 1;

/// How many bits of a fraction do not count among the first [`BOUNDS`] parts of it.
const STEP: u32 = FRACTION - BOUNDS.ilog2();

/// The index, so counted, of 1.
const ZERO_EXPONENT: i64 = 1023 * BOUNDS as i64;

/// For each cell.
static STEPS: [u64; CELLS] = {
    let bounds = fractions();
    let mut steps = [0; CELLS];
    let (mut cell, mut below) = (0, 0);
    while cell < CELLS {
        let start = (cell as u64) << (STEP - 1);
        let is_within = below < BOUNDS && bounds[below] < start + (1 << (STEP - 1));
        if is_within {
            below += 1;
        }
        let index = (below as u64) << STEP;
        steps[cell] = index.wrapping_sub(if is_within { bounds[below - 1] + 1 } else { start });
        cell += 1;
    }
    steps
};

/// The bounds from 1 on, below 2: the bits of their fractions.
const fn fractions() -> [u64; BOUNDS] {
    /// 2^(1/256), of which these are the powers, times 2¹²⁷.
    const ROOT: u128 = 0x8058_d7d2_d5e5_f6b0_94d5_89f6_08ee_4aa2;
    let mut fractions = [0; BOUNDS];
    let mut power = 1_u128 << 127;
    let mut at = 0;
    while at < BOUNDS {
        // Rounded to the nearest float. No power is so near to the middle of two that its own error matters.
        fractions[at] = ((power + (1 << 74)) >> 75) as u64 & ((1 << FRACTION) - 1);
        power = times(power, ROOT);
        at += 1;
    }
    fractions
}

/// The product of two numbers that are given times 2¹²⁷, itself so; the last digits may be off.
const fn times(a: u128, b: u128) -> u128 {
    const LOW: u128 = u64::MAX as u128;
    let (a_high, a_low, b_high, b_low) = (a >> 64, a & LOW, b >> 64, b & LOW);
    (a_high * b_high + ((a_high * b_low) >> 64) + ((a_low * b_high) >> 64)) << 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(schema: i8, value: f64) -> i32 {
        coarser(finest(value), u32::from((FINEST - schema).unsigned_abs()))
    }

    /// 2^(i·2^-schema), as the standard library has it.
    fn bound(schema: i8, index: i32) -> f64 {
        (f64::from(index) * f64::from(-schema).exp2()).exp2()
    }

    #[test]
    fn bounds_are_the_powers_of_the_factor() {
        let fractions = fractions();
        for (at, fraction) in fractions.iter().enumerate() {
            let bound = f64::from_bits((1023 << 52) | fraction);
            let expected = (at as f64 / BOUNDS as f64).exp2();
            // One of the two may be rounded the other way.
            assert!(
                (bound.to_bits().abs_diff(expected.to_bits())) <= 1,
                "{at}: {bound} and {expected}"
            );
        }
        assert_eq!(f64::from_bits((1023 << 52) | fractions[128]), std::f64::consts::SQRT_2);
    }

    #[test]
    fn a_value_is_above_the_bound_below_and_not_above_its_own() {
        for schema in COARSEST..=FINEST {
            let values = (-1000..1000)
                .map(|at| 1.7_f64.powi(at))
                .filter(|value| value.is_normal());
            for value in values {
                let index = index(schema, value);
                let factor = 1.0 + 1e-12;
                assert!(
                    bound(schema, index - 1) < value * factor,
                    "{value:e} in {index} of schema {schema}"
                );
                assert!(
                    value <= bound(schema, index) * factor,
                    "{value:e} in {index} of schema {schema}"
                );
            }
        }
    }

    #[test]
    fn an_upper_bound_belongs_to_its_bucket() {
        for schema in COARSEST..=FINEST {
            for exponent in -1074..=1023 {
                let per_power = f64::from(schema).exp2();
                let value = f64::from(exponent).exp2();
                let expected = (f64::from(exponent) * per_power).ceil() as i32;
                assert_eq!(index(schema, value), expected, "2^{exponent} in schema {schema}");
                let is_bound = schema >= 0 || exponent % (1 << -schema) == 0;
                if value.is_normal() {
                    assert_eq!(
                        index(schema, value.next_up()),
                        expected + i32::from(is_bound),
                        "above 2^{exponent}"
                    );
                }
            }
        }
        let root = std::f64::consts::SQRT_2;
        assert_eq!((index(1, root), index(1, root.next_up())), (1, 2));
        assert_eq!((index(8, f64::MAX), index(-4, f64::MAX)), (1024 * 256, 64));
        assert_eq!(index(0, f64::from_bits(1)), -1074);
        assert_eq!(index(0, f64::from_bits(3)), -1072);
    }

    fn position(spot: Spot) -> i32 {
        match spot {
            Spot::Zero => 0,
            Spot::Positive { at, .. } => at as i32 + 1,
            Spot::Negative { at, .. } => -(at as i32) - 1,
        }
    }

    fn snapshot(buckets: NativeBuckets, values: &[f64]) -> NativeSnapshot {
        let layout = Layout::of(buckets);
        let mut read: Vec<_> = values.iter().map(|value| (position(layout.spot(*value)), 1)).collect();
        let mut snapshot = NativeSnapshot::default();
        layout.snapshot(&mut read, &mut snapshot);
        snapshot
    }

    #[test]
    fn everything_has_a_bucket() {
        let values = [
            0.0,
            -0.0,
            1.0,
            1.5,
            -2.0,
            -3.0,
            -2.0,
            1e-40,
            f64::MAX,
            f64::INFINITY,
            f64::NAN,
            f64::NEG_INFINITY,
        ];
        let found = snapshot(NativeBuckets::new().with_schema(0), &values);
        assert_eq!(
            (found.schema, found.zero_count, found.count()),
            (0, 3, values.len() as u64)
        );
        assert_eq!(found.positive, [(0, 1), (1, 1), (1024, 1), (1025, 2)]);
        assert_eq!(found.negative, [(1, 2), (2, 1), (1025, 1)]);
    }

    #[test]
    fn what_is_placed_quickly_is_where_it_should_be() {
        let fractions = fractions();
        let bounds = [-1074, -1030, -1023, -1022, -129, -128, -1, 0, 1, 1022, 1023]
            .iter()
            .flat_map(|&exponent| {
                let power = 2_f64.powi(exponent);
                let one = 1.0_f64.to_bits();
                fractions.map(|fraction| f64::from_bits(one | fraction) * power)
            });
        let odd = (-1000..1000).map(|at| 1.7_f64.powi(at));
        let values: Vec<f64> = bounds
            .chain(odd)
            .chain([f64::MIN_POSITIVE, f64::MAX])
            .flat_map(|value| [value.next_down(), value, value.next_up()])
            .collect();
        for schema in COARSEST..=FINEST {
            for threshold in [0.0, 1e-320, 1e-300, NativeBuckets::new().zero_threshold, 0.75, 1e308] {
                let layout = Layout::of(NativeBuckets::new().with_schema(schema).with_zero_threshold(threshold));
                for &value in &values {
                    let is_quick = value.is_normal() && value > threshold;
                    let expected = is_quick.then(|| layout.spot(value));
                    assert_eq!(layout.quickly(value), expected, "{value:e} in schema {schema}");
                    assert_eq!(layout.quickly(-value), None);
                }
                for value in [0.0, f64::INFINITY, f64::NAN, -f64::NAN, f64::NEG_INFINITY] {
                    assert_eq!(layout.quickly(value), None);
                }
            }
        }
    }

    #[test]
    fn the_zero_bucket_is_as_wide_as_it_is_told() {
        for (threshold, zeros) in [(0.0, 1), (1e-300, 2), (0.5, 3), (0.75, 4)] {
            let buckets = NativeBuckets::new().with_zero_threshold(threshold);
            let found = snapshot(buckets, &[0.0, 5e-324, 0.5, 0.75, -0.8]);
            assert_eq!((found.zero_count, found.count()), (zeros, 5), "{threshold}");
        }
    }

    #[test]
    fn too_many_buckets_are_merged_until_there_are_few_enough() {
        let values: Vec<f64> = (0..1000).map(|at| 1.01_f64.powi(at)).collect();
        let all = snapshot(NativeBuckets::new().with_schema(8).with_max_buckets(10_000), &values);
        assert_eq!(all.schema, 8);
        for (most, schema) in [(160, 3), (60, 2), (16, 0), (5, -2), (1, -4)] {
            let few = snapshot(NativeBuckets::new().with_schema(8).with_max_buckets(most), &values);
            assert_eq!((few.schema, few.count()), (schema, 1000), "{most}");
            assert!(few.positive.len() <= most || schema == COARSEST);
            // As if they had been recorded so.
            let direct = snapshot(
                NativeBuckets::new().with_schema(schema).with_max_buckets(10_000),
                &values,
            );
            assert_eq!(few, direct, "{most}");
        }
    }

    #[test]
    fn what_was_before_is_taken_away() {
        let layout = Layout::of(NativeBuckets::new());
        let mut read = vec![
            (5, 3),
            (-1, 2),
            (0, 4),
            (5, 2),
            (0, 4_u64.wrapping_neg()),
            (5, 1_u64.wrapping_neg()),
        ];
        let mut found = NativeSnapshot::default();
        layout.snapshot(&mut read, &mut found);
        assert_eq!((found.zero_count, found.count()), (0, 6));
        assert_eq!(
            (found.positive.len(), found.positive[0].1, found.negative[0].1),
            (1, 4, 2)
        );
    }
}
