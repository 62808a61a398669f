//! The lines of panels, beside the alerts that fire there.

use super::Dashboard;
use super::query::{each_matchers, is_of_variable};
use crate::ast::{Expr, ExprKind};
use crate::files::yaml::{Node, Text};
use crate::lint::DASHBOARD_THRESHOLD;
use crate::operator::BinaryOp;
use crate::parse::parse;

/// An alert that compares something with a number.
pub(super) struct Alert {
    name: String,
    /// What is compared, as [`compared`] writes it.
    of: String,
    op: BinaryOp,
    threshold: f64,
}

impl Alert {
    pub(super) fn new(name: &str, expression: &str) -> Option<Self> {
        let expr = parse(expression).ok()?;
        let mut expr = expr.without_parens();
        // What stands beside it says when it counts.
        while let ExprKind::Binary(binary) = &expr.kind
            && matches!(binary.op, BinaryOp::And | BinaryOp::Unless)
        {
            expr = binary.lhs.without_parens();
        }
        let ExprKind::Binary(binary) = &expr.kind else {
            return None;
        };
        let ExprKind::Number(number) = &binary.rhs.without_parens().kind else {
            return None;
        };
        (binary.op.is_comparison() && !binary.returns_bool).then(|| Self {
            name: name.to_owned(),
            of: compared(&binary.lhs),
            op: binary.op,
            threshold: number.value,
        })
    }
}

/// Where a panel draws lines, and where that is said first.
pub(super) struct Lines<'n> {
    at: Vec<f64>,
    first: &'n Text,
}

impl<'n> Lines<'n> {
    pub(super) fn of(panel: &'n Node) -> Option<Self> {
        let defaults = panel.get("fieldConfig")?.get("defaults")?;
        let style = defaults.get("custom")?.get("thresholdsStyle")?.text("mode")?;
        let thresholds = defaults.get("thresholds")?;
        let is_absolute = thresholds.text("mode").is_none_or(|mode| mode.text == "absolute");
        if style.text == "off" || !is_absolute {
            return None;
        }
        let values = thresholds.list("steps").iter().filter_map(|step| step.text("value"));
        let values: Vec<_> = values
            .filter_map(|value| Some((value.text.parse().ok()?, value)))
            .collect();
        let &(_, first) = values.first()?;
        Some(Self {
            at: values.into_iter().map(|(value, _)| value).collect(),
            first,
        })
    }
}

impl Dashboard<'_, '_> {
    /// Whether a line is where an alert on the same query fires.
    pub(super) fn lines(&mut self, lines: &Lines<'_>, expr: &Expr, title: &str) {
        let of = compared(expr);
        let mut alerts = self.alerts.iter().filter(|alert| alert.of == of);
        let Some(first) = alerts.clone().next() else { return };
        if alerts.any(|alert| lines.at.contains(&alert.threshold)) {
            return;
        }
        let Alert {
            name, op, threshold, ..
        } = first;
        let message = format!("the line is elsewhere than the alert `{name}` fires, `{op} {threshold}`");
        let help = format!("`{threshold}`");
        self.found
            .add(lines.first.place(0), title, DASHBOARD_THRESHOLD, &message, Some(help));
    }
}

/// An expression without what differs between a panel and an alert: what the reader chooses, and over which time.
fn compared(expr: &Expr) -> String {
    let mut expr = expr.without_parens().clone();
    each_matchers(&mut expr, &mut |matchers| {
        matchers.retain(|matcher| !is_of_variable(matcher))
    });
    let text = expr.to_string();
    let mut shown = String::new();
    for (at, part) in text.split('[').enumerate() {
        // Behind a bracket is a time, or in a label's value the same on both sides.
        shown += if at == 0 {
            part
        } else {
            part.split_once(']').map_or(part, |(_, rest)| rest)
        };
    }
    shown
}
