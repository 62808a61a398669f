//! What the expression shows beside what is exported.

use super::*;
use crate::ast::{Aggregation, Binary, Grouping, GroupingKind, Label, Matcher};
use crate::interval::Interval;
use crate::meaning::{Numbers, Resolved};
use crate::nearest::nearest;
use crate::operator::{BinaryOp, MatchOp};
use crate::regex::Regex;
use crate::schema::{Domain, Family, MetricKind, Part};
use crate::types::ValueType;

impl Check<'_> {
    pub(super) fn against_schema(&mut self, expr: &Expr, ancestors: &[&Expr]) {
        let Some(exported) = self.exported else {
            return;
        };
        if let Some(selector) = selector_of(expr) {
            self.selector(expr, selector, exported, ancestors);
        }
        match &expr.kind {
            ExprKind::Aggregation(aggregation) => self.grouping(aggregation),
            ExprKind::Binary(binary) => {
                if let Some(matching) = &binary.matching {
                    let is_on = matching.kind == crate::ast::MatchingKind::On;
                    let sides = both([&binary.lhs, &binary.rhs], |side| self.facts.of(side));
                    for label in matching.labels.iter().filter(|_| is_on) {
                        // Of both it is said once.
                        if let Some(side) = sides.iter().find(|side| !side.labels.may_have(&label.name)) {
                            self.label(label, &side.labels, "is matched on, but one side doesn't have it");
                        }
                    }
                }
            }
            _ => {}
        }
        if ancestors.is_empty() && self.is_alert() {
            self.unaggregated(expr);
            self.missing_zero(expr, exported);
        }
    }

    fn selector(&mut self, expr: &Expr, selector: &Selector, exported: &Exported, ancestors: &[&Expr]) {
        let Some(name) = selector.metric().filter(|name| !is_of_alerts(name)) else {
            return;
        };
        let span = match &selector.name {
            Some(name) => name.span,
            None => selector.span,
        };
        let (family, part) = match exported.resolve(name) {
            Resolved::Series(family, part) => {
                if let Some(renamed_to) = exported
                    .details(&family.name)
                    .and_then(|details| details.renamed_to.as_ref())
                {
                    let message = format!("`{}` has been renamed", family.name);
                    let suffix = name.strip_prefix(&family.name).unwrap_or_default();
                    self.find_help(REF_RENAMED, span, message, format!("`{renamed_to}{suffix}`"));
                }
                (family, part)
            }
            Resolved::Recorded(labels) => {
                for matcher in selector
                    .matchers
                    .iter()
                    .filter(|matcher| matcher.label.name != Matcher::METRIC)
                {
                    if !labels.may_have(&matcher.label.name) {
                        let what = "is compared, but what is recorded doesn't have it";
                        self.label(&matcher.label, labels, what);
                    }
                }
                return;
            }
            Resolved::NoSuchPart(family) => {
                let message = format!("`{}` is {}, which exports no `{name}`", family.name, kind_of(family));
                let lint = match family.is_native() && name.ends_with("_bucket") {
                    true => HIST_KIND,
                    false => REF_SUFFIX,
                };
                self.find_help(
                    lint,
                    span,
                    message,
                    format!("there are: {}", joined(&family.series(), ", ")),
                );
                return;
            }
            // Only what rules record has colons in its name.
            Resolved::Unknown if name.contains(':') => {
                let message = format!("no rule records `{name}`");
                match exported.nearest(name) {
                    Some(near) => self.find_help(REF_RECORDING, span, message, format!("did you mean `{near}`?")),
                    None => self.find(REF_RECORDING, span, message),
                }
                return;
            }
            Resolved::Unknown => {
                let message = format!("nothing exports `{name}`");
                match exported.nearest(name) {
                    Some(near) => self.find_help(REF_METRIC, span, message, format!("did you mean `{near}`?")),
                    None => self.find(REF_METRIC, span, message),
                }
                return;
            }
        };
        for matcher in selector
            .matchers
            .iter()
            .filter(|matcher| matcher.label.name != Matcher::METRIC)
        {
            self.matched(matcher, family, part, exported);
        }
        self.kind(expr, family, part, name, ancestors);
    }

    fn matched(&mut self, matcher: &Matcher, family: &Family, part: Part, exported: &Exported) {
        let label = matcher.label.name.as_str();
        if family.extra_label(part) == Some(label) {
            if label == "le" {
                self.bucket(matcher, family);
            }
            return;
        }
        let Some((_, domain)) = family.labels.iter().find(|(name, _)| name == label) else {
            if exported.target_labels.iter().any(|target| target == label) {
                return;
            }
            let own: Vec<&str> = family.labels.iter().map(|(name, _)| name.as_str()).collect();
            let message = format!("`{}` has no label `{label}`", family.name);
            self.find_help(REF_LABEL, matcher.label.span, message, did_you_mean(label, &own));
            return;
        };
        let Domain::Values(values) = domain else { return };
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        match matcher.op {
            MatchOp::Equal | MatchOp::NotEqual => {
                if !matcher.value.is_empty() && !values.contains(&matcher.value.as_str()) {
                    let message = format!("label `{label}` never has the value `{}`", matcher.value);
                    self.find_help(
                        REF_VALUE,
                        matcher.value_span,
                        message,
                        did_you_mean(&matcher.value, &values),
                    );
                }
            }
            MatchOp::Regex | MatchOp::NotRegex => {
                let Ok(regex) = Regex::new(&matcher.value) else { return };
                let matching: Option<Vec<bool>> = values.iter().map(|value| regex.matches(value)).collect();
                let Some(matching) = matching else { return };
                if !matching.contains(&true) {
                    let message = format!("`{}` matches no value of label `{label}`", matcher.value);
                    let help = format!("there are: {}", joined(&values, ", "));
                    self.find_help(REF_REGEX_NONE, matcher.value_span, message, help);
                } else if !matching.contains(&false) && values.len() > 1 {
                    let message = format!("`{}` matches every value of label `{label}`", matcher.value);
                    self.find(REF_REGEX_ALL, matcher.value_span, message);
                }
            }
        }
    }

    /// `le="8.0"`
    fn bucket(&mut self, matcher: &Matcher, family: &Family) {
        let (MetricKind::Histogram { bounds } | MetricKind::NativeHistogram { bounds }) = &family.kind else {
            return;
        };
        let Ok(bound) = matcher.value.parse::<f64>() else {
            return;
        };
        if matches!(matcher.op, MatchOp::Regex | MatchOp::NotRegex) || bound.is_infinite() {
            return;
        }
        if !bounds.contains(&bound) {
            let bounds: Vec<String> = bounds.iter().map(|&bound| canonical(bound)).collect();
            let message = format!("`{}` has no bucket with the bound {bound}", family.name);
            self.find_help(
                REF_VALUE,
                matcher.value_span,
                message,
                format!("there are: {}", joined(&bounds, ", ")),
            );
        } else if canonical(bound) != matcher.value {
            let message = format!("`le` is never written `{}`", matcher.value);
            self.find_help(
                VAL_LE_FORM,
                matcher.value_span,
                message,
                format!("`le=\"{}\"`", canonical(bound)),
            );
        }
    }

    fn kind(&mut self, expr: &Expr, family: &Family, part: Part, name: &str, ancestors: &[&Expr]) {
        let function = outside(ancestors).and_then(called);
        let is_counter = family.is_counter(part);
        let is_unknown = family.kind == MetricKind::Unknown;
        match function {
            Some(function @ ("rate" | "increase" | "irate" | "resets")) if !is_counter && !is_unknown => {
                let message = format!(
                    "`{function}` takes every fall of `{name}`, which is {}, for a restart",
                    kind_of(family)
                );
                let help = if function == "rate" {
                    "`deriv`, or `delta` for the difference"
                } else {
                    "`delta`"
                };
                self.find_help(KIND_RATE_GAUGE, expr.span, message, help);
            }
            Some(function @ ("delta" | "deriv" | "idelta" | "predict_linear")) if is_counter => {
                let message = format!("`{function}` doesn't know that the counter `{name}` restarts at 0");
                self.find_help(
                    KIND_DELTA_COUNTER,
                    expr.span,
                    message,
                    "`rate`, or `increase` for the difference",
                );
            }
            _ => {}
        }
        let quantile = is_in_quantile(ancestors);
        let has_buckets = part == Part::Bucket || part == Part::Whole && family.is_native();
        if quantile && !has_buckets && !is_unknown {
            let message = format!("`{name}` has no buckets to take a quantile of");
            let help = match family.kind {
                MetricKind::Histogram { .. } => format!("`{}_bucket`", family.name),
                MetricKind::NativeHistogram { .. } => format!("`{}`", family.name),
                _ => format!("`{}` is {}", family.name, kind_of(family)),
            };
            self.find_help(HIST_KIND, expr.span, message, help);
        }
        let raw = matches!(expr.kind, ExprKind::Selector(_)) && !quantile && is_counter;
        if raw && !may_be_raw(ancestors) {
            let message = format!("the counter `{name}` counts since the last restart");
            let help = format!("what happens now: `rate({expr}[5m])`, or `increase` for the number of events");
            self.find_help(KIND_COUNTER_RAW, expr.span, message, help);
        }
    }

    /// `histogram_quantile(…) > 8`: whether it is one of buckets that are known.
    pub(super) fn quantile(&mut self, binary: &Binary, threshold: Interval, holds: Option<bool>) -> bool {
        let ExprKind::Call(call) = &binary.lhs.without_parens().kind else {
            return false;
        };
        let ("histogram_quantile", Some(buckets)) = (call.function.name, call.arguments.get(1)) else {
            return false;
        };
        let Some(histogram) = self.exported.and_then(|exported| exported.quantiled(buckets)) else {
            return false;
        };
        let (name, bounds, top) = (histogram.name, histogram.bounds, histogram.top());
        let bound = threshold.least;
        if bound == threshold.most && bound < top && !bounds.contains(&bound) {
            let bounds: Vec<String> = bounds.iter().map(ToString::to_string).collect();
            let message = format!("`{name}` has no bucket that ends at {bound}: the quantile is interpolated");
            let help = format!("the bounds are: {}", joined(&bounds, ", "));
            self.find_help(VAL_BETWEEN_BUCKETS, binary.rhs.span, message, help);
        }
        if holds == Some(false) {
            let message =
                format!("this never holds: the highest bound of `{name}` is {top}, and no quantile is above it");
            let help = format!("a lower threshold, or more buckets than up to {top}");
            self.find_help(VAL_TOP_BUCKET, binary.rhs.span, message, help);
        }
        true
    }

    fn grouping(&mut self, aggregation: &Aggregation) {
        let Some(Grouping {
            kind: GroupingKind::By,
            labels,
            ..
        }) = &aggregation.grouping
        else {
            return;
        };
        let facts = self.facts.of(&aggregation.operand);
        let below = &facts.labels;
        // What the expression itself dropped has been said.
        let dropped = self.alone.of(&aggregation.operand);
        for label in labels {
            if !below.may_have(&label.name) && dropped.labels.may_have(&label.name) {
                self.label(label, below, "is grouped by, but no series has it");
            }
        }
    }

    fn label(&mut self, label: &Label, labels: &Labels, what: &str) {
        let known: Vec<&str> = labels.known().into_iter().flatten().collect();
        let message = format!("label `{}` {what}", label.name);
        self.find_help(REF_LABEL, label.span, message, did_you_mean(&label.name, &known));
    }

    /// `increase(hits_total[5m]) > 0` of routes that come while the program runs
    fn missing_zero(&mut self, expr: &Expr, exported: &Exported) {
        let ExprKind::Binary(binary) = &expr.without_parens().kind else {
            return;
        };
        let facts = both([&binary.lhs, &binary.rhs], |side| self.facts.of(side));
        let threshold = facts[1].interval;
        let asks_for_first = match binary.op {
            BinaryOp::Greater => threshold.most <= 0.0,
            BinaryOp::GreaterOrEqual => threshold.most <= 1.0,
            BinaryOp::Equal => threshold.most <= 0.0,
            _ => false,
        };
        if !asks_for_first || facts[1].value_type != ValueType::Scalar || !facts[0].may_be_empty {
            return;
        }
        let mut open = None;
        binary.lhs.walk(&mut |part| {
            let ExprKind::Call(call) = &part.kind else { return };
            let Some(selector) = call.arguments.first().and_then(selector_of) else {
                return;
            };
            if let "increase" | "rate" = call.function.name
                && let Resolved::Series(family, _) = exported.resolve(selector.metric().unwrap_or_default())
                && let Some((label, _)) = family.labels.iter().find(|(_, domain)| *domain == Domain::Open)
            {
                open = Some((part.span, family.name.clone(), label.clone()));
            }
        });
        let Some((span, name, label)) = open else { return };
        let message = match binary.op {
            BinaryOp::Equal => {
                format!("`{name}` has no series before the first event with its `{label}`: this is silent then")
            }
            _ => format!("the first event of each `{label}` makes a series that begins at 1, which is no increase"),
        };
        let help = "declare the label's values, so that each is exported at 0, or `… or vector(0)`";
        self.find_help(VAL_MISSING_ZERO, span, message, help);
    }

    /// `sessions == 0`, of which there may be some elsewhere; but not `up == 0`, which is no number of things.
    fn asks_for_idle(&self, expr: &Expr) -> bool {
        let ExprKind::Binary(binary) = &expr.without_parens().kind else {
            return false;
        };
        let [things, threshold] = both([&binary.lhs, &binary.rhs], |side| self.facts.of(side));
        let is_gauge = things.nature == Nature::Gauge && things.interval.most > 1.0;
        is_gauge && binary.op == BinaryOp::Equal && threshold.numbers() == Numbers::one(0.0)
    }

    fn unaggregated(&mut self, expr: &Expr) {
        let facts = self.facts.of(expr);
        let Some(target) = facts.labels.of_each_target() else {
            return;
        };
        let message = format!("this judges every `{target}` by itself");
        let help = "aggregate over them: `sum(…)`, or `sum by (…)` what the alert is about";
        // What is counted adds up; any other gauge may well be judged for each.
        let severity = match has_rate(expr) || self.asks_for_idle(expr) {
            true => AGG_MISSING.severity,
            false => Severity::Note,
        };
        self.add(AGG_MISSING, severity, expr.span, message, Some(help.to_owned()));
    }
}

fn kind_of(family: &Family) -> &'static str {
    match family.kind {
        MetricKind::Counter => "a counter",
        MetricKind::Gauge => "a gauge",
        MetricKind::Histogram { .. } => "a histogram",
        MetricKind::NativeHistogram { .. } => "a native histogram",
        MetricKind::Summary { .. } => "a summary",
        MetricKind::Info => "an info metric",
        MetricKind::StateSet => "a state set",
        MetricKind::Unknown => "of unknown kind",
    }
}

fn did_you_mean(name: &str, known: &[&str]) -> String {
    let all = match known.is_empty() {
        true => "there are none".to_owned(),
        false => format!("there are: {}", joined(known, ", ")),
    };
    match nearest(name, known) {
        Some(near) => format!("did you mean `{near}`? {all}"),
        None => all,
    }
}
