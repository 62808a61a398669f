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
        write_lines(self.0, 0, &mut text);
        f.write_str(&text)
    }
}

/// Writes the expression with its first line indented, too.
fn write_lines(expr: &Expr, level: usize, out: &mut String) {
    let indent = INDENT.repeat(level);
    *out += &indent;
    let mut line = Line {
        text: String::new(),
        left: LINE.saturating_sub(indent.len()),
    };
    if write!(line, "{expr}").is_ok() {
        *out += &line.text;
        return;
    }
    match &expr.kind {
        ExprKind::Paren(inner) => write_block("(", &[inner], level, out),
        ExprKind::Aggregation(aggregation) => {
            let arguments: Vec<_> = aggregation.parameter.iter().chain([&aggregation.operand]).collect();
            write_block(&format!("{}(", Head(aggregation)), &arguments, level, out);
        }
        ExprKind::Call(call) if !call.arguments.is_empty() => {
            let arguments: Vec<_> = call.arguments.iter().collect();
            write_block(&format!("{}(", call.function.name), &arguments, level, out);
        }
        ExprKind::Binary(binary) => {
            out.truncate(out.len() - indent.len());
            let [lhs, rhs] = Operand::of_binary(binary);
            write_operand(&lhs, level + 1, out);
            *out += &format!("\n{indent}{}\n", Middle(binary));
            write_operand(&rhs, level + 1, out);
        }
        ExprKind::Unary(sign, operand) => {
            *out += &sign.to_string();
            let start = out.len();
            write_operand(&Operand::of_sign(operand), level, out);
            out.drain(start..start + indent.len());
        }
        ExprKind::Subquery(subquery) => {
            out.truncate(out.len() - indent.len());
            write_operand(&Operand::before_brackets(&subquery.operand), level, out);
            *out += &Brackets(subquery).to_string();
        }
        ExprKind::Number(_) | ExprKind::String(_) | ExprKind::Selector(_) | ExprKind::Range(_) | ExprKind::Call(_) => {
            *out += &expr.to_string();
        }
    }
}

/// Takes so many characters and no more: of what is longer, the rest need not be written.
struct Line {
    text: String,
    left: usize,
}

impl fmt::Write for Line {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.left = self.left.checked_sub(text.chars().count()).ok_or(fmt::Error)?;
        self.text.push_str(text);
        Ok(())
    }
}

fn write_operand(operand: &Operand<'_>, level: usize, out: &mut String) {
    if operand.in_parens {
        *out += &INDENT.repeat(level);
        write_block("(", &[operand.expr], level, out);
    } else {
        write_lines(operand.expr, level, out);
    }
}

/// What stands in parentheses, one a line.
fn write_block(open: &str, inside: &[&Expr], level: usize, out: &mut String) {
    *out += open;
    for (at, expr) in inside.iter().enumerate() {
        *out += if at == 0 { "\n" } else { ",\n" };
        write_lines(expr, level + 1, out);
    }
    *out += &format!("\n{})", INDENT.repeat(level));
}
