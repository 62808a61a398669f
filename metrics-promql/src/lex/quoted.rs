//! Strings in quotes.

use std::fmt::Write as _;

use crate::error::Error;
use crate::span::Span;

/// What a string literal stands for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unquoted {
    /// With U+FFFD for bytes that are no UTF-8.
    pub(crate) text: String,
    /// Whether there are none such.
    pub(crate) is_utf8: bool,
}

/// Reads the string literal `raw`, quotes included. `start` is where it stands in the text.
pub(crate) fn unquote(raw: &str, start: usize) -> Result<Unquoted, Error> {
    let (quote, inside) = (&raw[..1], &raw[1..raw.len() - 1]);
    // Go's scanner takes the character for bytes that are no UTF-8.
    if let Some(at) = inside.find('\u{FFFD}') {
        let at = start + 1 + at;
        return Err(Error::new(
            Span::new(at, at + '\u{FFFD}'.len_utf8()),
            "Prometheus refuses the replacement character U+FFFD in strings",
        ));
    }
    if quote == "`" || !inside.contains('\\') {
        return Ok(Unquoted {
            text: inside.to_owned(),
            is_utf8: true,
        });
    }
    let mut escapes = Escapes {
        rest: inside,
        quote,
        bytes: Vec::with_capacity(inside.len()),
    };
    while !escapes.rest.is_empty() {
        let at = start + raw.len() - 1 - escapes.rest.len();
        let result = escapes.next();
        let end = start + raw.len() - 1 - escapes.rest.len();
        result.map_err(|message| Error::new(Span::new(at, end), message).with_help_if(advice(message)))?;
    }
    Ok(match String::from_utf8(escapes.bytes) {
        Ok(text) => Unquoted { text, is_utf8: true },
        Err(error) => Unquoted {
            text: String::from_utf8_lossy(error.as_bytes()).into_owned(),
            is_utf8: false,
        },
    })
}

const UNKNOWN: &str = "no such escape sequence";

fn advice(message: &str) -> Option<&'static str> {
    (message == UNKNOWN).then_some(
        "the backslash of a regular expression is doubled in quotes, as in `\"5\\\\d\"`, or the string stands in backquotes",
    )
}

struct Escapes<'a> {
    rest: &'a str,
    quote: &'a str,
    bytes: Vec<u8>,
}

impl Escapes<'_> {
    /// Takes what stands before the next escape sequence, or one such.
    fn next(&mut self) -> Result<(), &'static str> {
        let Some(escape) = self.rest.strip_prefix('\\') else {
            let plain = self.rest.find('\\').unwrap_or(self.rest.len());
            self.bytes.extend_from_slice(&self.rest.as_bytes()[..plain]);
            self.rest = &self.rest[plain..];
            return Ok(());
        };
        let mut characters = escape.chars();
        let kind = characters.next().unwrap_or_default();
        let after = characters.as_str();
        self.rest = after;
        let byte = match kind {
            'a' => 0x07,
            'b' => 0x08,
            'f' => 0x0C,
            'n' => b'\n',
            'r' => b'\r',
            't' => b'\t',
            'v' => 0x0B,
            '\\' => b'\\',
            '"' | '\'' if escape.starts_with(self.quote) => kind as u8,
            '0'..='7' => {
                self.rest = escape;
                let value = self.digits(3, 8)?;
                u8::try_from(value).map_err(|_| "an octal escape is at most `\\377`")?
            }
            'x' => u8::try_from(self.digits(2, 16)?).map_err(|_| UNKNOWN)?,
            'u' => return self.character(4),
            'U' => return self.character(8),
            _ => return Err(UNKNOWN),
        };
        self.bytes.push(byte);
        Ok(())
    }

    fn character(&mut self, digits: usize) -> Result<(), &'static str> {
        let value = self.digits(digits, 16)?;
        let character = char::from_u32(value).ok_or("this escape is no Unicode character")?;
        let mut buffer = [0; 4];
        self.bytes
            .extend_from_slice(character.encode_utf8(&mut buffer).as_bytes());
        Ok(())
    }

    fn digits(&mut self, count: usize, radix: u32) -> Result<u32, &'static str> {
        let digits = self
            .rest
            .get(..count)
            .filter(|text| text.chars().all(|digit| digit.is_digit(radix)));
        let value = digits.and_then(|text| u32::from_str_radix(text, radix).ok());
        if let Some(value) = value {
            self.rest = &self.rest[count..];
            return Ok(value);
        }
        Err(match (radix, count) {
            (8, _) => "an octal escape has three digits",
            (_, 2) => "`\\x` is followed by two hexadecimal digits",
            (_, 4) => "`\\u` is followed by four hexadecimal digits",
            _ => "`\\U` is followed by eight hexadecimal digits",
        })
    }
}

/// `text` as a string literal in double quotes.
pub(crate) fn quote(text: &str, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            // What nobody would see, and the character that Go's scanner does not take.
            control if control.is_control() || control == '\u{FFFD}' => {
                let code = u32::from(control);
                // A String never refuses what is written to it.
                _ = write!(out, "\\u{code:04x}");
            }
            other => out.push(other),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::{quote, unquote};

    #[test]
    fn escapes_are_gos() {
        for (raw, text) in [
            (r#""a""#, "a"),
            (r#"'a"b'"#, "a\"b"),
            (r#"'it\'s'"#, "it's"),
            (r"`a\n`", "a\\n"),
            (r#""\a\b\f\n\r\t\v\\\"""#, "\u{7}\u{8}\u{c}\n\r\t\u{b}\\\""),
            (r#""\x41\101\u0041\U00000041""#, "AAAA"),
            (r#""\xc3\xa9""#, "é"),
        ] {
            assert_eq!(unquote(raw, 0).unwrap().text, text, "{raw}");
        }
    }

    #[test]
    fn escaped_bytes_need_not_be_utf8() {
        let unquoted = unquote(r#""a\xff""#, 0).unwrap();
        assert_eq!((unquoted.text.as_str(), unquoted.is_utf8), ("a\u{FFFD}", false));
    }

    #[test]
    fn a_wrong_escape_is_pointed_at() {
        for (raw, start, end) in [
            (r#""5\d""#, 12, 14),
            (r#""\'""#, 11, 13),
            (r#""\400""#, 11, 15),
            (r#""\1""#, 11, 12),
            (r#""ab\x4""#, 13, 15),
            (r#""\ud800""#, 11, 17),
        ] {
            let error = unquote(raw, 10).unwrap_err();
            assert_eq!((error.span().start, error.span().end), (start, end), "{raw} {error}");
        }
    }

    #[test]
    fn quoting_is_undone_by_unquoting() {
        for text in ["", "a", "5\\d", "\"", "é\n\u{0}\u{7f}\u{FFFD}\u{85}", "`'"] {
            let mut quoted = String::new();
            quote(text, &mut quoted);
            assert_eq!(unquote(&quoted, 0).unwrap().text, text);
        }
    }
}
