//! `enumetrics lint`

mod baseline;
mod correct;
mod json;
mod sarif;
mod text;

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::ValueEnum;
use enumetrics_promql::{Edit, FileFinding, Linter, Severity, Usage, Version, parse};

use self::baseline::Baseline;
use crate::explain::{SYNTAX, lint, page};
use crate::files::{File, read_all};
use crate::outcome::{Done, Failure, Outcome};
use crate::source::{Known, Login, WithRecords, read};
use crate::terminal::Progress;

/// Check rules, dashboards, scrape jobs and queries: alone, or beside what is exported
///
/// Rule files of Prometheus, PrometheusRule of Kubernetes, dashboards of Grafana and the scrape jobs of prometheus.yml are
/// read; folders are walked. Beside a
/// catalogue or a live program, names, labels, values, kinds and buckets are known, too.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Options {
    /// Files and folders; `-` is the standard input
    #[arg(value_name = "PATH", required_unless_present_any = ["query", "explain"])]
    paths: Vec<PathBuf>,
    /// A query to check; may be given several times
    #[arg(short, long = "query", value_name = "EXPR", allow_hyphen_values = true)]
    query: Vec<String>,
    /// What the queries are for
    #[arg(long = "as", value_name = "USE", default_value = "panel", requires = "query")]
    usage: As,
    /// Catalogue of what is exported; several are put together
    #[arg(short, long, visible_alias = "catalog", value_name = "FILE")]
    catalogue: Vec<PathBuf>,
    /// Address of live metrics, such as http://localhost:9464/metrics; several are put together
    #[arg(short, long, value_name = "URL")]
    metrics: Vec<String>,
    /// A label that Prometheus adds to all series, beside `job` and `instance`
    #[arg(long, value_name = "NAME")]
    target_label: Vec<String>,
    /// How often metrics are scraped, such as 15s
    #[arg(long, value_name = "DURATION", value_parser = seconds)]
    scrape_interval: Option<f64>,
    /// For how long Prometheus keeps samples, such as 15d
    #[arg(long, value_name = "DURATION", value_parser = seconds)]
    retention: Option<f64>,
    /// Which Prometheus evaluates the expressions, such as 2.42, without flags
    #[arg(long, value_name = "VERSION", value_parser = version)]
    prometheus: Option<Version>,
    /// How findings are written
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    format: Format,
    /// Findings that are less bad are not shown, and do not count
    #[arg(long, value_name = "SEVERITY", default_value = "warning")]
    min_severity: AtLeast,
    /// A lint that is not to be found; may be given several times
    #[arg(long, value_name = "ID")]
    allow: Vec<String>,
    /// File with findings that are known and do not count
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Write what is found into the baseline, instead of showing it
    #[arg(long, requires = "baseline", conflicts_with = "fix")]
    write_baseline: bool,
    /// Correct in the files what can be corrected without changing a result: needless anchors in regular expressions
    /// (ref-regex-anchor), and `=~` where `=` says the same (ref-regex-literal)
    #[arg(long)]
    fix: bool,
    /// Show what --fix would do, and leave the files alone
    #[arg(long, requires = "fix")]
    dry_run: bool,
    /// Say what a finding means, and do nothing else
    #[arg(long, value_name = "ID", exclusive = true)]
    explain: Option<String>,
    #[command(flatten)]
    login: Login,
}

const EXAMPLES: &str = "\
Examples:
  enumetrics lint rules/ dashboards/
  enumetrics lint --catalogue metrics.json ops/
  enumetrics lint --metrics http://localhost:9464/metrics --query 'rate(http_request_total[5m])'
  enumetrics lint --format sarif --baseline known.json ops/ > findings.sarif
  enumetrics lint --fix --dry-run rules/

A finding is one line, FILE:LINE:COLUMN: SEVERITY[ID]: MESSAGE, and what to do about it below. Beside live metrics, that
a metric is missing is a warning: what has not happened yet may not be there yet.

Exit codes: 0 nothing found, 1 something found, 2 wrong usage or an input that cannot be read.";

#[derive(Clone, Copy, ValueEnum)]
enum As {
    /// A panel, or a query by hand
    Panel,
    /// An alert
    Alert,
    /// A recording rule
    Record,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// One line each, for people and editors
    Text,
    /// For programs
    Json,
    /// SARIF 2.1.0, for code scanning
    Sarif,
}

#[derive(Clone, Copy, ValueEnum)]
enum AtLeast {
    /// Everything
    Note,
    /// What probably does not work as meant
    Warning,
    /// What cannot be what was meant
    Error,
}

/// A finding, and in which file.
struct Finding {
    file: String,
    line: usize,
    column: usize,
    id: &'static str,
    severity: Severity,
    /// The alert, what is recorded, or the panel; may be empty.
    subject: String,
    message: String,
    help: Option<String>,
    corrections: Vec<Edit>,
}

/// What queries of the command line are called.
const QUERY: &str = "<query>";

impl Options {
    pub fn run(&self) -> Outcome {
        if let Some(id) = &self.explain {
            return Ok(Done {
                text: page(id)?,
                ..Done::default()
            });
        }
        for id in &self.allow {
            lint(id)?;
        }
        let known = self.known()?;
        let mut files = read_all(&self.paths)?;
        let (mut findings, count) = self.check(known.as_ref(), &files)?;
        let corrected = match self.fix {
            true => correct::correct(&mut files, &findings, self.dry_run)?,
            false => correct::Corrected::default(),
        };
        if corrected.count > 0 && !self.dry_run {
            (findings, _) = self.check(known.as_ref(), &files)?;
        }
        soften(&mut findings, known.as_ref().is_some_and(|known| known.is_live));
        findings.retain(|finding| {
            finding.severity >= self.min_severity.severity() && !self.allow.iter().any(|id| id == finding.id)
        });
        let mut note = corrected.note;
        if let Some(path) = &self.baseline {
            if self.write_baseline {
                return Baseline::of(&findings).write(path);
            }
            note += &Baseline::read(path)?.remove_known(&mut findings);
        }
        note += &summary(&findings, count);
        Ok(Done {
            has_findings: !findings.is_empty(),
            text: match (self.dry_run, self.format) {
                (true, _) => corrected.difference,
                (false, Format::Text) => text::write(&findings),
                (false, Format::Json) => json::write(&findings),
                (false, Format::Sarif) => sarif::write(&findings),
            },
            note,
        })
    }

    fn known(&self) -> Result<Option<Known>, Failure> {
        let files = self.catalogue.iter().map(|path| path.display().to_string());
        let mut sources = Vec::new();
        for source in files.chain(self.metrics.iter().cloned()) {
            let catalogue = read(&source, &self.login)?;
            sources.push((source, catalogue));
        }
        match sources.is_empty() {
            true => Ok(None),
            false => Known::of(&sources, &self.target_label).map(Some),
        }
    }

    fn linter(&self) -> Linter<'static> {
        let mut linter = Linter::new(Usage::Alert);
        if let Some(seconds) = self.scrape_interval {
            linter = linter.scrape_interval(seconds);
        }
        if let Some(seconds) = self.retention {
            linter = linter.retention(seconds);
        }
        if let Some(version) = self.prometheus {
            linter = linter.server(version, &[]);
        }
        linter
    }

    /// What is wrong in the files, and with the queries beside them; and how many of the files are of use.
    fn check(&self, known: Option<&Known>, files: &[File]) -> Result<(Vec<Finding>, usize), Failure> {
        let mut read = Vec::new();
        for file in files {
            let (parts, unreadable) = file.parts();
            match parts.is_empty() && unreadable.is_empty() {
                true if file.is_named => return Err(file.is_something_else()),
                true => {}
                false => read.push((file, parts, unreadable)),
            }
        }
        if read.is_empty() && !self.paths.is_empty() {
            // Otherwise a wrong path would pass in a pipeline for ever.
            return Err(Failure::new("no rule file, no dashboard and no scrape job was found"));
        }
        let records: Vec<BTreeSet<&str>> = read
            .iter()
            .map(|(_, parts, _)| {
                let expressions = parts.iter().flat_map(|part| &part.document.expressions);
                let records = expressions.filter(|expression| expression.usage == Usage::Record);
                records.map(|record| record.subject.as_str()).collect()
            })
            .collect();
        // What a file records itself is known better.
        let records_beside = |own: &BTreeSet<&str>| {
            let all: BTreeSet<&str> = records.iter().flatten().copied().collect();
            (&all - own).into_iter().map(str::to_owned).collect()
        };
        let alerts: Vec<(String, String)> = read
            .iter()
            .flat_map(|(_, parts, _)| parts.iter().flat_map(|part| &part.document.expressions))
            .filter(|expression| expression.usage == Usage::Alert)
            .map(|alert| (alert.subject.clone(), alert.text.clone()))
            .collect();
        let mut progress = Progress::new("checking", read.len());
        let mut findings = Vec::new();
        for ((file, parts, unreadable), own) in read.iter().zip(&records) {
            progress.next(&file.name);
            let schema = known.map(|known| WithRecords {
                known,
                records: records_beside(own),
            });
            let linter = with_schema(self.linter(), schema.as_ref()).alerts(&alerts);
            let found = parts.iter().flat_map(|part| part.check(&linter));
            let found = found.chain(unreadable.iter().cloned());
            findings.extend(found.map(|found| Finding::new(&file.name, found)));
        }
        let schema = known.map(|known| WithRecords {
            known,
            records: records_beside(&BTreeSet::new()),
        });
        self.queries(with_schema(self.linter(), schema.as_ref()), &mut findings);
        Ok((findings, read.len()))
    }

    fn queries(&self, linter: Linter<'_>, findings: &mut Vec<Finding>) {
        let linter = linter.used_for(match self.usage {
            As::Panel => Usage::Panel,
            As::Alert => Usage::Alert,
            As::Record => Usage::Record,
        });
        for (at, query) in self.query.iter().enumerate() {
            let file = match self.query.len() {
                1 => QUERY.to_owned(),
                _ => format!("{}{}>", QUERY.trim_end_matches('>'), at + 1),
            };
            let mut add = |place: enumetrics_promql::LineColumn, id, severity, message: &str, help: Option<&str>| {
                findings.push(Finding {
                    file: file.clone(),
                    line: place.line,
                    column: place.column,
                    id,
                    severity,
                    subject: String::new(),
                    message: message.to_owned(),
                    help: help.map(str::to_owned),
                    corrections: Vec::new(),
                });
            };
            match parse(query) {
                Err(error) => {
                    add(
                        error.line_column(query),
                        SYNTAX,
                        Severity::Error,
                        error.message(),
                        error.help(),
                    );
                }
                Ok(expr) => {
                    for found in linter.check(&expr) {
                        let place = found.span.line_column(query);
                        add(
                            place,
                            found.lint.id,
                            found.severity,
                            &found.message,
                            found.help.as_deref(),
                        );
                    }
                }
            }
        }
    }
}

impl Finding {
    fn new(file: &str, found: FileFinding) -> Self {
        Self {
            file: file.to_owned(),
            line: found.line,
            column: found.column,
            id: found.lint.map_or(SYNTAX, |lint| lint.id),
            severity: found.severity,
            subject: found.subject,
            message: found.message,
            help: found.help,
            corrections: found.corrections,
        }
    }
}

impl AtLeast {
    fn severity(self) -> Severity {
        match self {
            Self::Note => Severity::Note,
            Self::Warning => Severity::Warning,
            Self::Error => Severity::Error,
        }
    }
}

fn with_schema<'a>(linter: Linter<'a>, schema: Option<&'a WithRecords<'_>>) -> Linter<'a> {
    match schema {
        Some(schema) => linter.schema(schema),
        None => linter,
    }
}

/// What a live program has not exported yet, such as what a collector that is off would export, need not be wrong.
fn soften(findings: &mut [Finding], is_live: bool) {
    for finding in findings {
        if finding.id == "ref-recording" && finding.help.is_none() {
            finding.help = Some("name the rule file that records it, too".to_owned());
        } else if finding.id == "ref-metric" && is_live {
            finding.severity = Severity::Warning;
            finding.message += " now";
        }
    }
}

fn summary(findings: &[Finding], files: usize) -> String {
    let count = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
    let some = |count, what: &str| match count {
        0 => None,
        1 => Some(format!("1 {what}")),
        _ => Some(format!("{count} {what}s")),
    };
    let found: Vec<_> = [
        some(count(Severity::Error), "error"),
        some(count(Severity::Warning), "warning"),
        some(count(Severity::Note), "note"),
    ]
    .into_iter()
    .flatten()
    .collect();
    let within = some(files, "file").map_or_else(String::new, |files| format!(" in {files}"));
    match found.is_empty() {
        true => format!("nothing found{within}\n"),
        false => format!("{}{within}; what one means: enumetrics explain ID\n", found.join(", ")),
    }
}

/// `15s`, as Prometheus' configuration has it.
fn seconds(text: &str) -> Result<f64, String> {
    let expected = || "expected a duration such as `15s` or `15d`".to_owned();
    match parse(text).map_err(|_| expected())?.kind {
        enumetrics_promql::ExprKind::Number(number) if number.is_duration && number.value > 0.0 => Ok(number.value),
        _ => Err(expected()),
    }
}

/// `2.42`
fn version(text: &str) -> Result<Version, String> {
    let mut numbers = text.trim_start_matches('v').split('.').map(str::parse);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => Ok(Version::new(major, minor)),
        _ => Err("expected a version such as `2.42` or `3.5`".to_owned()),
    }
}
