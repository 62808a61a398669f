//! Numbers and durations.

use crate::token::TokenKind;

pub(super) const ADVICE: &str =
    "numbers are written 1.5, 1e3, 1_000 or 0x1F, durations 1h30m, with the units y, w, d, h, m, s and ms";

/// What stands at the beginning of `text`, and how many bytes of it.
///
/// These are the rules of Prometheus' own scanner, oddities included (`0x1e` at the end of a text is none to it), so
/// that both accept the same. What is scanned need not have a value: that is for [`parse_number`] and
/// [`parse_duration`] to say.
pub(super) fn scan(text: &str) -> (Option<TokenKind>, usize) {
    let mut scanner = Scanner {
        bytes: text.as_bytes(),
        at: 0,
    };
    let kind = if scanner.number() {
        Some(TokenKind::Number)
    } else if scanner.rest_of_duration() {
        Some(TokenKind::Duration)
    } else {
        None
    };
    (kind, scanner.at)
}

struct Scanner<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Scanner<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn is(&self, set: &dyn Fn(u8) -> bool) -> bool {
        self.peek().is_some_and(set)
    }

    fn accept(&mut self, set: &dyn Fn(u8) -> bool) -> bool {
        let accepted = self.is(set);
        self.at += usize::from(accepted);
        accepted
    }

    fn number(&mut self) -> bool {
        let hex = self.accept(&|byte| byte == b'0') && self.accept(&|byte| matches!(byte, b'x' | b'X'));
        let digit = |byte: u8| byte.is_ascii_digit() || (hex && byte.is_ascii_hexdigit());
        let exponent = |byte: u8| matches!(byte, b'e' | b'E');
        if hex {
            self.accept(&|byte| byte == b'_');
        }
        self.accept(&|byte| byte == b'.');
        self.accept(&digit);
        let (mut dots, mut exponents) = (0, 0);
        while self.is(&|byte| digit(byte) || exponent(byte) || matches!(byte, b'.' | b'_')) {
            if self.is(&|byte| byte == b'.') {
                dots += 1;
                self.at += 1;
                if dots > 1 || hex || self.is(&|byte| matches!(byte, b'_' | b'.')) {
                    return false;
                }
            } else if self.is(&exponent) {
                exponents += 1;
                self.at += 1;
                if exponents > 1 {
                    return false;
                }
                self.accept(&|byte| matches!(byte, b'+' | b'-'));
                if self.peek().is_none() || self.is(&|byte| exponent(byte) || matches!(byte, b'.' | b'_')) {
                    return false;
                }
            } else if self.accept(&|byte| byte == b'_') {
                if self.peek().is_none() || self.is(&|byte| exponent(byte) || matches!(byte, b'.' | b'_')) {
                    return false;
                }
            } else {
                while self.accept(&digit) {}
            }
        }
        !self.is(&is_word)
    }

    /// The unit after the digits that [`Self::number`] has read, then more digits with units.
    fn rest_of_duration(&mut self) -> bool {
        let unit = |byte: u8| matches!(byte, b's' | b'm' | b'h' | b'd' | b'w');
        if !self.accept(&|byte| unit(byte) || byte == b'y') {
            return false;
        }
        self.accept(&|byte| byte == b's');
        while self.accept(&|byte| byte.is_ascii_digit()) {
            while self.accept(&|byte| byte.is_ascii_digit()) {}
            if !self.accept(&unit) {
                return false;
            }
            self.accept(&|byte| byte == b's');
        }
        !self.is(&is_word)
    }
}

fn is_word(byte: u8) -> bool {
    byte == b'_' || byte.is_ascii_alphanumeric()
}

/// The value of a number as Go reads it: first as an integer in the base that its prefix says, `017` is fifteen, and
/// where that fails as a float.
pub(crate) fn parse_number(text: &str) -> Option<f64> {
    parse_integer(text).map_or_else(|| parse_float(text), |integer| Some(integer as f64))
}

fn parse_integer(text: &str) -> Option<i64> {
    if !underscores_separate_digits(text) {
        return None;
    }
    let digits = text.replace('_', "");
    match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => i64::from_str_radix(&digits[2..], 16).ok(),
        [b'0', _, ..] => i64::from_str_radix(&digits[1..], 8).ok(),
        _ => digits.parse().ok(),
    }
}

fn parse_float(text: &str) -> Option<f64> {
    if !underscores_separate_digits(text) {
        return None;
    }
    let value: f64 = text.replace('_', "").parse().ok()?;
    // Too large is an error, if the number isn't one by name.
    (value.is_finite() || text.eq_ignore_ascii_case("inf") || text.eq_ignore_ascii_case("nan")).then_some(value)
}

/// An underscore has a digit on both sides, or a base prefix before it.
fn underscores_separate_digits(text: &str) -> bool {
    let bytes = text.as_bytes();
    let hex = matches!(bytes, [b'0', b'x' | b'X', ..]);
    bytes.iter().enumerate().all(|(at, &byte)| {
        let digit = |at: usize| {
            bytes
                .get(at)
                .is_some_and(|&byte| byte.is_ascii_digit() || (hex && byte.is_ascii_hexdigit()))
        };
        byte != b'_' || (at > 0 && (digit(at - 1) || (hex && at == 2)) && digit(at + 1))
    })
}

const MILLISECOND: u64 = 1_000_000;
const UNITS: [(&str, u64); 7] = [
    ("y", 365 * 24 * 3_600_000 * MILLISECOND),
    ("w", 7 * 24 * 3_600_000 * MILLISECOND),
    ("d", 24 * 3_600_000 * MILLISECOND),
    ("h", 3_600_000 * MILLISECOND),
    ("m", 60_000 * MILLISECOND),
    ("s", 1_000 * MILLISECOND),
    ("ms", MILLISECOND),
];

/// `1h30m` in seconds: units from large to small, each once.
pub(crate) fn parse_duration(text: &str) -> Result<f64, String> {
    let mut rest = text;
    let mut nanoseconds = 0_u64;
    let mut units = UNITS.iter();
    let out_of_range = || format!("the duration `{text}` is longer than 292 years");
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, after) = rest.split_at(digits);
        let letters = after.bytes().take_while(|byte| !byte.is_ascii_digit()).count();
        let (unit, after) = after.split_at(letters);
        rest = after;
        if !UNITS.iter().any(|&(name, _)| name == unit) || number.is_empty() {
            return Err(format!(
                "`{text}` is not a duration: the units are y, w, d, h, m, s and ms, each with a whole number"
            ));
        }
        let Some(&(_, length)) = units.find(|&&(name, _)| name == unit) else {
            return Err(format!(
                "the units of `{text}` are out of order: from large to small, each once, as in `1h30m`"
            ));
        };
        let part = number.parse().ok().and_then(|number: u64| number.checked_mul(length));
        nanoseconds = part
            .and_then(|part| nanoseconds.checked_add(part))
            .filter(|&sum| i64::try_from(sum).is_ok())
            .ok_or_else(out_of_range)?;
    }
    Ok(seconds(nanoseconds))
}

/// As Go does it: a float division of everything at once rounds otherwise.
fn seconds(nanoseconds: u64) -> f64 {
    const SECOND: u64 = 1_000 * MILLISECOND;
    (nanoseconds / SECOND) as f64 + (nanoseconds % SECOND) as f64 / SECOND as f64
}

/// A duration that reads as exactly `seconds`; `None` where there is none, as for 1.5 ms.
///
/// Years and weeks only where they leave no remainder, as Prometheus does: 90d is easier to read than 12w6d.
pub(crate) fn format_duration(seconds: f64) -> Option<String> {
    // Up to Go's longest duration. (No float is rounded: what isn't exact is found out at the end.)
    if !(0.0..9.3e9).contains(&seconds) {
        return None;
    }
    if seconds == 0.0 {
        return seconds.is_sign_positive().then(|| "0s".to_owned());
    }
    let mut rest = (seconds * 1e3).round() as u64 * MILLISECOND;
    let mut text = String::new();
    for (unit, length) in UNITS {
        let exact_only = matches!(unit, "y" | "w");
        if rest >= length && (!exact_only || rest.is_multiple_of(length)) {
            text += &format!("{}{unit}", rest / length);
            rest %= length;
        }
    }
    (parse_duration(&text) == Ok(seconds)).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::{format_duration, parse_duration, parse_number, scan};
    use crate::token::TokenKind;

    #[test]
    fn scans_what_prometheus_scans() {
        let number = Some(TokenKind::Number);
        let duration = Some(TokenKind::Duration);
        for (text, expected) in [
            ("1", (number, 1)),
            ("1.5e-3 ", (number, 6)),
            (".5)", (number, 2)),
            ("1.", (number, 2)),
            ("0x1F", (number, 4)),
            ("0x1e+1", (number, 6)),
            ("0x1e ", (number, 4)),
            ("0x1e", (None, 4)),
            ("1_000", (number, 5)),
            ("1_", (None, 2)),
            ("1_ ", (number, 2)),
            ("1e", (None, 2)),
            ("1..2", (None, 2)),
            ("5m", (duration, 2)),
            ("5m:", (duration, 2)),
            ("1h30m]", (duration, 5)),
            ("1d5", (None, 3)),
            ("5mm", (None, 2)),
            ("5x", (None, 1)),
        ] {
            assert_eq!(scan(text), expected, "{text}");
        }
    }

    #[test]
    fn numbers_are_gos() {
        for (text, value) in [
            ("1", Some(1.0)),
            ("1.", Some(1.0)),
            (".5", Some(0.5)),
            ("1e3", Some(1000.0)),
            ("1_000.5", Some(1000.5)),
            ("0x1F", Some(31.0)),
            ("0X_ff", Some(255.0)),
            ("017", Some(15.0)),
            ("0_17", Some(15.0)),
            ("08", Some(8.0)),
            ("0", Some(0.0)),
            ("Inf", Some(f64::INFINITY)),
            ("9223372036854775808", Some(9_223_372_036_854_775_808.0)),
            ("1e400", None),
            ("0x", None),
            ("0x1e+1", None),
            ("0xFFFFFFFFFFFFFFFFF", None),
            ("1_", None),
        ] {
            assert_eq!(parse_number(text), value, "{text}");
        }
        assert!(parse_number("NaN").unwrap().is_nan());
    }

    #[test]
    fn durations_go_from_large_to_small() {
        assert_eq!(parse_duration("1h30m"), Ok(5400.0));
        assert_eq!(parse_duration("1y2w3d4h5m6s7ms"), Ok(33_019_506.007));
        assert_eq!(parse_duration("0s"), Ok(0.0));
        for text in ["30m1h", "1m1m", "1.5m", "5ys", "1e3s", "300y"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn durations_are_written_as_they_are_read() {
        for text in ["5m", "1h30m", "90d", "2w", "1y", "1s500ms", "250ms", "0s"] {
            assert_eq!(
                format_duration(parse_duration(text).unwrap()).as_deref(),
                Ok::<_, ()>(text).ok()
            );
        }
        assert_eq!(format_duration(0.0015), None);
        assert_eq!(format_duration(-5.0), None);
        assert_eq!(format_duration(f64::NAN), None);
        assert_eq!(format_duration(1e300), None);
    }
}
