//! `enumetrics fmt`

use std::path::PathBuf;

use enumetrics_promql::{DocumentKind, Expr, FileExpression, Span};

use crate::files::{File, Part, read_all, read_stdin, replace};
use crate::outcome::{Done, Failure, Outcome};
use crate::query::Query;
use crate::terminal::Progress;

/// Lay out the PromQL of rule files and dashboards, or of the standard input
///
/// Only expressions change, and only in how they look: what is written is read again and must be the same. The YAML or
/// JSON around them stays as it is. Expressions with comments, or with variables where they may stand for anything, are
/// left alone.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Options {
    /// Files and folders to format in place; without any, the standard input: a query, a rule file or a dashboard
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Change nothing, and say which expressions would
    #[arg(long)]
    check: bool,
}

const EXAMPLES: &str = "\
Examples:
  enumetrics fmt rules/ dashboards/
  enumetrics fmt --check rules/
  echo 'sum(rate(x[60m]))by(job)' | enumetrics fmt

Exit codes: 0 all is well, 1 with --check where something would change, 2 an input that cannot be read.";

impl Options {
    pub fn run(&self) -> Outcome {
        let reads_stdin = self.paths.is_empty() || self.paths.iter().any(|path| path.as_os_str() == "-");
        match reads_stdin {
            true if self.paths.len() > 1 => Err(Failure::new("`-` is the standard input, and goes with no other path")),
            true => self.stdin(),
            false => self.files(),
        }
    }

    fn stdin(&self) -> Outcome {
        let file = File::stdin(read_stdin()?);
        let parts = readable_parts(&file)?;
        if parts.is_empty() {
            return self.query(&file.text);
        }
        let formatted = Formatted::of(&file, &parts)?;
        Ok(Done {
            has_findings: self.check && !formatted.changed.is_empty(),
            text: match self.check {
                true => formatted.changed.concat(),
                false => formatted.text,
            },
            note: formatted.note,
        })
    }

    fn query(&self, text: &str) -> Outcome {
        // As in a dashboard, there may be variables.
        let query = Query::new(DocumentKind::Dashboard, text);
        let expr = query.parse().map_err(|error| {
            let place = Span::new(query.place(error.span().start), 0).line_column(text);
            let help = error.help().map(|help| format!(" (help: {help})")).unwrap_or_default();
            Failure::of(format!("<stdin>:{place}"), format!("{}{help}", error.message()))
        })?;
        let formatted = match query.has_comments() {
            true => None,
            false => query.with_variables(&layout(&expr)),
        };
        let Some(formatted) = formatted else {
            return Err(Failure::new(
                "<stdin>: an expression with comments or with variables in backticks is left alone",
            ));
        };
        let is_other = formatted != text.trim_end_matches('\n');
        Ok(Done {
            has_findings: self.check && is_other,
            text: match self.check {
                true if is_other => "<stdin>:1:1: not formatted\n".to_owned(),
                true => String::new(),
                false => formatted + "\n",
            },
            ..Done::default()
        })
    }

    fn files(&self) -> Outcome {
        let mut done = Done::default();
        let files = read_all(&self.paths)?;
        let mut progress = Progress::new("formatting", files.len());
        let (mut read, mut changed) = (0, 0);
        for file in &files {
            progress.next(&file.name);
            let parts = readable_parts(file)?;
            if parts.is_empty() {
                match file.is_named {
                    true => return Err(file.is_something_else()),
                    false => continue,
                }
            }
            read += 1;
            let formatted = Formatted::of(file, &parts)?;
            done.note += &formatted.note;
            if formatted.changed.is_empty() {
                continue;
            }
            changed += 1;
            if self.check {
                done.text += &formatted.changed.concat();
            } else if let Some(path) = &file.path {
                replace(path, &formatted.text)?;
            }
        }
        if read == 0 {
            return Err(Failure::new("no rule file and no dashboard was found"));
        }
        done.has_findings = self.check && changed > 0;
        done.note += &match self.check {
            true => format!("{changed} of {read} files would change\n"),
            false => format!("{changed} of {read} files changed\n"),
        };
        Ok(done)
    }
}

/// A file with its expressions laid out.
struct Formatted {
    text: String,
    /// What changed, a line each.
    changed: Vec<String>,
    /// What was left alone, and why.
    note: String,
}

impl Formatted {
    fn of(file: &File, parts: &[Part]) -> Result<Self, Failure> {
        let mut formatted = Self {
            text: file.text.clone(),
            changed: Vec::new(),
            note: String::new(),
        };
        let mut edits = Vec::new();
        for part in parts {
            for expression in part
                .document
                .expressions
                .iter()
                .filter(|expression| expression.is_whole)
            {
                let place = Span::new(expression.place(0), 0).line_column(&file.text);
                let place = format!("{}:{place}", file.name);
                let query = Query::new(part.document.kind, &expression.text);
                let expr = match query.parse() {
                    Ok(expr) => expr,
                    // A variable may have stood for anything.
                    Err(_) if query.has_variables() => continue,
                    Err(error) => {
                        formatted.note += &format!("{place}: left as it is: {}\n", error.message());
                        continue;
                    }
                };
                if query.has_comments() {
                    continue;
                }
                let scalar = Scalar::of(&file.text, expression);
                let Some(edit) = scalar.edit(&expr, &query, &file.text) else {
                    continue;
                };
                if file.text[edit.0.range()] != edit.1 {
                    formatted
                        .changed
                        .push(format!("{place}: not formatted ({})\n", expression.subject));
                    edits.push(edit);
                }
            }
        }
        // From the end, so that places before stay. (One text is read once.)
        edits.sort_by_key(|(span, _)| std::cmp::Reverse(span.start));
        for (span, text) in edits {
            formatted.text.replace_range(span.range(), &text);
        }
        match is_same(parts, &formatted.text) {
            true => Ok(formatted),
            false => Err(Failure::of(
                &file.name,
                "left as it is: laid out, it would not be read as the same (this is a bug of enumetrics)",
            )),
        }
    }
}

/// Whether a file has the same expressions still.
fn is_same(parts: &[Part], text: &str) -> bool {
    let trees = |parts: &[Part]| -> Vec<(String, String)> {
        let expressions = parts.iter().flat_map(|part| {
            part.document
                .expressions
                .iter()
                .map(|expression| (part.document.kind, expression))
        });
        let tree = |(kind, expression): (DocumentKind, &FileExpression)| {
            let query = Query::new(kind, &expression.text);
            let tree = query
                .parse()
                .ok()
                .and_then(|expr| query.with_variables(&expr.to_string()));
            (
                expression.subject.clone(),
                tree.unwrap_or_else(|| expression.text.clone()),
            )
        };
        expressions.map(tree).collect()
    };
    let (new, unreadable) = File::stdin(text.to_owned()).parts();
    unreadable.is_empty() && trees(parts) == trees(&new)
}

/// Over as many lines as it takes, none of which begins with a blank that the first one has too.
fn layout(expr: &Expr) -> String {
    format!("{:#}", expr.pretty())
}

/// How a text is written in a file.
enum Scalar {
    /// `|` or `>`: the lines below, with their bytes and how far they are indented.
    Block(Span, usize),
    /// `"…"`, as JSON writes it, too.
    Double(Span),
    /// `'…'`
    Single(Span),
    /// Without quotes.
    Plain(Span),
}

impl Scalar {
    fn of(file: &str, expression: &FileExpression) -> Self {
        let span = expression.span;
        match file.as_bytes().get(span.start) {
            Some(b'|' | b'>') => {
                let text = &expression.text;
                let first = text.len() - text.trim_start().len();
                let last = text.trim_end().char_indices().next_back();
                let end = last.map_or(span.end, |(at, character)| expression.place(at) + character.len_utf8());
                let start = expression.place(first);
                let line = file[..start].rfind('\n').map_or(0, |newline| newline + 1);
                let indents = file[line..end].lines().filter(|line| !line.trim().is_empty());
                let indents = indents.map(|line| line.len() - line.trim_start_matches(' ').len());
                Self::Block(Span::new(line, end), indents.min().unwrap_or_default())
            }
            Some(b'"') => Self::Double(span),
            Some(b'\'') => Self::Single(span),
            _ => Self::Plain(span),
        }
    }

    /// Which bytes become what; nothing where the expression cannot be written so.
    fn edit(&self, expr: &Expr, query: &Query, file: &str) -> Option<(Span, String)> {
        let line = query.with_variables(&expr.to_string())?;
        let lines = query.with_variables(&layout(expr))?;
        match self {
            Self::Block(span, indent) => {
                // A text within the expression must not be broken by what breaks lines.
                let indent = " ".repeat(*indent);
                let lines: Vec<_> = lines.lines().map(|line| format!("{indent}{line}")).collect();
                Some((*span, lines.join("\n")))
            }
            Self::Double(span) => {
                // What stands on one line stays on one, however long.
                let text = if query.text.trim().contains('\n') && file[span.range()].contains("\\n") {
                    lines
                } else {
                    line
                };
                let escaped = text
                    .replace('\\', "\\\\")
                    .replace('"', "\\\"")
                    .replace('\n', "\\n")
                    .replace('\t', "\\t");
                Some((*span, format!("\"{escaped}\"")))
            }
            Self::Single(span) => Some((*span, format!("'{}'", line.replace('\'', "''")))),
            Self::Plain(span) => match is_plain(&line) {
                true => Some((*span, line)),
                false => Some((*span, format!("'{}'", line.replace('\'', "''")))),
            },
        }
    }
}

/// Whether YAML reads it as it is, without quotes.
fn is_plain(text: &str) -> bool {
    let is_special = |c: char| "[]{}|>*&!%@`\"'#,?:-".contains(c);
    !text.starts_with(is_special) && !text.contains(": ") && !text.contains(" #") && !text.ends_with(':')
}

/// The rule files and dashboards in a file, all of which can be read.
fn readable_parts(file: &File) -> Result<Vec<Part>, Failure> {
    let (parts, unreadable) = file.parts();
    match unreadable.first() {
        None => Ok(parts),
        Some(error) => Err(Failure::of(
            format!("{}:{}:{}", file.name, error.line, error.column),
            &error.message,
        )),
    }
}
