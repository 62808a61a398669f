//! Rule files, dashboards and scrape jobs that exist as text.

mod allow;
mod dashboard;
mod document;
mod rules;
mod scrapes;
mod yaml;

pub use self::dashboard::variable_length;
pub use self::document::{Document, DocumentKind, FileExpression};

use self::yaml::{Node, Text, Unreadable};
use crate::ast::ExprKind;
use crate::lint::{Finding, Lint, REF_REGEX_ANCHOR, REF_REGEX_LITERAL, RULE_YAML, Severity};
use crate::meaning::Labels;
use crate::parse::parse;
use crate::schema::{Details, Family, Schema};
use crate::span::Span;

/// What is wrong in a file, and where. From [`Linter::check_rules`](crate::Linter::check_rules),
/// [`Linter::check_dashboard`](crate::Linter::check_dashboard) and [`Linter::check_scrapes`](crate::Linter::check_scrapes).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FileFinding {
    /// Counted from 1.
    pub line: usize,
    /// Counted from 1, in characters.
    pub column: usize,
    /// What it is about: the name of an alert, what is recorded, the title of a panel; may be empty.
    pub subject: String,
    /// Which mistake; nothing where an expression cannot be read.
    pub lint: Option<&'static Lint>,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// Both, with the place in the expression below it.
    pub report: String,
    /// What corrects it without changing any result, in the order of the file; empty where only its author can.
    pub corrections: Vec<Edit>,
}

/// `5m`, `1h30m`
fn seconds(text: &str) -> Option<f64> {
    if text == "0" {
        return Some(0.0);
    }
    let is_duration = text.starts_with(|first: char| first.is_ascii_digit()) && text.ends_with(char::is_alphabetic);
    match parse(text).ok()?.kind {
        ExprKind::Number(number) if is_duration && number.is_duration => Some(number.value),
        _ => None,
    }
}

/// A change to a file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Edit {
    /// The bytes of the file that go.
    pub span: Span,
    /// What comes in their place.
    pub text: &'static str,
}

/// What is found in one file.
struct Found<'a> {
    file: &'a str,
    found: Vec<FileFinding>,
    /// Where each of them stands in the file.
    places: Vec<usize>,
    /// Where rules, panels and jobs begin, which comments make exceptions for.
    starts: Vec<usize>,
}

impl<'a> Found<'a> {
    fn new(file: &'a str) -> Self {
        Self {
            file,
            found: Vec::new(),
            places: Vec::new(),
            starts: Vec::new(),
        }
    }

    /// A rule, a panel or a job begins there. They are told in the order of the file.
    fn begins(&mut self, part: &Node) {
        self.starts.extend(part.first_place());
    }

    fn add(&mut self, at: usize, subject: &str, lint: &'static Lint, message: &str, help: Option<String>) {
        self.add_as(lint.severity, at, subject, lint, message, help);
    }

    /// Where it is less bad than elsewhere.
    fn add_as(
        &mut self,
        severity: Severity,
        at: usize,
        subject: &str,
        lint: &'static Lint,
        message: &str,
        help: Option<String>,
    ) {
        let mut report = format!("{severity}[{}]: {message}", lint.id);
        if let Some(help) = &help {
            report += &format!("\n  = help: {help}");
        }
        self.push(at, subject, Some(lint), severity, message, help, report);
    }

    fn unreadable(&mut self, Unreadable { at, message }: &Unreadable) {
        self.add(*at, "", RULE_YAML, message, None);
    }

    fn expression(&mut self, text: &Text, subject: &str, finding: Finding) {
        let report = finding.render(&text.text);
        let corrections = self.corrections(text, &finding);
        let Finding {
            lint,
            severity,
            span,
            message,
            help,
        } = finding;
        self.push(
            text.place(span.start),
            subject,
            Some(lint),
            severity,
            &message,
            help,
            report,
        );
        if let Some(found) = self.found.last_mut() {
            found.corrections = corrections;
        }
    }

    /// Of a regular expression's value: without the anchors that say nothing, and `=` where it is plain text.
    fn corrections(&self, text: &Text, finding: &Finding) -> Vec<Edit> {
        let value = finding.span.range();
        let Some(quoted) = text.text.get(value.clone()) else {
            return Vec::new();
        };
        let mut parts: Vec<(usize, &str, &'static str)> = Vec::new();
        if finding.lint == REF_REGEX_ANCHOR {
            let inside = quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default();
            let without = inside.strip_prefix('^').unwrap_or(inside);
            if without.len() < inside.len() {
                parts.push((value.start + 1, "^", ""));
            }
            if without.ends_with('$') && !without.ends_with("\\$") {
                parts.push((value.end - 2, "$", ""));
            }
        } else if finding.lint == REF_REGEX_LITERAL {
            let before = text.text[..value.start].trim_end();
            if before.ends_with("=~") {
                parts.push((before.len() - 2, "=~", "="));
            } else if before.ends_with("!~") {
                parts.push((before.len() - 2, "!~", "!="));
            }
        }
        let edits = parts.into_iter().filter_map(|(at, old, new)| {
            let start = text.place(at);
            // Where the file has an escape instead, it stays.
            let is_same = self.file.get(start..)?.starts_with(old);
            is_same.then(|| Edit {
                span: Span::new(start, start + old.len()),
                text: new,
            })
        });
        edits.collect()
    }

    fn syntax(&mut self, text: &Text, subject: &str, error: &crate::error::Error) {
        let report = error.render(&text.text).to_string();
        let message = error.message().to_owned();
        let help = error.help().map(str::to_owned);
        self.push(
            text.place(error.span().start),
            subject,
            None,
            Severity::Error,
            &message,
            help,
            report,
        );
    }

    #[allow(clippy::too_many_arguments, reason = "the fields of a finding")]
    fn push(
        &mut self,
        at: usize,
        subject: &str,
        lint: Option<&'static Lint>,
        severity: Severity,
        message: &str,
        help: Option<String>,
        report: String,
    ) {
        let place = Span::new(at, at).line_column(self.file);
        self.places.push(at);
        self.found.push(FileFinding {
            line: place.line,
            column: place.column,
            subject: subject.to_owned(),
            lint,
            severity,
            message: message.to_owned(),
            help,
            report,
            corrections: Vec::new(),
        });
    }

    fn in_order(mut self) -> Vec<FileFinding> {
        allow::without_allowed(&mut self);
        self.found.sort_by_key(|finding| (finding.line, finding.column));
        self.found
    }
}

/// A schema, and what the rules of a file record.
struct WithRecords<'a> {
    schema: &'a dyn Schema,
    records: Vec<(String, Labels)>,
}

impl Schema for WithRecords<'_> {
    fn families(&self) -> Vec<Family> {
        self.schema.families()
    }

    fn recorded(&self) -> Vec<(String, Labels)> {
        self.schema
            .recorded()
            .into_iter()
            .chain(self.records.iter().cloned())
            .collect()
    }

    fn details(&self, family: &str) -> Details {
        self.schema.details(family)
    }

    fn target_labels(&self) -> Vec<String> {
        self.schema.target_labels()
    }
}
