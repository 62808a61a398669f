//! Bucket bounds that follow a rule, as constants.

/// `N` bounds: `start`, and each `width` above the one before.
///
/// ```
/// use enumetrics_runtime::buckets;
///
/// const FILL: [f64; 4] = buckets::linear(0.1, 0.2);
/// assert_eq!(FILL, [0.1, 0.3, 0.5, 0.7]);
/// ```
///
/// A bound is rounded to 12 significant digits, so that it reads in a scrape and in a query as one would write it:
/// `le="0.3"`, and not `le="0.30000000000000004"`.
///
/// # Panics
///
/// When `width` is not above 0, or a number is not finite: in a constant, the compiler says so.
#[must_use]
#[track_caller]
#[allow(clippy::cast_precision_loss, reason = "there are few bounds")]
pub const fn linear<const N: usize>(start: f64, width: f64) -> [f64; N] {
    assert!(
        start.is_finite() && width.is_finite(),
        "bounds are finite numbers [bucket-bound]"
    );
    assert!(width > 0.0, "the width of a bucket must be above 0 [bucket-bound]");
    let mut bounds = [0.0; N];
    let mut at = 0;
    while at < N {
        bounds[at] = rounded(start + width * at as f64);
        at += 1;
    }
    bounds
}

/// `N` bounds: `start`, and each `factor` times the one before.
///
/// ```
/// use enumetrics_runtime::buckets;
///
/// const LATENCY: [f64; 5] = buckets::exponential(0.001, 10.0);
/// assert_eq!(LATENCY, [0.001, 0.01, 0.1, 1.0, 10.0]);
/// ```
///
/// A bound is rounded to 12 significant digits, as [`linear`] does it.
///
/// # Panics
///
/// When `start` is not above 0, `factor` not above 1, or a number is not finite: in a constant, the compiler says so.
#[must_use]
#[track_caller]
pub const fn exponential<const N: usize>(start: f64, factor: f64) -> [f64; N] {
    assert!(
        start.is_finite() && factor.is_finite(),
        "bounds are finite numbers [bucket-bound]"
    );
    assert!(
        start > 0.0,
        "the first of exponential bounds must be above 0 [bucket-bound]"
    );
    assert!(
        factor > 1.0,
        "the factor of exponential bounds must be above 1 [bucket-bound]"
    );
    let mut bounds = [0.0; N];
    let mut exact = start;
    let mut at = 0;
    while at < N {
        bounds[at] = rounded(exact);
        exact *= factor;
        at += 1;
    }
    bounds
}

/// The number with 12 significant digits.
const fn rounded(number: f64) -> f64 {
    const SMALLEST: f64 = 1e11;
    const LARGEST: f64 = 1e12;
    // Powers of ten are exact up to 10²², and so is the rounded number: one division or multiplication by such a power
    // gives the float that is nearest to the decimal. Beyond, numbers stay as they are.
    let mut scaled = number.abs();
    let mut power = 1.0_f64;
    if scaled == 0.0 || scaled < 1e-11 || scaled >= 1e22 {
        return number;
    }
    let is_small = scaled < SMALLEST;
    while scaled < SMALLEST {
        power *= 10.0;
        scaled = number.abs() * power;
    }
    while scaled >= LARGEST {
        power *= 10.0;
        scaled = number.abs() / power;
    }
    let digits = scaled.round();
    let rounded = if is_small { digits / power } else { digits * power };
    rounded.copysign(number)
}

#[cfg(test)]
mod tests {
    use super::{exponential, linear, rounded};

    #[test]
    fn bounds_read_as_one_would_write_them() {
        assert_eq!(linear::<5>(0.1, 0.1), [0.1, 0.2, 0.3, 0.4, 0.5]);
        assert_eq!(linear::<3>(-1.0, 0.5), [-1.0, -0.5, 0.0]);
        assert_eq!(exponential::<6>(0.001, 10.0), [0.001, 0.01, 0.1, 1.0, 10.0, 100.0]);
        assert_eq!(exponential::<4>(0.0001, 4.0), [0.0001, 0.0004, 0.0016, 0.0064]);
        assert_eq!(exponential::<12>(1.1, 1.1)[11], 3.13842837672);
        assert!(linear::<0>(0.0, 1.0).is_empty());
    }

    #[test]
    fn rounding_keeps_what_has_few_digits() {
        for text in [
            "1e-9",
            "0.025",
            "0.1",
            "1",
            "15",
            "1e3",
            "123456789.125",
            "1e12",
            "5e20",
            "-2.5",
        ] {
            let number: f64 = text.parse().unwrap();
            assert_eq!(rounded(number), number, "{text}");
        }
        assert_eq!(rounded(0.1 + 0.2), 0.3);
        assert_eq!(rounded(123_456_789_012_345.0), 123_456_789_012_000.0);
        for far in [0.0, 1e-300, 1e300] {
            assert_eq!(rounded(far), far);
        }
    }
}
