//! What expressions give, and the check that it fits.

use std::fmt;

use crate::ast::{
    Aggregation, Binary, Call, Expr, ExprKind, Label, Matcher, Matching, MatchingKind, Modifiers, Selector,
};
use crate::error::Error;
use crate::function::Function;
use crate::operator::{AggregationParameter, BinaryOp, MatchOp};
use crate::regex;
use crate::span::Span;

/// What an expression gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ValueType {
    /// One number, without labels.
    Scalar,
    /// One value for each of several series.
    InstantVector,
    /// The values of some time for each of several series, which only functions take.
    RangeVector,
    /// A text, which only functions take.
    String,
}

impl fmt::Display for ValueType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Scalar => "scalar",
            Self::InstantVector => "instant vector",
            Self::RangeVector => "range vector",
            Self::String => "string",
        })
    }
}

impl ValueType {
    fn with_article(self) -> &'static str {
        match self {
            Self::Scalar => "a scalar",
            Self::InstantVector => "an instant vector",
            Self::RangeVector => "a range vector",
            Self::String => "a string",
        }
    }
}

/// Refuses what no evaluation would accept, as the server does before it evaluates; says what the expression gives.
pub(crate) fn check(expr: &Expr) -> Result<ValueType, Error> {
    match &expr.kind {
        ExprKind::Number(_) => Ok(ValueType::Scalar),
        ExprKind::String(_) => Ok(ValueType::String),
        ExprKind::Selector(selector) => check_selector(selector, true).map(|()| ValueType::InstantVector),
        ExprKind::Range(range) => check_selector(&range.selector, true).map(|()| ValueType::RangeVector),
        ExprKind::Paren(inner) => check(inner),
        ExprKind::Unary(sign, operand) => match check(operand)? {
            found @ (ValueType::Scalar | ValueType::InstantVector) => Ok(found),
            other => {
                let found = other.with_article();
                let message = format!("`{sign}` expects a scalar or an instant vector, found {found}");
                Err(Error::new(operand.span, message))
            }
        },
        ExprKind::Subquery(subquery) => {
            expect(&subquery.operand, ValueType::InstantVector, &|| {
                "a subquery is made of an instant vector".to_owned()
            })?;
            Ok(ValueType::RangeVector)
        }
        ExprKind::Binary(binary) => check_binary(binary),
        ExprKind::Aggregation(aggregation) => check_aggregation(aggregation).map(|()| ValueType::InstantVector),
        ExprKind::Call(call) => check_call(expr, call).map(|()| call.function.returns),
    }
}

fn expect(expr: &Expr, expected: ValueType, rule: &dyn Fn() -> String) -> Result<(), Error> {
    let found = check(expr)?;
    if found == expected {
        return Ok(());
    }
    let error = Error::new(expr.span, format!("{}, found {}", rule(), found.with_article()));
    Err(match (expected, found) {
        (ValueType::RangeVector, ValueType::InstantVector) => match &expr.kind {
            ExprKind::Selector(selector) if selector.modifiers == Modifiers::default() => {
                error.with_help(format!("add a range: `{expr}[5m]`"))
            }
            ExprKind::Selector(_) => error.with_help("add a range such as `[5m]` before `offset` and `@`"),
            _ => error.with_help(
                "rate first and aggregate then, `sum(rate(x[5m]))`; the values of an expression over time are a \
                 subquery, `[30m:1m]`",
            ),
        },
        (ValueType::InstantVector, ValueType::RangeVector) => {
            error.with_help("remove the range, or put a function such as `rate` or `max_over_time` around it")
        }
        (ValueType::InstantVector, ValueType::Scalar) => error.with_help(format!("`vector({expr})` makes one of it")),
        (ValueType::Scalar, ValueType::InstantVector) => {
            error.with_help(format!("`scalar({expr})` makes one of a single series"))
        }
        _ => error,
    })
}

fn check_selector(selector: &Selector, needs_value: bool) -> Result<(), Error> {
    if let Some(name) = &selector.name {
        let named_again = |matcher: &&Matcher| matcher.label.name == Matcher::METRIC;
        return match selector.matchers.iter().find(named_again) {
            None => Ok(()),
            Some(matcher) => Err(Error::new(
                matcher.span,
                format!(
                    "the metric has a name already: `{}` stands before the braces",
                    name.name
                ),
            )),
        };
    }
    let matches_empty = selector.matchers.iter().all(|matcher| {
        let value = matcher.value.as_str();
        match matcher.op {
            MatchOp::Equal => value.is_empty(),
            MatchOp::NotEqual => !value.is_empty(),
            MatchOp::Regex => regex::matches_empty(value),
            MatchOp::NotRegex => !regex::matches_empty(value),
        }
    });
    if needs_value && matches_empty {
        return Err(Error::new(
            selector.span,
            "this selects every series there is: expected a metric's name, or a label that may not be empty",
        )
        .with_help("a matcher that the empty value does not pass: `{job=\"api\"}` or `{job=~\".+\"}`"));
    }
    Ok(())
}

fn check_binary(binary: &Binary) -> Result<ValueType, Error> {
    let op = binary.op;
    let (lhs, rhs) = (check(&binary.lhs)?, check(&binary.rhs)?);
    if binary.returns_bool && !op.is_comparison() {
        let message = format!("`bool` belongs to a comparison, and `{op}` is none");
        return Err(Error::new(binary.op_span, message));
    }
    for (operand, found) in [(&binary.lhs, lhs), (&binary.rhs, rhs)] {
        check_operand(op, operand, found)?;
    }
    match (lhs, rhs) {
        (ValueType::InstantVector, ValueType::InstantVector) => {}
        (ValueType::Scalar, ValueType::Scalar) if op.is_comparison() && !binary.returns_bool => {
            let (lhs, rhs) = (&binary.lhs, &binary.rhs);
            return Err(Error::new(
                binary.op_span,
                "two scalars are compared with `bool`: a scalar cannot be filtered away",
            )
            .with_help(format!("`{lhs} {op} bool {rhs}`")));
        }
        _ if op.is_set() => {
            let scalar = if lhs == ValueType::Scalar {
                &binary.lhs
            } else {
                &binary.rhs
            };
            return Err(Error::new(
                scalar.span,
                format!("`{op}` expects instant vectors on both sides, found a scalar"),
            )
            .with_help(format!("`vector({scalar})` makes a vector of it")));
        }
        _ => {
            if let Some(matching) = binary.matching.as_ref().filter(|matching| !matching.labels.is_empty()) {
                let message = "labels are matched between two instant vectors, but one side is a scalar";
                return Err(Error::new(matching.span, message));
            }
            let scalar = lhs == rhs;
            return Ok(if scalar {
                ValueType::Scalar
            } else {
                ValueType::InstantVector
            });
        }
    }
    if let Some(matching) = &binary.matching {
        check_group(op, matching)?;
    }
    Ok(ValueType::InstantVector)
}

fn check_operand(op: BinaryOp, operand: &Expr, found: ValueType) -> Result<(), Error> {
    if matches!(found, ValueType::Scalar | ValueType::InstantVector) {
        return Ok(());
    }
    let message = format!(
        "`{op}` expects scalars and instant vectors, found {}",
        found.with_article()
    );
    let error = Error::new(operand.span, message);
    Err(match found {
        ValueType::RangeVector => error.with_help("put a function such as `rate` around the range, or remove it"),
        _ => error,
    })
}

fn check_group(op: BinaryOp, matching: &Matching) -> Result<(), Error> {
    let Some(group) = &matching.group else {
        return Ok(());
    };
    if op.is_set() {
        let word = group.side.word();
        let message = format!("`{op}` matches many with many: it takes no `{word}`");
        return Err(Error::new(group.span, message));
    }
    let on = |label: &&Label| {
        matching.kind == MatchingKind::On && matching.labels.iter().any(|other| other.name == label.name)
    };
    match group.labels.iter().find(on) {
        None => Ok(()),
        Some(label) => Err(Error::new(
            label.span,
            format!(
                "label `{}` is matched by `on` already: it is the same on both sides",
                label.name
            ),
        )),
    }
}

fn check_aggregation(aggregation: &Aggregation) -> Result<(), Error> {
    let op = aggregation.op;
    expect(&aggregation.operand, ValueType::InstantVector, &|| {
        format!("`{op}` aggregates an instant vector")
    })?;
    match (&aggregation.parameter, op.parameter()) {
        (Some(parameter), Some(AggregationParameter::Scalar)) => expect(parameter, ValueType::Scalar, &|| {
            format!("the parameter of `{op}` is a scalar")
        }),
        (Some(parameter), Some(AggregationParameter::String)) => expect(parameter, ValueType::String, &|| {
            format!("the parameter of `{op}` is the name of a label, as a string")
        }),
        _ => Ok(()),
    }
}

fn check_call(expr: &Expr, call: &Call) -> Result<(), Error> {
    let function = call.function;
    let found = call.arguments.len();
    let (least, most) = (function.least_arguments(), function.most_arguments());
    if found < least || most.is_some_and(|most| found > most) {
        // What is too much, or the parenthesis where something is missing.
        let span = match most {
            Some(most) if found > most => call.arguments[most].span.to(call.arguments[found - 1].span),
            _ => Span::new(expr.span.end - 1, expr.span.end),
        };
        let message = format!("`{}` takes {}, found {found}", function.name, amount(least, most));
        return Err(Error::new(span, message).with_help(format!("its arguments: `{}`", Signature(function))));
    }
    for (at, argument) in call.arguments.iter().enumerate() {
        if at == 1 && function.name == "info" {
            check_info_labels(argument)?;
            continue;
        }
        let Some(expected) = function.argument(at) else {
            break;
        };
        expect(argument, expected, &|| {
            let expected = expected.with_article();
            match function.arguments.len() {
                1 => format!("`{}` expects {expected}", function.name),
                _ => format!("`{}` expects {expected} as argument {}", function.name, at + 1),
            }
        })?;
    }
    Ok(())
}

/// The second argument of `info` selects labels: it is written like a selector, but names no metric.
fn check_info_labels(argument: &Expr) -> Result<(), Error> {
    match &argument.kind {
        ExprKind::Selector(selector) if selector.name.is_none() => check_selector(selector, false),
        _ => Err(Error::new(
            argument.span,
            "`info` expects matchers alone as its second argument, without a metric's name",
        )
        .with_help("as in `info(x, {k8s_cluster=~\".+\"})`")),
    }
}

fn amount(least: usize, most: Option<usize>) -> String {
    let plural = |number: usize| if number == 1 { "argument" } else { "arguments" };
    match most {
        Some(0) => "no argument".to_owned(),
        Some(most) if most == least => format!("{most} {}", plural(most)),
        Some(most) => format!("{least} to {most} arguments"),
        None => format!("at least {least} {}", plural(least)),
    }
}

/// `clamp(instant vector, scalar, scalar)`
struct Signature(&'static Function);

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(function) = self;
        write!(f, "{}(", function.name)?;
        for (at, argument) in function.arguments.iter().enumerate() {
            let comma = if at == 0 { "" } else { ", " };
            let optional = if at >= function.least_arguments() { "?" } else { "" };
            write!(f, "{comma}{argument}{optional}")?;
        }
        let more = if function.most_arguments().is_none() {
            ", …"
        } else {
            ""
        };
        write!(f, "{more})")
    }
}
