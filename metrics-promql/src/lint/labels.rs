//! Which labels the result of an expression has.

use std::collections::BTreeSet;

use crate::ast::{
    Aggregation, Binary, Call, Expr, ExprKind, GroupingKind, Label, Matching, MatchingKind, Selector, Side,
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

    fn only(labels: BTreeSet<String>) -> Self {
        Self {
            has: labels.clone(),
            may: Some(labels),
            gone: BTreeSet::new(),
        }
    }

    fn add(&mut self, label: &str) {
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
        labels_of(self, None)
    }
}

pub(super) fn labels_of(expr: &Expr, exported: Option<&Exported>) -> Labels {
    let of = |expr: &Expr| labels_of(expr, exported);
    match &expr.kind {
        ExprKind::Number(_) | ExprKind::String(_) => Labels::only(BTreeSet::new()),
        ExprKind::Selector(selector) => selector_labels(selector, exported),
        ExprKind::Range(range) => selector_labels(&range.selector, exported),
        ExprKind::Subquery(subquery) => of(&subquery.operand),
        ExprKind::Paren(inner) | ExprKind::Unary(_, inner) => of(inner),
        ExprKind::Aggregation(aggregation) => aggregation_labels(aggregation, of(&aggregation.operand)),
        ExprKind::Call(call) => call_labels(call, exported),
        ExprKind::Binary(binary) => binary_labels(binary, of(&binary.lhs), of(&binary.rhs)),
    }
}

fn selector_labels(selector: &Selector, exported: Option<&Exported>) -> Labels {
    let name = selector.metric().unwrap_or_default();
    let mut labels = match exported.map(|exported| (exported, exported.resolve(name))) {
        Some((exported, Resolved::Series(family, part))) => {
            let own = family.labels.iter().map(|(label, _)| label.as_str());
            let targets = exported.target_labels.iter().map(String::as_str);
            let all = own.chain(targets).chain(family.extra_label(part));
            Labels::only(all.map(str::to_owned).collect())
        }
        _ => Labels::default(),
    };
    // What a recording rule or an alert has is for that to say; all else was scraped.
    if labels.may.is_none() && !name.is_empty() && !name.contains(':') && !name.starts_with("ALERTS") {
        labels.has.extend(["instance", "job"].map(str::to_owned));
    }
    for matcher in &selector.matchers {
        if matcher.value.is_empty() && matcher.op == MatchOp::Equal {
            labels.remove(&matcher.label.name);
        }
    }
    labels
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

fn call_labels(call: &Call, exported: Option<&Exported>) -> Labels {
    let is_vector = |expr: &&Expr| matches!(expr.value_type(), ValueType::InstantVector | ValueType::RangeVector);
    let Some(vector) = call.arguments.iter().find(is_vector) else {
        return Labels::only(BTreeSet::new());
    };
    let text = |at: usize| match call.arguments.get(at).map(|argument| &argument.kind) {
        Some(ExprKind::String(text)) => Some(text.as_str()),
        _ => None,
    };
    let mut labels = labels_of(vector, exported);
    match call.function.name {
        "scalar" => Labels::only(BTreeSet::new()),
        // Those that are matched with `=`.
        "absent" | "absent_over_time" => {
            let selector = match &vector.without_parens().kind {
                ExprKind::Selector(selector) => Some(&**selector),
                ExprKind::Range(range) => Some(&range.selector),
                _ => None,
            };
            let matchers = selector.into_iter().flat_map(|selector| &selector.matchers);
            let equal = matchers.filter(|matcher| matcher.op == MatchOp::Equal);
            Labels::only(equal.map(|matcher| matcher.label.name.clone()).collect())
        }
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
