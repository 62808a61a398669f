use super::super::{Date, Document, Format, Name, Sex, check_digit, read};

/// The specimens of Doc 9303, parts 4 and 5, and a number longer than its field.
const PASSPORT: [&str; 2] = [
    "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<",
    "L898902C36UTO7408122F1204159ZE184226B<<<<<10",
];
const CARD: [&str; 3] = [
    "I<UTOD231458907<<<<<<<<<<<<<<<",
    "7408122F1204159UTO<<<<<<<<<<<6",
    "ERIKSSON<<ANNA<MARIA<<<<<<<<<<",
];
const LONG_NUMBER: [&str; 3] = [
    "I<UTOD23145890<7349<<<<<<<<<<<",
    "3407127M9507122UTO<<<<<<<<<<<2",
    "STEVENSON<<PETER<JOHN<<<<<<<<<",
];

fn today() -> Date {
    Date::new(2026, 6, 15).unwrap()
}

fn error(lines: &[impl AsRef<str>]) -> String {
    read(lines, today()).unwrap_err().to_string()
}

/// The zone with `text` in place of what stands at `column` (from 1) of line `line` (from 1).
fn with(zone: &[&str], line: usize, column: usize, text: &str) -> Vec<String> {
    let mut lines: Vec<String> = zone.iter().map(ToString::to_string).collect();
    lines[line - 1].replace_range(column - 1..column - 1 + text.len(), text);
    lines
}

#[test]
fn the_passport_of_the_standard() {
    let document = read(&PASSPORT, today()).unwrap();
    assert_eq!(
        document,
        Document {
            format: Format::Td3,
            code: "P".to_owned(),
            issuer: "UTO".to_owned(),
            number: "L898902C3".to_owned(),
            name: Name {
                primary: "ERIKSSON".to_owned(),
                secondary: "ANNA MARIA".to_owned()
            },
            nationality: "UTO".to_owned(),
            birth: Date::new(1974, 8, 12).unwrap(),
            sex: Sex::Female,
            expiry: Date::new(2012, 4, 15).unwrap(),
            optional_data: "ZE184226B".to_owned(),
            more_optional_data: String::new(),
        }
    );
}

#[test]
fn the_card_of_the_standard() {
    let document = read(&CARD, today()).unwrap();
    assert_eq!(document.format, Format::Td1);
    assert_eq!((document.code.as_str(), document.number.as_str()), ("I", "D23145890"));
    assert_eq!(document.name.secondary, "ANNA MARIA");
    assert_eq!(
        (document.optional_data.as_str(), document.more_optional_data.as_str()),
        ("", "")
    );
}

#[test]
fn a_number_longer_than_nine_characters() {
    let document = read(&LONG_NUMBER, today()).unwrap();
    assert_eq!(
        (document.number.as_str(), document.optional_data.as_str()),
        ("D23145890734", "")
    );
    assert_eq!(document.birth, Date::new(1934, 7, 12).unwrap());
    assert_eq!(document.expiry, Date::new(1995, 7, 12).unwrap());

    assert_eq!(
        error(&with(&LONG_NUMBER, 1, 19, "8")),
        "line 1, document number check digit: expected 9 after the rest of the number in the optional data, found \"8\""
    );
    for optional in ["<<<<<<<<<<<<<<<", "9<<<<<<<<<<<<<<", "734973497349734"] {
        let message = error(&with(&LONG_NUMBER, 1, 16, optional));
        assert!(
            message.starts_with("line 1, optional data: expected the rest of a document number"),
            "{message}"
        );
    }
    assert!(error(&with(&LONG_NUMBER, 1, 6, "<")).starts_with("line 1, document number"));
    let message = error(&with(&LONG_NUMBER, 1, 14, "<"));
    assert!(
        message.starts_with("line 1, document number check digit: expected the check digit"),
        "{message}"
    );
}

#[test]
fn every_broken_check_digit_is_named() {
    for (zone, line, column, right, name) in [
        (&PASSPORT[..], 2, 10, "6", "document number check digit"),
        (&PASSPORT, 2, 20, "2", "date of birth check digit"),
        (&PASSPORT, 2, 28, "9", "date of expiry check digit"),
        (&PASSPORT, 2, 43, "1", "personal number check digit"),
        (&PASSPORT, 2, 44, "0", "composite check digit"),
        (&CARD, 1, 15, "7", "document number check digit"),
        (&CARD, 2, 7, "2", "date of birth check digit"),
        (&CARD, 2, 15, "9", "date of expiry check digit"),
        (&CARD, 2, 30, "6", "composite check digit"),
    ] {
        for wrong in "0123456789A<".chars().map(String::from).filter(|digit| digit != right) {
            // A filler in place of this one announces a long number, which has a test of its own.
            if wrong == "<" && (line, column) == (1, 15) {
                continue;
            }
            assert_eq!(
                error(&with(zone, line, column, &wrong)),
                format!("line {line}, {name}: expected {right}, found {wrong:?}")
            );
        }
    }
}

#[test]
fn one_wrong_character_in_the_data_is_noticed() {
    for (zone, line, columns, name) in [
        (&PASSPORT[..], 2, 1..=9, "document number check digit"),
        (&PASSPORT, 2, 14..=19, "date of birth check digit"),
        (&PASSPORT, 2, 22..=27, "date of expiry check digit"),
        (&PASSPORT, 2, 29..=42, "personal number check digit"),
        (&CARD, 1, 6..=14, "document number check digit"),
        (&CARD, 1, 16..=30, "composite check digit"),
        (&CARD, 2, 19..=29, "composite check digit"),
    ] {
        for column in columns {
            let found = zone[line - 1]
                .chars()
                .nth(column - 1)
                .and_then(|c| c.to_digit(36))
                .unwrap_or(0);
            let next = char::from_digit((found + 1) % 36, 36).unwrap().to_ascii_uppercase();
            let message = error(&with(zone, line, column, &next.to_string()));
            assert!(message.contains(name), "{message}");
        }
    }
}

#[test]
fn an_empty_personal_number_may_have_no_check_digit() {
    let empty = with(&PASSPORT, 2, 29, "<<<<<<<<<<<<<<");
    for digit in ["<", "0"] {
        let lines = with(&[PASSPORT[0], &empty[1]], 2, 43, &format!("{digit}8"));
        let document = read(&lines, today()).unwrap();
        assert_eq!(document.optional_data, "");
    }
    let message = error(&with(&[PASSPORT[0], &empty[1]], 2, 43, "18"));
    assert_eq!(message, "line 2, personal number check digit: expected 0, found \"1\"");
}

#[test]
fn the_lines_must_have_a_known_shape() {
    assert_eq!(
        error(&[PASSPORT[0], &PASSPORT[1][..43]]),
        "lines: expected two of 44 characters (TD3) or three of 30 (TD1), found lengths [44, 43]"
    );
    assert!(error(&[""; 0]).ends_with("found lengths []"));
    assert!(error(&["x".repeat(36), "x".repeat(36)]).ends_with("found lengths [36, 36]"));
}

#[test]
fn only_the_standards_characters() {
    let lower = [PASSPORT[0].replace("ANNA", "aNNA"), PASSPORT[1].to_owned()];
    assert_eq!(
        error(&lower),
        "line 1, character 16: expected A to Z, 0 to 9 or <, found 'a'"
    );
    // As many characters as a line needs, and more bytes.
    let wide = [PASSPORT[0].to_owned(), PASSPORT[1].replace('Z', "É")];
    assert_eq!(
        error(&wide),
        "line 2, character 29: expected A to Z, 0 to 9 or <, found 'É'"
    );
}

#[test]
fn fields_outside_the_check_digits() {
    for (zone, line, column, text, message) in [
        (
            &PASSPORT[..],
            1,
            1,
            "I",
            "line 1, document code: expected P, then a letter (no V on a card) or <, found \"I<\"",
        ),
        (
            &CARD,
            1,
            1,
            "IV",
            "line 1, document code: expected A or C or I, then a letter (no V on a card) or <, found \"IV\"",
        ),
        (
            &PASSPORT,
            1,
            3,
            "<<<",
            "line 1, issuing state: expected a country code of one to three letters, then <, found \"<<<\"",
        ),
        (
            &PASSPORT,
            1,
            3,
            "U<O",
            "line 1, issuing state: expected a country code of one to three letters, then <, found \"U<O\"",
        ),
        (
            &PASSPORT,
            2,
            11,
            "UT0",
            "line 2, nationality: expected a country code of one to three letters, then <, found \"UT0\"",
        ),
        (&PASSPORT, 2, 21, "X", "line 2, sex: expected F, M or <, found \"X\""),
        (
            &CARD,
            3,
            1,
            "<",
            "line 3, name: expected the primary identifier, << and the others, with single < inside each, found \"<RIKSSON<<ANNA<MARIA<<<<<<<<<<\"",
        ),
        (
            &CARD,
            3,
            9,
            "<<<",
            "line 3, name: expected the primary identifier, << and the others, with single < inside each, found \"ERIKSSON<<<NNA<MARIA<<<<<<<<<<\"",
        ),
        (
            &CARD,
            3,
            15,
            "<<",
            "line 3, name: expected the primary identifier, << and the others, with single < inside each, found \"ERIKSSON<<ANNA<<ARIA<<<<<<<<<<\"",
        ),
        (
            &CARD,
            3,
            2,
            "1",
            "line 3, name: expected a name in letters, found \"E1IKSSON<<ANNA<MARIA<<<<<<<<<<\"",
        ),
    ] {
        assert_eq!(error(&with(zone, line, column, text)), message);
    }
}

#[test]
fn dates_must_exist() {
    for (birth, expected) in [
        ("741312", "a day that exists: month 01 to 12, and a day of that month"),
        ("740230", "a day that exists: month 01 to 12, and a day of that month"),
        ("7408<<", "six digits: year, month, day"),
    ] {
        let mut lines = with(&CARD, 2, 1, &format!("{birth}{}", check_digit(&[birth])));
        let composite = check_digit(&[&lines[0][5..], &lines[1][..7], &lines[1][8..15], &lines[1][18..29]]);
        lines = with(&[&lines[0], &lines[1], &lines[2]], 2, 30, &composite.to_string());
        assert_eq!(
            error(&lines),
            format!("line 2, date of birth: expected {expected}, found {birth:?}")
        );
    }
}

#[test]
fn germany_is_one_letter() {
    let lines = with(&[&PASSPORT[0].replace("UTO", "D<<"), PASSPORT[1]], 2, 11, "D<<");
    let document = read(&lines, today()).unwrap();
    assert_eq!((document.issuer.as_str(), document.nationality.as_str()), ("D", "D"));
}

#[test]
fn a_name_may_have_one_half() {
    let lines = with(&CARD, 3, 1, "ARKFREITH<<<<<<<<<<<<<<<<<<<<<");
    let name = read(&lines, today()).unwrap().name;
    assert_eq!((name.primary.as_str(), name.secondary.as_str()), ("ARKFREITH", ""));
}
