//! PromQL as panels have it: with the variables of the dashboard.

use enumetrics_promql::{
    AggregationOp, Expr, ExprKind, GroupingKind, Label as LabelName, MatchOp, Matcher, Selector, Span, parse,
    with_durations, with_variables,
};

use super::metric::{Label, Metric};
use crate::descriptor::Kind;

/// The variable that says which Prometheus is asked.
pub(super) const DATA_SOURCE: &str = "datasource";

/// One expression of a panel.
pub(super) struct Query {
    /// In PromQL with Grafana's durations, without matchers for the dashboard's variables.
    pub(super) expression: String,
    /// What each series is called.
    pub(super) legend: String,
}

impl Query {
    pub(super) fn new(expression: impl Into<String>, legend: impl Into<String>) -> Self {
        Self {
            expression: expression.into(),
            legend: legend.into(),
        }
    }
}

/// What an expression of a panel says; nothing where it is no PromQL, which `rules!` and the generator see to.
pub(super) fn read(expression: &str) -> Option<Expr> {
    parse(&with_durations(expression)).ok()
}

/// The series that an expression names.
pub(super) fn names(expr: &Expr) -> Vec<String> {
    let mut names = Vec::new();
    each_selector(expr, &mut |selector| {
        names.extend(selector.metric().map(str::to_owned));
    });
    names
}

fn each_selector<'a>(expr: &'a Expr, visit: &mut impl FnMut(&'a Selector)) {
    expr.walk(&mut |part| match &part.kind {
        ExprKind::Selector(selector) => visit(selector),
        ExprKind::Range(range) => visit(&range.selector),
        _ => {}
    });
}

/// What a dashboard lets its reader choose.
pub(super) struct Choices<'a> {
    pub(super) metrics: Vec<&'a Metric>,
    /// The labels that Prometheus gives to targets.
    pub(super) targets: Vec<String>,
    pub(super) variables: Vec<Variable<'a>>,
}

/// A choice among the values of a label. Metrics whose values have nothing in common have a variable each, although their
/// labels have one name: who looks at `status="VERIFIED"` wants to see all requests, and not none.
pub(super) struct Variable<'a> {
    pub(super) name: String,
    pub(super) label: &'static str,
    /// The values of all its metrics; none where they come while the program runs.
    pub(super) values: Vec<&'static str>,
    pub(super) metrics: Vec<&'a Metric>,
}

impl<'a> Choices<'a> {
    pub(super) fn new(metrics: Vec<&'a Metric>, targets: Vec<String>) -> Self {
        let mut choices = Self {
            metrics: metrics.clone(),
            targets,
            variables: Vec::new(),
        };
        // What a former name is exported with, the new one is, too.
        let chosen_by =
            |metric: &&Metric| metric.descriptor.kind != Kind::Info && metric.descriptor.renamed_to.is_none();
        for metric in metrics.into_iter().filter(chosen_by) {
            for label in &metric.labels {
                if label.values.len() != 1 && !choices.targets.iter().any(|target| target == label.name) {
                    choices.add(metric, *label);
                }
            }
        }
        choices
    }

    fn add(&mut self, metric: &'a Metric, label: Label) {
        let is_same = |variable: &&mut Variable<'_>| {
            let have_one = variable.values.iter().any(|value| label.values.contains(value));
            variable.label == label.name && (have_one || (label.is_open() && variable.values.is_empty()))
        };
        if let Some(variable) = self.variables.iter_mut().find(is_same) {
            let new = label.values.iter().filter(|value| !variable.values.contains(value));
            let new: Vec<_> = new.copied().collect();
            variable.values.extend(new);
            variable.metrics.push(metric);
            return;
        }
        let is_taken = |name: &str| name == DATA_SOURCE || self.variables.iter().any(|variable| variable.name == name);
        let namespace = metric.name().split('_').next().unwrap_or_default();
        let names = [
            label.name.to_owned(),
            format!("{namespace}_{}", label.name),
            format!("{}_{}", metric.name(), label.name),
        ];
        let name = names.into_iter().find(|name| !is_taken(name));
        self.variables.extend(name.map(|name| Variable {
            name,
            label: label.name,
            values: label.values.to_vec(),
            metrics: vec![metric],
        }));
    }

    fn variable(&self, metric: &Metric, label: &str) -> Option<&Variable<'a>> {
        let is_it = |variable: &&Variable<'_>| {
            variable.label == label && variable.metrics.iter().any(|known| known.name() == metric.name())
        };
        self.variables.iter().find(is_it)
    }

    /// The expression with matchers for the labels that all series of a metric have, and for the dashboard's variables
    /// where the metric has the label. A label that the expression matches itself somewhere is left alone everywhere in it:
    /// otherwise the part of a ratio would be chosen, and the whole by another choice.
    pub(super) fn restrict(&self, expression: &str) -> String {
        let Some(mut expr) = read(expression) else {
            return expression.to_owned();
        };
        let mut taken = Vec::new();
        each_selector(&expr, &mut |selector| {
            let labels = selector.matchers.iter().map(|matcher| matcher.label.name.clone());
            taken.extend(labels);
        });
        self.restrict_expr(&mut expr, &taken);
        with_variables(&expr.to_string())
    }

    fn restrict_expr(&self, expr: &mut Expr, taken: &[String]) {
        match &mut expr.kind {
            ExprKind::Number(_) | ExprKind::String(_) => {}
            ExprKind::Selector(selector) => self.restrict_selector(selector, taken),
            ExprKind::Range(range) => self.restrict_selector(&mut range.selector, taken),
            ExprKind::Subquery(subquery) => self.restrict_expr(&mut subquery.operand, taken),
            ExprKind::Paren(inner) | ExprKind::Unary(_, inner) => self.restrict_expr(inner, taken),
            ExprKind::Binary(binary) => {
                self.restrict_expr(&mut binary.lhs, taken);
                self.restrict_expr(&mut binary.rhs, taken);
            }
            ExprKind::Aggregation(aggregation) => self.restrict_expr(&mut aggregation.operand, taken),
            ExprKind::Call(call) => {
                for argument in &mut call.arguments {
                    self.restrict_expr(argument, taken);
                }
            }
        }
    }

    fn restrict_selector(&self, selector: &mut Selector, taken: &[String]) {
        let Some(name) = selector.metric().map(str::to_owned) else {
            return;
        };
        let metric = self.metrics.iter().find(|metric| metric.has_series(&name));
        // What rules record has the labels that they left, and what others export is theirs to restrict.
        if metric.is_none() && name != "up" {
            return;
        }
        let is_free = |label: &str| !taken.iter().any(|taken| taken == label);
        let constant = metric.iter().flat_map(|metric| metric.descriptor.constant_labels);
        for (label, value) in constant.filter(|(label, _)| is_free(label)) {
            selector
                .matchers
                .push(matcher(label, MatchOp::Equal, (*value).to_owned()));
        }
        // A label of the metric's own that is called like one of targets is about other targets.
        let is_own = |label: &str| metric.is_some_and(|metric| metric.has_label(label));
        let targets = self.targets.iter().map(|label| (label.as_str(), label.as_str()));
        let targets = targets.filter(|(label, _)| !is_own(label));
        let own = metric.iter().flat_map(|metric| {
            let variables = metric
                .labels
                .iter()
                .filter_map(|label| self.variable(metric, label.name));
            variables.map(|variable| (variable.label, variable.name.as_str()))
        });
        for (label, variable) in targets.chain(own).filter(|(label, _)| is_free(label)) {
            selector
                .matchers
                .push(matcher(label, MatchOp::Regex, format!("${variable}")));
        }
    }
}

fn matcher(label: &str, op: MatchOp, value: String) -> Matcher {
    // Of no text: it is printed, and nothing is said about it.
    let span = Span::new(0, 0);
    Matcher {
        span,
        label: LabelName {
            span,
            name: label.to_owned(),
            quoted: false,
        },
        op,
        value,
        value_span: span,
        name_only: false,
    }
}

/// What the series of an expression are called: by the labels that tell them apart, or if there is only one, by `title`.
pub(super) fn legend(expr: &Expr, title: &str) -> String {
    match grouped_by(expr) {
        None => "__auto".to_owned(),
        Some(labels) if labels.is_empty() => title.to_owned(),
        Some(labels) => legend_of(&labels),
    }
}

/// The values of some labels.
pub(super) fn legend_of(labels: &[impl AsRef<str>]) -> String {
    let each = labels.iter().map(|label| format!("{{{{{}}}}}", label.as_ref()));
    each.collect::<Vec<_>>().join(" ")
}

/// The labels of a result, where an aggregation says them.
pub(super) fn grouped_by(expr: &Expr) -> Option<Vec<String>> {
    match &expr.kind {
        ExprKind::Paren(inner) | ExprKind::Unary(_, inner) => grouped_by(inner),
        ExprKind::Aggregation(aggregation) => match (&aggregation.grouping, aggregation.op) {
            (_, AggregationOp::Topk | AggregationOp::Bottomk) => grouped_by(&aggregation.operand),
            (_, AggregationOp::CountValues) => None,
            (None, _) => Some(Vec::new()),
            (Some(grouping), _) if grouping.kind == GroupingKind::By => {
                let names = grouping.labels.iter().map(|label| label.name.clone());
                Some(names.filter(|name| name != "le").collect())
            }
            (Some(_), _) => None,
        },
        ExprKind::Call(call) => call.arguments.iter().find_map(grouped_by),
        ExprKind::Subquery(subquery) => grouped_by(&subquery.operand),
        ExprKind::Binary(binary) => grouped_by(&binary.lhs).or_else(|| grouped_by(&binary.rhs)),
        ExprKind::Number(_) | ExprKind::String(_) | ExprKind::Selector(_) | ExprKind::Range(_) => None,
    }
}
