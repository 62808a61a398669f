//! What an expression asks of metrics that are known only later.

mod labels;
mod units;
mod values;

pub use self::labels::{LabelSource, Origin};
pub use self::units::Measure;
pub use self::values::{Operand, Step, evaluate};

use super::*;
use crate::ast::{Aggregation, Binary, GroupingKind, Label, Matcher, Matching, MatchingKind, Side};
use crate::both::both;
use crate::interval::Interval;
use crate::meaning::{Memo, chooses, vector_of};
use crate::operator::MatchOp;
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
            Asks::Known { .. }
            | Asks::Meet { .. }
            | Asks::Single { .. }
            | Asks::Compares { .. }
            | Asks::SameUnit { .. } => None,
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
    /// Is each of a side's series the only one with the labels that are compared?
    Single {
        /// Where the side's labels come from.
        labels: Vec<LabelSource>,
        /// The labels whose values the side's selectors choose.
        chosen: Vec<String>,
        /// Whether these labels are compared, and no others; or all others.
        on: bool,
        /// Which labels.
        compared: Vec<String>,
        /// Which side: `the left` or `the right`.
        side: &'static str,
        /// What to do about it.
        fix: String,
    },
    /// Do both sides count the same, as they are added or compared?
    SameUnit {
        /// On the left.
        left: Measure,
        /// On the right.
        right: Measure,
        /// What is done with them.
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
            labels: Memo::default(),
            questions: Vec::new(),
        };
        walk_below(self, &mut |expr, ancestors| outliner.visit(expr, ancestors));
        Outline {
            meaning: Meaning {
                labels: outliner.labels(self).to_vec(),
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
    labels: Memo<[LabelSource]>,
    questions: Vec<Question>,
}

impl Outliner<'_, '_> {
    fn ask(&mut self, lint: &'static Lint, span: Span, asks: Asks) {
        self.questions.push(Question { lint, span, asks });
    }

    fn visit(&mut self, expr: &Expr, ancestors: &[&Expr]) {
        if let Some(selector) = selector_of(expr) {
            self.selector(expr, selector, ancestors);
        }
        match &expr.kind {
            ExprKind::Aggregation(aggregation) => self.grouping(aggregation),
            ExprKind::Binary(binary) => self.binary(binary),
            _ => {}
        }
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
        match outside(ancestors).and_then(called) {
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
        if is_in_quantile(ancestors) {
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
        self.units(binary);
        let [left, right] = [&binary.lhs, &binary.rhs];
        let vectors = both([left, right], |side| side.value_type() == ValueType::InstantVector);
        if vectors == [true, true] {
            let [left, right] = both([left, right], |side| self.labels(side));
            let is_on = |matching: &Matching| matching.kind == MatchingKind::On;
            let on = binary.matching.as_ref().is_some_and(is_on);
            let labels = binary.matching.as_ref().map_or(&[][..], |matching| &matching.labels);
            if on {
                for label in labels {
                    for side in [&left, &right] {
                        self.known(label, side, "is matched on, but one side doesn't have it");
                    }
                }
            }
            // What has the same labels meets.
            if binary.op != BinaryOp::Or && left != right {
                let labels = labels.iter().map(|label| label.name.clone()).collect();
                let op = binary.op;
                let asks = Asks::Meet {
                    left: left.to_vec(),
                    right: right.to_vec(),
                    on,
                    labels,
                    op,
                };
                self.ask(MATCH_DISJOINT, binary.op_span, asks);
            }
            if let Some(matching) = binary.matching.as_ref().filter(|_| !binary.op.is_set()) {
                self.single(binary, matching, [&left, &right]);
            }
        } else if binary.op.is_comparison() && !binary.returns_bool && vectors == [true, false] {
            self.comparison(binary);
        }
    }

    /// Of the series on a side that is not said to have several, one must match.
    fn single(&mut self, binary: &Binary, matching: &Matching, [left, right]: [&[LabelSource]; 2]) {
        let sides = [(Side::Left, &binary.lhs, left), (Side::Right, &binary.rhs, right)];
        for (side, expr, sources) in sides {
            let is_many = matching.group.as_ref().is_some_and(|group| group.side == side);
            let mut chosen = Vec::new();
            if is_many || !has_all_series(expr, &mut chosen) {
                continue;
            }
            let asks = Asks::Single {
                labels: sources.to_vec(),
                chosen,
                on: matching.kind == MatchingKind::On,
                compared: matching.labels.iter().map(|label| label.name.clone()).collect(),
                side: side_in_words(side),
                fix: fix_of_several(binary, side),
            };
            self.ask(MATCH_MANY, binary.op_span, asks);
        }
    }

    fn comparison(&mut self, binary: &Binary) {
        let values = self.values(&binary.lhs);
        let depends = |step: &Step<Operand>| !matches!(step, Step::Push(Operand::Fixed(_)));
        if !values.iter().any(|step| matches!(step, Step::Push(_)) && depends(step)) {
            return;
        }
        let quantile_of = match &binary.lhs.without_parens().kind {
            ExprKind::Call(call) if call.function.name == "histogram_quantile" => {
                call.arguments.get(1).and_then(values::only_series)
            }
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
}

/// Whether an expression has a series for each one of its metric, but for those that its selectors leave out by the labels in
/// `chosen`.
fn has_all_series(expr: &Expr, chosen: &mut Vec<String>) -> bool {
    match &expr.without_parens().kind {
        ExprKind::Aggregation(aggregation) => {
            !chooses(aggregation.op)
                && aggregation.op != AggregationOp::CountValues
                && has_all_series(&aggregation.operand, chosen)
        }
        ExprKind::Call(call) => {
            let name = call.function.name;
            let keeps = matches!(
                name,
                "rate" | "increase" | "irate" | "delta" | "deriv" | "changes" | "resets" | "abs"
            ) || name.ends_with("_over_time") && name != "absent_over_time";
            keeps && vector_of(call).is_some_and(|vector| has_all_series(vector, chosen))
        }
        _ => match selector_of(expr.without_parens()) {
            Some(selector) => {
                for matcher in &selector.matchers {
                    chosen.push(matcher.label.name.clone());
                }
                true
            }
            None => false,
        },
    }
}
