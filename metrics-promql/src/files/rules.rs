//! Rule files: those of Prometheus, and `PrometheusRule` of Kubernetes.

use super::yaml::{Node, Text, read};
use super::{FileFinding, Found, WithRecords, seconds, variable_length};
use crate::ast::Expr;
use crate::lint::{
    ALERT_DUPLICATE, ALERT_SEVERITY, ALERT_SUMMARY, ALERT_VALUE_LABEL, Linter, REF_TEMPLATE, REF_UNRENDERED, RULE_YAML,
    TIME_GROUP_INTERVAL, Usage,
};
use crate::meaning::Labels;
use crate::parse::parse;
use crate::template::Template;

/// For how long Prometheus takes a sample for the current one, in seconds.
const LOOKBACK: f64 = 300.0;

impl Linter<'_> {
    /// What is wrong in a rule file: YAML in any style, JSON, or the resource `PrometheusRule` of Kubernetes. Expressions
    /// may name what the file's rules record.
    ///
    /// ```
    /// use enumetrics_promql::{Linter, Usage};
    ///
    /// let file = "groups: [{name: shop, rules: [{alert: Slow, expr: 'rate(x[5m]) >'}]}]";
    /// let found = Linter::new(Usage::Alert).check_rules(file);
    /// assert_eq!((found[0].line, found[0].column), (1, 65)); // where a number should be
    /// ```
    #[must_use]
    pub fn check_rules(&self, text: &str) -> Vec<FileFinding> {
        let mut found = Found::new(text);
        match read(text) {
            Err(unreadable) => found.unreadable(&unreadable),
            Ok(root) => self.rules(&root, &mut found),
        }
        found.in_order()
    }

    fn rules(&self, root: &Node, found: &mut Found<'_>) {
        let groups = match root.get("spec") {
            Some(spec) => spec.list("groups"),
            None => root.list("groups"),
        };
        let rules: Vec<Rule<'_>> = groups.iter().flat_map(Rule::all).collect();
        // Groups without any rule are of no use, and no mistake.
        let is_empty = root.get("spec").unwrap_or(root).get("groups").is_some()
            && groups.iter().all(|group| group.list("rules").is_empty());
        if rules.is_empty() && !is_empty {
            let message = "no rule was found: expected `groups:` with `rules:`, each with `alert:` or `record:`";
            found.add(0, "", RULE_YAML, message, None);
        }
        for rule in &rules {
            found.begins(rule.node);
        }
        for group in groups {
            group_interval(group, found);
            duplicates(group, found);
        }
        let parsed: Vec<Option<Expr>> = rules.iter().map(|rule| rule.parse(found)).collect();
        match self.known() {
            None => self.check_parsed(&rules, &parsed, found),
            Some(schema) => {
                // Groups are evaluated at the same time, so that a rule may name one that stands behind it.
                let is_record = |rule: &&Rule<'_>| rule.usage == Usage::Record;
                let unknown = rules
                    .iter()
                    .filter(is_record)
                    .map(|rule| (rule.name.text.clone(), Labels::default()));
                let mut with_records = WithRecords {
                    schema,
                    records: unknown.collect(),
                };
                for (rule, expr) in rules.iter().zip(&parsed).filter(|(rule, _)| is_record(rule)) {
                    let Some(expr) = expr else { continue };
                    let labels = rule.labels_of(expr, &self.schema(&with_records));
                    let known = with_records
                        .records
                        .iter_mut()
                        .find(|(name, _)| *name == rule.name.text);
                    if let Some((_, known)) = known {
                        *known = labels;
                    }
                }
                self.schema(&with_records).check_parsed(&rules, &parsed, found);
            }
        }
    }

    fn check_parsed(&self, rules: &[Rule<'_>], parsed: &[Option<Expr>], found: &mut Found<'_>) {
        for (rule, expr) in rules.iter().zip(parsed) {
            let Some(expr) = expr else { continue };
            let mut linter = self.used_for(rule.usage);
            if let Some(interval) = rule.interval {
                linter = linter.evaluation_interval(interval);
            }
            if rule.usage == Usage::Alert {
                linter = linter.hold(rule.hold(found));
                rule.alert(&rule.labels_of(expr, &linter), found);
            }
            for finding in linter.check(expr) {
                found.expression(rule.expression, &rule.name.text, finding);
            }
        }
    }
}

struct Rule<'a> {
    name: &'a Text,
    usage: Usage,
    expression: &'a Text,
    node: &'a Node,
    /// How often it is evaluated, in seconds, if its group says so.
    interval: Option<f64>,
}

impl<'a> Rule<'a> {
    /// Those of a group.
    fn all(group: &'a Node) -> impl Iterator<Item = Self> {
        let interval = group.text("interval").and_then(|text| seconds(&text.text));
        let rules = group.list("rules").iter().filter_map(Self::new);
        rules.map(move |rule| Self { interval, ..rule })
    }

    fn new(node: &'a Node) -> Option<Self> {
        let (name, usage) = match (node.text("alert"), node.text("record")) {
            (Some(name), _) => (name, Usage::Alert),
            (None, Some(name)) => (name, Usage::Record),
            (None, None) => return None,
        };
        Some(Self {
            name,
            usage,
            // One without an expression is wrong at its name.
            expression: node.text("expr").unwrap_or(name),
            node,
            interval: None,
        })
    }

    fn parse(&self, found: &mut Found<'_>) -> Option<Expr> {
        if self.node.text("expr").is_none() {
            found.add(
                self.name.place(0),
                &self.name.text,
                RULE_YAML,
                "this rule has no `expr`",
                None,
            );
            return None;
        }
        let text = &self.expression.text;
        let error = match parse(text) {
            Ok(expr) => return Some(expr),
            Err(error) => error,
        };
        let mut start = error.span().start;
        // Of `{{` the first could begin a selector.
        start -= usize::from(text[..start].ends_with('{') && text[start..].starts_with('{'));
        match unrendered(&text[start..]) {
            None => found.syntax(self.expression, &self.name.text, &error),
            Some(variable) => {
                let message = format!("`{variable}` is a template's variable that nobody replaced");
                let help =
                    "what shall stand there: Prometheus knows no variables, such as `[5m]` for a range".to_owned();
                let place = self.expression.place(start);
                found.add(place, &self.name.text, REF_UNRENDERED, &message, Some(help));
            }
        }
        None
    }

    /// Those of its result, and those that it adds.
    fn labels_of(&self, expr: &Expr, linter: &Linter<'_>) -> Labels {
        let mut labels = linter.labels(expr);
        for (label, _) in self.node.entries("labels") {
            labels.add(&label.text);
        }
        labels
    }

    /// For how long it must hold, in seconds.
    fn hold(&self, found: &mut Found<'_>) -> f64 {
        for key in ["for", "keep_firing_for"] {
            if let Some(text) = self.node.text(key)
                && seconds(&text.text).is_none()
            {
                let message = format!("`{}` is no duration such as `5m`", text.text);
                found.add(text.place(0), &self.name.text, RULE_YAML, &message, None);
            }
        }
        self.node
            .text("for")
            .and_then(|text| seconds(&text.text))
            .unwrap_or(0.0)
    }

    fn alert(&self, labels: &Labels, found: &mut Found<'_>) {
        let name = &self.name.text;
        for (label, value) in self.node.entries("labels") {
            let Node::Text(value) = value else { continue };
            if value.text.contains("$value") || value.text.contains(".Value") {
                let message = "a label with the value makes a new alert each time the value changes";
                let help = "show it in the description".to_owned();
                found.add(value.place(0), name, ALERT_VALUE_LABEL, message, Some(help));
            }
            let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
            if label.text.starts_with("__") || label.text.is_empty() || !label.text.chars().all(is_name) {
                let message = format!("`{}` is no name for a label of an alert", label.text);
                found.add(label.place(0), name, RULE_YAML, &message, None);
            }
        }
        for (_, text) in self
            .node
            .entries("labels")
            .iter()
            .chain(self.node.entries("annotations"))
        {
            let Node::Text(text) = text else { continue };
            match Template::parse(&text.text) {
                Err(problem) => found.add(text.place(0), name, REF_TEMPLATE, &problem, None),
                Ok(template) => {
                    for label in template.labels.iter().filter(|label| !labels.may_have(label)) {
                        let at = text
                            .text
                            .find(&format!("abels.{label}"))
                            .map_or(0, |at| at + "abels.".len());
                        let message = format!("the alert has no label `{label}` to show");
                        let known = labels.known().map(|known| known.collect::<Vec<_>>().join(", "));
                        let help = known.map(|known| match known.is_empty() {
                            true => "it has none".to_owned(),
                            false => format!("there are: {known}"),
                        });
                        found.add(text.place(at), name, REF_TEMPLATE, &message, help);
                    }
                }
            }
        }
        let annotations = self.node.entries("annotations");
        if annotations.is_empty() {
            found.add(
                self.name.place(0),
                name,
                ALERT_SUMMARY,
                "nothing says what has happened",
                None,
            );
        }
        if !self
            .node
            .entries("labels")
            .iter()
            .any(|(label, _)| matches!(label.text.as_str(), "severity" | "priority" | "level"))
        {
            found.add(
                self.name.place(0),
                name,
                ALERT_SEVERITY,
                "nothing says how urgent it is",
                None,
            );
        }
    }
}

/// The variable that a text begins with: Grafana's, or those of Helm and Jsonnet.
fn unrendered(text: &str) -> Option<&str> {
    let end = match text.get(..2)? {
        "{{" => text.find("}}").map(|end| end + 2),
        "%(" => text.find(')').map(|end| end + 1),
        _ if text.starts_with('$') => variable_length(text),
        _ => None,
    };
    Some(&text[..end?])
}

fn group_interval(group: &Node, found: &mut Found<'_>) {
    let Some(text) = group.text("interval") else { return };
    let name = group.text("name").map_or("", |name| name.text.as_str());
    match seconds(&text.text) {
        None => {
            let message = format!("`{}` is no duration such as `30s`", text.text);
            found.add(text.place(0), name, RULE_YAML, &message, None);
        }
        Some(seconds) if seconds > LOOKBACK => {
            let message = "between two evaluations what is recorded is gone: Prometheus looks back 5 minutes";
            found.add(
                text.place(0),
                name,
                TIME_GROUP_INTERVAL,
                message,
                Some("5m or less".to_owned()),
            );
        }
        Some(_) => {}
    }
}

fn duplicates(group: &Node, found: &mut Found<'_>) {
    let mut seen = Vec::new();
    for rule in Rule::all(group) {
        let labels = rule
            .node
            .entries("labels")
            .iter()
            .map(|(label, value)| (label.text.clone(), format_text(value)));
        let mut labels: Vec<_> = labels.collect();
        labels.sort();
        // One name may stand for several expressions, each with series of its own.
        let text = &rule.expression.text;
        let expression = parse(text).map_or_else(|_| text.clone(), |expr| expr.to_string());
        let key = (rule.name.text.clone(), labels, expression);
        if seen.contains(&key) {
            let message = "there is one of the same name with the same labels and the same expression before it";
            found.add(rule.name.place(0), &rule.name.text, ALERT_DUPLICATE, message, None);
        }
        seen.push(key);
    }
}

fn format_text(node: &Node) -> String {
    match node {
        Node::Text(text) => text.text.clone(),
        _ => String::new(),
    }
}
