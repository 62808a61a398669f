//! Numbers as the exposition formats want them.
//!
//! Two forms exist. A **sample value** may be anything that Go's `ParseFloat` reads
//! (<https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format>), so the
//! shortest digits are written. A **label value** that is a number (`le`, `quantile`) is an
//! identity: two spellings are two series. It is written in the canonical form of OpenMetrics
//! (<https://prometheus.io/docs/specs/om/open_metrics_spec/#considerations-canonical-numbers>), to
//! which Prometheus 3 rewrites every `le` that it scrapes.

/// Appends an unsigned integer. (A catalog writes most counts in place.)
pub(crate) fn write_u64(out: &mut Vec<u8>, value: u64) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

/// Appends a signed integer.
pub(crate) fn write_i64(out: &mut Vec<u8>, value: i64) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

/// Appends a sample value: the shortest digits that read back as the same float; an integer
/// without a fraction; `NaN`, `+Inf` or `-Inf`.
pub(crate) fn write_f64(out: &mut Vec<u8>, value: f64) {
    with_f64(value, |text| out.extend_from_slice(text));
}

/// Shows the text of a sample value (see [`write_f64`]) to `write`.
pub(super) fn with_f64<R>(value: f64, write: impl FnOnce(&[u8]) -> R) -> R {
    // Counts and sizes are integers held in a float nearly always. The cast is exact; the comparison of bits leaves out
    // -0.0, whose sign an integer would lose.
    let integer = value as i64;
    if integer.unsigned_abs() < EXACT_IN_F64 && (integer as f64).to_bits() == value.to_bits() {
        write(itoa::Buffer::new().format(integer).as_bytes())
    } else if value.is_finite() {
        write(zmij::Buffer::new().format_finite(value).as_bytes())
    } else {
        write(non_finite(value))
    }
}

/// 2⁵³: every whole number below it is a float.
pub(super) const EXACT_IN_F64: u64 = 1 << 53;

/// Appends the value of an `le` or `quantile` label in OpenMetrics' canonical form: what Go's
/// `strconv.FormatFloat(value, 'g', -1, 64)` gives, with `.0` where that has neither `.` nor `e`.
/// So `8.0`, `0.005`, `1e+06`, `+Inf`. Both zeros are `0.0`, as in Prometheus.
pub(crate) fn write_canonical_f64(out: &mut Vec<u8>, value: f64) {
    if value == 0.0 {
        return out.extend_from_slice(b"0.0");
    }
    if !value.is_finite() {
        return out.extend_from_slice(non_finite(value));
    }
    let mut buffer = zmij::Buffer::new();
    let shortest = buffer.format_finite(value);
    // Go leaves the exponent away where it is from -4 to 5. There zmij does so too, and writes a
    // fraction always, which is just what is wanted.
    if (1e-4..1e6).contains(&value.abs()) {
        out.extend_from_slice(shortest.as_bytes());
    } else {
        write_scientific(out, shortest);
    }
}

fn non_finite(value: f64) -> &'static [u8] {
    if value.is_nan() {
        b"NaN"
    } else if value > 0.0 {
        b"+Inf"
    } else {
        b"-Inf"
    }
}

/// Rewrites the decimal `number`, which is not zero, as Go's `%e` with the same digits: one digit
/// before the point, no trailing zeros, a sign and at least two digits in the exponent.
fn write_scientific(out: &mut Vec<u8>, number: &str) {
    let (sign, number) = match number.strip_prefix('-') {
        Some(positive) => ("-", positive),
        None => ("", number),
    };
    let (mantissa, exponent) = number.split_once('e').unwrap_or((number, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));

    let digits = || whole.bytes().chain(fraction.bytes());
    let leading_zeros = digits().take_while(|&digit| digit == b'0').count();
    let significant = digits()
        .rev()
        .skip_while(|&digit| digit == b'0')
        .count()
        .saturating_sub(leading_zeros);
    // The text comes from zmij, so the exponent is a small number; 0 cannot occur.
    let exponent = exponent.parse::<i64>().unwrap_or(0) + whole.len() as i64 - 1 - leading_zeros as i64;

    out.extend_from_slice(sign.as_bytes());
    for (position, digit) in digits().skip(leading_zeros).take(significant).enumerate() {
        if position == 1 {
            out.push(b'.');
        }
        out.push(digit);
    }
    out.extend_from_slice(if exponent < 0 { b"e-" } else { b"e+" });
    if exponent.abs() < 10 {
        out.push(b'0');
    }
    write_i64(out, exponent.abs());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(value: f64) -> String {
        let mut out = Vec::new();
        write_f64(&mut out, value);
        String::from_utf8(out).unwrap()
    }

    fn canonical(value: f64) -> String {
        let mut out = Vec::new();
        write_canonical_f64(&mut out, value);
        String::from_utf8(out).unwrap()
    }

    /// A stream of floats over the whole range, the same in every run (splitmix64).
    fn floats() -> impl Iterator<Item = f64> {
        let mut state = 0x5eed_u64;
        let mut next = move || {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut mixed = state;
            mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            mixed ^ (mixed >> 31)
        };
        (0..100_000).map(move |step| match step % 4 {
            // Any bits: mostly huge and tiny numbers.
            0 => f64::from_bits(next()),
            // Decimals with few digits around the places where the notation changes.
            1 => (next() % 10_000) as f64 * 10_f64.powi((next() % 24) as i32 - 12),
            // Integers.
            2 => (next() >> (next() % 64)) as f64,
            // Subnormals.
            _ => f64::from_bits(next() >> 12),
        })
    }

    /// The shortest digits as `d.ddde±n`. Rust rounds up where two shortest numbers are equally near
    /// (2132486510741884.25), Go and zmij round to even: `{:.n$e}`, which knows the exact value, does
    /// too. It is taken where it reads back.
    fn shortest(value: f64) -> String {
        let rust = format!("{value:e}");
        let digits = rust.split_once('e').unwrap().0;
        let after_point = digits.split_once('.').map_or(0, |(_, fraction)| fraction.len());
        let even = format!("{value:.after_point$e}");
        if even.parse() == Ok(value) { even } else { rust }
    }

    /// What Go does, written a second time from the source of `strconv` (`%e` where the exponent is
    /// under -4 or over 5, else `%f`).
    fn go_canonical(value: f64) -> String {
        if value == 0.0 {
            return "0.0".to_owned();
        }
        let scientific = shortest(value);
        let (mantissa, exponent) = scientific.split_once('e').unwrap();
        let exponent: i32 = exponent.parse().unwrap();
        if (-4..6).contains(&exponent) {
            let plain = format!("{value}");
            if plain.contains('.') { plain } else { plain + ".0" }
        } else {
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{mantissa}e{sign}{:02}", exponent.abs())
        }
    }

    #[test]
    #[allow(clippy::excessive_precision, reason = "the digits are those of Go's table")]
    fn the_canonical_form_is_the_one_that_go_publishes() {
        // Rows of strconv/ftoa_test.go with format 'g' and precision -1, and `.0` where it has
        // neither `.` nor `e`.
        for (value, expected) in [
            (1.0, "1.0"),
            (20.0, "20.0"),
            (1234567.8, "1.2345678e+06"),
            (200000.0, "200000.0"),
            (2000000.0, "2e+06"),
            (0.0, "0.0"),
            (-1.0, "-1.0"),
            (12.0, "12.0"),
            (123456700.0, "1.234567e+08"),
            (1e23, "1e+23"),
            (99999999999999974834176.0, "9.999999999999997e+22"),
            (100000000000000008388608.0, "1.0000000000000001e+23"),
            (5e-324, "5e-324"),
            (-5e-324, "-5e-324"),
            (32.0, "32.0"),
            (f64::NAN, "NaN"),
            (-f64::NAN, "NaN"),
            (f64::INFINITY, "+Inf"),
            (f64::NEG_INFINITY, "-Inf"),
            (2.2250738585072012e-308, "2.2250738585072014e-308"),
            (2.2250738585072011e-308, "2.225073858507201e-308"),
            (383260575764816448.0, "3.8326057576481645e+17"),
            (-5.8339553793802237e+23, "-5.8339553793802237e+23"),
        ] {
            assert_eq!(canonical(value), expected);
        }
    }

    #[test]
    #[allow(clippy::excessive_precision, reason = "one of them is a tie between shortest digits")]
    fn the_canonical_form_of_bounds_that_people_write() {
        for (value, expected) in [
            (0.005, "0.005"),
            (0.01, "0.01"),
            (0.1, "0.1"),
            (0.25, "0.25"),
            (0.5, "0.5"),
            (0.99, "0.99"),
            (0.999, "0.999"),
            (2.5, "2.5"),
            (8.0, "8.0"),
            (10.0, "10.0"),
            (-0.0, "0.0"),
            (0.001, "0.001"),
            (0.0001, "0.0001"),
            (0.00012, "0.00012"),
            (0.00001, "1e-05"),
            (0.000015, "1.5e-05"),
            (1e-9, "1e-09"),
            (1e-10, "1e-10"),
            (1e5, "100000.0"),
            (123456.0, "123456.0"),
            (123456.7, "123456.7"),
            (999999.0, "999999.0"),
            (1e6, "1e+06"),
            (1048576.0, "1.048576e+06"),
            (1234567.0, "1.234567e+06"),
            (1e9, "1e+09"),
            (1073741824.0, "1.073741824e+09"),
            (1e10, "1e+10"),
            (1e15, "1e+15"),
            (1e16, "1e+16"),
            (1e20, "1e+20"),
            (1e21, "1e+21"),
            (1e22, "1e+22"),
            (1e100, "1e+100"),
            (f64::MIN_POSITIVE, "2.2250738585072014e-308"),
            (f64::MAX, "1.7976931348623157e+308"),
            (-2.5e-7, "-2.5e-07"),
            // Exactly between two shortest numbers: to even.
            (2132486510741884.25, "2.1324865107418842e+15"),
            (-1234567.0, "-1.234567e+06"),
        ] {
            assert_eq!(canonical(value), expected);
        }
    }

    #[test]
    fn the_canonical_form_agrees_with_go_everywhere() {
        for value in floats().filter(|value| value.is_finite()) {
            assert_eq!(canonical(value), go_canonical(value), "{value:e}");
        }
        // Neighbours of the places where the notation changes.
        for edge in [1e-5_f64, 1e-4, 1e5, 1e6, 1e15, 1e16, 1e17, 1e21] {
            for bits in edge.to_bits() - 3..=edge.to_bits() + 3 {
                let value = f64::from_bits(bits);
                assert_eq!(canonical(value), go_canonical(value));
                assert_eq!(canonical(-value), go_canonical(-value));
            }
        }
    }

    #[test]
    fn sample_values() {
        for (value, expected) in [
            (0.0, "0"),
            (-0.0, "-0.0"),
            (1.0, "1"),
            (-17.0, "-17"),
            (0.1, "0.1"),
            (3.25, "3.25"),
            (123456.0, "123456"),
            (1234567.0, "1234567"),
            (1e15, "1000000000000000"),
            (9007199254740991.0, "9007199254740991"),
            (f64::NAN, "NaN"),
            (f64::INFINITY, "+Inf"),
            (f64::NEG_INFINITY, "-Inf"),
        ] {
            assert_eq!(sample(value), expected);
        }
    }

    #[test]
    fn numbers_read_back_as_the_same_bits() {
        for value in floats().filter(|value| !value.is_nan()) {
            let read: f64 = sample(value).parse().unwrap();
            assert_eq!(read.to_bits(), value.to_bits(), "{value:e}");
            let read: f64 = canonical(value).parse().unwrap();
            assert_eq!(read, value, "{value:e}");
        }
    }

    #[test]
    fn numbers_have_only_what_the_formats_allow() {
        // A decimal number: sign, digits with at most one point, exponent with sign or without.
        let is_decimal = |text: &str| {
            let text = text.strip_prefix('-').unwrap_or(text);
            let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
            let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
            [whole, fraction, exponent]
                .iter()
                .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
        };
        for value in floats().filter(|value| value.is_finite()) {
            assert!(is_decimal(&sample(value)), "{}", sample(value));
            assert!(is_decimal(&canonical(value)), "{}", canonical(value));
        }
    }

    #[test]
    fn integers_of_every_size() {
        let mut out = Vec::new();
        write_u64(&mut out, u64::MAX);
        out.push(b' ');
        write_i64(&mut out, i64::MIN);
        out.push(b' ');
        write_u64(&mut out, 0);
        assert_eq!(out, b"18446744073709551615 -9223372036854775808 0");
    }
}
