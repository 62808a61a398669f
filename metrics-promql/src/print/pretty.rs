//! Over several lines.

use std::fmt::{self, Write as _};

use super::{Brackets, Head, Middle, Operand};
use crate::ast::{Expr, ExprKind};

const LINE: usize = 100;
const INDENT: &str = "  ";

impl Expr {
    /// Displays the expression over as many lines as it takes for each to have at most 100 characters, if it can be
    /// broken there. It parses to the same tree.
    ///
    /// `{:#}` leaves the left operands of operators where the operator is, so that the first line is never indented: that
    /// is what a block of YAML begins with.
    ///
    /// ```
    /// let text = "sum by (job) (rate(http_requests_total{status=~\"5..\"}[5m])) \
    ///     / sum by (job) (rate(http_requests_total[5m])) > 0.05";
    /// let expr = enumetrics_promql::parse(text)?;
    /// assert_eq!(
    ///     expr.pretty().to_string(),
    ///     "    sum by (job) (rate(http_requests_total{status=~\"5..\"}[5m]))
    ///   /
    ///     sum by (job) (rate(http_requests_total[5m]))
    /// >
    ///   0.05"
    /// );
    /// # Ok::<(), enumetrics_promql::Error>(())
    /// ```
    #[must_use]
    pub fn pretty(&self) -> Pretty<'_> {
        Pretty(self)
    }
}

/// An expression over several lines; from [`Expr::pretty`].
#[derive(Clone, Copy, Debug)]
pub struct Pretty<'a>(&'a Expr);

impl fmt::Display for Pretty<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        let lines = Lines { is_flat: f.alternate() };
        lines.write(self.0, 0, &mut text);
        f.write_str(&text)
    }
}

/// Text that ends where a line is full: of a long expression no more is printed to know that it is long.
struct Line {
    text: String,
    /// For how many characters more.
    room: usize,
}

impl fmt::Write for Line {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.room = self.room.checked_sub(text.chars().count()).ok_or(fmt::Error)?;
        self.text += text;
        Ok(())
    }
}

struct Lines {
    is_flat: bool,
}

impl Lines {
    /// Writes the expression with its first line indented, too.
    fn write(&self, expr: &Expr, level: usize, out: &mut String) {
        let indent = INDENT.repeat(level);
        *out += &indent;
        let mut line = Line {
            text: String::new(),
            room: LINE.saturating_sub(indent.len()),
        };
        if write!(line, "{expr}").is_ok() {
            *out += &line.text;
            return;
        }
        match &expr.kind {
            ExprKind::Paren(inner) => self.block("(", &[inner], level, out),
            ExprKind::Aggregation(aggregation) => {
                let arguments: Vec<_> = aggregation.parameter.iter().chain([&aggregation.operand]).collect();
                self.block(&format!("{}(", Head(aggregation)), &arguments, level, out);
            }
            ExprKind::Call(call) if !call.arguments.is_empty() => {
                let arguments: Vec<_> = call.arguments.iter().collect();
                self.block(&format!("{}(", call.function.name), &arguments, level, out);
            }
            ExprKind::Binary(binary) => {
                out.truncate(out.len() - indent.len());
                let [lhs, rhs] = Operand::of_binary(binary);
                let is_operation = matches!(binary.rhs.kind, ExprKind::Binary(_)) && !rhs.in_parens;
                let [left, right] = match self.is_flat {
                    true => [level, level + usize::from(is_operation)],
                    false => [level + 1; 2],
                };
                self.operand(&lhs, left, out);
                *out += &format!("\n{indent}{}\n", Middle(binary));
                self.operand(&rhs, right, out);
            }
            ExprKind::Unary(sign, operand) => {
                *out += &sign.to_string();
                let start = out.len();
                self.operand(&Operand::of_sign(operand), level, out);
                out.drain(start..start + indent.len());
            }
            ExprKind::Subquery(subquery) => {
                out.truncate(out.len() - indent.len());
                self.operand(&Operand::before_brackets(&subquery.operand), level, out);
                *out += &Brackets(subquery).to_string();
            }
            ExprKind::Number(_)
            | ExprKind::String(_)
            | ExprKind::Selector(_)
            | ExprKind::Range(_)
            | ExprKind::Call(_) => {
                *out += &expr.to_string();
            }
        }
    }

    fn operand(&self, operand: &Operand<'_>, level: usize, out: &mut String) {
        if operand.in_parens {
            *out += &INDENT.repeat(level);
            self.block("(", &[operand.expr], level, out);
        } else {
            self.write(operand.expr, level, out);
        }
    }

    /// What stands in parentheses, one a line.
    fn block(&self, open: &str, inside: &[&Expr], level: usize, out: &mut String) {
        *out += open;
        for (at, expr) in inside.iter().enumerate() {
            *out += if at == 0 { "\n" } else { ",\n" };
            self.write(expr, level + 1, out);
        }
        *out += &format!("\n{})", INDENT.repeat(level));
    }
}
