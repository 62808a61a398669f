//! What the rules of a group show by themselves, and what has to be asked of the metrics.

use enumetrics_promql::{
    Asks, Expr, ExprKind, Interval, Lint, Linter, Meaning, Operand, Origin, Question, Selector, Severity, Step,
    Template, Usage,
};
use proc_macro2::{Span, TokenStream};

use super::alert::Alert;
use super::parse::seconds;
use super::promql::Expression;
use super::{Group, Kind, LabelValue, Rule};
use crate::attribute::unknown;
use crate::diagnostics::Errors;
use crate::rule::{self, Problem};
use crate::span::Place;

const AGG_MISSING: &str = "agg-missing";
const ALERT_RUNBOOK: &str = "alert-runbook";
const ALERT_SEVERITY: &str = "alert-severity";
const ALERT_SUMMARY: &str = "alert-summary";

/// What is wrong whatever the reason, or only in files.
const NOT_ALLOWED: [&str; 22] = [
    "alert-duplicate",
    "alert-value-label",
    "allow-form",
    "dashboard-form",
    "dashboard-id",
    "dashboard-job",
    "dashboard-legend",
    "dashboard-panel",
    "dashboard-source",
    "dashboard-text",
    "dashboard-threshold",
    "dashboard-unit",
    "record-name",
    "ref-dashboard-variable",
    "ref-recording",
    "ref-template",
    "rule-yaml",
    "scrape-duplicate",
    "slo-burn",
    "slo-denominator",
    "time-group-interval",
    "time-scrape",
];

pub(super) fn is_known(id: &str) -> bool {
    known().contains(&id)
}

/// The lints that a rule may be excepted from.
pub(super) fn known() -> Vec<&'static str> {
    let all = Lint::ALL.iter().map(|lint| lint.id);
    all.filter(|id| !NOT_ALLOWED.contains(id)).collect()
}

/// What is known of a group before its metrics are.
pub(super) struct Analysis {
    /// The rules that can be read, in the order in which they can be evaluated.
    pub(super) rules: Vec<Analysed>,
    pub(super) warnings: TokenStream,
}

pub(super) struct Analysed {
    /// Its position in the group.
    pub(super) at: usize,
    /// On one line.
    pub(super) expression: String,
    /// What is asked, and where. Of several questions in one place the first that is answered with no is the mistake.
    pub(super) questions: Vec<(Place, Vec<Question>)>,
    /// The labels that its templates show, and where.
    pub(super) shown: Vec<(String, Span)>,
    pub(super) meaning: Meaning,
}

pub(super) fn analyse(group: &Group, errors: &mut Errors) -> Analysis {
    let mut lints = Lints {
        group,
        errors,
        warnings: TokenStream::new(),
    };
    lints.duplicates();
    lints.slos();
    let parsed: Vec<Option<Expr>> = group.rules.iter().map(|rule| lints.parse(rule)).collect();
    let mut meanings = Meanings(Vec::new());
    let mut rules = Vec::new();
    for at in lints.order(&parsed) {
        let (rule, Some(expr)) = (&group.rules[at], &parsed[at]) else {
            continue;
        };
        let analysed = lints.rule(at, rule, expr, &meanings);
        if let Kind::Record = rule.kind {
            meanings.add(&rule.name.text, &analysed.meaning);
        }
        rules.push(analysed);
    }
    Analysis {
        rules,
        warnings: lints.warnings,
    }
}

/// Of the parts of an objective, which take rates of one metric, the first asks whether that is a counter.
fn once_a_counter(questions: &mut Vec<(Place, Vec<Question>)>) {
    let mut asked: Vec<String> = Vec::new();
    for (_, at_once) in questions.iter_mut() {
        at_once.retain(|question| match &question.asks {
            Asks::IsCounter { series, .. } if asked.contains(series) => false,
            Asks::IsCounter { series, .. } => {
                asked.push(series.clone());
                true
            }
            _ => true,
        });
    }
    questions.retain(|(_, at_once)| !at_once.is_empty());
}

/// What is recorded, by its name.
struct Meanings<'a>(Vec<(&'a str, Meaning)>);

impl<'a> Meanings<'a> {
    /// One name may be recorded by several rules.
    fn add(&mut self, name: &'a str, meaning: &Meaning) {
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => {
                known.labels.extend_from_slice(&meaning.labels);
                if known.values != meaning.values {
                    known.values = vec![Step::Push(Operand::Fixed(Interval::ALL))];
                }
            }
            None => self.0.push((name, meaning.clone())),
        }
    }

    fn of(&self, name: &str) -> Option<&Meaning> {
        let found = self.0.iter().find(|(known, _)| *known == name);
        found.map(|(_, meaning)| meaning)
    }
}

struct Lints<'a> {
    group: &'a Group,
    errors: &'a mut Errors,
    warnings: TokenStream,
}

impl Lints<'_> {
    fn parse(&mut self, rule: &Rule) -> Option<Expr> {
        match rule.expression.parse() {
            Ok(expr) => Some(expr),
            Err(error) => {
                let place = rule.expression.place(error.span());
                place.error(rule.expression.error(&error), self.errors);
                None
            }
        }
    }

    /// Two rules of the same name need different labels.
    fn duplicates(&mut self) {
        let mut seen = Vec::new();
        for rule in self.group.rules.iter().filter(|rule| rule.asked.is_none()) {
            let labels = rule.labels.iter().map(|(name, value)| match value {
                LabelValue::Text(text) => format!("{name}={text:?}"),
                LabelValue::Variant(tokens) => format!("{name}={tokens}"),
            });
            let (severity, advice) = match &rule.kind {
                Kind::Alert(Alert {
                    severity: Some(severity),
                    ..
                }) => (
                    severity.tokens(self.group).to_string(),
                    "with the same labels: give one of them",
                ),
                // Several expressions in one panel.
                Kind::Panel(panel) => {
                    let advice = "with the same legend: give each a `legend = \"…\"`, or one of them";
                    (format!("panel {:?}", panel.legend), advice)
                }
                _ => (String::new(), "with the same labels: give one of them"),
            };
            let key = (&rule.name.text, severity, labels.collect::<Vec<_>>());
            if seen.contains(&key) {
                let name = &rule.name.text;
                let lint = if matches!(rule.kind, Kind::Alert(_)) {
                    "alert-duplicate"
                } else {
                    rule::NAME_DUPLICATE
                };
                let message = format!("`{name}` is there twice {advice} another name [{lint}]");
                rule.name.place.error(message, self.errors);
            }
            seen.push(key);
        }
    }

    /// Two objectives need different names.
    fn slos(&mut self) {
        let mut seen = Vec::new();
        for slo in &self.group.slos {
            let name = &slo.name.text;
            if seen.contains(&name) {
                let message = format!("`{name}` is there twice: give one of them another name");
                let problem = Problem::new(rule::NAME_DUPLICATE, message);
                slo.name.place.error(problem, self.errors);
            }
            seen.push(name);
            if slo.runbook.is_none() && !slo.allowed.iter().any(|(id, _)| id == ALERT_RUNBOOK) {
                let advice = "say what to do: `#[slo(runbook = \"docs/runbooks/name.md\")]`";
                let warning = slo
                    .name
                    .place
                    .warning(ALERT_RUNBOOK, &format!("{advice} [{ALERT_RUNBOOK}]"));
                self.warnings.extend(warning);
            }
        }
    }

    /// The positions of the rules, each behind those that it names.
    fn order(&mut self, parsed: &[Option<Expr>]) -> Vec<usize> {
        let mut visit = Visit {
            states: vec![State::New; parsed.len()],
            order: Vec::new(),
            path: Vec::new(),
        };
        for at in 0..parsed.len() {
            self.visit(at, parsed, &mut visit);
        }
        visit.order
    }

    fn visit(&mut self, at: usize, parsed: &[Option<Expr>], visit: &mut Visit) {
        if visit.states[at] != State::New {
            return;
        }
        visit.states[at] = State::Open;
        visit.path.push(at);
        let rules = &self.group.rules;
        for (name, span) in parsed[at].as_ref().map(named).unwrap_or_default() {
            let place = rules[at].expression.place(span);
            self.unrecorded(name, place);
            for (next, rule) in rules.iter().enumerate() {
                if !rule.is_record() || rule.name.text != name {
                    continue;
                }
                if visit.states[next] == State::Open {
                    let from = visit
                        .path
                        .iter()
                        .position(|&on_path| on_path == next)
                        .unwrap_or_default();
                    let path = visit.path[from..].iter();
                    let mut names: Vec<_> = path.map(|&at| rules[at].name.text.as_str()).collect();
                    names.push(name);
                    let message = format!("`{name}` is made of itself: {} [ref-recording]", names.join(" from "));
                    place.error(message, self.errors);
                } else {
                    self.visit(next, parsed, visit);
                }
            }
        }
        visit.path.pop();
        visit.states[at] = State::Done;
        visit.order.push(at);
    }

    /// What has colons in its name is recorded by a rule.
    fn unrecorded(&mut self, name: &str, place: Place) {
        if !self.is_unrecorded(name) {
            return;
        }
        let mut known = Vec::new();
        for rule in self.group.rules.iter().filter(|rule| rule.is_record()) {
            known.push(rule.name.text.as_str());
        }
        for external in self
            .group
            .external
            .iter()
            .filter(|external| external.name.contains(':'))
        {
            known.push(external.name.as_str());
        }
        let message = unknown("recording rule", name, &known).message;
        place.error(
            format!("{message}; one that is elsewhere is declared in `external {{ {name}: gauge; }}` [ref-recording]"),
            self.errors,
        );
    }

    fn is_unrecorded(&self, name: &str) -> bool {
        let is_external = self.group.external.iter().any(|external| external.name == name);
        name.contains(':') && !is_external && !self.is_recorded(name)
    }

    fn is_recorded(&self, name: &str) -> bool {
        let mut rules = self.group.rules.iter();
        rules.any(|rule| rule.is_record() && rule.name.text == name)
    }

    fn rule(&mut self, at: usize, rule: &Rule, expr: &Expr, meanings: &Meanings<'_>) -> Analysed {
        let usage = match rule.kind {
            Kind::Alert(_) => Usage::Alert,
            Kind::Record => Usage::Record,
            Kind::Panel(_) => Usage::Panel,
        };
        let mut questions = Vec::new();
        let mut is_right = true;
        match &rule.asked {
            None => is_right = self.check(rule, &rule.expression, expr, usage, meanings, &mut questions),
            // Our own expressions are right if what they are made of is.
            Some(asked) => {
                for asked in asked {
                    if let Ok(expr) = asked.parse() {
                        self.check(rule, asked, &expr, Usage::Record, meanings, &mut questions);
                    }
                }
                once_a_counter(&mut questions);
            }
        }
        let outline = expr.outline(usage, &|name| meanings.of(name));
        let mut meaning = outline.meaning;
        for source in &mut meaning.labels {
            rule.labels.iter().for_each(|(name, _)| source.plus.insert(name));
        }
        let mut shown = Vec::new();
        if let Kind::Alert(alert) = &rule.kind {
            if rule.asked.is_none() {
                self.alert(rule, alert);
            }
            if is_right {
                self.unaggregated(rule, alert, expr, &meaning);
            }
            shown = self.templates(rule, alert);
            shown.retain(|(label, _)| {
                rule.asked.is_none() || !self.group.slos.iter().any(|slo| slo.labels_by().contains(label))
            });
        }
        Analysed {
            at,
            expression: expr.to_string(),
            questions,
            shown,
            meaning,
        }
    }

    /// What an expression of a rule shows by itself, and what it asks. Whether it is free of errors.
    fn check(
        &mut self,
        rule: &Rule,
        written: &Expression,
        expr: &Expr,
        usage: Usage,
        meanings: &Meanings<'_>,
        questions: &mut Vec<(Place, Vec<Question>)>,
    ) -> bool {
        let target_labels: Vec<_> = self.group.options.target_labels.iter().map(String::as_str).collect();
        let mut linter = Linter::new(usage).target_labels(&target_labels);
        if let Kind::Alert(alert) = &rule.kind {
            linter = linter.hold(alert.hold.as_deref().and_then(seconds).unwrap_or(0.0));
        }
        if let Some(seconds) = self.group.options.scrape_interval {
            linter = linter.scrape_interval(seconds);
        }
        if let Some(seconds) = self.group.options.interval.as_deref().and_then(seconds) {
            linter = linter.evaluation_interval(seconds);
        }
        if let Some(seconds) = self.group.options.retention.as_deref().and_then(seconds) {
            linter = linter.retention(seconds);
        }
        if let Some(version) = self.group.options.server {
            linter = linter.server(version, &[]);
        }
        let mut findings = linter.check(expr);
        findings.retain(|finding| !rule.allows(finding.lint.id));
        for finding in &findings {
            let (place, message) = (written.place(finding.span), written.finding(finding));
            match finding.severity {
                Severity::Error => place.error(message, self.errors),
                Severity::Warning => self.warnings.extend(place.warning(finding.lint.id, &message)),
                Severity::Note => {}
            }
        }
        // What has been said is not asked.
        let said = |question: &Question| {
            findings.iter().any(|finding| {
                finding.span == question.span && (finding.lint == question.lint || finding.severity == Severity::Error)
            })
        };
        let mut asked = expr.outline(usage, &|name| meanings.of(name)).questions;
        // A name that has colons and that nobody records has been reported, and so has a record that is made of itself.
        let is_reported = |name: &str| self.is_unrecorded(name) || self.is_recorded(name);
        asked.retain(|question| {
            !rule.allows(question.lint.id) && !said(question) && !question.series().is_some_and(is_reported)
        });
        let is_one = |a: &Question, b: &Question| (a.lint, a.span) == (b.lint, b.span);
        questions.extend(
            asked
                .chunk_by(is_one)
                .map(|asked| (written.place(asked[0].span), asked.to_vec())),
        );
        findings.iter().all(|finding| finding.severity < Severity::Error)
    }

    fn alert(&mut self, rule: &Rule, alert: &Alert) {
        let name = rule.name.place;
        let mut missing = |id: &str, is_there: bool, message: &str| {
            if !is_there && !alert.mistaken && !rule.allows(id) {
                self.warnings.extend(name.warning(id, &format!("{message} [{id}]")));
            }
        };
        let summary = alert.summary.is_some() || !rule.docs.is_empty();
        missing(
            ALERT_SUMMARY,
            summary,
            "say in a doc comment what has happened: it is the alert's summary",
        );
        missing(
            ALERT_SEVERITY,
            alert.severity.is_some(),
            "say how urgent it is: `#[alert(severity = Critical)]`",
        );
        missing(
            ALERT_RUNBOOK,
            alert.runbook.is_some(),
            "say what to do: `#[alert(runbook = \"docs/runbooks/name.md\")]`",
        );
    }

    fn unaggregated(&mut self, rule: &Rule, alert: &Alert, expr: &Expr, meaning: &Meaning) {
        if alert.per_target || rule.allows(AGG_MISSING) {
            return;
        }
        // What is counted adds up; a gauge may well be judged for each.
        let mut adds_up = false;
        expr.walk(&mut |part| {
            adds_up |= matches!(&part.kind, ExprKind::Call(call)
                if matches!(call.function.name, "rate" | "increase" | "irate"));
        });
        if !adds_up {
            return;
        }
        let is_scraped = |origin: &Origin| matches!(origin, Origin::Series(name) if !self.is_unrecorded(name));
        let has = |target: &&String| {
            !meaning.labels.is_empty()
                && meaning.labels.iter().all(|source| {
                    // `by (instance)` says that it is meant.
                    is_scraped(&source.origin) && source.only.is_none() && !source.without.has(target)
                })
        };
        if let Some(target) = self.group.options.target_labels.iter().find(has) {
            let message = format!(
                "this judges every `{target}` by itself: it fires for one that idles, and not for what all do together; \
                 aggregate over them, `sum(…)`, or if that is meant, say `per_target` [{AGG_MISSING}]"
            );
            let place = rule.expression.place(expr.span);
            self.warnings.extend(place.warning(AGG_MISSING, &message));
        }
    }

    fn templates(&mut self, rule: &Rule, alert: &Alert) -> Vec<(String, Span)> {
        let mut shown = Vec::new();
        let texts = rule.docs.iter().chain(&alert.summary).chain(&alert.description);
        for (text, span) in texts {
            match Template::parse(text) {
                Ok(template) => shown.extend(template.labels.into_iter().map(|label| (label, *span))),
                Err(problem) => self.errors.at(*span, format_args!("{problem} [ref-template]")),
            }
        }
        shown
    }
}

struct Visit {
    states: Vec<State>,
    order: Vec<usize>,
    path: Vec<usize>,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    New,
    /// On the path from the rule that is being ordered.
    Open,
    Done,
}

/// The metrics that an expression names, and where.
fn named(expr: &Expr) -> Vec<(&str, enumetrics_promql::Span)> {
    let mut named = Vec::new();
    expr.walk(&mut |part| {
        let selector: &Selector = match &part.kind {
            ExprKind::Selector(selector) => selector,
            ExprKind::Range(range) => &range.selector,
            _ => return,
        };
        if let Some(name) = selector.metric() {
            let span = selector.name.as_ref().map_or(selector.span, |name| name.span);
            named.push((name, span));
        }
    });
    named
}
