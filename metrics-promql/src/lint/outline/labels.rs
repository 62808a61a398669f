//! Where the labels of a result come from.

use std::rc::Rc;

use super::*;
use crate::ast::{Aggregation, Call, Side};
use crate::meaning::{Replaced, chooses, counted_label, labels_when_absent, vector_of};
use crate::names::Names;

/// Where some labels of a result come from: all of `origin` that `only` allows and `without` does not name, `plus`, and
/// perhaps `perhaps`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LabelSource {
    /// What has them.
    pub origin: Origin,
    /// Nothing else is kept.
    pub only: Option<Names>,
    /// What is dropped.
    pub without: Names,
    /// What is there whatever the origin has.
    pub plus: Names,
    /// What may be there whatever the origin has.
    pub perhaps: Names,
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

    fn keep(&mut self, labels: &Names) {
        self.plus.retain(&|label| labels.has(label));
        self.perhaps.retain(&|label| labels.has(label));
        self.only = Some(match self.only.take() {
            Some(only) => only.and(labels),
            None => labels.clone(),
        });
    }

    fn remove(&mut self, label: &str) {
        self.plus.remove(label);
        self.perhaps.remove(label);
        self.without.insert(label);
    }

    fn perhaps(&mut self, label: &str) {
        self.remove(label);
        self.perhaps.insert(label);
    }

    fn add(&mut self, label: &str) {
        self.plus.insert(label);
    }
}

impl Outliner<'_, '_> {
    /// The labels of its result.
    pub(super) fn labels(&self, expr: &Expr) -> Rc<[LabelSource]> {
        self.labels.of(expr, &|expr| match &expr.kind {
            ExprKind::Subquery(subquery) => self.labels(&subquery.operand),
            ExprKind::Paren(inner) | ExprKind::Unary(_, inner) => self.labels(inner),
            ExprKind::Number(_) | ExprKind::String(_) => [LabelSource::default()].into(),
            ExprKind::Selector(selector) => self.selected(selector).into(),
            ExprKind::Range(range) => self.selected(&range.selector).into(),
            ExprKind::Aggregation(aggregation) => self.aggregated(aggregation).into(),
            ExprKind::Call(call) => self.called(call).into(),
            ExprKind::Binary(binary) => self.combined(binary),
        })
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
        let mut sources = self.labels(vector).to_vec();
        match call.function.name {
            "scalar" => return vec![LabelSource::default()],
            "absent" | "absent_over_time" => {
                let labels = labels_when_absent(vector);
                let mut source = LabelSource::default();
                for label in labels.known().into_iter().flatten() {
                    match labels.must_have(label) {
                        true => source.plus.insert(label),
                        false => source.perhaps.insert(label),
                    }
                }
                return vec![source];
            }
            "histogram_quantile" => sources.iter_mut().for_each(|source| source.remove("le")),
            "label_replace" | "label_join" => {
                if let Some((label, replaced)) = Replaced::by(call) {
                    sources.iter_mut().for_each(|source| match replaced {
                        Replaced::Always => source.add(label),
                        Replaced::Kept => source.perhaps.insert(label),
                        Replaced::Perhaps => source.perhaps(label),
                    });
                }
            }
            "info" => return vec![LabelSource::of(Origin::Anything)],
            _ => {}
        }
        sources
    }

    fn combined(&self, binary: &Binary) -> Rc<[LabelSource]> {
        let is_scalar = |expr: &Expr| expr.value_type() == ValueType::Scalar;
        if is_scalar(&binary.lhs) {
            return self.labels(&binary.rhs);
        }
        let left = self.labels(&binary.lhs);
        let keeps_left = is_scalar(&binary.rhs) || matches!(binary.op, BinaryOp::And | BinaryOp::Unless);
        if keeps_left || binary.op != BinaryOp::Or && binary.matching.is_none() {
            return left;
        }
        let mut left = left.to_vec();
        if binary.op == BinaryOp::Or {
            left.extend_from_slice(&self.labels(&binary.rhs));
            return left.into();
        }
        let Some(matching) = &binary.matching else {
            return left.into();
        };
        match &matching.group {
            Some(group) => {
                let mut many = match group.side {
                    Side::Left => left,
                    Side::Right => self.labels(&binary.rhs).to_vec(),
                };
                for label in &group.labels {
                    many.iter_mut().for_each(|source| source.perhaps(&label.name));
                }
                return many.into();
            }
            None if matching.kind == MatchingKind::On => keep(&mut left, &matching.labels),
            None => remove(&mut left, &matching.labels),
        }
        left.into()
    }

    fn aggregated(&self, aggregation: &Aggregation) -> Vec<LabelSource> {
        let mut sources = self.labels(&aggregation.operand).to_vec();
        if chooses(aggregation.op) {
            return sources;
        }
        match &aggregation.grouping {
            None => sources = vec![LabelSource::default()],
            Some(grouping) if grouping.kind == GroupingKind::By => keep(&mut sources, &grouping.labels),
            Some(grouping) => remove(&mut sources, &grouping.labels),
        }
        if let Some(label) = counted_label(aggregation) {
            sources.iter_mut().for_each(|source| source.add(label));
        }
        sources
    }
}

fn keep(sources: &mut [LabelSource], labels: &[Label]) {
    let labels = labels.iter().map(|label| label.name.clone()).collect();
    for source in sources {
        source.keep(&labels);
    }
}

fn remove(sources: &mut [LabelSource], labels: &[Label]) {
    for source in sources {
        for label in labels {
            source.remove(&label.name);
        }
    }
}
