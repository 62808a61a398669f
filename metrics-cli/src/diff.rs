//! `enumetrics diff`

use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;
use std::path::PathBuf;

use clap::ValueEnum;
use enumetrics_promql::{Expr, ExprKind, FileFinding, Linter, MatchOp, Regex, Selector, Span, Usage};
use enumetrics_runtime::catalogue::{Catalogue, Change, Difference};
use serde_json::json;

use crate::files::{File, Part, read_all};
use crate::outcome::{Done, Failure, Outcome};
use crate::query::Query;
use crate::source::{Known, Login, read};
use crate::terminal::{Paint, Progress};

/// Say what a change of the metrics breaks, and whom
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Options {
    /// What was exported: a catalogue file, a scrape that was kept, or the address of live metrics
    #[arg(value_name = "OLD")]
    old: String,
    /// What is exported now
    #[arg(value_name = "NEW")]
    new: String,
    /// Rule files and dashboards that may be broken by it, or folders with some; may be given several times
    #[arg(short, long, value_name = "PATH", num_args = 1..)]
    rules: Vec<PathBuf>,
    /// A label that Prometheus adds to all series, beside `job` and `instance`
    #[arg(long, value_name = "NAME")]
    target_label: Vec<String>,
    /// How it is written
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    format: Format,
    #[command(flatten)]
    login: Login,
}

const EXAMPLES: &str = "\
Examples:
  enumetrics diff old.json new.json
  enumetrics diff old.json http://localhost:9464/metrics --rules rules/ dashboards/
  git show v1.2:metrics.json > old.json && enumetrics diff old.json metrics.json --rules ops/

Exit codes: 0 nothing breaks, 1 something does (with --rules: one of those rules or panels), 2 wrong usage or an input
that cannot be read.";

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// For programs
    Json,
}

/// A rule or a panel that a change breaks.
struct Broken {
    file: String,
    line: usize,
    column: usize,
    subject: String,
    /// What is wrong with it now, where that follows from several changes or from more than a name.
    message: Option<String>,
}

impl Options {
    pub fn run(&self) -> Outcome {
        let (old, new) = (read(&self.old, &self.login)?, read(&self.new, &self.login)?);
        let changes = old.changes_to(&new);
        let files = read_all(&self.rules)?;
        let broken = self.broken(&changes, (&old, &new), &files)?;
        let has_findings = match self.rules.is_empty() {
            true => changes.iter().any(|change| change.difference.breaks()),
            false => broken.iter().any(|broken| !broken.is_empty()),
        };
        Ok(Done {
            has_findings,
            text: match self.format {
                Format::Text => self.text(&changes, &broken),
                Format::Json => json_of(&changes, &broken),
            },
            note: String::new(),
        })
    }

    /// Whom each change breaks; at the end, whom several together do.
    fn broken(
        &self,
        changes: &[Change],
        (old, new): (&Catalogue, &Catalogue),
        files: &[File],
    ) -> Result<Vec<Vec<Broken>>, Failure> {
        let known =
            |name: &str, catalogue: &Catalogue| Known::of(&[(name.to_owned(), catalogue.clone())], &self.target_label);
        let (known_old, known_new) = (known(&self.old, old)?, known(&self.new, new)?);
        let before = Linter::new(Usage::Alert).schema(&known_old);
        let after = Linter::new(Usage::Alert).schema(&known_new);
        let mut broken: Vec<Vec<Broken>> = changes.iter().map(|_| Vec::new()).collect();
        let mut otherwise = Vec::new();
        let mut progress = Progress::new("reading", files.len());
        let mut read = 0;
        for file in files {
            progress.next(&file.name);
            let (parts, unreadable) = file.parts();
            if let Some(error) = unreadable.first() {
                let place = format!("{}:{}:{}", file.name, error.line, error.column);
                return Err(Failure::of(place, &error.message));
            }
            if parts.is_empty() && file.is_named {
                return Err(file.is_something_else());
            }
            read += usize::from(!parts.is_empty());
            for part in &parts {
                let said = uses(file, part, changes, old, &mut broken);
                let is_new = only_new(&before, &after, part);
                // What a change explains is not said twice.
                let rest = is_new.into_iter().filter(|finding| !said.contains(&finding.line));
                otherwise.extend(rest.map(|finding| Broken {
                    file: file.name.clone(),
                    line: finding.line,
                    column: finding.column,
                    message: Some(match finding.lint {
                        Some(lint) => format!("{}[{}]: {}", finding.severity, lint.id, finding.message),
                        None => finding.message,
                    }),
                    subject: finding.subject,
                }));
            }
        }
        if read == 0 && !self.rules.is_empty() {
            return Err(Failure::new("no rule file and no dashboard was found"));
        }
        broken.push(otherwise);
        Ok(broken)
    }

    fn text(&self, changes: &[Change], broken: &[Vec<Broken>]) -> String {
        let paint = Paint::of_stdout();
        let mut text = String::new();
        for (change, broken) in changes.iter().zip(broken) {
            let line = change.to_string();
            // Writing to a `String` cannot fail.
            _ = match change.difference.breaks() {
                true => writeln!(text, "{}", paint.severity(enumetrics_promql::Severity::Error, &line)),
                false => writeln!(text, "{line}"),
            };
            for each in broken {
                _ = writeln!(text, "  {}", each.line());
            }
            if broken.is_empty() && change.difference.breaks() && !self.rules.is_empty() {
                text += "  no rule and no panel here uses it\n";
            }
        }
        for each in broken.last().into_iter().flatten() {
            _ = writeln!(text, "{}", each.line());
        }
        if changes.is_empty() {
            text += "nothing has changed\n";
        }
        text
    }
}

impl Broken {
    fn line(&self) -> String {
        let Self {
            file,
            line,
            column,
            subject,
            message,
        } = self;
        let subject = if subject.is_empty() { "(no name)" } else { subject };
        match message {
            Some(message) => format!("{file}:{line}:{column}: {message} ({subject})"),
            None => format!("{file}:{line}:{column}: {subject}"),
        }
    }
}

fn json_of(changes: &[Change], broken: &[Vec<Broken>]) -> String {
    let list = |broken: &[Broken]| -> Vec<_> {
        let each = broken.iter().map(|each| {
            json!({
                "file": each.file,
                "line": each.line,
                "column": each.column,
                "subject": each.subject,
                "message": each.message,
            })
        });
        each.collect()
    };
    let shown = changes.iter().zip(broken).map(|(change, broken)| {
        json!({
            "metric": change.metric,
            "difference": change.difference.to_string(),
            "breaks": change.difference.breaks(),
            "broken": list(broken),
        })
    });
    let shown: Vec<_> = shown.collect();
    let otherwise = broken.last().map_or_else(Vec::new, |broken| list(broken));
    format!(
        "{:#}\n",
        json!({ "version": 1, "changes": shown, "broken_otherwise": otherwise })
    )
}

/// Adds who uses what goes; gives the lines of their expressions.
fn uses(file: &File, part: &Part, changes: &[Change], old: &Catalogue, broken: &mut [Vec<Broken>]) -> HashSet<usize> {
    let mut lines = HashSet::new();
    for expression in &part.document.expressions {
        let query = Query::new(part.document.kind, &expression.text);
        let Ok(expr) = query.parse() else { continue };
        let selectors = selectors(&expr);
        for (change, broken) in changes.iter().zip(&mut *broken) {
            if !change.difference.breaks() {
                continue;
            }
            let names = series(change, old);
            let of_metric = |selector: &&&Selector| {
                selector
                    .metric()
                    .is_some_and(|name| names.iter().any(|known| known == name))
            };
            let Some(selector) = selectors
                .iter()
                .filter(of_metric)
                .find(|selector| is_hit(&change.difference, selector, &expr))
            else {
                continue;
            };
            let at = expression.place(query.place(selector.span.start));
            let place = Span::new(at, at).line_column(&file.text);
            let line = |at| Span::new(at, at).line_column(&file.text).line;
            lines.extend(line(expression.span.start)..=line(expression.span.end));
            broken.push(Broken {
                file: file.name.clone(),
                line: place.line,
                column: place.column,
                subject: expression.subject.clone(),
                message: None,
            });
        }
    }
    lines
}

/// The names of a metric's series.
fn series(change: &Change, old: &Catalogue) -> Vec<String> {
    let name = &change.metric;
    let kind = old
        .metrics
        .iter()
        .find(|metric| metric.name == *name)
        .map_or("", |metric| metric.kind.as_str());
    let suffixes: &[&str] = match kind {
        "histogram" => &["", "_bucket", "_sum", "_count"],
        "summary" => &["", "_sum", "_count"],
        _ => &[""],
    };
    suffixes.iter().map(|suffix| format!("{name}{suffix}")).collect()
}

fn selectors(expr: &Expr) -> Vec<&Selector> {
    let mut selectors: Vec<&Selector> = Vec::new();
    expr.walk(&mut |part| match &part.kind {
        ExprKind::Selector(selector) => selectors.push(selector),
        ExprKind::Range(range) => selectors.push(&range.selector),
        _ => {}
    });
    selectors
}

/// Whether an expression with this selector of the metric asks for what is not there any more.
fn is_hit(difference: &Difference, selector: &Selector, expr: &Expr) -> bool {
    let matchers = |label: &str| {
        let label = label.to_owned();
        selector
            .matchers
            .iter()
            .filter(move |matcher| matcher.label.name == label)
    };
    let is_number = |label: &str, number: f64| {
        let is = |value: &str| value.parse::<f64>().is_ok_and(|value| value == number);
        matchers(label).any(|matcher| matcher.op == MatchOp::Equal && is(&matcher.value))
    };
    match difference {
        Difference::LabelRemoved(label) => names_label(expr, label) || matchers(label).next().is_some(),
        Difference::ConstantLabel(label, Some(old), _) => {
            matchers(label).any(|matcher| matcher.op == MatchOp::Equal && matcher.value == *old)
                || names_label(expr, label)
        }
        // New labels matter where series are matched with others by all labels that they have.
        Difference::LabelAdded(_) | Difference::ConstantLabel(_, None, _) => matches_series(expr),
        Difference::ValueRemoved(label, value) => matchers(label).any(|matcher| match matcher.op {
            MatchOp::Equal => matcher.value == *value,
            // One that means others, too, still finds those.
            MatchOp::Regex => {
                matcher.value.contains(value.as_str())
                    && Regex::new(&matcher.value).is_ok_and(|regex| regex.matches(value) == Some(true))
            }
            MatchOp::NotEqual | MatchOp::NotRegex => false,
        }),
        Difference::BucketRemoved(bound) => is_number("le", *bound),
        Difference::QuantileRemoved(quantile) => is_number("quantile", *quantile),
        Difference::NativeRemoved => selector
            .metric()
            .is_some_and(|name| !["_bucket", "_sum", "_count"].iter().any(|part| name.ends_with(part))),
        _ => true,
    }
}

/// Whether it groups or matches by a label, or takes it to another one.
fn names_label(expr: &Expr, label: &str) -> bool {
    let mut found = false;
    expr.walk(&mut |part| {
        let has = |labels: &[enumetrics_promql::Label]| labels.iter().any(|each| each.name == *label);
        found |= match &part.kind {
            ExprKind::Aggregation(aggregation) => aggregation
                .grouping
                .as_ref()
                .is_some_and(|grouping| has(&grouping.labels)),
            ExprKind::Binary(binary) => binary.matching.as_ref().is_some_and(|matching| {
                has(&matching.labels) || matching.group.as_ref().is_some_and(|group| has(&group.labels))
            }),
            ExprKind::Call(call) => call
                .arguments
                .iter()
                .any(|argument| matches!(&argument.kind, ExprKind::String(text) if *text == *label)),
            _ => false,
        };
    });
    found
}

/// Whether it matches series with others by all labels.
fn matches_series(expr: &Expr) -> bool {
    let mut found = false;
    expr.walk(&mut |part| {
        if let ExprKind::Binary(binary) = &part.kind {
            let has_series = |side: &Expr| !selectors(side).is_empty();
            found |= has_series(&binary.lhs) && has_series(&binary.rhs);
        }
    });
    found
}

/// What is found beside the new metrics, and was not beside the old ones.
fn only_new(before: &Linter<'_>, after: &Linter<'_>, part: &Part) -> Vec<FileFinding> {
    let key = |finding: &FileFinding| (finding.line, finding.column, finding.lint.map(|lint| lint.id));
    let mut known: BTreeMap<_, usize> = BTreeMap::new();
    for finding in part.check(before) {
        *known.entry(key(&finding)).or_default() += 1;
    }
    let mut found = part.check(after);
    found.retain(|finding| match known.get_mut(&key(finding)) {
        Some(count) if *count > 0 => {
            *count -= 1;
            false
        }
        _ => finding.severity > enumetrics_promql::Severity::Note,
    });
    found
}
