//! How the values of a result are computed.

use super::*;
use crate::ast::Call;
use crate::interval::Interval;
use crate::meaning::{chooses, is_part_of_whole, is_plain_quantile, keeps_values, mirrored};
use crate::operator::{AggregationOp, Sign};

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

impl Outliner<'_, '_> {
    /// The steps to the interval that an [`Interpreter`] would find.
    pub(super) fn values(&self, expr: &Expr) -> Vec<Step<Operand>> {
        let mut steps = Vec::new();
        self.compute(expr, &mut steps);
        steps
    }

    fn compute(&self, expr: &Expr, steps: &mut Vec<Step<Operand>>) {
        // A chain of operators, which may be longer than the stack is deep, from its beginning on.
        let mut chain = Vec::new();
        let mut first = expr;
        while let ExprKind::Binary(binary) = &first.kind
            && !is_fixed(binary)
        {
            let is_mirrored = binary.op.is_comparison() && self.alone.of(&binary.lhs).value_type == ValueType::Scalar;
            let (second, op);
            (first, second, op) = match is_mirrored {
                true => (&binary.rhs, &binary.lhs, mirrored(binary.op)),
                false => (&binary.lhs, &binary.rhs, binary.op),
            };
            chain.push((second, op));
        }
        self.operand(first, steps);
        for (second, op) in chain.into_iter().rev() {
            self.compute(second, steps);
            steps.push(Step::Combine(op));
        }
    }

    fn operand(&self, expr: &Expr, steps: &mut Vec<Step<Operand>>) {
        let before = steps.len();
        match &expr.kind {
            ExprKind::Selector(selector) => self.series(selector, steps),
            ExprKind::Range(range) => self.series(&range.selector, steps),
            ExprKind::Subquery(subquery) => self.compute(&subquery.operand, steps),
            ExprKind::Paren(inner) | ExprKind::Unary(Sign::Plus, inner) => self.compute(inner, steps),
            ExprKind::Unary(Sign::Minus, inner) => {
                self.compute(inner, steps);
                steps.push(Step::Negate);
            }
            ExprKind::Aggregation(aggregation) => match aggregation.op {
                AggregationOp::Sum => {
                    self.compute(&aggregation.operand, steps);
                    steps.push(Step::Sum);
                }
                AggregationOp::Avg | AggregationOp::Min | AggregationOp::Max => {
                    self.compute(&aggregation.operand, steps);
                }
                op if chooses(op) => self.compute(&aggregation.operand, steps),
                _ => {}
            },
            ExprKind::Call(call) => self.result(call, steps),
            ExprKind::Number(_) | ExprKind::String(_) | ExprKind::Binary(_) => {}
        }
        // What the expression alone says.
        if steps.len() == before {
            steps.push(Step::Push(Operand::Fixed(self.alone.of(expr).interval)));
        }
    }

    fn result(&self, call: &Call, steps: &mut Vec<Step<Operand>>) {
        let arguments = call.arguments.as_slice();
        match (call.function.name, arguments) {
            (name, [first, ..]) if keeps_values(name) => self.compute(first, steps),
            ("histogram_quantile", [quantile, buckets]) if is_plain_quantile(quantile, buckets) => {
                let quantiles = only_series(buckets).map(|series| Step::Push(Operand::Quantile(series)));
                steps.extend(quantiles);
            }
            ("rate" | "increase" | "irate", [argument]) => {
                if let ExprKind::Range(range) = &argument.kind
                    && let Some(name) = range.selector.metric()
                    && (self.recorded)(name).is_none()
                    && !is_of_alerts(name)
                {
                    steps.push(Step::Push(Operand::Rate(name.to_owned())));
                }
            }
            _ => {}
        }
    }

    fn series(&self, selector: &Selector, steps: &mut Vec<Step<Operand>>) {
        let operand = match selector.metric() {
            None => Operand::Fixed(Interval::ALL),
            Some(name) => match (self.recorded)(name) {
                Some(meaning) => return steps.extend_from_slice(&meaning.values),
                None if is_of_alerts(name) => Operand::Fixed(Interval::ONE),
                None => Operand::Values(name.to_owned()),
            },
        };
        steps.push(Step::Push(operand));
    }
}

/// Whether the metrics say nothing about the values.
fn is_fixed(binary: &Binary) -> bool {
    binary.returns_bool || binary.op == BinaryOp::Div && is_part_of_whole(&binary.lhs, &binary.rhs)
}

/// The only series that a quantile is taken of.
pub(super) fn only_series(buckets: &Expr) -> Option<String> {
    let mut names = Vec::new();
    buckets.walk(&mut |expr| names.extend(selector_of(expr).map(Selector::metric)));
    match names.as_slice() {
        [Some(name)] => Some((*name).to_owned()),
        _ => None,
    }
}
