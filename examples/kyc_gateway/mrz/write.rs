//! From a document to lines: what prints cards, and here what makes up customers.

use super::{Document, FILLER, Format, Name, Sex, check_digit};

/// The lines of `document`, with every check digit.
///
/// What is longer than its field is cut, as the standard has it for names; [`read`](super::read) gives the same
/// document back if nothing had to be cut.
pub fn write(document: &Document) -> Vec<String> {
    match document.format {
        Format::Td3 => td3(document).to_vec(),
        Format::Td1 => td1(document).to_vec(),
    }
}

fn td3(document: &Document) -> [String; 2] {
    let first = format!(
        "{}{}{}",
        padded(&document.code, 2),
        padded(&document.issuer, 3),
        padded(&name(&document.name), 39)
    );
    let number = checked(&padded(&document.number, 9));
    let birth = checked(&document.birth.yymmdd());
    let expiry = checked(&document.expiry.yymmdd());
    let personal = checked(&padded(&document.optional_data, 14));
    let composite = check_digit(&[&number, &birth, &expiry, &personal]);
    let nationality = padded(&document.nationality, 3);
    let sex = sex(document.sex);
    [
        first,
        format!("{number}{nationality}{birth}{sex}{expiry}{personal}{composite}"),
    ]
}

fn td1(document: &Document) -> [String; 3] {
    let number_and_data = match document.number.split_at_checked(9) {
        // The rest of a long number moves into the optional data, with the check digit and a filler behind it.
        Some((head, tail)) if !tail.is_empty() => {
            let digit = check_digit(&[head, tail]);
            format!("{head}{FILLER}{tail}{digit}{FILLER}{}", document.optional_data)
        }
        _ => format!("{}{}", checked(&padded(&document.number, 9)), document.optional_data),
    };
    let number_and_data = padded(&number_and_data, 25);
    let birth = checked(&document.birth.yymmdd());
    let expiry = checked(&document.expiry.yymmdd());
    let more = padded(&document.more_optional_data, 11);
    let composite = check_digit(&[&number_and_data, &birth, &expiry, &more]);
    let nationality = padded(&document.nationality, 3);
    let sex = sex(document.sex);
    [
        format!(
            "{}{}{number_and_data}",
            padded(&document.code, 2),
            padded(&document.issuer, 3)
        ),
        format!("{birth}{sex}{expiry}{nationality}{more}{composite}"),
        padded(&name(&document.name), 30),
    ]
}

fn padded(text: &str, width: usize) -> String {
    text.chars().chain(std::iter::repeat(FILLER)).take(width).collect()
}

fn checked(text: &str) -> String {
    format!("{text}{}", check_digit(&[text]))
}

fn sex(sex: Sex) -> char {
    match sex {
        Sex::Female => 'F',
        Sex::Male => 'M',
        Sex::Unspecified => FILLER,
    }
}

fn name(name: &Name) -> String {
    [&name.primary, &name.secondary]
        .map(|half| half.replace(' ', "<"))
        .join("<<")
}

#[cfg(test)]
mod tests {
    use super::super::{Date, read};
    use super::write;

    #[test]
    fn the_standards_specimens_come_out_as_they_went_in() {
        let today = Date::new(2026, 6, 15).unwrap();
        for specimen in [
            "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10",
            "I<UTOD231458907<<<<<<<<<<<<<<<\n7408122F1204159UTO<<<<<<<<<<<6\nERIKSSON<<ANNA<MARIA<<<<<<<<<<",
            "I<UTOD23145890<7349<<<<<<<<<<<\n3407127M9507122UTO<<<<<<<<<<<2\nSTEVENSON<<PETER<JOHN<<<<<<<<<",
        ] {
            let lines: Vec<&str> = specimen.lines().collect();
            assert_eq!(write(&read(&lines, today).unwrap()), lines);
        }
    }
}
