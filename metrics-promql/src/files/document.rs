//! What kind a file is, and its expressions, each with its place.

use super::dashboard::is_of_prometheus;
use super::yaml::{Node, Text, read};
use super::{FileFinding, Found};
use crate::lint::Usage;
use crate::span::Span;

/// A rule file, a dashboard or a configuration of Prometheus as text: what it is, and the expressions in it.
///
/// ```
/// use enumetrics_promql::{Document, DocumentKind};
///
/// let file = "groups: [{name: shop, rules: [{alert: Slow, expr: 'x > 1'}]}]";
/// let document = Document::read(file).unwrap();
/// assert_eq!(document.kind, DocumentKind::Rules);
/// assert_eq!(document.expressions[0].text, "x > 1");
/// assert_eq!(&file[document.expressions[0].span.range()], "'x > 1'");
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Document {
    /// What it is.
    pub kind: DocumentKind,
    /// Its expressions, in their order.
    pub expressions: Vec<FileExpression>,
}

/// What a file is, as far as this crate reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DocumentKind {
    /// A rule file, or `PrometheusRule` of Kubernetes: what [`Linter::check_rules`](crate::Linter::check_rules) reads.
    Rules,
    /// One of Grafana's: what [`Linter::check_dashboard`](crate::Linter::check_dashboard) reads.
    Dashboard,
    /// A configuration of Prometheus with scrape jobs: what [`Linter::check_scrapes`](crate::Linter::check_scrapes) reads.
    Scrapes,
    /// Something else.
    Other,
}

/// An expression that stands in a file.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct FileExpression {
    /// What it belongs to: the name of an alert, what is recorded, the title of a panel; may be empty.
    pub subject: String,
    /// What it is for.
    pub usage: Usage,
    /// As it is evaluated, without the file's quotes and escapes; Grafana's variables are still in it.
    pub text: String,
    /// The bytes of the file that say so, quotes and the mark of a block included.
    pub span: Span,
    /// Whether it is the whole text that stands there, and not a part, as in `label_values(metric, label)`.
    pub is_whole: bool,
    places: Text,
}

impl FileExpression {
    /// Where in the file a byte of [`text`](Self::text) stands; behind its last one, where it ends.
    #[must_use]
    pub fn place(&self, at: usize) -> usize {
        self.places.place(at)
    }
}

impl Document {
    /// Reads a file: YAML in any style, or JSON.
    ///
    /// # Errors
    ///
    /// Where it cannot be read, and why.
    pub fn read(text: &str) -> Result<Self, Box<FileFinding>> {
        let root = read(text).map_err(|unreadable| {
            let mut found = Found::new(text);
            found.unreadable(&unreadable);
            Box::new(found.found.remove(0))
        })?;
        let mut expressions = Vec::new();
        let dashboard = root.get("dashboard").unwrap_or(&root);
        let rules = root.get("spec").unwrap_or(&root);
        let kind = if rules.get("groups").is_some_and(is_rule_groups) {
            for rule in rules.list("groups").iter().flat_map(|group| group.list("rules")) {
                add_rule(rule, &mut expressions);
            }
            DocumentKind::Rules
        } else if matches!(root.get("scrape_configs"), Some(Node::List(_))) {
            DocumentKind::Scrapes
        } else if ["panels", "rows"]
            .iter()
            .any(|key| matches!(dashboard.get(key), Some(Node::List(_))))
        {
            add_queries(dashboard, "", &mut expressions);
            for variable in dashboard
                .get("templating")
                .map_or(&[][..], |templating| templating.list("list"))
            {
                add_variable(variable, &mut expressions);
            }
            DocumentKind::Dashboard
        } else {
            DocumentKind::Other
        };
        Ok(Self { kind, expressions })
    }
}

/// Other programs have groups, too.
fn is_rule_groups(groups: &Node) -> bool {
    match groups {
        Node::List(groups) => groups.is_empty() || groups.iter().any(|group| group.get("rules").is_some()),
        _ => false,
    }
}

fn add_rule(rule: &Node, expressions: &mut Vec<FileExpression>) {
    let (name, usage) = match (rule.text("alert"), rule.text("record")) {
        (Some(name), _) => (name, Usage::Alert),
        (None, Some(name)) => (name, Usage::Record),
        (None, None) => return,
    };
    if let Some(expr) = rule.text("expr") {
        expressions.push(FileExpression::whole(&name.text, usage, expr));
    }
}

/// Every `expr` of a dashboard: those of panels' targets and of annotations.
fn add_queries(node: &Node, subject: &str, expressions: &mut Vec<FileExpression>) {
    if !is_of_prometheus(node) {
        return;
    }
    let title = node
        .text("title")
        .or_else(|| node.text("name"))
        .map_or(subject, |title| &title.text);
    match node {
        Node::List(items) => items.iter().for_each(|item| add_queries(item, subject, expressions)),
        Node::Map(entries) => {
            for (key, value) in entries {
                match value {
                    Node::Text(expr) if key.text == "expr" && !expr.text.trim().is_empty() => {
                        expressions.push(FileExpression::whole(title, Usage::Panel, expr));
                    }
                    _ => add_queries(value, title, expressions),
                }
            }
        }
        Node::Text(_) | Node::Nothing => {}
    }
}

/// `label_values(metric{…}, label)` and `query_result(expression)`.
fn add_variable(variable: &Node, expressions: &mut Vec<FileExpression>) {
    if !is_of_prometheus(variable) {
        return;
    }
    let query = match variable.get("query") {
        Some(Node::Text(query)) => query,
        Some(query) => match query.text("query") {
            Some(query) => query,
            None => return,
        },
        None => return,
    };
    let Some((function, inside)) = query.text.split_once('(') else {
        return;
    };
    let Some(inside) = inside.trim_end().strip_suffix(')') else {
        return;
    };
    let end = match function.trim() {
        "query_result" => inside.len(),
        // The last comma: there may be others in the braces.
        "label_values" => match inside.rfind(',').filter(|comma| !inside[*comma..].contains('}')) {
            Some(comma) => comma,
            None => return,
        },
        _ => return,
    };
    let start = function.len() + 1;
    let mut places = Text::default();
    for (at, character) in inside[..end].char_indices() {
        places.push(character, query.place(start + at));
    }
    (places.start, places.end) = (query.place(start), query.place(start + end));
    let subject = variable.text("name").map_or("", |name| &name.text);
    expressions.push(FileExpression {
        is_whole: false,
        ..FileExpression::whole(subject, Usage::Panel, &places)
    });
}

impl FileExpression {
    fn whole(subject: &str, usage: Usage, text: &Text) -> Self {
        Self {
            subject: subject.to_owned(),
            usage,
            text: text.text.clone(),
            span: Span::new(text.start, text.end),
            is_whole: true,
            places: text.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Document, DocumentKind};
    use crate::lint::{Linter, Severity, Usage};

    fn places(file: &str) -> Vec<(String, String)> {
        let document = Document::read(file).expect("it can be read");
        let shown = |expression: &super::FileExpression| {
            assert_eq!(
                expression.text.is_empty(),
                expression.place(0) == expression.place(expression.text.len())
            );
            (expression.text.clone(), file[expression.span.range()].to_owned())
        };
        document.expressions.iter().map(shown).collect()
    }

    #[test]
    fn every_style_has_its_place() {
        let file = "groups:\n- name: a\n  rules:\n  - alert: A\n    expr: x > 1 # why\n  - record: a:b\n    expr: \"y\\\"\"\n\
                    \x20 - alert: B\n    expr: |\n      a\n      b\n\n  - {alert: C, expr: 'z', for: 1m}\n";
        let expected = [
            ("x > 1", "x > 1"),
            ("y\"", "\"y\\\"\""),
            ("a\nb", "|\n      a\n      b"),
            ("z", "'z'"),
        ];
        let found = places(file);
        for ((text, source), (expected_text, expected_source)) in found.iter().zip(expected) {
            assert_eq!((text.trim_end(), source.trim_end()), (expected_text, expected_source));
        }
        assert_eq!(found.len(), expected.len());
    }

    #[test]
    fn dashboards_have_panels_annotations_and_variables() {
        let file = r#"{"panels": [{"title": "P", "targets": [{"expr": "x{a=\"$b\"}"}]},
            {"datasource": {"type": "loki"}, "targets": [{"expr": "{a=\"b\"} |= \"c\""}]},
            {"datasource": "$Loki_here", "targets": [{"expr": "{a=\"b\"} |= \"c\""}]}],
            "annotations": {"list": [{"name": "N", "expr": "y"}]},
            "templating": {"list": [{"name": "V", "query": {"query": "label_values(z{a=\"1\"}, l)"}}]}}"#;
        let document = Document::read(file).expect("it can be read");
        assert_eq!(document.kind, DocumentKind::Dashboard);
        let found: Vec<_> = document
            .expressions
            .iter()
            .map(|expression| {
                (
                    expression.subject.as_str(),
                    expression.text.as_str(),
                    expression.is_whole,
                )
            })
            .collect();
        assert_eq!(
            found,
            [("P", "x{a=\"$b\"}", true), ("N", "y", true), ("V", "z{a=\"1\"}", false)]
        );
    }

    /// What public dashboards have, and what is not Prometheus' or no variable.
    #[test]
    fn public_dashboards_are_read() {
        let file = r##"{"panels": [{"targets": [
            {"refId": "A", "expr": "rate(x[$__rate_interval]) * # it's that\n rate(y[$__rate_interval])"},
            {"refId": "B", "expr": "z{topic!~\"\\\\$SYS.*\"}"}]}],
            "templating": {"list": [{"type": "query", "datasource": {"uid": "${loki}"}, "query": "label_values({}, job)"}]}}"##;
        let mut found = Linter::new(Usage::Panel).check_dashboard(file);
        found.retain(|found| found.severity > Severity::Note);
        assert_eq!(found, []);
        assert_eq!(Linter::new(Usage::Alert).check_rules("groups: []"), []);
    }

    #[test]
    fn other_files_are_others() {
        for file in [
            "",
            "a: b",
            "groups: [{name: people}]",
            "route: {receiver: x}",
            "sum(x)",
            "[1, 2]",
        ] {
            assert_eq!(
                Document::read(file).map(|document| document.kind),
                Ok(DocumentKind::Other),
                "{file}"
            );
        }
        let unreadable = Document::read("a: [b").unwrap_err();
        assert_eq!((unreadable.line, unreadable.column), (1, 6));
    }
}
