//! What the series of a panel are called.

use super::Dashboard;
use super::query::{is_of_variable, variable_length};
use crate::ast::{Expr, ExprKind, Matcher};
use crate::files::yaml::{Node, Text};
use crate::lint::{DASHBOARD_LEGEND, REF_TEMPLATE, Severity};
use crate::meaning::{chooses, selector_of};
use crate::operator::MatchOp;

impl Dashboard<'_, '_> {
    /// `{{method}} {{ path }}`
    pub(super) fn legend(&mut self, panel: &Node, target: &Node, legend: &Text, expr: &Expr, title: &str) {
        let facts = self.linter.facts(expr);
        let mut shown = Vec::new();
        for (at, _) in legend.text.match_indices("{{") {
            let Some((label, _)) = legend.text[at + 2..].split_once("}}") else {
                continue;
            };
            let label = label.trim();
            shown.push(label);
            let is_name = !label.is_empty() && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
            if is_name && label != Matcher::METRIC && !facts.labels.may_have(label) {
                let message = format!("the series have no label `{label}` to show");
                let known = facts.labels.known().map(|known| known.collect::<Vec<_>>().join(", "));
                let help = known.map(|known| match known.is_empty() {
                    true => "they have none".to_owned(),
                    false => format!("there are: {known}"),
                });
                self.found.add(legend.place(at), title, REF_TEMPLATE, &message, help);
            }
        }
        if is_read(panel, target, legend) && !leaves_few(expr) {
            self.same_names(legend, expr, &shown, title);
        }
    }

    /// `requests`, of each of several series
    fn same_names(&mut self, legend: &Text, expr: &Expr, shown: &[&str], title: &str) {
        let chosen = chosen(expr);
        let facts = self.linter.facts(expr);
        let labels = &facts.labels;
        let is_one = |label: &str| labels.values(label).is_some_and(|values| values.count() < 2);
        let differ: Vec<&str> = labels
            .known()
            .into_iter()
            .flatten()
            .filter(|label| labels.must_have(label) && !labels.is_scraped(label) && !is_one(label))
            .filter(|label| !chosen.iter().any(|chosen| chosen == label))
            .collect();
        let missing: Vec<&str> = differ.iter().copied().filter(|label| !shown.contains(label)).collect();
        let Some(first) = missing.first() else { return };
        // One that is shown, or chosen, may well say what others would.
        let severity = match shown.is_empty() && !self.picks_one {
            true => DASHBOARD_LEGEND.severity,
            false => Severity::Note,
        };
        let message = format!("series that differ in the label `{first}` have the same name here");
        let names: Vec<_> = missing.iter().map(|label| format!("{{{{{label}}}}}")).collect();
        let help = format!("`{}` tells them apart", names.join(" "));
        self.found
            .add_as(severity, legend.place(0), title, DASHBOARD_LEGEND, &message, Some(help));
    }
}

/// Whether the legend is all that series are called by.
fn is_read(panel: &Node, target: &Node, legend: &Text) -> bool {
    let is = |node: &Node, key: &str, values: &[&str]| {
        let text = node.text(key).map_or("", |text| text.text.as_str());
        values.contains(&text)
    };
    let named = panel
        .get("fieldConfig")
        .and_then(|config| config.get("defaults"))
        .is_some_and(|defaults| defaults.text("displayName").is_some_and(|name| !name.text.is_empty()));
    let text = legend.text.trim();
    let has_variable = (0..text.len()).any(|at| text.is_char_boundary(at) && variable_length(&text[at..]).is_some());
    !(named
        || has_variable
        || matches!(text, "" | "__auto" | "null")
        || is(panel, "type", &["table", "table-old", "heatmap", "histogram", "text"])
        || is(target, "format", &["table", "heatmap"])
        || !panel.list("transformations").is_empty())
}

/// `topk(1, …)`, `… == 1`: of many there may be one.
fn leaves_few(expr: &Expr) -> bool {
    match &expr.without_parens().kind {
        ExprKind::Aggregation(aggregation) => chooses(aggregation.op),
        ExprKind::Binary(binary) => binary.op.is_comparison() || binary.op.is_set(),
        _ => false,
    }
}

/// The labels of which a query asks for one value, or which the reader chooses.
fn chosen(expr: &Expr) -> Vec<String> {
    let mut chosen = Vec::new();
    expr.walk(&mut |part| {
        let matchers = selector_of(part).map_or(&[][..], |selector| &selector.matchers);
        let one = matchers
            .iter()
            .filter(|matcher| matcher.op == MatchOp::Equal || is_of_variable(matcher));
        chosen.extend(one.map(|matcher| matcher.label.name.clone()));
    });
    chosen
}
