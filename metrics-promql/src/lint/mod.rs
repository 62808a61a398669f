//! Expressions that are PromQL and wrong nevertheless.

mod against_schema;
mod interval;
mod labels;
mod outline;
mod tree;

use std::fmt;

pub use self::labels::Labels;
pub use self::outline::{Asks, LabelSource, Meaning, Operand, Origin, Outline, Question, Step, evaluate};

use self::labels::LabelsOf;
use crate::ast::{Expr, ExprKind, Selector};
use crate::operator::{AggregationOp, BinaryOp};
use crate::requirement::{Flag, Version};
use crate::schema::{Exported, Schema};
use crate::span::{Snippet, Span};

/// A kind of mistake.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Lint {
    /// What it is called where it is allowed; ids stay.
    pub id: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What it means, in a sentence or two.
    pub about: &'static str,
}

/// How bad a [`Finding`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth a second look.
    Note,
    /// It works, but probably not as meant.
    Warning,
    /// It can't be what was meant.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

macro_rules! lints {
    ($($name:ident $severity:ident $id:literal $about:literal;)+) => {
        $(const $name: &Lint = &Lint { id: $id, severity: Severity::$severity, about: $about };)+

        impl Lint {
            /// Every lint, in the order of the documentation.
            pub const ALL: &'static [&'static Self] = &[$($name),+];
        }
    };
}

lints! {
    REF_METRIC Error "ref-metric" "No metric of this name is exported: the expression gives nothing.";
    REF_SUFFIX Error "ref-suffix" "The metric is exported, but not with this suffix: summaries have no `_bucket`, gauges no `_sum`.";
    REF_LABEL Error "ref-label" "The series don't have this label: a matcher selects nothing, a grouping groups by nothing.";
    REF_VALUE Error "ref-value" "The label never has this value.";
    REF_REGEX_NONE Error "ref-regex-none" "The regular expression matches none of the label's values.";
    REF_REGEX_ALL Warning "ref-regex-all" "The regular expression matches all of the label's values.";
    REF_REGEX_LITERAL Warning "ref-regex-literal" "The regular expression is plain text, which `=` compares faster and more readably.";
    REF_REGEX_ANCHOR Warning "ref-regex-anchor" "Regular expressions match the whole value anyway: `^` and `$` say nothing.";
    REF_UNRENDERED Error "ref-unrendered" "A template's variable has not been replaced.";
    KIND_COUNTER_RAW Error "kind-counter-raw" "A counter's value is that since the last restart; what happens now is its rate or increase.";
    KIND_RATE_GAUGE Error "kind-rate-gauge" "`rate` and its like take every fall for a restart, so of a gauge they give nonsense; `delta` and `deriv` fit.";
    KIND_DELTA_COUNTER Error "kind-delta-counter" "`delta`, `deriv` and their like don't know restarts, so a counter takes `rate` or `increase`.";
    KIND_RATE_OF_AGG Error "kind-rate-of-agg" "The sum of counters falls when one restarts, which `rate` takes for a restart of all: rate first, then sum.";
    KIND_ABSENT Warning "kind-absent" "`absent` has the labels that are matched with `=`; of anything else it has none.";
    KIND_IRATE_ALERT Warning "kind-irate-alert" "`irate` looks at two samples, so an alert or a recording rule sees chance.";
    HIST_RAW_BUCKETS Error "hist-raw-buckets" "Of raw buckets the quantile is that since the process started, not now.";
    HIST_NO_LE Error "hist-no-le" "The aggregation drops `le`, without which there is no quantile: the result is empty.";
    HIST_KIND Error "hist-kind" "Only a histogram's buckets have quantiles.";
    HIST_PHI Error "hist-phi" "A quantile is between 0 and 1.";
    HIST_AVG_QUANTILE Error "hist-avg-quantile" "The average or sum of quantiles is no quantile: aggregate the buckets.";
    MATCH_SELF_RATIO Error "match-self-ratio" "Each series is divided by itself, so the ratio is 1 or not a number: aggregate both sides.";
    MATCH_DISJOINT Error "match-disjoint" "The two sides never have the same labels, so nothing matches.";
    MATCH_BY_GONE Error "match-by-gone" "The label has been aggregated away below.";
    MATCH_OR_VECTOR Warning "match-or-vector" "`vector` has no labels: beside series with labels it is one more, always.";
    AGG_MISSING Warning "agg-missing" "The alert judges each instance by itself: it fires for one that idles, and not for what all do together.";
    AGG_TOPK_ALERT Warning "agg-topk-alert" "Which series are the top ones changes from one evaluation to the next, and so does which alert fires.";
    AGG_AVG_RATIO Warning "agg-avg-ratio" "The average of ratios counts an idle instance as much as a busy one: divide the sums.";
    VAL_NEVER Error "val-never" "The comparison never holds.";
    VAL_ALWAYS Error "val-always" "The comparison always holds.";
    VAL_TOP_BUCKET Error "val-top-bucket" "A quantile is at most the highest finite bound of the buckets.";
    VAL_BETWEEN_BUCKETS Warning "val-between-buckets" "Between two bounds a quantile is interpolated: a threshold belongs on a bound.";
    VAL_LE_FORM Error "val-le-form" "`le` is written `8.0`: Prometheus 3 rewrites it so, and `8` matches nothing.";
    VAL_RATE_THRESHOLD Note "val-rate-threshold" "A rate is per second, so this threshold is a large number of events in the range.";
    VAL_NAN_SILENT Warning "val-nan-silent" "Without traffic the ratio is not a number, which is not less than anything: the alert is silent.";
    TIME_RANGE_SHORT Error "time-range-short" "A rate needs two samples; a range shorter than two scrapes often has fewer.";
    TIME_FEATURE Error "time-feature" "The Prometheus that is to evaluate it doesn't know this, or not without a flag.";
    ALERT_NO_CONDITION Warning "alert-no-condition" "Without a comparison the alert fires whatever the value is, 0 included.";
}

impl Lint {
    /// The lint of that id.
    #[must_use]
    pub fn named(id: &str) -> Option<&'static Self> {
        Self::ALL.iter().copied().find(|lint| lint.id == id)
    }
}

/// What a [`Linter`] found.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// The kind of mistake.
    pub lint: &'static Lint,
    /// How bad it is here: that of the lint, unless the usage makes it harmless.
    pub severity: Severity,
    /// The tokens that are wrong.
    pub span: Span,
    /// What is wrong with them.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl Finding {
    /// The whole report: message, place, the line of `text` with carets, help. `text` is what was parsed.
    #[must_use]
    pub fn render(&self, text: &str) -> String {
        let Self {
            lint,
            severity,
            span,
            message,
            help,
        } = self;
        let place = span.line_column(text);
        let snippet = Snippet { text, span: *span };
        let mut report = format!("{severity}[{}]: {message}\n --> {place}\n{snippet}", lint.id);
        if let Some(help) = help {
            report += &format!("\n  = help: {help}");
        }
        report
    }
}

/// Severity, id, message and help on one line.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}[{}]: {}", self.severity, self.lint.id, self.message)?;
        match &self.help {
            Some(help) => write!(f, " (help: {help})"),
            None => Ok(()),
        }
    }
}

/// What an expression is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Usage {
    /// An alert: it fires for every series of the result.
    Alert,
    /// A recording rule.
    Record,
    /// A panel, or a query by hand.
    Panel,
}

/// What Prometheus gives to all that it scrapes, if nobody changes it.
const TARGET_LABELS: &[&str] = &["job", "instance"];

/// Looks for mistakes in expressions.
///
/// What it says without a [`Schema`] follows from the expression alone.
///
/// ```
/// use enumetrics_promql::{Linter, Usage, parse};
///
/// let text = "rate(hits_total{code=\"500\"}[5m]) / rate(hits_total[5m]) > 0.01";
/// let findings = Linter::new(Usage::Alert).check(&parse(text)?);
/// assert_eq!(findings[0].lint.id, "match-self-ratio");
/// assert_eq!(
///     findings[0].help.as_deref(),
///     Some("`sum(rate(hits_total{code=\"500\"}[5m])) / sum(rate(hits_total[5m]))`"),
/// );
/// # Ok::<(), enumetrics_promql::Error>(())
/// ```
#[derive(Clone, Copy)]
pub struct Linter<'a> {
    schema: Option<&'a dyn Schema>,
    usage: Usage,
    target_labels: &'a [&'a str],
    scrape_interval: Option<f64>,
    server: Option<(Version, &'a [Flag])>,
}

impl fmt::Debug for Linter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Linter")
            .field("usage", &self.usage)
            .finish_non_exhaustive()
    }
}

impl<'a> Linter<'a> {
    /// For expressions of that use, knowing nothing else.
    #[must_use]
    pub fn new(usage: Usage) -> Self {
        Self {
            schema: None,
            usage,
            target_labels: TARGET_LABELS,
            scrape_interval: None,
            server: None,
        }
    }

    /// Knowing what is exported: all that an expression may name.
    #[must_use]
    pub fn schema(self, schema: &'a dyn Schema) -> Self {
        Self {
            schema: Some(schema),
            ..self
        }
    }

    /// Knowing which labels Prometheus gives to all that it scrapes: `job` and `instance`, if nothing else is said. A
    /// [`Schema`] knows it better.
    #[must_use]
    pub fn target_labels(self, target_labels: &'a [&'a str]) -> Self {
        Self { target_labels, ..self }
    }

    /// Knowing how often metrics are scraped, in seconds.
    #[must_use]
    pub fn scrape_interval(self, seconds: f64) -> Self {
        Self {
            scrape_interval: Some(seconds),
            ..self
        }
    }

    /// Knowing the oldest Prometheus that is to understand the expression, and the flags that it is started with.
    #[must_use]
    pub fn server(self, version: Version, flags: &'a [Flag]) -> Self {
        Self {
            server: Some((version, flags)),
            ..self
        }
    }

    /// Which labels the result of an expression has, as far as what is exported says.
    #[must_use]
    pub fn labels(&self, expr: &Expr) -> Labels {
        LabelsOf::new(self.schema.map(Exported::new).as_ref(), self.target_labels).of(expr)
    }

    /// What is wrong with an expression, in the order of the text.
    #[must_use]
    pub fn check(&self, expr: &Expr) -> Vec<Finding> {
        let exported = self.schema.map(Exported::new);
        let mut check = Check {
            linter: self,
            exported: exported.as_ref(),
            labels: LabelsOf::new(exported.as_ref(), self.target_labels),
            alone: LabelsOf::new(None, self.target_labels),
            findings: Vec::new(),
        };
        check.root(expr);
        check.visit(expr, &mut Vec::new());
        let mut findings = check.findings;
        findings.sort_by_key(|finding| (finding.span.start, finding.span.end));
        findings
    }
}

/// One expression being checked.
struct Check<'a> {
    linter: &'a Linter<'a>,
    exported: Option<&'a Exported>,
    /// The labels of its parts.
    labels: LabelsOf<'a>,
    /// The same as far as the expression alone says.
    alone: LabelsOf<'a>,
    findings: Vec<Finding>,
}

impl Check<'_> {
    /// What is asked of the whole expression.
    fn root(&mut self, expr: &Expr) {
        self.root_tree(expr);
        self.features(expr);
    }

    /// `ancestors` are what the expression stands in, the outermost first.
    fn visit<'e>(&mut self, expr: &'e Expr, ancestors: &mut Vec<&'e Expr>) {
        self.tree(expr, ancestors);
        self.against_schema(expr, ancestors);
        ancestors.push(expr);
        for child in expr.children() {
            self.visit(child, ancestors);
        }
        ancestors.pop();
    }

    fn is_rule(&self) -> bool {
        self.linter.usage != Usage::Panel
    }

    fn is_alert(&self) -> bool {
        self.linter.usage == Usage::Alert
    }

    fn find(&mut self, lint: &'static Lint, span: Span, message: impl Into<String>) {
        self.add(lint, span, message.into(), None);
    }

    fn find_help(&mut self, lint: &'static Lint, span: Span, message: impl Into<String>, help: impl Into<String>) {
        self.add(lint, span, message.into(), Some(help.into()));
    }

    fn add(&mut self, lint: &'static Lint, span: Span, message: String, help: Option<String>) {
        // By hand one may look at a counter, too.
        let harmless = lint == KIND_COUNTER_RAW && !self.is_rule();
        self.findings.push(Finding {
            lint,
            severity: if harmless { Severity::Warning } else { lint.severity },
            span,
            message,
            help,
        });
    }
}

/// The selector that an expression is, with or without a range.
fn selector_of(expr: &Expr) -> Option<&Selector> {
    match &expr.kind {
        ExprKind::Selector(selector) => Some(selector),
        ExprKind::Range(range) => Some(&range.selector),
        _ => None,
    }
}

/// The name of the function that an expression calls.
fn called(expr: &Expr) -> Option<&'static str> {
    match &expr.kind {
        ExprKind::Call(call) => Some(call.function.name),
        _ => None,
    }
}

/// As OpenMetrics writes numbers in labels: `8.0`.
fn canonical(bound: f64) -> String {
    format!("{bound:?}")
}

/// Whether the series of this name have labels that no declaration tells.
fn is_of_alerts(name: &str) -> bool {
    matches!(name, "ALERTS" | "ALERTS_FOR_STATE")
}

/// Whether only the existence, the age or the changes of a counter matter, or all of its values over time.
fn may_be_raw(ancestors: &[&Expr]) -> bool {
    ancestors.iter().any(|ancestor| match &ancestor.kind {
        ExprKind::Call(call) => matches!(
            call.function.name,
            "absent"
                | "timestamp"
                | "rate"
                | "increase"
                | "irate"
                | "resets"
                | "changes"
                | "count_over_time"
                | "info"
                | "absent_over_time"
                | "present_over_time"
        ),
        ExprKind::Aggregation(aggregation) => matches!(
            aggregation.op,
            AggregationOp::Count | AggregationOp::Group | AggregationOp::CountValues
        ),
        // The right side of a set operation says which series; a difference of two counters is a gauge.
        ExprKind::Binary(binary) => matches!(
            binary.op,
            BinaryOp::And | BinaryOp::Unless | BinaryOp::Sub | BinaryOp::Div
        ),
        _ => false,
    })
}

/// Whether an expression is a call of a function that only counters have.
fn is_rate(expr: &Expr) -> bool {
    matches!(called(expr), Some("rate" | "increase" | "irate"))
}
