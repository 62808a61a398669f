//! What values count.

use super::*;
use crate::meaning::{chooses, keeps_unit, vector_of};
use crate::operator::AggregationOp;

/// What values count: what those of a series do, or so much of it per second.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measure {
    /// Whose unit it is.
    pub series: String,
    /// Whether it is a rate.
    pub per_second: bool,
}

impl Outliner<'_, '_> {
    /// `x_seconds > y_bytes`
    pub(super) fn units(&mut self, binary: &Binary) {
        if !(binary.op.is_comparison() || matches!(binary.op, BinaryOp::Add | BinaryOp::Sub)) {
            return;
        }
        if let (Some(left), Some(right)) = (self.measure(&binary.lhs), self.measure(&binary.rhs))
            && left != right
        {
            let op = binary.op;
            self.ask(VAL_UNIT, binary.op_span, Asks::SameUnit { left, right, op });
        }
    }

    /// What the values count, where that is the unit of one series.
    fn measure(&self, expr: &Expr) -> Option<Measure> {
        match &expr.kind {
            ExprKind::Selector(selector) => self.measured(selector),
            ExprKind::Range(range) => self.measured(&range.selector),
            ExprKind::Subquery(subquery) => self.measure(&subquery.operand),
            ExprKind::Paren(inner) | ExprKind::Unary(_, inner) => self.measure(inner),
            ExprKind::Aggregation(aggregation) => match aggregation.op {
                AggregationOp::Sum | AggregationOp::Avg | AggregationOp::Min | AggregationOp::Max => {
                    self.measure(&aggregation.operand)
                }
                op if chooses(op) => self.measure(&aggregation.operand),
                _ => None,
            },
            ExprKind::Call(call) => {
                let measure = self.measure(vector_of(call)?)?;
                match call.function.name {
                    "rate" | "irate" | "deriv" if measure.per_second => None,
                    "rate" | "irate" | "deriv" => Some(Measure {
                        per_second: true,
                        ..measure
                    }),
                    name if keeps_unit(name) => Some(measure),
                    _ => None,
                }
            }
            ExprKind::Binary(binary) if matches!(binary.op, BinaryOp::And | BinaryOp::Unless) => {
                self.measure(&binary.lhs)
            }
            ExprKind::Number(_) | ExprKind::String(_) | ExprKind::Binary(_) => None,
        }
    }

    fn measured(&self, selector: &Selector) -> Option<Measure> {
        let series = selector.metric()?;
        let is_scraped = (self.recorded)(series).is_none() && !is_of_alerts(series);
        is_scraped.then(|| Measure {
            series: series.to_owned(),
            per_second: false,
        })
    }
}
