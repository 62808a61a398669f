//! Ranges, steps and offsets.

use super::Parser;
use crate::ast::{Duration, DurationKind, Number};
use crate::error::Error;
use crate::operator::{BinaryOp, Precedence, Sign};
use crate::span::Span;
use crate::token::{Operator, TokenKind};

impl Parser<'_> {
    /// A range or a step.
    pub(super) fn positive_duration(&mut self) -> Result<Duration, Error> {
        let duration = self.duration(Precedence::SUM)?;
        match duration.literal() {
            Some(seconds) if seconds <= 0.0 => {
                Err(Error::new(duration.span, "a range or a step has to be longer than 0"))
            }
            _ => Ok(duration),
        }
    }

    /// Without parentheses, an operator behind an offset is one of the expression: `x offset -2 ^ 2` is
    /// `(x offset -2) ^ 2`. Behind parentheses, or a second sign, it belongs to the offset.
    pub(super) fn offset_duration(&mut self) -> Result<Duration, Error> {
        let start = self.token.span;
        let Some(sign) = self.sign() else {
            return match self.token.kind {
                TokenKind::LeftParen => self.duration(Precedence::SUM),
                _ => self.duration_literal(),
            };
        };
        self.advance()?;
        if matches!(self.token.kind, TokenKind::Number | TokenKind::Duration) {
            let literal = self.duration_literal()?;
            return Ok(signed(sign, start, literal));
        }
        let operand = self.nested(|parser| parser.duration(Precedence::POWER))?;
        let whole = self.duration_operators(signed(sign, start, operand), Precedence::SUM)?;
        let DurationKind::Binary(..) = whole.kind else {
            return Ok(whole);
        };
        // As it is printed: two signs before a number are none, and the operator would no longer belong to the offset.
        Ok(Duration {
            span: whole.span,
            kind: DurationKind::Paren(Box::new(whole)),
        })
    }

    fn duration(&mut self, least: Precedence) -> Result<Duration, Error> {
        let operand = self.duration_operand()?;
        self.duration_operators(operand, least)
    }

    fn duration_operators(&mut self, mut lhs: Duration, least: Precedence) -> Result<Duration, Error> {
        while let Some(op) = self.duration_operator()
            && op.precedence() >= least
        {
            self.duration_operators += 1;
            if self.duration_operators > super::MAX_HEIGHT {
                return Err(Error::new(
                    self.token.span,
                    "the durations up to here have too many operators",
                ));
            }
            let op_span = self.advance()?.span;
            let rhs = self.nested(|parser| parser.duration(op.right_precedence()))?;
            if matches!(op, BinaryOp::Div | BinaryOp::Mod) && rhs.literal() == Some(0.0) {
                return Err(Error::new(op_span.to(rhs.span), "this divides by zero"));
            }
            lhs = Duration {
                span: lhs.span.to(rhs.span),
                kind: DurationKind::Binary(op, Box::new(lhs), Box::new(rhs)),
            };
        }
        Ok(lhs)
    }

    fn duration_operand(&mut self) -> Result<Duration, Error> {
        let token = self.token;
        if let Some(sign) = self.sign() {
            self.advance()?;
            let operand = self.nested(|parser| parser.duration(Precedence::POWER))?;
            return Ok(signed(sign, token.span, operand));
        }
        if token.kind == TokenKind::LeftParen {
            self.advance()?;
            let inner = self.nested(|parser| parser.duration(Precedence::SUM))?;
            self.expect_closing(TokenKind::RightParen, token, "`)` or an operator")?;
            return Ok(Duration {
                span: Span::new(token.span.start, self.end),
                kind: DurationKind::Paren(Box::new(inner)),
            });
        }
        self.duration_literal()
    }

    fn duration_literal(&mut self) -> Result<Duration, Error> {
        /// Go's longest duration, 292 years.
        const LONGEST: f64 = 9_223_372_036.854_776;
        let span = self.token.span;
        if !matches!(self.token.kind, TokenKind::Number | TokenKind::Duration) {
            let error = self.expected("a duration such as `5m`");
            return Err(match self.token.kind {
                TokenKind::String => error.with_help("durations stand without quotes"),
                _ => error,
            });
        }
        let number = self.number()?;
        // (What is no number passes: Prometheus compares in the same way.)
        if number.value.abs() > LONGEST {
            return Err(Error::new(span, "this duration is longer than 292 years"));
        }
        Ok(Duration {
            span,
            kind: DurationKind::Literal(number),
        })
    }

    /// Only arithmetic.
    fn duration_operator(&self) -> Option<BinaryOp> {
        Some(match self.token.kind {
            TokenKind::Operator(Operator::Add) => BinaryOp::Add,
            TokenKind::Operator(Operator::Sub) => BinaryOp::Sub,
            TokenKind::Operator(Operator::Mul) => BinaryOp::Mul,
            TokenKind::Operator(Operator::Div) => BinaryOp::Div,
            TokenKind::Operator(Operator::Mod) => BinaryOp::Mod,
            TokenKind::Operator(Operator::Pow) => BinaryOp::Pow,
            _ => return None,
        })
    }
}

/// A sign before a number belongs to it.
fn signed(sign: Sign, start: Span, operand: Duration) -> Duration {
    let span = start.to(operand.span);
    let kind = match operand.kind {
        DurationKind::Literal(number) => DurationKind::Literal(Number::signed(number, sign)),
        _ => DurationKind::Unary(sign, Box::new(operand)),
    };
    Duration { span, kind }
}

impl Duration {
    /// Its length where Prometheus knows it while parsing: parentheses and signs around a number, but no arithmetic.
    pub(super) fn literal(&self) -> Option<f64> {
        match &self.kind {
            DurationKind::Literal(number) => Some(number.value),
            DurationKind::Paren(inner) => inner.literal(),
            DurationKind::Unary(Sign::Plus, inner) => inner.literal(),
            DurationKind::Unary(Sign::Minus, inner) => inner.literal().map(|seconds| -seconds),
            DurationKind::Binary(..) => None,
        }
    }

    /// Whether, as an offset, it is one that Prometheus forgets.
    pub(super) fn is_no_offset(&self) -> bool {
        self.literal().is_some_and(|seconds| (seconds * 1e9).round() == 0.0)
    }
}
