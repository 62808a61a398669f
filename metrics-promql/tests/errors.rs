//! What is said of each refused expression, and where, is in `tests/expressions/refused.errors`. After a change, run with
//! `UPDATE=1` and read the difference.

mod support;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use enumetrics_promql::parse;
use support::expressions;

#[test]
fn errors_say_what_was_expected() {
    let mut found = String::new();
    for text in expressions("refused.promql") {
        let error = parse(&text).unwrap_err();
        let before = text[..error.span().start].chars().count();
        let marked = text[error.span().range()].chars().count().max(1);
        writeln!(found, "{text}\n{}{}", " ".repeat(before), "^".repeat(marked)).unwrap();
        writeln!(found, "    {}", error.message()).unwrap();
        if let Some(help) = error.help() {
            writeln!(found, "    help: {help}").unwrap();
        }
        found.push('\n');
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/expressions/refused.errors");
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, &found).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap();
    let difference = found
        .lines()
        .zip(expected.lines())
        .find(|(found, expected)| found != expected);
    assert!(found == expected, "first difference: {difference:?}");
}
