//! Expressions that are PromQL and wrong nevertheless.

#[cfg(feature = "schema")]
mod against_schema;
mod outline;
mod tree;

use std::fmt;

pub use self::outline::{Asks, LabelSource, Meaning, Measure, Operand, Origin, Outline, Question, Step, evaluate};

use crate::ast::{Binary, Expr, ExprKind, Selector, Side};
use crate::both::both;
use crate::meaning::{Exported, Facts, Interpreter, Labels, Nature, TARGET_LABELS, is_of_alerts, selector_of};
use crate::names::joined;
use crate::operator::{AggregationOp, BinaryOp};
use crate::requirement::{Flag, Version};
#[cfg(feature = "schema")]
use crate::schema::Schema;
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
        $(#[allow(dead_code, reason = "some are found by the macro or in files only")]
        pub(crate) const $name: &Lint = &Lint { id: $id, severity: Severity::$severity, about: $about };)+

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
    REF_RENAMED Warning "ref-renamed" "The metric has another name now, and is exported under this one for a while only.";
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
    KIND_INFO_JOIN Warning "kind-info-join" "An info metric is always 1: what it says is in its labels, which a join takes with `group_left`.";
    KIND_TIMESTAMP Warning "kind-timestamp" "A point in time is compared with a length of time: how long ago it was is `time()` minus it.";
    KIND_IRATE_ALERT Warning "kind-irate-alert" "`irate` looks at two samples, so an alert or a recording rule sees chance.";
    HIST_RAW_BUCKETS Error "hist-raw-buckets" "Of raw buckets the quantile is that since the process started, not now.";
    HIST_NO_LE Error "hist-no-le" "The aggregation drops `le`, without which there is no quantile: the result is empty.";
    HIST_KIND Error "hist-kind" "Only a histogram's buckets have quantiles.";
    HIST_PHI Error "hist-phi" "A quantile is between 0 and 1.";
    HIST_AVG_QUANTILE Error "hist-avg-quantile" "The average or sum of quantiles is no quantile: aggregate the buckets.";
    MATCH_SELF_RATIO Error "match-self-ratio" "Each series is divided by itself, so the ratio is 1 or not a number: aggregate both sides.";
    MATCH_DISJOINT Error "match-disjoint" "The two sides never have the same labels, so nothing matches.";
    MATCH_MANY Error "match-many" "Several series match one without `group_left` or `group_right`, which Prometheus refuses when it evaluates.";
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
    VAL_UNIT Error "val-unit" "What is added or compared is not in the same unit.";
    VAL_RATE_THRESHOLD Note "val-rate-threshold" "A rate is per second, so this threshold is a large number of events in the range.";
    VAL_NAN_SILENT Warning "val-nan-silent" "Without traffic the ratio is not a number, which is not less than anything: the alert is silent.";
    VAL_LOW_TRAFFIC Note "val-low-traffic" "With little traffic one slow or failed request decides a quantile or a ratio: an alert needs a floor.";
    VAL_FLOAT_EQ Warning "val-float-eq" "What is computed from samples is rarely exactly a number.";
    VAL_MISSING_ZERO Warning "val-missing-zero" "A series with a label whose values come while the program runs is not there before its first event.";
    TIME_RANGE_SHORT Error "time-range-short" "A rate needs two samples; a range shorter than two scrapes often has fewer.";
    TIME_RETENTION Warning "time-retention" "It looks back further than samples are kept.";
    TIME_FOR Warning "time-for" "What is missing for a moment only, as during a restart, is not worth waking somebody: say for how long.";
    TIME_FEATURE Error "time-feature" "The Prometheus that is to evaluate it doesn't know this, or not without a flag.";
    ALERT_NO_CONDITION Warning "alert-no-condition" "Without a comparison the alert fires whatever the value is, 0 included.";
    REF_RECORDING Error "ref-recording" "No rule records this, or it is made of itself.";
    REF_TEMPLATE Error "ref-template" "The template cannot be read, or the alert does not have the label that it shows.";
    SLO_BURN Error "slo-burn" "The alert of an objective could never fire, or looks back further than Prometheus does.";
    SLO_DENOMINATOR Error "slo-denominator" "The part of an objective is not part of its whole.";
    REF_DASHBOARD_VARIABLE Error "ref-dashboard-variable" "The dashboard's variable asks for a metric or a label that is not there.";
    RECORD_NAME Error "record-name" "What a rule records has colons in its name, which no metric of a program has.";
    ALERT_VALUE_LABEL Error "alert-value-label" "A label with the value makes a new alert each time the value changes.";
    ALERT_DUPLICATE Error "alert-duplicate" "Two rules have the same name, the same labels and the same expression.";
    ALERT_RUNBOOK Warning "alert-runbook" "The runbook or its heading is not there, or an alert has none.";
    ALERT_SEVERITY Warning "alert-severity" "Nothing says how urgent the alert is.";
    ALERT_SUMMARY Warning "alert-summary" "Nothing says what has happened.";
    ALERT_ABSENCE Note "alert-absence" "No alert of the group fires when the metrics are gone.";
    TIME_GROUP_INTERVAL Error "time-group-interval" "A group that is evaluated more rarely than every 5 minutes, or than its rules look back, leaves gaps.";
    TIME_GRAFANA_VAR Note "time-grafana-var" "A rate over a fixed range shows gaps or misses peaks when somebody looks at a longer time.";
    TIME_SCRAPE Error "time-scrape" "A scrape may take longer than until the next one begins.";
    SCRAPE_DUPLICATE Error "scrape-duplicate" "Two scrape jobs have the same name, or one target is scraped twice.";
    ALLOW_FORM Error "allow-form" "An exception names a lint that there is, and says why.";
    RULE_YAML Error "rule-yaml" "The file is not one that Prometheus or Grafana reads.";
    DASHBOARD_ID Error "dashboard-id" "Two panels have the same id, or two of a panel's queries.";
    DASHBOARD_PANEL Warning "dashboard-panel" "Grafana has given up this kind of panel.";
    DASHBOARD_FORM Warning "dashboard-form" "The file is what Grafana's API takes, panels lie over each other, or a heatmap is not one of buckets.";
    DASHBOARD_UNIT Warning "dashboard-unit" "A panel shows its values in another unit than they have.";
    DASHBOARD_THRESHOLD Warning "dashboard-threshold" "A panel draws its line elsewhere than the alert on the same query fires.";
    DASHBOARD_LEGEND Warning "dashboard-legend" "Several series of a panel have the same name.";
    DASHBOARD_SOURCE Warning "dashboard-source" "Panels ask a data source by its name or id, which another Grafana does not have.";
    DASHBOARD_JOB Note "dashboard-job" "Nothing says whose metrics are shown: those of all that export them are added up.";
    DASHBOARD_TEXT Note "dashboard-text" "A panel has no title, or nothing says what it shows.";
}

impl Lint {
    /// What is wrong, why that matters, and what is right: a page of Markdown, with an example.
    ///
    /// ```
    /// use enumetrics_promql::Lint;
    ///
    /// let lint = Lint::named("hist-no-le").unwrap();
    /// assert!(lint.explanation().contains("sum by (job, le)"));
    /// ```
    #[cfg(feature = "files")]
    #[must_use]
    pub fn explanation(&self) -> &'static str {
        // A test holds that there is a section for each.
        let pages = include_str!("../../docs/lints.md").split("\n## ");
        let page = |page: &'static str| page.strip_prefix(self.id)?.strip_prefix("\n\n");
        pages.filter_map(page).next().unwrap_or_default().trim_end()
    }

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
    #[cfg(feature = "schema")]
    schema: Option<&'a dyn Schema>,
    usage: Usage,
    target_labels: &'a [&'a str],
    scrape_interval: Option<f64>,
    retention: Option<f64>,
    hold: Option<f64>,
    evaluation_interval: Option<f64>,
    #[cfg(feature = "files")]
    pub(crate) alerts: &'a [(String, String)],
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
            #[cfg(feature = "schema")]
            schema: None,
            usage,
            target_labels: TARGET_LABELS,
            scrape_interval: None,
            retention: None,
            hold: None,
            evaluation_interval: None,
            #[cfg(feature = "files")]
            alerts: &[],
            server: None,
        }
    }

    /// Knowing what is exported: all that an expression may name.
    #[cfg(feature = "schema")]
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

    /// Knowing for how long Prometheus keeps samples, in seconds.
    #[must_use]
    pub fn retention(self, seconds: f64) -> Self {
        Self {
            retention: Some(seconds),
            ..self
        }
    }

    /// Knowing for how long an alert's expression must hold before it fires, in seconds: 0 where there is no `for`.
    #[must_use]
    pub fn hold(self, seconds: f64) -> Self {
        Self {
            hold: Some(seconds),
            ..self
        }
    }

    /// Knowing how often rules are evaluated, in seconds.
    #[must_use]
    pub fn evaluation_interval(self, seconds: f64) -> Self {
        Self {
            evaluation_interval: Some(seconds),
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

    /// Knowing these alerts, names and expressions: the lines that dashboards draw are held against them.
    #[cfg(feature = "files")]
    #[must_use]
    pub fn alerts(self, alerts: &'a [(String, String)]) -> Self {
        Self { alerts, ..self }
    }

    #[cfg(feature = "files")]
    pub(crate) fn known(&self) -> Option<&'a dyn Schema> {
        self.schema
    }

    /// The labels that Prometheus gives to all that it scrapes.
    #[cfg(feature = "files")]
    pub(crate) fn all_target_labels(&self) -> Vec<String> {
        match self.schema {
            Some(schema) => schema.target_labels(),
            None => self.target_labels.iter().copied().map(str::to_owned).collect(),
        }
    }

    /// The same for expressions of another use.
    #[must_use]
    pub fn used_for(self, usage: Usage) -> Self {
        Self { usage, ..self }
    }

    /// Which labels the result of an expression has, as far as what is exported says.
    #[must_use]
    pub fn labels(&self, expr: &Expr) -> Labels {
        self.facts(expr).labels
    }

    /// What is known of the result of an expression, or of any part of one, before it is evaluated.
    ///
    /// ```
    /// use enumetrics_promql::{Interval, Linter, Nature, Usage, parse};
    ///
    /// let expr = parse("sum by (job) (rate(hits_total{code=\"500\"}[5m])) / sum by (job) (rate(hits_total[5m]))")?;
    /// let facts = Linter::new(Usage::Panel).facts(&expr);
    /// assert_eq!(facts.interval, Interval::RATIO);
    /// assert_eq!(facts.nature, Nature::Ratio);
    /// assert!(facts.may_be_nan); // without traffic
    /// assert!(facts.labels.must_have("job"));
    /// # Ok::<(), enumetrics_promql::Error>(())
    /// ```
    #[must_use]
    pub fn facts(&self, expr: &Expr) -> Facts {
        let exported = self.exported();
        let interpreter = Interpreter::new(exported.as_ref(), self.target_labels).scraped_every(self.scrape_interval);
        Facts::clone(&interpreter.of(expr))
    }

    #[cfg(feature = "schema")]
    fn exported(&self) -> Option<Exported> {
        self.schema.map(Exported::new)
    }

    #[cfg(not(feature = "schema"))]
    const fn exported(&self) -> Option<Exported> {
        None
    }

    /// What is wrong with an expression, in the order of the text.
    #[must_use]
    pub fn check(&self, expr: &Expr) -> Vec<Finding> {
        let exported = self.exported();
        let mut check = Check {
            linter: self,
            #[cfg(feature = "schema")]
            exported: exported.as_ref(),
            facts: Interpreter::new(exported.as_ref(), self.target_labels).scraped_every(self.scrape_interval),
            alone: Interpreter::new(None, self.target_labels),
            findings: Vec::new(),
        };
        check.root(expr);
        walk_below(expr, &mut |expr, ancestors| {
            check.tree(expr, ancestors);
            #[cfg(feature = "schema")]
            check.against_schema(expr, ancestors);
        });
        check.findings
    }
}

/// One expression being checked.
struct Check<'a> {
    linter: &'a Linter<'a>,
    #[cfg(feature = "schema")]
    exported: Option<&'a Exported>,
    /// What is known of its parts.
    facts: Interpreter<'a>,
    /// The same as far as the expression alone says.
    alone: Interpreter<'a>,
    findings: Vec<Finding>,
}

impl Check<'_> {
    /// What is asked of the whole expression.
    fn root(&mut self, expr: &Expr) {
        self.root_tree(expr);
        self.features(expr);
    }

    fn is_rule(&self) -> bool {
        self.linter.usage != Usage::Panel
    }

    fn is_alert(&self) -> bool {
        self.linter.usage == Usage::Alert
    }

    fn find(&mut self, lint: &'static Lint, span: Span, message: impl Into<String>) {
        self.add(lint, lint.severity, span, message.into(), None);
    }

    fn find_help(&mut self, lint: &'static Lint, span: Span, message: impl Into<String>, help: impl Into<String>) {
        self.add(lint, lint.severity, span, message.into(), Some(help.into()));
    }

    fn add(&mut self, lint: &'static Lint, severity: Severity, span: Span, message: String, help: Option<String>) {
        // By hand one may look at a counter, too.
        let harmless = lint == KIND_COUNTER_RAW && !self.is_rule();
        let severity = if harmless { Severity::Warning } else { severity };
        let finding = Finding {
            lint,
            severity,
            span,
            message,
            help,
        };
        let is_before = |other: &Finding| (other.span.start, other.span.end) <= (span.start, span.end);
        let place = self.findings.partition_point(is_before);
        self.findings.insert(place, finding);
    }
}

/// Visits an expression and all below it with what they stand in, the outermost first.
fn walk_below<'e>(expr: &'e Expr, visit: &mut dyn FnMut(&'e Expr, &[&'e Expr])) {
    let mut ancestors = Vec::new();
    // Chains of operators may be longer than the stack is deep.
    let mut todo = vec![(0, expr)];
    while let Some((depth, next)) = todo.pop() {
        ancestors.truncate(depth);
        visit(next, &ancestors);
        ancestors.push(next);
        todo.extend(next.children().rev().map(|child| (depth + 1, child)));
    }
}

/// What an expression stands in, but for parentheses.
fn outside<'e>(ancestors: &[&'e Expr]) -> Option<&'e Expr> {
    let is_paren = |ancestor: &&&Expr| !matches!(ancestor.kind, ExprKind::Paren(_));
    ancestors.iter().rev().find(is_paren).copied()
}

fn is_in_quantile(ancestors: &[&Expr]) -> bool {
    let is_quantile = |ancestor: &&Expr| called(ancestor) == Some("histogram_quantile");
    ancestors.iter().any(is_quantile)
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

fn side_in_words(side: Side) -> &'static str {
    match side {
        Side::Left => "the left",
        Side::Right => "the right",
    }
}

/// What to do where several series of that side match one.
fn fix_of_several(binary: &Binary, side: Side) -> String {
    if binary
        .matching
        .as_ref()
        .is_some_and(|matching| matching.group.is_some())
    {
        return "aggregate that side by the labels that are compared".to_owned();
    }
    let group = match side {
        Side::Left => "group_left",
        Side::Right => "group_right",
    };
    format!("`{} … {group} ()`, or compare it, too", binary.op)
}

/// Whether an expression is a call of a function that only counters have.
fn is_rate(expr: &Expr) -> bool {
    matches!(called(expr), Some("rate" | "increase" | "irate"))
}

fn has_rate(expr: &Expr) -> bool {
    let mut found = false;
    expr.walk(&mut |part| found |= is_rate(part));
    found
}
