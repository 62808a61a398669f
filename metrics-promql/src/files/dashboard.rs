//! Grafana's dashboards: the JSON that it exports and imports.

use std::collections::BTreeSet;

use super::yaml::{Node, Text, read};
use super::{FileFinding, Found};
use crate::ast::{Expr, ExprKind, Matcher};
use crate::lint::{
    DASHBOARD_FORM, DASHBOARD_ID, DASHBOARD_PANEL, Finding, Linter, REF_DASHBOARD_VARIABLE, REF_TEMPLATE, RULE_YAML,
    TIME_GRAFANA_VAR, Usage,
};
use crate::operator::MatchOp;
use crate::parse::parse;

impl Linter<'_> {
    /// What is wrong in a dashboard of Grafana's, as JSON: the queries of its panels, those in rows too, its variables
    /// (`label_values(metric, label)`) and annotations, and the labels in its legends.
    ///
    /// A variable in a label's value stands for any value, and in a range (`$__rate_interval`) for any time. Of an
    /// expression with a variable elsewhere only the queries around it are read.
    ///
    /// ```
    /// use enumetrics_promql::{Linter, Usage};
    ///
    /// let file = r#"{"panels": [{"title": "Load", "targets": [
    ///     {"refId": "A", "expr": "sum by (job) (rate(hits_total{code=~\"$code\"}[$__rate_interval]))", "legendFormat": "{{code}}"}
    /// ]}]}"#;
    /// let found = Linter::new(Usage::Panel).check_dashboard(file);
    /// assert_eq!(found[0].message, "the series have no label `code` to show");
    /// ```
    #[must_use]
    pub fn check_dashboard(&self, text: &str) -> Vec<FileFinding> {
        let mut found = Found {
            file: text,
            found: Vec::new(),
        };
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
                };
                reader.dashboard(dashboard);
            }
        }
        found.in_order()
    }
}

struct Dashboard<'a, 'f> {
    linter: Linter<'a>,
    found: &'a mut Found<'f>,
    ids: BTreeSet<String>,
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
            let is_of_buckets = target.text("format").is_some_and(|format| format.text == "heatmap");
            if is_heatmap && !is_of_buckets && query.text.contains("_bucket") {
                let message = "each bucket has those below it, too, which a heatmap takes apart if it is told";
                let help = "`\"format\": \"heatmap\"` beside `expr`".to_owned();
                self.found
                    .add(query.place(0), title, DASHBOARD_FORM, message, Some(help));
            }
            let Some(expr) = self.query(query, title, false) else {
                continue;
            };
            if let Some(legend) = target.text("legendFormat") {
                self.legend(legend, &expr, title);
            }
        }
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
        let mut anything = Vec::new();
        with_any_value(&mut expr, &mut anything);
        let of_variable = |finding: &Finding| {
            anything.contains(&finding.span)
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

    /// `{{method}} {{ path }}`
    fn legend(&mut self, legend: &Text, expr: &Expr, title: &str) {
        let facts = self.linter.facts(expr);
        for (at, _) in legend.text.match_indices("{{") {
            let Some((label, _)) = legend.text[at + 2..].split_once("}}") else {
                continue;
            };
            let label = label.trim();
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

/// What stands in a range instead of a variable.
const ANY_TIME: &str = "5m0s";

/// What stands in a label's value instead of a variable; nobody writes it.
const ANY_VALUE: char = '\u{F8FF}';

/// An expression with something in the place of its variables.
struct Rendered {
    text: Text,
    /// Whether a variable stands where it could be anything: a metric, a label, a number.
    is_open: bool,
}

impl Rendered {
    fn new(query: &Text) -> Self {
        let mut rendered = Self {
            text: Text::default(),
            is_open: false,
        };
        let mut quote = None;
        let mut in_range = false;
        let mut at = 0;
        let bytes = &query.text;
        while let Some(character) = bytes[at..].chars().next() {
            let place = query.place(at);
            // In a regular expression `\\$` is the sign itself.
            let is_escaped = quote.is_some() && bytes[..at].ends_with('\\');
            if let Some(length) = variable_length(&bytes[at..]).filter(|_| !is_escaped) {
                match quote {
                    Some(_) => rendered.text.push(ANY_VALUE, place),
                    None if in_range || bytes[..at].trim_end().ends_with("offset") => {
                        rendered.text.push_str(ANY_TIME, place);
                    }
                    None => {
                        rendered.is_open = true;
                        rendered.text.push_str("variable", place);
                    }
                }
                at += length;
                continue;
            }
            match (quote, character) {
                (Some(open), _) if character == open => quote = None,
                (Some('"' | '\''), '\\') => {
                    rendered.text.push(character, place);
                    at += 1;
                    let Some(next) = bytes[at..].chars().next() else { break };
                    rendered.text.push(next, query.place(at));
                    at += next.len_utf8();
                    continue;
                }
                (Some(_), _) => {}
                // A comment's apostrophe begins no text.
                (None, '#') => {
                    at += bytes[at..].find('\n').unwrap_or(bytes.len() - at);
                    continue;
                }
                (None, '"' | '\'' | '`') => quote = Some(character),
                (None, '[') => in_range = true,
                (None, ']') => in_range = false,
                (None, _) => {}
            }
            rendered.text.push(character, place);
            at += character.len_utf8();
        }
        rendered
    }
}

/// Where a panel lies, in Grafana's columns and rows.
struct Grid {
    /// Where that stands in the file.
    place: usize,
    left: f64,
    top: f64,
    width: f64,
    height: f64,
}

impl Grid {
    /// Of a panel, if that is said.
    fn of(panel: &Node) -> Option<Self> {
        let grid = panel.get("gridPos")?;
        let number = |key: &str| grid.text(key)?.text.parse().ok();
        Some(Self {
            place: grid.text("x")?.place(0),
            left: number("x")?,
            top: number("y")?,
            width: number("w")?,
            height: number("h")?,
        })
    }

    fn is_over(&self, other: &Self) -> bool {
        self.left < other.left + other.width
            && other.left < self.left + self.width
            && self.top < other.top + other.height
            && other.top < self.top + self.height
    }
}

/// The length of the variable of Grafana's that a text begins with, in bytes: `$name`, `${name:format}`, `[[name]]` or
/// `[[name:format]]`. Nothing if it begins with something else.
///
/// ```
/// use enumetrics_promql::variable_length;
///
/// assert_eq!(variable_length("${code:regex}|404"), Some(13));
/// assert_eq!(variable_length("[[code]]"), Some(8));
/// assert_eq!(variable_length("[5m]"), None);
/// ```
#[must_use]
pub fn variable_length(text: &str) -> Option<usize> {
    let word = |text: &str| {
        let end = text
            .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .unwrap_or(text.len());
        (end > 0 && !text.starts_with(|c: char| c.is_ascii_digit())).then_some(end)
    };
    if let Some(braced) = text.strip_prefix("${") {
        return braced.find('}').map(|end| end + 3);
    }
    if let Some(name) = text.strip_prefix('$') {
        return word(name).map(|end| end + 1);
    }
    let name = text.strip_prefix("[[")?;
    let end = word(name)?;
    name[end..]
        .find("]]")
        .filter(|rest| name[end..end + rest].is_empty() || name[end..].starts_with(':'))
        .map(|rest| end + rest + 4)
}

/// Makes matchers with variables match anything, and says where they are.
fn with_any_value(expr: &mut Expr, anything: &mut Vec<crate::span::Span>) {
    let mut matchers = |matchers: &mut [Matcher]| {
        for matcher in matchers.iter_mut().filter(|matcher| matcher.value.contains(ANY_VALUE)) {
            matcher.op = MatchOp::Regex;
            ".*".clone_into(&mut matcher.value);
            anything.push(matcher.value_span);
        }
    };
    match &mut expr.kind {
        ExprKind::Number(_) | ExprKind::String(_) => {}
        ExprKind::Selector(selector) => matchers(&mut selector.matchers),
        ExprKind::Range(range) => matchers(&mut range.selector.matchers),
        ExprKind::Subquery(subquery) => with_any_value(&mut subquery.operand, anything),
        ExprKind::Paren(inner) | ExprKind::Unary(_, inner) => with_any_value(inner, anything),
        ExprKind::Binary(binary) => {
            with_any_value(&mut binary.lhs, anything);
            with_any_value(&mut binary.rhs, anything);
        }
        ExprKind::Aggregation(aggregation) => {
            if let Some(parameter) = &mut aggregation.parameter {
                with_any_value(parameter, anything);
            }
            with_any_value(&mut aggregation.operand, anything);
        }
        ExprKind::Call(call) => call
            .arguments
            .iter_mut()
            .for_each(|argument| with_any_value(argument, anything)),
    }
}

#[cfg(test)]
mod tests {
    use crate::{Linter, Usage};

    /// Lines and ids.
    fn forms(text: &str) -> Vec<(usize, usize)> {
        let found = Linter::new(Usage::Panel).check_dashboard(text);
        let found = found
            .iter()
            .filter(|found| found.lint.is_some_and(|lint| lint.id == "dashboard-form"));
        found.map(|found| (found.line, found.column)).collect()
    }

    #[test]
    fn a_file_has_the_form_of_a_file() {
        assert_eq!(forms("{\"panels\": []}"), []);
        assert_eq!(forms("{\"dashboard\": {\"panels\": []}}"), [(1, 1)]);
    }

    #[test]
    fn panels_lie_beside_each_other() {
        let two = |x: u8, y: u8| {
            format!(
                "{{\"panels\": [\n{{\"title\": \"A\", \"gridPos\": {{\"x\": 0, \"y\": 0, \"w\": 12, \"h\": 8}}}},\n\
                 {{\"title\": \"B\", \"gridPos\": {{\"x\": {x}, \"y\": {y}, \"w\": 12, \"h\": 8}}}}]}}"
            )
        };
        assert_eq!(forms(&two(12, 0)), []);
        assert_eq!(forms(&two(0, 8)), []);
        assert_eq!(forms(&two(11, 7)), [(3, 33)]);
    }

    #[test]
    fn a_heatmap_is_told_of_buckets() {
        let of = |kind: &str, more: &str| {
            format!(
                "{{\"panels\": [{{\"type\": \"{kind}\", \"targets\": [\n{{\"expr\": \
                 \"sum by (le) (increase(x_bucket[$__rate_interval]))\"{more}}}]}}]}}"
            )
        };
        assert_eq!(forms(&of("heatmap", ", \"format\": \"heatmap\"")), []);
        assert_eq!(forms(&of("heatmap", "")).len(), 1);
        assert_eq!(forms(&of("timeseries", "")), []);
    }
}
