//! The machine-readable zone (MRZ) of an identity document, as ICAO Doc 9303 defines it.
//!
//! Two sizes are read and written: TD3, the passport (two lines of 44 characters, part 4), and TD1, the card (three
//! lines of 30, part 5). A zone is either read completely, with every check digit right, or refused with an error
//! that names the line, the field, what was expected there and what was found.
//!
//! What the standard leaves to the reader is decided like this:
//!
//! - **Century**: the zone has two digits for a year. A birth lies in the last hundred years up to today; an expiry
//!   lies within fifty years of today, before or after.
//! - **Incomplete dates** (fillers where the month or the day of birth is unknown) are refused: without them nobody's
//!   age can be checked, so a person has to look at the document.
//! - **Country codes** are checked for their form (one to three letters, then fillers, so that Germany's `D<<` is
//!   fine) and not against a list: the list changes more often than this file.

mod date;
mod field;
mod read;
mod write;

pub use date::Date;
pub use read::read;
pub use write::write;

use serde::{Deserialize, Serialize};
use std::fmt;

/// The character that pads a field and separates the parts of a name.
const FILLER: char = '<';

/// What one zone says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// Its size, and with it the layout of its fields.
    pub format: Format,
    /// `P` and its kind for a passport; `I`, `A` or `C` and its kind for a card.
    pub code: String,
    /// Who issued it, without fillers: `UTO`, `D`.
    pub issuer: String,
    /// The document number; on a card it may be longer than the nine characters of its field.
    pub number: String,
    /// The holder's name.
    pub name: Name,
    /// The holder's nationality, without fillers.
    pub nationality: String,
    /// When the holder was born.
    pub birth: Date,
    /// The holder's sex.
    pub sex: Sex,
    /// The last day on which the document is valid.
    pub expiry: Date,
    /// The personal number of a passport; the first line's optional data of a card.
    pub optional_data: String,
    /// The second line's optional data of a card; a passport has none.
    pub more_optional_data: String,
}

/// The size of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// A card: three lines of 30 characters.
    Td1,
    /// A passport: two lines of 44 characters.
    Td3,
}

/// A name in its two halves, each with single spaces between its parts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Name {
    /// The primary identifier: the family name, or the whole name where a country has no such halves.
    pub primary: String,
    /// The secondary identifier: the given names; may be empty.
    pub secondary: String,
}

/// The sex that a document states.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sex {
    /// Written `F`.
    Female,
    /// Written `M`.
    Male,
    /// Written as a filler.
    Unspecified,
}

/// Why a zone was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MrzError {
    /// The line, from 1; 0 when the lines themselves are the mistake.
    pub line: usize,
    /// The field's name.
    pub field: String,
    /// What the standard wants there.
    pub expected: String,
    /// What stands there.
    pub found: String,
}

impl fmt::Display for MrzError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            line,
            field,
            expected,
            found,
        } = self;
        if *line > 0 {
            write!(f, "line {line}, ")?;
        }
        write!(f, "{field}: expected {expected}, found {found}")
    }
}

impl std::error::Error for MrzError {}

/// The check digit over `parts`, read as one text: each character's value times 7, 3, 1, 7, 3, 1 …, modulo 10.
///
/// A digit counts as itself, `A` to `Z` as 10 to 35, a filler as 0.
fn check_digit(parts: &[&str]) -> char {
    let values = parts
        .iter()
        .flat_map(|part| part.chars())
        .map(|c| c.to_digit(36).unwrap_or(0));
    let sum: u32 = values
        .zip([7, 3, 1].into_iter().cycle())
        .map(|(value, weight)| value * weight)
        .sum();
    char::from_digit(sum % 10, 10).unwrap_or('0')
}

#[cfg(test)]
mod tests {
    use super::check_digit;

    #[test]
    fn check_digits_of_the_standard() {
        assert_eq!(check_digit(&["520727"]), '3');
        assert_eq!(check_digit(&["AB2134<<<"]), '5');
        assert_eq!(
            check_digit(&["HA672242<6", "5802254", "9601086", "<<<<<<<<<<<<<<0"]),
            '8'
        );
    }
}
