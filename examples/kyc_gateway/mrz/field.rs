//! The fields of a zone: where they stand and what may stand in them.

use super::{Date, FILLER, MrzError, Name, Sex, check_digit};
use std::ops::RangeInclusive;

/// One line, known to be of the right length and to hold nothing but `A` to `Z`, `0` to `9` and fillers.
#[derive(Clone, Copy)]
pub(super) struct Line<'a> {
    number: usize,
    text: &'a str,
}

impl<'a> Line<'a> {
    pub(super) fn new(number: usize, text: &'a str) -> Result<Self, MrzError> {
        let allowed = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == FILLER;
        match text.chars().enumerate().find(|(_, c)| !allowed(*c)) {
            None => Ok(Self { number, text }),
            Some((index, found)) => Err(MrzError {
                line: number,
                field: format!("character {}", index + 1),
                expected: "A to Z, 0 to 9 or <".to_owned(),
                found: format!("{found:?}"),
            }),
        }
    }

    /// The characters at the standard's positions, which count from 1.
    pub(super) fn text(&self, positions: RangeInclusive<usize>) -> &'a str {
        &self.text[positions.start() - 1..*positions.end()]
    }

    pub(super) fn field(&self, name: &'static str, positions: RangeInclusive<usize>) -> Field<'a> {
        Field {
            line: self.number,
            name,
            text: self.text(positions),
        }
    }

    /// The check digit at `position` must be the one over `parts`.
    pub(super) fn check(&self, name: &'static str, position: usize, parts: &[&str]) -> Result<(), MrzError> {
        self.field(name, position..=position).must_check(parts)
    }
}

/// A piece of a line, with the name that an error gives it.
#[derive(Clone, Copy)]
pub(super) struct Field<'a> {
    line: usize,
    name: &'static str,
    pub(super) text: &'a str,
}

impl<'a> Field<'a> {
    /// The same field where the standard moves its content elsewhere.
    pub(super) fn holding(self, text: &'a str) -> Self {
        Self { text, ..self }
    }

    pub(super) fn error(&self, expected: impl Into<String>) -> MrzError {
        MrzError {
            line: self.line,
            field: self.name.to_owned(),
            expected: expected.into(),
            found: format!("{:?}", self.text),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.text.chars().all(|c| c == FILLER)
    }

    pub(super) fn unpadded(&self) -> String {
        self.text.trim_end_matches(FILLER).to_owned()
    }

    pub(super) fn must_check(&self, parts: &[&str]) -> Result<(), MrzError> {
        let expected = check_digit(parts);
        if self.text.chars().eq([expected]) {
            Ok(())
        } else {
            Err(self.error(expected))
        }
    }

    /// A document code: one of `kinds`, then a letter of the issuer's choice or a filler.
    pub(super) fn code(&self, kinds: &[&str]) -> Result<String, MrzError> {
        let kind = kinds.iter().find(|kind| self.text.starts_with(**kind));
        let second = self
            .text
            .chars()
            .nth(1)
            .is_some_and(|c| c.is_ascii_uppercase() || c == FILLER);
        // Doc 9303 keeps V, which marks a visa, out of the second place of a card.
        let visa = !kinds.contains(&"P") && self.text.ends_with('V');
        match kind {
            Some(_) if second && !visa => Ok(self.unpadded()),
            _ => Err(self.error(format!("{}, then a letter (no V on a card) or <", kinds.join(" or ")))),
        }
    }

    pub(super) fn country(&self) -> Result<String, MrzError> {
        let code = self.text.trim_end_matches(FILLER);
        if !code.is_empty() && code.chars().all(|c| c.is_ascii_uppercase()) {
            Ok(code.to_owned())
        } else {
            Err(self.error("a country code of one to three letters, then <"))
        }
    }

    /// A document number; fillers inside stand for characters that a zone cannot hold.
    pub(super) fn number(&self) -> Result<String, MrzError> {
        if self.text.starts_with(FILLER) {
            Err(self.error("a number from the first character on"))
        } else {
            Ok(self.unpadded())
        }
    }

    pub(super) fn sex(&self) -> Result<Sex, MrzError> {
        match self.text {
            "F" => Ok(Sex::Female),
            "M" => Ok(Sex::Male),
            "<" => Ok(Sex::Unspecified),
            _ => Err(self.error("F, M or <")),
        }
    }

    pub(super) fn date(
        &self,
        today: Date,
        in_century: fn(i32, i32, i32, Date) -> Option<Date>,
    ) -> Result<Date, MrzError> {
        // `parse` alone would take a sign, which the line's alphabet excludes, so a number is six digits.
        let Ok(yymmdd) = self.text.parse::<i32>() else {
            return Err(self.error("six digits: year, month, day"));
        };
        let date = in_century(yymmdd / 10_000, yymmdd / 100 % 100, yymmdd % 100, today);
        date.ok_or_else(|| self.error("a day that exists: month 01 to 12, and a day of that month"))
    }

    pub(super) fn name(&self) -> Result<Name, MrzError> {
        let text = self.text.trim_end_matches(FILLER);
        if text.is_empty() || text.chars().any(|c| c.is_ascii_digit()) {
            return Err(self.error("a name in letters"));
        }
        let (primary, secondary) = text.split_once("<<").unwrap_or((text, ""));
        let stray = |half: &str| half.starts_with(FILLER) || half.contains("<<");
        if primary.is_empty() || stray(primary) || stray(secondary) {
            return Err(self.error("the primary identifier, << and the others, with single < inside each"));
        }
        let spaced = |half: &str| half.replace(FILLER, " ");
        Ok(Name {
            primary: spaced(primary),
            secondary: spaced(secondary),
        })
    }
}
