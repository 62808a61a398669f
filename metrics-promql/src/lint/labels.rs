//! Which labels the result of an expression has.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};

use crate::ast::{
    Aggregation, Binary, Call, Expr, ExprKind, GroupingKind, Label, Matcher, Matching, MatchingKind, Selector, Side,
};
use crate::operator::{AggregationOp, BinaryOp, MatchOp};
use crate::schema::{Exported, Resolved};
use crate::types::ValueType;

/// The labels of a result, without the metric's name; from [`Expr::labels`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Labels {
    /// Those that it may have; `None` if nothing is known, but for `gone`.
    may: Option<BTreeSet<String>>,
    /// Those that have been aggregated away.
    gone: BTreeSet<String>,
    /// Those that its series really have, as far as one can tell.
    has: BTreeSet<String>,
    /// Those of them that targets have and that nobody asked for, as `sum by (instance)` does.
    scraped: BTreeSet<String>,
}

impl Labels {
    /// Whether its series can have that label.
    #[must_use]
    pub fn may_have(&self, label: &str) -> bool {
        match &self.may {
            Some(labels) => labels.contains(label),
            None => !self.gone.contains(label),
        }
    }

    /// The labels that it may have, if they are known.
    #[must_use]
    pub fn known(&self) -> Option<impl Iterator<Item = &str>> {
        self.may.as_ref().map(|labels| labels.iter().map(String::as_str))
    }

    /// Those that its series have without doubt, for which one has to take a name's word: `sum by (job)` has `job`.
    pub(super) fn has(&self) -> impl Iterator<Item = &str> {
        self.has.iter().map(String::as_str)
    }

    /// One that tells targets apart, and that is only there because nothing was aggregated.
    pub(super) fn of_each_target(&self) -> Option<&str> {
        self.scraped.first().map(String::as_str)
    }

    fn only(labels: BTreeSet<String>) -> Self {
        Self {
            has: labels.clone(),
            may: Some(labels),
            ..Self::default()
        }
    }

    /// Gives its series a label.
    pub fn add(&mut self, label: &str) {
        if let Some(labels) = &mut self.may {
            labels.insert(label.to_owned());
        }
        self.gone.remove(label);
        self.has.insert(label.to_owned());
    }

    fn remove(&mut self, label: &str) {
        if let Some(labels) = &mut self.may {
            labels.remove(label);
        }
        self.has.remove(label);
        self.scraped.remove(label);
        self.gone.insert(label.to_owned());
    }

    fn keep(&self, labels: &[Label]) -> Self {
        let kept = labels.iter().filter(|label| self.may_have(&label.name));
        Self::only(kept.map(|label| label.name.clone()).collect())
    }
}

impl Expr {
    /// Which labels its result has, as far as the expression alone says.
    ///
    /// ```
    /// use enumetrics_promql::parse;
    ///
    /// let labels = parse("sum by (job, code) (rate(hits_total[5m])) / on (job) sum by (job) (x)")?.labels();
    /// assert_eq!(labels.known().unwrap().collect::<Vec<_>>(), ["job"]);
    /// assert!(parse("rate(hits_total[5m])")?.labels().known().is_none());
    /// # Ok::<(), enumetrics_promql::Error>(())
    /// ```
    #[must_use]
    pub fn labels(&self) -> Labels {
        LabelsOf::new(None, super::TARGET_LABELS).of(self)
    }
}

/// The labels of expressions, each found out once: a chain of operators asks for those of its beginning again and again.
pub(super) struct LabelsOf<'a> {
    exported: Option<&'a Exported>,
    /// What targets have, where nothing is known of what is exported.
    target_labels: &'a [&'a str],
    of_binaries: RefCell<HashMap<*const Expr, Labels>>,
}

impl<'a> LabelsOf<'a> {
    pub(super) fn new(exported: Option<&'a Exported>, target_labels: &'a [&'a str]) -> Self {
        Self {
            exported,
            target_labels,
            of_binaries: RefCell::default(),
        }
    }

    pub(super) fn of(&self, expr: &Expr) -> Labels {
        match &expr.kind {
            ExprKind::Number(_) | ExprKind::String(_) => Labels::only(BTreeSet::new()),
            ExprKind::Selector(selector) => self.of_selector(selector),
            ExprKind::Range(range) => self.of_selector(&range.selector),
            ExprKind::Subquery(subquery) => self.of(&subquery.operand),
            ExprKind::Paren(inner) | ExprKind::Unary(_, inner) => self.of(inner),
            ExprKind::Aggregation(aggregation) => aggregation_labels(aggregation, self.of(&aggregation.operand)),
            ExprKind::Call(call) => self.of_call(call),
            ExprKind::Binary(binary) => {
                if let Some(found) = self.of_binaries.borrow().get(&std::ptr::from_ref(expr)) {
                    return found.clone();
                }
                let labels = binary_labels(binary, self.of(&binary.lhs), self.of(&binary.rhs));
                self.of_binaries.borrow_mut().insert(expr, labels.clone());
                labels
            }
        }
    }

    fn of_selector(&self, selector: &Selector) -> Labels {
        let name = selector.metric().unwrap_or_default();
        let mut labels = match self.exported.map(|exported| (exported, exported.resolve(name))) {
            Some((exported, Resolved::Series(family, part))) => {
                let own = family.labels.iter().map(|(label, _)| label.as_str());
                let targets = exported.target_labels.iter().map(String::as_str);
                let all = own.chain(targets).chain(family.extra_label(part));
                Labels {
                    scraped: exported.target_labels.iter().cloned().collect(),
                    ..Labels::only(all.map(str::to_owned).collect())
                }
            }
            Some((_, Resolved::Recorded(labels))) => labels.clone(),
            _ => Labels::default(),
        };
        // What a recording rule or an alert has is for that to say; all else was scraped.
        if labels.may.is_none() && !name.is_empty() && !name.contains(':') && !super::is_of_alerts(name) {
            labels.has.extend(self.target_labels.iter().copied().map(str::to_owned));
        }
        for matcher in &selector.matchers {
            if matcher.value.is_empty() && matcher.op == MatchOp::Equal {
                labels.remove(&matcher.label.name);
            }
        }
        labels
    }

    fn of_call(&self, call: &Call) -> Labels {
        let Some(vector) = vector_of(call) else {
            return Labels::only(BTreeSet::new());
        };
        let text = |at: usize| match call.arguments.get(at).map(|argument| &argument.kind) {
            Some(ExprKind::String(text)) => Some(text.as_str()),
            _ => None,
        };
        let mut labels = self.of(vector);
        match call.function.name {
            "scalar" => Labels::only(BTreeSet::new()),
            "absent" | "absent_over_time" => Labels::only(labels_when_absent(vector).collect()),
            "histogram_quantile" => {
                labels.remove("le");
                labels
            }
            "label_replace" | "label_join" => {
                labels.add(text(1).unwrap_or_default());
                labels
            }
            "info" => Labels { may: None, ..labels },
            _ => labels,
        }
    }
}

fn aggregation_labels(aggregation: &Aggregation, mut operand: Labels) -> Labels {
    match aggregation.op {
        AggregationOp::Topk | AggregationOp::Bottomk | AggregationOp::Limitk | AggregationOp::LimitRatio => {
            return operand;
        }
        _ => {}
    }
    let mut labels = match &aggregation.grouping {
        None => Labels::only(BTreeSet::new()),
        Some(grouping) if grouping.kind == GroupingKind::By => operand.keep(&grouping.labels),
        Some(grouping) => {
            for label in &grouping.labels {
                operand.remove(&label.name);
            }
            operand
        }
    };
    if let Some(ExprKind::String(label)) = aggregation.parameter.as_ref().map(|parameter| &parameter.kind) {
        labels.add(label);
    }
    labels
}

/// The argument whose series a function's result has.
pub(super) fn vector_of(call: &Call) -> Option<&Expr> {
    let is_vector = |expr: &&Expr| matches!(expr.value_type(), ValueType::InstantVector | ValueType::RangeVector);
    call.arguments.iter().find(is_vector)
}

/// What `absent` says of series that are not there: the labels that are matched with `=`.
pub(super) fn labels_when_absent(vector: &Expr) -> impl Iterator<Item = String> {
    let matchers = super::selector_of(vector.without_parens())
        .into_iter()
        .flat_map(|selector| &selector.matchers);
    let equal = matchers.filter(|matcher| matcher.op == MatchOp::Equal && matcher.label.name != Matcher::METRIC);
    equal.map(|matcher| matcher.label.name.clone())
}

fn binary_labels(binary: &Binary, lhs: Labels, rhs: Labels) -> Labels {
    let is_scalar = |expr: &Expr| expr.value_type() == ValueType::Scalar;
    if is_scalar(&binary.lhs) {
        return rhs;
    }
    if is_scalar(&binary.rhs) || matches!(binary.op, BinaryOp::And | BinaryOp::Unless) {
        return lhs;
    }
    if binary.op == BinaryOp::Or {
        return Labels {
            may: lhs.may.zip(rhs.may).map(|(lhs, rhs)| &lhs | &rhs),
            gone: &lhs.gone & &rhs.gone,
            has: &lhs.has & &rhs.has,
            scraped: &lhs.scraped & &rhs.scraped,
        };
    }
    let Some(Matching {
        kind, labels, group, ..
    }) = &binary.matching
    else {
        return lhs;
    };
    match group {
        Some(group) => {
            let mut many = if group.side == Side::Left { lhs } else { rhs };
            for label in &group.labels {
                many.add(&label.name);
            }
            many
        }
        None if *kind == MatchingKind::On => lhs.keep(labels),
        None => {
            let mut result = lhs;
            for label in labels {
                result.remove(&label.name);
            }
            result
        }
    }
}
