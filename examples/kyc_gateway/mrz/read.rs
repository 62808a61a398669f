//! From lines to a document.

use super::field::Line;
use super::{Date, Document, FILLER, Format, MrzError, check_digit};

/// Reads the lines of a zone; `today` decides which century two digits mean.
pub fn read(lines: &[impl AsRef<str>], today: Date) -> Result<Document, MrzError> {
    let lines: Vec<&str> = lines.iter().map(AsRef::as_ref).collect();
    let lengths: Vec<usize> = lines.iter().map(|line| line.chars().count()).collect();
    match (&lines[..], &lengths[..]) {
        ([first, second], [44, 44]) => td3(Line::new(1, first)?, Line::new(2, second)?, today),
        ([first, second, third], [30, 30, 30]) => {
            td1(Line::new(1, first)?, Line::new(2, second)?, Line::new(3, third)?, today)
        }
        _ => Err(MrzError {
            line: 0,
            field: "lines".to_owned(),
            expected: "two of 44 characters (TD3) or three of 30 (TD1)".to_owned(),
            found: format!("lengths {lengths:?}"),
        }),
    }
}

/// The layout of a passport, Doc 9303 part 4.
fn td3(first: Line<'_>, second: Line<'_>, today: Date) -> Result<Document, MrzError> {
    let code = first.field("document code", 1..=2).code(&["P"])?;
    let issuer = first.field("issuing state", 3..=5).country()?;
    let name = first.field("name", 6..=44).name()?;

    let number = second.field("document number", 1..=9);
    second.check("document number check digit", 10, &[number.text])?;
    let nationality = second.field("nationality", 11..=13).country()?;
    let birth = second.field("date of birth", 14..=19);
    second.check("date of birth check digit", 20, &[birth.text])?;
    let sex = second.field("sex", 21..=21).sex()?;
    let expiry = second.field("date of expiry", 22..=27);
    second.check("date of expiry check digit", 28, &[expiry.text])?;
    let personal = second.field("personal number", 29..=42);
    let personal_check = second.field("personal number check digit", 43..=43);
    // An issuer that does not use the field may leave its check digit out.
    if !(personal.is_empty() && personal_check.is_empty()) {
        personal_check.must_check(&[personal.text])?;
    }
    second.check(
        "composite check digit",
        44,
        &[second.text(1..=10), second.text(14..=20), second.text(22..=43)],
    )?;

    Ok(Document {
        format: Format::Td3,
        code,
        issuer,
        number: number.number()?,
        name,
        nationality,
        birth: birth.date(today, Date::of_birth)?,
        sex,
        expiry: expiry.date(today, Date::of_expiry)?,
        optional_data: personal.unpadded(),
        more_optional_data: String::new(),
    })
}

/// The layout of a card, Doc 9303 part 5.
fn td1(first: Line<'_>, second: Line<'_>, third: Line<'_>, today: Date) -> Result<Document, MrzError> {
    let code = first.field("document code", 1..=2).code(&["A", "C", "I"])?;
    let issuer = first.field("issuing state", 3..=5).country()?;
    let (number, optional_data) = td1_number(first)?;

    let birth = second.field("date of birth", 1..=6);
    second.check("date of birth check digit", 7, &[birth.text])?;
    let sex = second.field("sex", 8..=8).sex()?;
    let expiry = second.field("date of expiry", 9..=14);
    second.check("date of expiry check digit", 15, &[expiry.text])?;
    let nationality = second.field("nationality", 16..=18).country()?;
    let more_optional_data = second.field("optional data", 19..=29).unpadded();
    second.check(
        "composite check digit",
        30,
        &[
            first.text(6..=30),
            second.text(1..=7),
            second.text(9..=15),
            second.text(19..=29),
        ],
    )?;

    Ok(Document {
        format: Format::Td1,
        code,
        issuer,
        number,
        name: third.field("name", 1..=30).name()?,
        nationality,
        birth: birth.date(today, Date::of_birth)?,
        sex,
        expiry: expiry.date(today, Date::of_expiry)?,
        optional_data,
        more_optional_data,
    })
}

/// The document number of a card, and the optional data that follows it.
///
/// A number longer than its nine characters continues in the optional data: a filler stands in the place of the check
/// digit, and the optional data begins with the rest of the number, the check digit over all of it, and a filler.
fn td1_number(line: Line<'_>) -> Result<(String, String), MrzError> {
    let head = line.field("document number", 6..=14);
    let digit = line.field("document number check digit", 15..=15);
    let optional = line.field("optional data", 16..=30);
    if !digit.is_empty() {
        digit.must_check(&[head.text])?;
        return Ok((head.number()?, optional.unpadded()));
    }
    if head.text.ends_with(FILLER) {
        return Err(digit.error(format!(
            "the check digit {}, since only a number that fills its nine characters continues elsewhere",
            check_digit(&[head.text])
        )));
    }
    let wrong =
        || optional.error("the rest of a document number longer than nine characters, its check digit and a filler");
    let (rest, after) = optional.text.split_once(FILLER).ok_or_else(wrong)?;
    let (at, found) = rest
        .char_indices()
        .next_back()
        .filter(|(at, _)| *at > 0)
        .ok_or_else(wrong)?;
    let tail = &rest[..at];
    let expected = check_digit(&[head.text, tail]);
    if found != expected {
        let digit = digit.holding(&rest[at..]);
        return Err(digit.error(format!("{expected} after the rest of the number in the optional data")));
    }
    Ok((
        format!("{}{tail}", head.number()?),
        after.trim_end_matches(FILLER).to_owned(),
    ))
}

#[cfg(test)]
mod tests;
