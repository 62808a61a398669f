//! Which bucket a value falls into.

/// The bucket bounds of one histogram, and where among them to look for a value: a constant, made with the histogram.
///
/// The bits of a positive float grow as it does. What lies between the first bound and the last is cut into cells of
/// 2ⁿ neighbouring floats, so small that bounds seldom share one, and a table says for each cell which bound a value in
/// it must be compared with. So a search is one comparison however many bounds there are, and has no branch that depends
/// on the value.
#[derive(Debug)]
pub(super) struct Bounds<const N: usize> {
    bounds: [f64; N],
    /// Where the first cell begins, never below 0. What is smaller is in the first cell, what is beyond all in the last:
    /// they are moved there as integers, which takes less time than with floats.
    start: i64,
    /// A cell is 2ⁿ floats: this is n.
    shift: u32,
    /// For each cell the one bound in it or, where there is none, the first above it (the last, where none is above);
    /// [`SEVERAL`] where there are more.
    compare_with: [[u16; CELLS]; N],
}

/// How many cells there are for each bound: enough that the bounds 1, 2, 3, … 1000 have one each.
const CELLS: usize = 8;

/// In place of a bound's number.
const SEVERAL: u16 = u16::MAX;

impl<const N: usize> Bounds<N> {
    /// For bounds that are finite and increase.
    pub(super) const fn new(bounds: &[f64; N]) -> Self {
        let mut this = Self {
            bounds: *bounds,
            start: 0,
            shift: 0,
            compare_with: [[SEVERAL; CELLS]; N],
        };
        // Bounds that do not increase are reported by a check; here they do no harm.
        if N > 0 && bounds[0] > 0.0 {
            this.start = bits(bounds[0]);
        }
        let cells = N * CELLS;
        while N > 0 && this.unlimited_cell(bounds[N - 1]) >= cells {
            this.shift += 1;
        }
        let (mut cell, mut at) = (0, 0);
        while cell < cells {
            let first = at;
            while at < N && this.unlimited_cell(bounds[at]) == cell {
                at += 1;
            }
            // Above the last bound the comparison with it is as good as any.
            let compare_with = if first < N { first } else { N - 1 };
            if at - first <= 1 && compare_with < SEVERAL as usize {
                this.compare_with[cell / CELLS][cell % CELLS] = compare_with as u16;
            }
            cell += 1;
        }
        this
    }

    /// The bucket of a value that is finite: the first whose bound is not below it; `N` where all are. `None` for the few
    /// that one comparison does not place.
    #[inline]
    pub(super) fn quickly(&self, value: f64) -> Option<usize> {
        if N == 0 {
            return Some(0);
        }
        let at = *self.compare_with.as_flattened().get(self.cell(value))?;
        // Otherwise there is no such bound anyway.
        if N > SEVERAL as usize && at == SEVERAL {
            return None;
        }
        let at = usize::from(at);
        Some(at + usize::from(*self.bounds.get(at)? < value))
    }

    /// The bucket of any value. `NaN` is above every bound.
    pub(super) fn bucket(&self, value: f64) -> usize {
        #[allow(clippy::neg_cmp_op_on_partial_ord, reason = "a NaN is above every bound")]
        self.bounds.partition_point(|bound| !(value <= *bound))
    }

    #[inline]
    fn cell(&self, value: f64) -> usize {
        self.unlimited_cell(value).min((N * CELLS).saturating_sub(1))
    }

    #[inline]
    const fn unlimited_cell(&self, value: f64) -> usize {
        let bits = bits(value);
        let bits = if bits > self.start { bits } else { self.start };
        ((bits - self.start) >> self.shift) as usize
    }
}

/// They order positive floats as numbers do, and are negative where the float is.
const fn bits(value: f64) -> i64 {
    value.to_bits().cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a bucket is, word by word.
    fn by_definition(bounds: &[f64], value: f64) -> usize {
        bounds.iter().position(|bound| value <= *bound).unwrap_or(bounds.len())
    }

    /// Bit patterns in no order, the same each time.
    fn patterns() -> impl Iterator<Item = f64> {
        let mut state = 0x9E37_79B9_7F4A_7C15_u64;
        std::iter::repeat_with(move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            f64::from_bits(state)
        })
    }

    fn assert_exact<const N: usize>(bounds: &[f64; N]) -> Bounds<N> {
        let search = Bounds::new(bounds);
        let powers = (-1074..1024).map(|exponent| 2_f64.powi(exponent));
        let special = [
            0.0,
            f64::MIN_POSITIVE,
            f64::MAX,
            f64::INFINITY,
            f64::NAN,
            f64::from_bits(1),
        ];
        // Patterns seldom lie between the bounds.
        let (low, high) = (bounds[0], bounds[N - 1]);
        let between = patterns().take(20_000).map(|value| low + value.abs() % (high - low));
        for value in bounds
            .iter()
            .copied()
            .chain(special)
            .chain(powers)
            .chain(between)
            .chain(patterns().take(20_000))
        {
            for value in [value, value.next_up(), value.next_down()] {
                for value in [value, -value] {
                    let expected = by_definition(bounds, value);
                    let found = search.quickly(value).filter(|_| value.is_finite());
                    assert!(
                        found.is_none_or(|found| found == expected),
                        "{value:e} in {found:?} of {bounds:?}"
                    );
                    assert_eq!(search.bucket(value), expected, "{value:e} of {bounds:?}");
                }
            }
        }
        search
    }

    fn assert_exact_and_quick<const N: usize>(bounds: &[f64; N]) {
        let search = assert_exact(bounds);
        let slow = bounds.iter().find(|bound| search.quickly(**bound).is_none());
        assert_eq!(slow, None, "of {bounds:?}");
        assert!(search.quickly(0.0).is_some() && search.quickly(-1.0).is_some() && search.quickly(f64::MAX).is_some());
    }

    #[test]
    fn usual_bounds_are_found_by_one_comparison() {
        assert_exact_and_quick(&[0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0]);
        assert_exact_and_quick(&[1.0, 2.0, 4.0, 6.0, 8.0, 10.0, 15.0]);
        assert_exact_and_quick(&[0.0]);
        assert_exact_and_quick(&[1.0]);
        assert_exact_and_quick(&[0.0, 1.0]);
        assert_exact_and_quick(&[1e-9, 1e9]);
        assert_exact_and_quick(&[1e3, 1e4, 1e5, 1e6]);
        // Even steps, and even ratios, of which each power of two has many.
        assert_exact_and_quick::<1000>(&std::array::from_fn(|at| (at + 1) as f64));
        assert_exact_and_quick::<100>(&std::array::from_fn(|at| 0.01 * (at + 1) as f64));
        assert_exact_and_quick::<300>(&std::array::from_fn(|at| 1e-6 * 1.1_f64.powi(at as i32)));
    }

    #[test]
    fn odd_bounds_are_found_exactly() {
        assert_exact(&[-10.0, -1.0, -0.0, 1.0, 10.0]);
        assert_exact(&[-3.0, -2.0, -1.0]);
        assert_exact(&[-1.0]);
        assert_exact(&[-0.0, 1.0]);
        assert_exact(&[f64::MIN, 0.0, f64::MAX]);
        assert_exact(&[f64::from_bits(1), f64::from_bits(2), f64::MIN_POSITIVE, 1.0, f64::MAX]);
        assert_exact(&[1.0, 1.0_f64.next_up(), 1e300]);
        assert_exact(&[f64::MAX.next_down(), f64::MAX]);
        let mut bounds: [f64; 500] = [0.0; 500];
        bounds.fill_with({
            let mut finite = patterns().filter(|value| value.is_finite());
            move || finite.next().expect("patterns do not end")
        });
        bounds.sort_by(f64::total_cmp);
        assert_exact(&bounds);
    }

    #[test]
    fn more_bounds_than_the_table_can_name_are_found_exactly() {
        const MANY: usize = 66_000;
        let work = || {
            let bounds: [f64; MANY] = std::array::from_fn(|at| at as f64);
            let search = Bounds::new(&bounds);
            for value in [
                0.5, 65_533.5, 65_534.0, 65_534.5, 65_535.0, 65_535.5, 65_999.0, 70_000.0,
            ] {
                let found = search.quickly(value).unwrap_or_else(|| search.bucket(value));
                assert_eq!(found, by_definition(&bounds, value), "{value}");
            }
        };
        // They lie on the stack.
        let thread = std::thread::Builder::new().stack_size(64 << 20).spawn(work);
        thread.expect("a thread starts").join().expect("every value is found");
    }
}
