//! What an expression asks of metrics that are known only later.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};

use super::*;
use crate::ast::{Aggregation, Binary, Call, GroupingKind, Label, Matcher, MatchingKind, Side};
use crate::interval::Interval;
use crate::meaning::{
    Replaced, chooses, counted_label, is_part_of_whole, is_plain_quantile, keeps_values, labels_when_absent, mirrored,
    vector_of,
};
use crate::operator::{AggregationOp, BinaryOp, MatchOp, Sign};
use crate::regex::{Instruction, Regex};
use crate::types::ValueType;

/// An expression reduced to what has to be asked of the metrics that it names, for those who know them later than the
/// expression: a procedural macro sees tokens, and constants see metrics.
///
/// The answers are those that a [`Linter`] with a [`Schema`] gives.
#[derive(Clone, Debug, Default)]
pub struct Outline {
    /// What is asked, in the order of the expression.
    pub questions: Vec<Question>,
    /// What the expression results in.
    pub meaning: Meaning,
}

/// What a result is, in terms of the metrics that it is made of.
#[derive(Clone, Debug, Default)]
pub struct Meaning {
    /// Where its labels come from. Of several sources each series has those of one.
    pub labels: Vec<LabelSource>,
    /// How its values are computed.
    pub values: Vec<Step<Operand>>,
}

/// A question, and the lint that it belongs to.
#[derive(Clone, Debug)]
pub struct Question {
    /// What is wrong if the answer is no.
    pub lint: &'static Lint,
    /// The tokens that it is about.
    pub span: Span,
    /// The question.
    pub asks: Asks,
}

impl Question {
    /// The metric that is asked, where it is a single one.
    #[must_use]
    pub fn series(&self) -> Option<&str> {
        match &self.asks {
            Asks::Exists { series }
            | Asks::Label { series, .. }
            | Asks::Value { series, .. }
            | Asks::Bucket { series, .. }
            | Asks::Matches { series, .. }
            | Asks::IsCounter { series, .. }
            | Asks::IsGauge { series, .. }
            | Asks::IsNoCounter { series, .. }
            | Asks::IsBuckets { series } => Some(series),
            Asks::Known { .. } | Asks::Meet { .. } | Asks::Compares { .. } => None,
        }
    }
}

/// A [`Question`]'s question. `series` is a metric's name as the expression has it, with its suffix.
#[derive(Clone, Debug)]
pub enum Asks {
    /// Is there such a series?
    Exists {
        /// Which.
        series: String,
    },
    /// Does it have this label, which is compared with something?
    Label {
        /// Of which series.
        series: String,
        /// Which label.
        label: String,
    },
    /// Does its label have this value?
    Value {
        /// Of which series.
        series: String,
        /// Which label.
        label: String,
        /// Which value.
        value: String,
    },
    /// Is there a bucket that ends there, where it is a bucket's `le`?
    Bucket {
        /// Of which series.
        series: String,
        /// As it is written.
        text: String,
        /// The bound.
        bound: f64,
        /// As it should be written.
        canonical: String,
    },
    /// Does some value of the label match?
    Matches {
        /// Of which series.
        series: String,
        /// Which label.
        label: String,
        /// The regular expression.
        pattern: String,
        /// The same for constants.
        program: Vec<Instruction>,
    },
    /// Is it a counter, whose rate is taken?
    IsCounter {
        /// Which series.
        series: String,
        /// Which function takes it.
        function: &'static str,
    },
    /// Is it a gauge, whose difference is taken?
    IsGauge {
        /// Which series.
        series: String,
        /// Which function takes it.
        function: &'static str,
    },
    /// Is it no counter, as its value is used as it is?
    IsNoCounter {
        /// Which series.
        series: String,
        /// Its rate as an expression.
        rate: String,
    },
    /// Are these a histogram's buckets?
    IsBuckets {
        /// Which series.
        series: String,
    },
    /// Can a result with these labels have this one?
    Known {
        /// Of which result.
        labels: Vec<LabelSource>,
        /// Which label.
        label: String,
        /// What is done with it, as the end of a sentence.
        what: &'static str,
    },
    /// Can series of both sides have the same labels?
    Meet {
        /// On the left.
        left: Vec<LabelSource>,
        /// On the right.
        right: Vec<LabelSource>,
        /// Whether only `labels` are compared, rather than all others.
        on: bool,
        /// The labels of `on` or `ignoring`.
        labels: Vec<String>,
        /// The operator between them.
        op: BinaryOp,
    },
    /// Does the comparison hold for some values, and not for all?
    Compares {
        /// On the left.
        values: Vec<Step<Operand>>,
        /// The comparison.
        op: BinaryOp,
        /// On the right.
        threshold: Interval,
        /// The buckets that the left is a quantile of.
        quantile_of: Option<String>,
        /// Whether to ask for values for which it does not hold, too.
        not_always: bool,
    },
}

/// Where some labels of a result come from: all of `origin` that `only` allows and `without` does not name, `plus`, and
/// perhaps `perhaps`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LabelSource {
    /// What has them.
    pub origin: Origin,
    /// Nothing else is kept.
    pub only: Option<BTreeSet<String>>,
    /// What is dropped.
    pub without: BTreeSet<String>,
    /// What is there whatever the origin has.
    pub plus: BTreeSet<String>,
    /// What may be there whatever the origin has.
    pub perhaps: BTreeSet<String>,
}

/// What has labels.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Origin {
    /// Nothing.
    #[default]
    Nothing,
    /// This series.
    Series(String),
    /// Nobody knows.
    Anything,
}

impl LabelSource {
    fn of(origin: Origin) -> Self {
        Self {
            origin,
            ..Self::default()
        }
    }

    fn keep(&mut self, labels: &BTreeSet<String>) {
        self.plus = &self.plus & labels;
        self.perhaps = &self.perhaps & labels;
        self.only = Some(match &self.only {
            Some(only) => only & labels,
            None => labels.clone(),
        });
    }

    fn remove(&mut self, label: &str) {
        self.plus.remove(label);
        self.perhaps.remove(label);
        self.without.insert(label.to_owned());
    }

    fn perhaps(&mut self, label: &str) {
        self.remove(label);
        self.perhaps.insert(label.to_owned());
    }

    fn add(&mut self, label: &str) {
        self.plus.insert(label.to_owned());
    }
}

/// A step in the computation of an [`Interval`], which puts its result where it took its operands: on a stack.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Step<O> {
    /// These values.
    Push(O),
    /// The sum of any number of them.
    Sum,
    /// With the other sign.
    Negate,
    /// What an operator makes of two.
    Combine(BinaryOp),
}

/// Where values come from.
#[derive(Clone, Debug, PartialEq)]
pub enum Operand {
    /// These.
    Fixed(Interval),
    /// Those of a series.
    Values(String),
    /// Those of the rate of a series.
    Rate(String),
    /// The quantiles of a series that is buckets.
    Quantile(String),
}

/// How many values [`evaluate`] keeps at a time.
const DEPTH: usize = 16;

/// Between which numbers the result of these steps is. A constant can ask.
///
/// ```
/// use enumetrics_promql::{BinaryOp, Interval, Step, evaluate};
///
/// const THOUSANDS: Interval = evaluate(&[
///     Step::Push(Interval::RATIO),
///     Step::Push(Interval::new(1000.0, 1000.0)),
///     Step::Combine(BinaryOp::Mul),
/// ]);
/// assert_eq!(THOUSANDS, Interval::new(0.0, 1000.0));
/// ```
#[must_use]
pub const fn evaluate(steps: &[Step<Interval>]) -> Interval {
    let mut stack = [Interval::ALL; DEPTH];
    let (mut len, mut at) = (0, 0);
    while at < steps.len() {
        match steps[at] {
            Step::Push(_) if len == DEPTH => return Interval::ALL,
            Step::Push(interval) => {
                stack[len] = interval;
                len += 1;
            }
            Step::Sum if len > 0 => stack[len - 1] = stack[len - 1].summed(),
            Step::Negate if len > 0 => stack[len - 1] = stack[len - 1].negated(),
            Step::Combine(op) if len > 1 => {
                len -= 1;
                stack[len - 1] = stack[len - 1].combined(op, stack[len]);
            }
            _ => return Interval::ALL,
        }
        at += 1;
    }
    stack[0]
}

impl Expr {
    /// What this expression asks of the metrics that it names. `recorded` knows the names that are not asked for, because
    /// rules record them.
    ///
    /// ```
    /// use enumetrics_promql::{Asks, Usage, parse};
    ///
    /// let expr = parse("sum by (path) (rate(hits_total{code=\"500\"}[5m])) > 1")?;
    /// let questions = expr.outline(Usage::Alert, &|_| None).questions;
    /// let asks = |what: fn(&Asks) -> bool| questions.iter().any(|question| what(&question.asks));
    /// assert!(asks(|asks| matches!(asks, Asks::Exists { series } if series == "hits_total")));
    /// assert!(asks(|asks| matches!(asks, Asks::Known { label, .. } if label == "path")));
    /// # Ok::<(), enumetrics_promql::Error>(())
    /// ```
    #[must_use]
    pub fn outline<'r>(&self, usage: Usage, recorded: &dyn Fn(&str) -> Option<&'r Meaning>) -> Outline {
        let mut outliner = Outliner {
            usage,
            recorded,
            alone: Interpreter::new(None, &[]),
            of_binaries: RefCell::default(),
            questions: Vec::new(),
        };
        outliner.visit(self, &mut Vec::new());
        Outline {
            meaning: Meaning {
                labels: outliner.labels(self),
                values: outliner.values(self),
            },
            questions: outliner.questions,
        }
    }
}

struct Outliner<'r, 'f> {
    usage: Usage,
    recorded: &'f dyn Fn(&str) -> Option<&'r Meaning>,
    /// Which labels the expression itself drops.
    alone: Interpreter<'f>,
    /// The labels that were found out before.
    of_binaries: RefCell<HashMap<*const Expr, Vec<LabelSource>>>,
    questions: Vec<Question>,
}

impl Outliner<'_, '_> {
    fn ask(&mut self, lint: &'static Lint, span: Span, asks: Asks) {
        self.questions.push(Question { lint, span, asks });
    }

    fn visit<'e>(&mut self, expr: &'e Expr, ancestors: &mut Vec<&'e Expr>) {
        if let Some(selector) = selector_of(expr) {
            self.selector(expr, selector, ancestors);
        }
        match &expr.kind {
            ExprKind::Aggregation(aggregation) => self.grouping(aggregation),
            ExprKind::Binary(binary) => self.binary(binary),
            _ => {}
        }
        ancestors.push(expr);
        for child in expr.children() {
            self.visit(child, ancestors);
        }
        ancestors.pop();
    }

    fn selector(&mut self, expr: &Expr, selector: &Selector, ancestors: &[&Expr]) {
        let Some(name) = selector.metric() else { return };
        if is_of_alerts(name) {
            return;
        }
        if let Some(recorded) = (self.recorded)(name) {
            for matcher in &selector.matchers {
                if matcher.label.name != Matcher::METRIC {
                    self.known(
                        &matcher.label,
                        &recorded.labels,
                        "is compared, but what is recorded doesn't have it",
                    );
                }
            }
            return;
        }
        let span = selector.name.as_ref().map_or(selector.span, |name| name.span);
        let series = || name.to_owned();
        self.ask(REF_METRIC, span, Asks::Exists { series: series() });
        for matcher in &selector.matchers {
            if matcher.label.name != Matcher::METRIC {
                self.matcher(name, matcher);
            }
        }
        let around = ancestors
            .iter()
            .rev()
            .find(|ancestor| !matches!(ancestor.kind, ExprKind::Paren(_)));
        let quantile = ancestors
            .iter()
            .any(|ancestor| called(ancestor) == Some("histogram_quantile"));
        match around.and_then(|around| called(around)) {
            Some(function @ ("rate" | "increase" | "irate" | "resets")) => {
                let series = series();
                self.ask(KIND_RATE_GAUGE, expr.span, Asks::IsCounter { series, function });
            }
            Some(function @ ("delta" | "deriv" | "idelta" | "predict_linear")) => {
                let series = series();
                self.ask(KIND_DELTA_COUNTER, expr.span, Asks::IsGauge { series, function });
            }
            _ => {}
        }
        if quantile {
            self.ask(HIST_KIND, expr.span, Asks::IsBuckets { series: series() });
        } else if matches!(expr.kind, ExprKind::Selector(_)) && self.usage != Usage::Panel && !may_be_raw(ancestors) {
            let rate = format!("rate({expr}[5m])");
            let series = series();
            self.ask(KIND_COUNTER_RAW, expr.span, Asks::IsNoCounter { series, rate });
        }
    }

    fn matcher(&mut self, series: &str, matcher: &Matcher) {
        let Matcher { label, op, value, .. } = matcher;
        let series = || series.to_owned();
        let name = || label.name.clone();
        let asks = Asks::Label {
            series: series(),
            label: name(),
        };
        self.ask(REF_LABEL, label.span, asks);
        let is_equality = matches!(op, MatchOp::Equal | MatchOp::NotEqual);
        if label.name == "le" {
            if let (true, Ok(bound)) = (is_equality, value.parse::<f64>())
                && bound.is_finite()
            {
                let asks = Asks::Bucket {
                    series: series(),
                    text: value.clone(),
                    bound,
                    canonical: canonical(bound),
                };
                self.ask(VAL_LE_FORM, matcher.value_span, asks);
            }
        } else if is_equality {
            if !value.is_empty() {
                let asks = Asks::Value {
                    series: series(),
                    label: name(),
                    value: value.clone(),
                };
                self.ask(REF_VALUE, matcher.value_span, asks);
            }
        } else if let Some(program) = Regex::new(value).ok().and_then(|regex| regex.program()) {
            let asks = Asks::Matches {
                series: series(),
                label: name(),
                pattern: value.clone(),
                program,
            };
            self.ask(REF_REGEX_NONE, matcher.value_span, asks);
        }
    }

    fn grouping(&mut self, aggregation: &Aggregation) {
        let Some(grouping) = aggregation.grouping.as_ref().filter(|by| by.kind == GroupingKind::By) else {
            return;
        };
        let below = self.labels(&aggregation.operand);
        // What the expression itself dropped is for `match-by-gone`.
        let dropped = self.alone.of(&aggregation.operand);
        for label in grouping
            .labels
            .iter()
            .filter(|label| dropped.labels.may_have(&label.name))
        {
            self.known(label, &below, "is grouped by, but no series has it");
        }
    }

    fn known(&mut self, label: &Label, labels: &[LabelSource], what: &'static str) {
        let asks = Asks::Known {
            labels: labels.to_vec(),
            label: label.name.clone(),
            what,
        };
        self.ask(REF_LABEL, label.span, asks);
    }

    fn binary(&mut self, binary: &Binary) {
        let [left, right] = [&binary.lhs, &binary.rhs];
        let vectors = [left, right].map(|side| side.value_type() == ValueType::InstantVector);
        if vectors == [true, true] {
            let [left, right] = [left, right].map(|side| self.labels(side));
            let is_on = |matching: &crate::ast::Matching| matching.kind == MatchingKind::On;
            let on = binary.matching.as_ref().is_some_and(is_on);
            let labels = binary.matching.iter().flat_map(|matching| &matching.labels);
            if on {
                for label in labels.clone() {
                    for side in [&left, &right] {
                        self.known(label, side, "is matched on, but one side doesn't have it");
                    }
                }
            }
            // What has the same labels meets.
            if binary.op != BinaryOp::Or && left != right {
                let labels = labels.map(|label| label.name.clone()).collect();
                let op = binary.op;
                let asks = Asks::Meet {
                    left,
                    right,
                    on,
                    labels,
                    op,
                };
                self.ask(MATCH_DISJOINT, binary.op_span, asks);
            }
        } else if binary.op.is_comparison() && !binary.returns_bool && vectors == [true, false] {
            self.comparison(binary);
        }
    }

    fn comparison(&mut self, binary: &Binary) {
        let values = self.values(&binary.lhs);
        let depends = |step: &Step<Operand>| !matches!(step, Step::Push(Operand::Fixed(_)));
        if !values.iter().any(|step| matches!(step, Step::Push(_)) && depends(step)) {
            return;
        }
        let quantile_of = match &binary.lhs.without_parens().kind {
            ExprKind::Call(call) if call.function.name == "histogram_quantile" => only_series(&call.arguments),
            _ => None,
        };
        let (lint, span) = match &quantile_of {
            Some(_) => (VAL_TOP_BUCKET, binary.rhs.span),
            None => (VAL_NEVER, binary.lhs.span.to(binary.rhs.span)),
        };
        let asks = Asks::Compares {
            values,
            op: binary.op,
            threshold: self.alone.of(&binary.rhs).interval,
            quantile_of,
            not_always: self.usage == Usage::Alert,
        };
        self.ask(lint, span, asks);
    }

    fn labels(&self, expr: &Expr) -> Vec<LabelSource> {
        match &expr.kind {
            ExprKind::Number(_) | ExprKind::String(_) => vec![LabelSource::default()],
            ExprKind::Selector(selector) => self.selected(selector),
            ExprKind::Range(range) => self.selected(&range.selector),
            ExprKind::Subquery(subquery) => self.labels(&subquery.operand),
            ExprKind::Paren(inner) | ExprKind::Unary(_, inner) => self.labels(inner),
            ExprKind::Aggregation(aggregation) => aggregated(aggregation, self.labels(&aggregation.operand)),
            ExprKind::Call(call) => self.called(call),
            ExprKind::Binary(binary) => {
                if let Some(found) = self.of_binaries.borrow().get(&std::ptr::from_ref(expr)) {
                    return found.clone();
                }
                let labels = self.combined(binary);
                self.of_binaries.borrow_mut().insert(expr, labels.clone());
                labels
            }
        }
    }

    fn selected(&self, selector: &Selector) -> Vec<LabelSource> {
        let mut sources = match selector.metric() {
            None => vec![LabelSource::of(Origin::Anything)],
            Some(name) if is_of_alerts(name) => vec![LabelSource::of(Origin::Anything)],
            Some(name) => match (self.recorded)(name) {
                Some(meaning) => meaning.labels.clone(),
                None => vec![LabelSource::of(Origin::Series(name.to_owned()))],
            },
        };
        let is_missing = |matcher: &&Matcher| matcher.value.is_empty() && matcher.op == MatchOp::Equal;
        for matcher in selector.matchers.iter().filter(is_missing) {
            sources.iter_mut().for_each(|source| source.remove(&matcher.label.name));
        }
        sources
    }

    fn called(&self, call: &Call) -> Vec<LabelSource> {
        let Some(vector) = vector_of(call) else {
            return vec![LabelSource::default()];
        };
        let mut sources = self.labels(vector);
        match call.function.name {
            "scalar" => return vec![LabelSource::default()],
            "absent" | "absent_over_time" => {
                let labels = labels_when_absent(vector);
                let all = labels.known().into_iter().flatten().map(str::to_owned);
                let (plus, perhaps) = all.partition(|label| labels.must_have(label));
                return vec![LabelSource {
                    plus,
                    perhaps,
                    ..LabelSource::default()
                }];
            }
            "histogram_quantile" => sources.iter_mut().for_each(|source| source.remove("le")),
            "label_replace" | "label_join" => {
                if let Some((label, replaced)) = Replaced::by(call) {
                    sources.iter_mut().for_each(|source| match replaced {
                        Replaced::Always => source.add(label),
                        Replaced::Kept => _ = source.perhaps.insert(label.to_owned()),
                        Replaced::Perhaps => source.perhaps(label),
                    });
                }
            }
            "info" => return vec![LabelSource::of(Origin::Anything)],
            _ => {}
        }
        sources
    }

    fn combined(&self, binary: &Binary) -> Vec<LabelSource> {
        let is_scalar = |expr: &Expr| expr.value_type() == ValueType::Scalar;
        if is_scalar(&binary.lhs) {
            return self.labels(&binary.rhs);
        }
        let mut left = self.labels(&binary.lhs);
        if is_scalar(&binary.rhs) || matches!(binary.op, BinaryOp::And | BinaryOp::Unless) {
            return left;
        }
        if binary.op == BinaryOp::Or {
            left.extend(self.labels(&binary.rhs));
            return left;
        }
        let Some(matching) = &binary.matching else { return left };
        match &matching.group {
            Some(group) => {
                let mut many = match group.side {
                    Side::Left => left,
                    Side::Right => self.labels(&binary.rhs),
                };
                for label in &group.labels {
                    many.iter_mut().for_each(|source| source.perhaps(&label.name));
                }
                return many;
            }
            None if matching.kind == MatchingKind::On => {
                let on = names(&matching.labels);
                left.iter_mut().for_each(|source| source.keep(&on));
            }
            None => {
                for label in &matching.labels {
                    left.iter_mut().for_each(|source| source.remove(&label.name));
                }
            }
        }
        left
    }

    /// The steps to the interval that an [`Interpreter`] would find.
    fn values(&self, expr: &Expr) -> Vec<Step<Operand>> {
        let fixed = || vec![Step::Push(Operand::Fixed(self.alone.of(expr).interval))];
        match &expr.kind {
            ExprKind::Number(_) | ExprKind::String(_) => fixed(),
            ExprKind::Selector(selector) => self.series(selector),
            ExprKind::Range(range) => self.series(&range.selector),
            ExprKind::Subquery(subquery) => self.values(&subquery.operand),
            ExprKind::Paren(inner) | ExprKind::Unary(Sign::Plus, inner) => self.values(inner),
            ExprKind::Unary(Sign::Minus, inner) => {
                let mut values = self.values(inner);
                values.push(Step::Negate);
                values
            }
            ExprKind::Aggregation(aggregation) => match aggregation.op {
                AggregationOp::Sum => {
                    let mut values = self.values(&aggregation.operand);
                    values.push(Step::Sum);
                    values
                }
                AggregationOp::Avg
                | AggregationOp::Min
                | AggregationOp::Max
                | AggregationOp::Topk
                | AggregationOp::Bottomk
                | AggregationOp::Limitk
                | AggregationOp::LimitRatio => self.values(&aggregation.operand),
                _ => fixed(),
            },
            ExprKind::Call(call) => match call.function.name {
                name if keeps_values(name) => match call.arguments.first() {
                    Some(argument) => self.values(argument),
                    None => fixed(),
                },
                "histogram_quantile" => match call.arguments.as_slice() {
                    [quantile, buckets] if is_plain_quantile(quantile, buckets) => match only_series(&call.arguments) {
                        Some(series) => vec![Step::Push(Operand::Quantile(series))],
                        None => fixed(),
                    },
                    _ => fixed(),
                },
                "rate" | "increase" | "irate" => match call.arguments.as_slice() {
                    [
                        Expr {
                            kind: ExprKind::Range(range),
                            ..
                        },
                    ] => match range.selector.metric() {
                        Some(name) if (self.recorded)(name).is_none() && !is_of_alerts(name) => {
                            vec![Step::Push(Operand::Rate(name.to_owned()))]
                        }
                        _ => fixed(),
                    },
                    _ => fixed(),
                },
                _ => fixed(),
            },
            ExprKind::Binary(binary) => {
                let is_ratio = binary.op == BinaryOp::Div && is_part_of_whole(&binary.lhs, &binary.rhs);
                if binary.returns_bool || is_ratio {
                    return fixed();
                }
                let is_mirrored = binary.op.is_comparison() && binary.lhs.value_type() == ValueType::Scalar;
                let (first, second, op) = match is_mirrored {
                    true => (&binary.rhs, &binary.lhs, mirrored(binary.op)),
                    false => (&binary.lhs, &binary.rhs, binary.op),
                };
                let mut values = self.values(first);
                values.extend(self.values(second));
                values.push(Step::Combine(op));
                values
            }
        }
    }

    fn series(&self, selector: &Selector) -> Vec<Step<Operand>> {
        let Some(name) = selector.metric() else {
            return vec![Step::Push(Operand::Fixed(Interval::ALL))];
        };
        match (self.recorded)(name) {
            Some(meaning) => meaning.values.clone(),
            None if is_of_alerts(name) => vec![Step::Push(Operand::Fixed(Interval::ONE))],
            None => vec![Step::Push(Operand::Values(name.to_owned()))],
        }
    }
}

fn aggregated(aggregation: &Aggregation, mut sources: Vec<LabelSource>) -> Vec<LabelSource> {
    if chooses(aggregation.op) {
        return sources;
    }
    match &aggregation.grouping {
        None => sources = vec![LabelSource::default()],
        Some(grouping) if grouping.kind == GroupingKind::By => {
            let by = names(&grouping.labels);
            sources.iter_mut().for_each(|source| source.keep(&by));
        }
        Some(grouping) => {
            for label in &grouping.labels {
                sources.iter_mut().for_each(|source| source.remove(&label.name));
            }
        }
    }
    if let Some(label) = counted_label(aggregation) {
        sources.iter_mut().for_each(|source| source.add(label));
    }
    sources
}

fn names(labels: &[Label]) -> BTreeSet<String> {
    labels.iter().map(|label| label.name.clone()).collect()
}

/// The only series that a quantile is taken of.
fn only_series(arguments: &[Expr]) -> Option<String> {
    let mut names = Vec::new();
    arguments.get(1)?.walk(&mut |expr| {
        if let Some(selector) = selector_of(expr) {
            names.push(selector.metric().map(str::to_owned));
        }
    });
    match names.as_slice() {
        [Some(name)] => Some(name.clone()),
        _ => None,
    }
}
