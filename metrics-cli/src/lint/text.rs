//! Findings for people, and for editors that jump to a place.

use std::fmt::Write as _;

use super::Finding;
use crate::terminal::Paint;

pub(super) fn write(findings: &[Finding]) -> String {
    let paint = Paint::of_stdout();
    let mut text = String::new();
    for finding in findings {
        let Finding {
            file,
            line,
            column,
            id,
            severity,
            subject,
            message,
            help,
            ..
        } = finding;
        let place = paint.bold(&format!("{file}:{line}:{column}:"));
        let kind = paint.severity(*severity, &format!("{severity}[{id}]:"));
        // A message is one line.
        let message = message.replace('\n', " ");
        // Writing to a `String` cannot fail.
        _ = write!(text, "{place} {kind} {message}");
        _ = match subject.is_empty() {
            true => writeln!(text),
            false => writeln!(text, " ({})", subject.replace('\n', " ")),
        };
        if let Some(help) = help {
            _ = writeln!(text, "    help: {}", help.replace('\n', " "));
        }
    }
    text
}
