//! `sum by (job) (…)`

use super::Parser;
use crate::ast::{Aggregation, Expr, ExprKind, Grouping, GroupingKind};
use crate::error::Error;
use crate::operator::{AggregationOp, AggregationParameter};
use crate::span::Span;
use crate::token::{Keyword, TokenKind};

impl Parser<'_> {
    /// The operator has been taken.
    pub(super) fn aggregation(&mut self, op: AggregationOp, op_span: Span) -> Result<ExprKind, Error> {
        let mut grouping = self.grouping()?;
        if self.token.kind != TokenKind::LeftParen {
            return Err(self
                .expected("`(`")
                .with_help(format!("what is aggregated stands in parentheses: `{op}(…)`")));
        }
        let arguments_start = self.token.span.start;
        let arguments = self.arguments()?;
        let arguments_span = Span::new(arguments_start, self.end);
        if grouping.is_none() {
            grouping = self.grouping()?;
        }
        let (parameter, operand) = operands(op, arguments, arguments_span)?;
        Ok(ExprKind::Aggregation(Box::new(Aggregation {
            op,
            op_span,
            grouping,
            parameter,
            operand,
        })))
    }

    fn grouping(&mut self) -> Result<Option<Grouping>, Error> {
        let kind = match self.token.kind {
            TokenKind::Keyword(Keyword::By) => GroupingKind::By,
            TokenKind::Keyword(Keyword::Without) => GroupingKind::Without,
            _ => return Ok(None),
        };
        let start = self.advance()?.span.start;
        let labels = self.labels()?;
        let span = Span::new(start, self.end);
        Ok(Some(Grouping { span, kind, labels }))
    }
}

/// What stands in the parentheses of an aggregation, with its parameter apart.
fn operands(op: AggregationOp, arguments: Vec<Expr>, span: Span) -> Result<(Option<Expr>, Expr), Error> {
    let found = arguments.len();
    let mut arguments = arguments.into_iter();
    let (shape, operands) = match op.parameter() {
        None => ("the series", arguments.next().map(|operand| (None, operand))),
        Some(parameter) => {
            let shape = match parameter {
                AggregationParameter::Scalar => "a number and the series",
                AggregationParameter::String => "the name of a label, as a string, and the series",
            };
            (
                shape,
                arguments
                    .next()
                    .zip(arguments.next())
                    .map(|(parameter, operand)| (Some(parameter), operand)),
            )
        }
    };
    if let Some(operands) = operands
        && arguments.len() == 0
    {
        return Ok(operands);
    }
    let found = match found {
        0 => "nothing".to_owned(),
        1 => "one argument".to_owned(),
        several => format!("{several} arguments"),
    };
    let example = match op.parameter() {
        None => format!("{op}(x)"),
        Some(AggregationParameter::String) => format!("{op}(\"version\", x)"),
        Some(AggregationParameter::Scalar) if matches!(op, AggregationOp::Quantile | AggregationOp::LimitRatio) => {
            format!("{op}(0.9, x)")
        }
        Some(AggregationParameter::Scalar) => format!("{op}(5, x)"),
    };
    Err(Error::new(span, format!("`{op}` takes {shape}, found {found}")).with_help(format!("as in `{example}`")))
}
