//! Expressions and durations for clocks that run faster.

use enumetrics_promql::{Duration, DurationKind, Expr, ExprKind, Number, parse};

use crate::rules::Rules;
use crate::yaml::Yaml;

/// How many times faster.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Pace(pub(super) f64);

/// How long a duration of Prometheus is; an infinite time if it is none.
pub(super) fn seconds(text: &str) -> f64 {
    // An offset, because a range of nothing is none.
    let parsed = parse(&format!("x offset {text}")).map(|expr| expr.kind);
    match parsed {
        Ok(ExprKind::Selector(selector)) if text.starts_with(|first: char| first.is_ascii_digit()) => selector
            .modifiers
            .offset
            .map_or(f64::INFINITY, |offset| offset.seconds()),
        _ => f64::INFINITY,
    }
}

impl Pace {
    pub(super) const REAL: Self = Self(1.0);

    pub(super) fn group(self, rules: &Rules) -> Yaml {
        rules.group(&|expression| self.expression(expression), &|text| self.duration(text))
    }

    fn expression(self, text: &str) -> String {
        match parse(text) {
            Ok(mut expr) if self != Self::REAL => {
                self.change(&mut expr);
                expr.to_string()
            }
            // Rules are parsed while compiling.
            _ => text.to_owned(),
        }
    }

    /// A duration that is written in a configuration.
    pub(super) fn duration(self, text: &str) -> String {
        match self {
            Self::REAL => text.to_owned(),
            Self(faster) => format!("{}ms", milliseconds(seconds(text), faster)),
        }
    }

    fn change(self, expr: &mut Expr) {
        let length = |duration: &mut Duration| {
            duration.kind = DurationKind::Literal(Number {
                value: milliseconds(duration.seconds(), self.0) / 1e3,
                is_duration: true,
            });
        };
        match &mut expr.kind {
            ExprKind::Number(_) | ExprKind::String(_) => {}
            ExprKind::Selector(selector) => selector.modifiers.offset.iter_mut().for_each(length),
            ExprKind::Range(range) => {
                range.selector.modifiers.offset.iter_mut().for_each(length);
                length(&mut range.range);
            }
            ExprKind::Subquery(subquery) => {
                self.change(&mut subquery.operand);
                length(&mut subquery.range);
                let others = subquery.step.iter_mut().chain(&mut subquery.modifiers.offset);
                others.for_each(length);
            }
            ExprKind::Paren(inner) | ExprKind::Unary(_, inner) => self.change(inner),
            ExprKind::Binary(binary) => {
                self.change(&mut binary.lhs);
                self.change(&mut binary.rhs);
            }
            ExprKind::Aggregation(aggregation) => {
                aggregation
                    .parameter
                    .iter_mut()
                    .for_each(|parameter| self.change(parameter));
                self.change(&mut aggregation.operand);
            }
            ExprKind::Call(call) => call.arguments.iter_mut().for_each(|argument| self.change(argument)),
        }
    }
}

/// Whole ones, and at least one.
fn milliseconds(seconds: f64, faster: f64) -> f64 {
    (seconds * 1e3 / faster).round().max(1.0)
}
