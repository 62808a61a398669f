//! Grafana's dashboards: the JSON that it exports and imports.

mod form;
mod legend;
mod query;
mod style;
mod threshold;
mod unit;

use std::collections::BTreeSet;

pub use self::query::variable_length;

use self::form::Grid;
use self::query::{ANY_TIME, Rendered, with_any_value};
use self::style::Style;
use self::threshold::{Alert, Lines};
use self::unit::PanelUnit;
use super::yaml::{Node, Text, read};
use super::{FileFinding, Found};
use crate::ast::{Expr, ExprKind, Matcher};
use crate::lint::{
    DASHBOARD_FORM, DASHBOARD_ID, DASHBOARD_PANEL, Finding, Linter, REF_DASHBOARD_VARIABLE, RULE_YAML,
    TIME_GRAFANA_VAR, Usage,
};
use crate::parse::parse;

impl Linter<'_> {
    /// What is wrong in a dashboard of Grafana's, as JSON: the queries of its panels, those in rows too, its variables
    /// (`label_values(metric, label)`) and annotations, and the labels in its legends.
    ///
    /// A variable in a label's value stands for any value, and in a range (`$__rate_interval`) for any time. Of an
    /// expression with a variable elsewhere only the queries around it are read.
    ///
    /// ```
    /// use enumetrics_promql::{Linter, Severity, Usage};
    ///
    /// let file = r#"{"panels": [{"title": "Load", "targets": [
    ///     {"refId": "A", "expr": "sum by (job) (rate(hits_total{code=~\"$code\"}[$__rate_interval]))", "legendFormat": "{{code}}"}
    /// ]}]}"#;
    /// let found = Linter::new(Usage::Panel).check_dashboard(file);
    /// // Notes are about what is a matter of taste: here, that nobody says what the panel shows.
    /// let wrong: Vec<_> = found.iter().filter(|finding| finding.severity > Severity::Note).collect();
    /// assert_eq!(wrong[0].message, "the series have no label `code` to show");
    /// ```
    #[must_use]
    pub fn check_dashboard(&self, text: &str) -> Vec<FileFinding> {
        let mut found = Found::new(text);
        match read(text) {
            Err(unreadable) => found.unreadable(&unreadable),
            Ok(root) => {
                // What the API takes has the dashboard inside.
                let inside = root.get("dashboard").filter(|_| root.get("panels").is_none());
                if inside.is_some() {
                    let message = "this is what Grafana's API takes; of a file Grafana makes no dashboard like this";
                    let help = "the file is what stands in `dashboard`".to_owned();
                    found.add(0, "", DASHBOARD_FORM, message, Some(help));
                }
                let dashboard = inside.unwrap_or(&root);
                let mut reader = Dashboard {
                    linter: self.used_for(Usage::Panel),
                    found: &mut found,
                    ids: BTreeSet::new(),
                    style: Style::default(),
                    alerts: self.known_alerts(),
                    picks_one: false,
                };
                form::check(dashboard, reader.found);
                reader.dashboard(dashboard);
                reader.say_once();
            }
        }
        found.in_order()
    }
}

impl Linter<'_> {
    fn known_alerts(&self) -> Vec<Alert> {
        let alerts = self.alerts.iter();
        alerts
            .filter_map(|(name, expression)| Alert::new(name, expression))
            .collect()
    }
}

struct Dashboard<'a, 'f> {
    linter: Linter<'a>,
    found: &'a mut Found<'f>,
    ids: BTreeSet<String>,
    style: Style,
    alerts: Vec<Alert>,
    /// Whether the reader chooses one of something in the last query.
    picks_one: bool,
}

impl Dashboard<'_, '_> {
    fn dashboard(&mut self, dashboard: &Node) {
        if dashboard.get("panels").is_none() && dashboard.get("rows").is_none() {
            let message = "no panel was found: expected `panels`, as in what Grafana exports";
            self.found.add(0, "", RULE_YAML, message, None);
        }
        self.panels(dashboard);
        for row in dashboard.list("rows") {
            self.panels(row);
        }
        let lists = |key: &str| dashboard.get(key).map_or(&[][..], |node| node.list("list"));
        for variable in lists("templating").iter().filter(|each| is_of_prometheus(each)) {
            self.style.chooses |= variable.text("type").is_some_and(|text| text.text == "adhoc");
            let query = match variable.get("query") {
                Some(Node::Text(query)) => Some(query),
                Some(query) => query.text("query"),
                None => None,
            };
            let is_query = variable.text("type").is_some_and(|text| text.text == "query");
            if let Some(query) = query.filter(|_| is_query) {
                self.variable(query);
            }
        }
        for annotation in lists("annotations").iter().filter(|each| is_of_prometheus(each)) {
            if let Some(expr) = annotation.text("expr") {
                self.query(expr, "annotation", false);
            }
        }
    }

    fn panels(&mut self, of: &Node) {
        let mut taken: Vec<(Grid, &str)> = Vec::new();
        for panel in of.list("panels") {
            self.found.begins(panel);
            let title = panel.text("title").map_or("", |title| title.text.as_str());
            if let Some(grid) = Grid::of(panel) {
                if let Some((_, other)) = taken.iter().find(|(other, _)| grid.is_over(other)) {
                    let message = format!("this panel lies over the panel `{other}`");
                    self.found.add(grid.place, title, DASHBOARD_FORM, &message, None);
                }
                taken.push((grid, title));
            }
            if let Some(id) = panel.text("id")
                && !self.ids.insert(id.text.clone())
            {
                let message = format!("there is another panel with the id {}", id.text);
                self.found.add(id.place(0), title, DASHBOARD_ID, &message, None);
            }
            if let Some(kind) = panel.text("type")
                && let "graph" | "singlestat" | "table-old" = kind.text.as_str()
            {
                let message = format!("Grafana has no panel `{}` any more", kind.text);
                let help = if kind.text == "graph" {
                    "`timeseries`"
                } else {
                    "`stat` or `table`"
                };
                self.found
                    .add(kind.place(0), title, DASHBOARD_PANEL, &message, Some(help.to_owned()));
            }
            self.targets(panel, title);
            self.panels(panel);
        }
    }

    fn targets(&mut self, panel: &Node, title: &str) {
        let mut names = BTreeSet::new();
        let is_heatmap = panel.text("type").is_some_and(|kind| kind.text == "heatmap");
        let mut unit = PanelUnit::of(panel);
        let lines = Lines::of(panel);
        let mut is_first = true;
        for target in panel.list("targets") {
            // What a target says of itself counts more than what its panel says.
            let asked = if target.get("datasource").is_some() {
                target
            } else {
                panel
            };
            if !is_of_prometheus(asked) {
                continue;
            }
            if let Some(name) = target.text("refId")
                && !names.insert(&name.text)
            {
                let message = format!("there is another query `{}` in this panel", name.text);
                self.found.add(name.place(0), title, DASHBOARD_ID, &message, None);
            }
            let Some(query) = target.text("expr").filter(|query| !query.text.is_empty()) else {
                continue;
            };
            if is_first {
                self.count(panel, query.place(0), title);
            }
            is_first = false;
            self.source(asked, title);
            let is_of_buckets = target.text("format").is_some_and(|format| format.text == "heatmap");
            // A quantile of buckets is a line.
            let has_buckets = query.text.contains("_bucket") && !query.text.contains("histogram_");
            if is_heatmap && !is_of_buckets && has_buckets {
                let message = "each bucket has those below it, too, which a heatmap takes apart if it is told";
                let help = "`\"format\": \"heatmap\"` beside `expr`".to_owned();
                self.found
                    .add(query.place(0), title, DASHBOARD_FORM, message, Some(help));
            }
            let expr = self.query(query, title, false);
            if let Some(expr) = expr.as_ref().filter(|_| is_heatmap && has_buckets) {
                self.heatmap(query, expr, title);
            }
            let Some(expr) = expr else {
                // It may be anything.
                self.style.chooses = true;
                continue;
            };
            self.chosen(&expr);
            if let Some(legend) = target.text("legendFormat") {
                self.legend(panel, target, legend, &expr, title);
            }
            if let Some(lines) = &lines {
                self.lines(lines, &expr, title);
            }
            // Once for each panel.
            if !self.unit(&unit, query, &expr, title) {
                unit = PanelUnit::Several;
            }
        }
    }

    /// Classic buckets: what a heatmap shows of them is told apart by `le`, and happened now.
    fn heatmap(&mut self, query: &Text, expr: &Expr, title: &str) {
        let mut is_over_time = false;
        expr.walk(&mut |part| is_over_time |= matches!(part.kind, ExprKind::Range(_)));
        let (message, help) = match self.linter.facts(expr).labels.may_have("le") {
            false => (
                "these are buckets without `le`, which says where each ends",
                "`sum by (le) (…)`",
            ),
            true if !is_over_time => (
                "buckets as they are have all since the process started",
                "`increase(…[$__rate_interval])`",
            ),
            true => return,
        };
        self.found
            .add(query.place(0), title, DASHBOARD_FORM, message, Some(help.to_owned()));
    }

    /// Checks an expression, or a selector of which only the labels matter; gives it if it has no variables that could be
    /// anything.
    fn query(&mut self, query: &Text, subject: &str, is_selector: bool) -> Option<Expr> {
        let Rendered { text, is_open } = Rendered::new(query);
        let mut expr = match parse(&text.text) {
            Ok(expr) => expr,
            Err(_) if is_open => return None,
            Err(error) => {
                self.found.syntax(&text, subject, &error);
                return None;
            }
        };
        if is_open {
            return None;
        }
        self.picks_one = false;
        let mut anything = Vec::new();
        with_any_value(&mut expr, &mut anything);
        self.picks_one = anything.iter().any(|anything| anything.is_one);
        let of_variable = |finding: &Finding| {
            anything.iter().any(|anything| anything.span == finding.span)
                && ["ref-regex", "ref-value"]
                    .iter()
                    .any(|id| finding.lint.id.starts_with(id))
        };
        for finding in self.linter.check(&expr) {
            if of_variable(&finding) || is_selector && !finding.lint.id.starts_with("ref-") {
                continue;
            }
            self.found.expression(&text, subject, finding);
        }
        self.fixed_range(&expr, &text, subject);
        Some(expr)
    }

    /// `rate(x[5m])`, whatever time is looked at.
    fn fixed_range(&mut self, expr: &Expr, text: &Text, subject: &str) {
        let mut fixed = Vec::new();
        expr.walk(&mut |part| {
            if let ExprKind::Call(call) = &part.kind
                && let "rate" | "irate" = call.function.name
                && let Some(Expr {
                    kind: ExprKind::Range(range),
                    ..
                }) = call.arguments.first()
                && text.text[range.range.span.range()] != *ANY_TIME
            {
                fixed.push(range.range.span);
            }
        });
        for span in fixed {
            let message = "over a longer time this range misses what is between two points";
            let help = "`[$__rate_interval]`".to_owned();
            self.found
                .add(text.place(span.start), subject, TIME_GRAFANA_VAR, message, Some(help));
        }
    }

    /// `label_values(metric{job="$job"}, label)`, and `query_result(expression)`.
    fn variable(&mut self, query: &Text) {
        let subject = "variable";
        let trimmed = query.text.trim();
        let Some((function, inside)) = trimmed.split_once('(') else {
            return;
        };
        let Some(inside) = inside.strip_suffix(')') else { return };
        let start = inside.as_ptr() as usize - query.text.as_ptr() as usize;
        let part = |from: usize, to: usize| {
            let mut text = Text::default();
            for (at, character) in query.text[start + from..start + to].char_indices() {
                text.push(character, query.place(start + from + at));
            }
            text
        };
        match function.trim() {
            "query_result" => _ = self.query(&part(0, inside.len()), subject, false),
            "label_values" => {
                // The last comma: there may be others in the braces.
                let Some(comma) = inside.rfind(',').filter(|comma| !inside[*comma..].contains('}')) else {
                    return;
                };
                let label = inside[comma + 1..].trim();
                let Some(expr) = self.query(&part(0, comma), subject, true) else {
                    return;
                };
                let facts = self.linter.facts(&expr);
                if !label.contains('$') && label != Matcher::METRIC && !facts.labels.may_have(label) {
                    let message = format!("`{}` has no label `{label}`", inside[..comma].trim());
                    let known = facts.labels.known().map(|known| known.collect::<Vec<_>>().join(", "));
                    let help = known.map(|known| format!("there are: {known}"));
                    let at = query.place(start + inside.len() - inside[comma + 1..].trim_start().len());
                    self.found.add(at, subject, REF_DASHBOARD_VARIABLE, &message, help);
                }
            }
            _ => {}
        }
    }
}

/// Whether it may ask Prometheus: logs and traces have an `expr`, too.
pub(super) fn is_of_prometheus(of: &Node) -> bool {
    let source = of.get("datasource");
    let part = |key| {
        source
            .and_then(|source| source.text(key))
            .map_or("", |text| text.text.as_str())
    };
    let name = match source {
        Some(Node::Text(name)) => name.text.as_str(),
        _ => part("uid"),
    };
    let kind = part("type");
    // `datasource` is Grafana's own, as of panels with several. Where only a name is there, or a variable, it may tell.
    let may_be = kind.is_empty() || kind.contains('$') || kind.contains("prometheus") || kind == "datasource";
    may_be && !name.to_ascii_lowercase().contains("loki")
}
