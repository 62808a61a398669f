//! From a tree back to text.
//!
//! A tree that the parser made prints as text that parses to the same tree. In one that is put together by hand,
//! parentheses are added where the operators would group otherwise.

mod pretty;

use std::fmt::{self, Write as _};

pub use self::pretty::Pretty;

use crate::ast::{
    Aggregation, At, AtKind, Binary, Duration, DurationKind, Expr, ExprKind, Grouping, GroupingKind, Label, Matcher,
    Matching, MatchingKind, Modifiers, Number, RangeSelector, Selector, Subquery,
};
use crate::lex::{format_duration, is_name, quote};
use crate::operator::Precedence;
use crate::token::Keyword;

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            ExprKind::Number(number) => number.fmt(f),
            ExprKind::String(text) => Quoted(text).fmt(f),
            ExprKind::Selector(selector) => selector.fmt(f),
            ExprKind::Range(range) => range.fmt(f),
            ExprKind::Subquery(subquery) => {
                write!(
                    f,
                    "{}{}",
                    Operand::before_brackets(&subquery.operand),
                    Brackets(subquery)
                )
            }
            ExprKind::Paren(inner) => write!(f, "({inner})"),
            ExprKind::Unary(sign, operand) => write!(f, "{sign}{}", Operand::of_sign(operand)),
            ExprKind::Binary(binary) => {
                let [lhs, rhs] = Operand::of_binary(binary);
                write!(f, "{lhs} {} {rhs}", Middle(binary))
            }
            ExprKind::Aggregation(aggregation) => {
                write!(f, "{}(", Head(aggregation))?;
                if let Some(parameter) = &aggregation.parameter {
                    write!(f, "{parameter}, ")?;
                }
                write!(f, "{})", aggregation.operand)
            }
            ExprKind::Call(call) => {
                write!(f, "{}({})", call.function.name, separated(&call.arguments, ", "))
            }
        }
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.without_modifiers(f)?;
        self.modifiers.fmt(f)
    }
}

impl Selector {
    fn without_modifiers(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut matchers = separated(&self.matchers, ", ").to_string();
        match &self.name {
            Some(name) if is_metric_name(&name.name) => {
                f.write_str(&name.name)?;
                if matchers.is_empty() {
                    return Ok(());
                }
            }
            Some(name) => {
                let comma = if matchers.is_empty() { "" } else { ", " };
                matchers = format!("{}{comma}{matchers}", Quoted(&name.name));
            }
            None => {}
        }
        write!(f, "{{{matchers}}}")
    }
}

impl fmt::Display for RangeSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.selector.without_modifiers(f)?;
        write!(f, "[{}]{}", self.range, self.selector.modifiers)
    }
}

impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.name_only {
            return Quoted(&self.value).fmt(f);
        }
        // Keywords are names here.
        let bare = !self.label.quoted && is_name(&self.label.name);
        if bare {
            f.write_str(&self.label.name)?;
        } else {
            Quoted(&self.label.name).fmt(f)?;
        }
        write!(f, "{}{}", self.op.as_str(), Quoted(&self.value))
    }
}

/// As in a grouping.
impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bare = !self.quoted
            && is_metric_characters(&self.name)
            && Keyword::of(&self.name).is_none_or(Keyword::may_name_a_label);
        if bare {
            f.write_str(&self.name)
        } else {
            Quoted(&self.name).fmt(f)
        }
    }
}

/// With a space before each.
impl fmt::Display for Modifiers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(At { kind, .. }) = &self.at {
            match kind {
                AtKind::Time(time) => write!(f, " @ {time}")?,
                AtKind::Start => f.write_str(" @ start()")?,
                AtKind::End => f.write_str(" @ end()")?,
            }
        }
        match &self.offset {
            Some(offset) => write!(f, " offset {}", OffsetDuration(offset)),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.value;
        if self.is_duration
            && let Some(duration) = format_duration(value.abs())
        {
            let sign = if value.is_sign_negative() { "-" } else { "" };
            return write!(f, "{sign}{duration}");
        }
        if value.is_nan() {
            f.write_str("NaN")
        } else if value.is_infinite() {
            f.write_str(if value > 0.0 { "Inf" } else { "-Inf" })
        } else if value == 0.0 || (1e-6..1e15).contains(&value.abs()) {
            write!(f, "{value}")
        } else {
            write!(f, "{value:e}")
        }
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let in_parens = |duration: &Self, least| DurationOperand(duration.precedence() < least, duration).to_string();
        match &self.kind {
            DurationKind::Literal(number) => number.fmt(f),
            DurationKind::Paren(inner) => write!(f, "({inner})"),
            DurationKind::Unary(sign, operand) => {
                // The sign would become a part of the number.
                let literal = matches!(operand.kind, DurationKind::Literal(_));
                let operand = DurationOperand(
                    literal || (!operand.has_sign() && operand.precedence() < Precedence::POWER),
                    operand,
                );
                write!(f, "{sign}{operand}")
            }
            DurationKind::Binary(op, lhs, rhs) => {
                let rhs = match rhs.precedence() {
                    Precedence::PRODUCT if rhs.has_sign() => rhs.to_string(),
                    _ => in_parens(rhs, op.right_precedence()),
                };
                write!(f, "{} {op} {rhs}", in_parens(lhs, op.left_precedence()))
            }
        }
    }
}

impl Duration {
    fn precedence(&self) -> Precedence {
        match &self.kind {
            DurationKind::Binary(op, ..) => op.precedence(),
            _ if self.has_sign() => Precedence::PRODUCT,
            _ => Precedence::PRIMARY,
        }
    }

    fn has_sign(&self) -> bool {
        match &self.kind {
            DurationKind::Literal(number) => number.has_sign(),
            DurationKind::Unary(..) => true,
            DurationKind::Binary(..) | DurationKind::Paren(_) => false,
        }
    }
}

struct DurationOperand<'a>(bool, &'a Duration);

impl fmt::Display for DurationOperand<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(in_parens, duration) = self;
        if *in_parens {
            write!(f, "({duration})")
        } else {
            duration.fmt(f)
        }
    }
}

/// Of arithmetic, an offset takes only what begins with a parenthesis or has two signs, or a sign and a parenthesis.
struct OffsetDuration<'a>(&'a Duration);

impl fmt::Display for OffsetDuration<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.to_string();
        let unsigned = text.strip_prefix(['+', '-']).unwrap_or(&text);
        let is_literal = matches!(self.0.kind, DurationKind::Literal(_));
        if is_literal || unsigned.starts_with(['(', '+', '-']) {
            f.write_str(&text)
        } else {
            write!(f, "({text})")
        }
    }
}

/// `sum by (job) `: an aggregation before its parenthesis.
struct Head<'a>(&'a Aggregation);

impl fmt::Display for Head<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.op.as_str())?;
        match &self.0.grouping {
            Some(Grouping { kind, labels, .. }) => {
                let word = match kind {
                    GroupingKind::By => "by",
                    GroupingKind::Without => "without",
                };
                write!(f, " {word} ({}) ", separated(labels, ", "))
            }
            None => Ok(()),
        }
    }
}

/// `== bool on (job) group_left (version)`: what stands between the operands.
struct Middle<'a>(&'a Binary);

impl fmt::Display for Middle<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Binary {
            op,
            returns_bool,
            matching,
            ..
        } = self.0;
        f.write_str(op.as_str())?;
        if *returns_bool {
            f.write_str(" bool")?;
        }
        let Some(Matching {
            kind, labels, group, ..
        }) = matching
        else {
            return Ok(());
        };
        let word = match kind {
            MatchingKind::On => "on",
            MatchingKind::Ignoring => "ignoring",
        };
        write!(f, " {word} ({})", separated(labels, ", "))?;
        match group {
            // With parentheses even if there are no labels: those of the right operand would be taken for them.
            Some(group) => write!(f, " {} ({})", group.side.word(), separated(&group.labels, ", ")),
            None => Ok(()),
        }
    }
}

/// `[1h:1m] offset 5m`
struct Brackets<'a>(&'a Subquery);

impl fmt::Display for Brackets<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Subquery {
            range, step, modifiers, ..
        } = self.0;
        write!(f, "[{range}:")?;
        if let Some(step) = step {
            step.fmt(f)?;
        }
        write!(f, "]{modifiers}")
    }
}

/// An expression beside an operator.
struct Operand<'a> {
    expr: &'a Expr,
    in_parens: bool,
}

impl<'a> Operand<'a> {
    fn of_binary(binary: &'a Binary) -> [Self; 2] {
        let Binary { op, lhs, .. } = binary;
        [
            Self {
                expr: lhs,
                in_parens: lhs.precedence() < op.left_precedence() || (op.is_arithmetic() && lhs.ends_in_open_offset()),
            },
            Self::right_of(binary),
        ]
    }

    fn right_of(binary: &'a Binary) -> Self {
        let Binary { op, rhs, .. } = binary;
        Self {
            expr: rhs,
            // Behind an operator a sign is understood, however tightly that binds.
            in_parens: !rhs.has_sign() && rhs.precedence() < op.right_precedence(),
        }
    }

    fn of_sign(expr: &'a Expr) -> Self {
        // The sign would become a part of the number.
        let number = matches!(expr.kind, ExprKind::Number(_));
        Self {
            expr,
            in_parens: number || (!expr.has_sign() && expr.precedence() < Precedence::POWER),
        }
    }

    fn before_brackets(expr: &'a Expr) -> Self {
        Self {
            expr,
            in_parens: expr.precedence() < Precedence::PRIMARY,
        }
    }
}

impl fmt::Display for Operand<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.in_parens {
            write!(f, "({})", self.expr)
        } else {
            self.expr.fmt(f)
        }
    }
}

impl Expr {
    fn precedence(&self) -> Precedence {
        match &self.kind {
            ExprKind::Binary(binary) => binary.op.precedence(),
            _ if self.has_sign() => Precedence::PRODUCT,
            _ => Precedence::PRIMARY,
        }
    }

    fn has_sign(&self) -> bool {
        match &self.kind {
            ExprKind::Unary(..) => true,
            ExprKind::Number(number) => number.has_sign(),
            _ => false,
        }
    }
}

impl Expr {
    /// Whether an operator behind it would belong to its last offset, as in `x offset (5m) + 1m`.
    fn ends_in_open_offset(&self) -> bool {
        let last = match &self.kind {
            ExprKind::Unary(_, operand) => Operand::of_sign(operand),
            ExprKind::Binary(binary) => Operand::right_of(binary),
            ExprKind::Selector(selector) => return selector.modifiers.has_open_offset(),
            ExprKind::Range(range) => return range.selector.modifiers.has_open_offset(),
            ExprKind::Subquery(subquery) => return subquery.modifiers.has_open_offset(),
            _ => return false,
        };
        !last.in_parens && last.expr.ends_in_open_offset()
    }
}

impl Modifiers {
    fn has_open_offset(&self) -> bool {
        let is_literal = |offset: &Duration| matches!(offset.kind, DurationKind::Literal(_));
        self.offset.as_ref().is_some_and(|offset| !is_literal(offset))
    }
}

impl Number {
    fn has_sign(&self) -> bool {
        self.value.is_sign_negative() && !self.value.is_nan()
    }
}

struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut quoted = String::with_capacity(self.0.len() + 2);
        quote(self.0, &mut quoted);
        f.write_str(&quoted)
    }
}

fn separated<T: fmt::Display>(items: &[T], separator: &str) -> impl fmt::Display {
    let mut text = String::new();
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            text.push_str(separator);
        }
        // A String never refuses what is written to it.
        _ = write!(text, "{item}");
    }
    text
}

/// Whether a metric of that name can stand before braces.
fn is_metric_name(name: &str) -> bool {
    is_metric_characters(name) && Keyword::of(name).is_none_or(Keyword::may_name_a_metric)
}

fn is_metric_characters(name: &str) -> bool {
    let starts = |character: char| character == '_' || character == ':' || character.is_ascii_alphabetic();
    name.starts_with(starts)
        && name
            .chars()
            .all(|character| starts(character) || character.is_ascii_digit())
}
