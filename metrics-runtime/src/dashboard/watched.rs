//! What rules add: objectives, thresholds of alerts, and panels of one's own.

use enumetrics_promql::{AggregationOp, BinaryOp, Expr, ExprKind};

use super::generate::QUANTILES;
use super::metric::{Metric, words};
use super::panel::{Limit, Panel, Row, Shape};
use super::query::{grouped_by, legend, legend_of, names, read};
use super::unit;
use crate::descriptor::Kind;
use crate::rules::{AlertRule, PanelQuery, RecordingRule, Rules, Slo, SloBurn};

/// What an alert compares with a number.
struct Condition<'a> {
    value: &'a Expr,
    limit: f64,
    /// Whether it is bad to be above.
    is_most: bool,
}

/// What must hold for an expression to give something, as far as it is a comparison with a number.
fn conditions(expr: &Expr) -> Vec<Condition<'_>> {
    match &expr.kind {
        ExprKind::Paren(inner) => conditions(inner),
        ExprKind::Binary(binary) => {
            let (left, right) = (&binary.lhs, &binary.rhs);
            match binary.op {
                BinaryOp::And | BinaryOp::Or => [conditions(left), conditions(right)].into_iter().flatten().collect(),
                BinaryOp::Unless => conditions(left),
                op if op.is_comparison() && !binary.returns_bool => {
                    let (value, number, is_turned) = match (number(left), number(right)) {
                        (None, Some(number)) => (left, number, false),
                        (Some(number), None) => (right, number, true),
                        _ => return Vec::new(),
                    };
                    let is_most = match op {
                        BinaryOp::Greater | BinaryOp::GreaterOrEqual => !is_turned,
                        BinaryOp::Less | BinaryOp::LessOrEqual => is_turned,
                        // `== 0` is what happens below 1; another number is no end of anything.
                        BinaryOp::Equal if number == 0.0 => false,
                        _ => return Vec::new(),
                    };
                    let limit = if op == BinaryOp::Equal { 1.0 } else { number };
                    vec![Condition { value, limit, is_most }]
                }
                _ => Vec::new(),
            }
        }
        _ => Vec::new(),
    }
}

fn number(expr: &Expr) -> Option<f64> {
    match &expr.kind {
        ExprKind::Number(number) => Some(number.value),
        ExprKind::Paren(inner) => number(inner),
        ExprKind::Unary(enumetrics_promql::Sign::Minus, inner) => number(inner).map(|number| -number),
        _ => None,
    }
}

/// All that is known when rules are put on a dashboard.
pub(super) struct Watched<'a> {
    pub(super) metrics: Vec<&'a Metric>,
    pub(super) rules: &'a [Rules],
}

impl Watched<'_> {
    /// The row of what is wrong now, and what an alert is about in the row of its metric.
    pub(super) fn add(&self, rows: &mut Vec<Row>) {
        let mut first = Vec::new();
        for rules in self.rules {
            for slo in rules.slos() {
                first.extend(objective(rules, slo));
            }
        }
        let mut names = self.rules.iter().flat_map(|rules| rules.alerts()).peekable();
        let has_slos = !first.is_empty();
        if names.peek().is_some() {
            first.push(alert_list(self.rules));
        }
        let title = if has_slos { "Objectives and alerts" } else { "Alerts" };
        let mut row = Row {
            title: title.to_owned(),
            panels: first,
        };
        for alert in self.rules.iter().flat_map(|rules| rules.alerts()) {
            if !is_of_objective(self.rules, alert) {
                self.alert(alert, &mut row, rows);
            }
        }
        if !row.panels.is_empty() {
            rows.insert(0, row);
        }
    }

    /// What the alert compares, with the line at which it fires: on the panel that shows it already, or on one of its own.
    fn alert(&self, alert: &'static AlertRule, first: &mut Row, rows: &mut [Row]) {
        let Some(expr) = read(alert.expression()) else { return };
        let (title, about) = (words(alert.name()), annotation(alert, "summary").unwrap_or_default());
        for condition in conditions(&expr) {
            let limit = Limit {
                value: condition.limit,
                is_most: condition.is_most,
                color: color(alert),
            };
            let expression = condition.value.to_string();
            let key = self.shown_by(condition.value);
            let is_it = |panel: &Panel| {
                let shows = panel.queries.iter().any(|query| query.expression == expression);
                key.as_ref().is_some_and(|key| *key == panel.key) || shows
            };
            let mut all = rows.iter_mut().flat_map(|row| &mut row.panels).chain(&mut first.panels);
            let panel = match all.find(|panel| is_it(panel)) {
                Some(panel) => panel,
                None => {
                    let owner = self.owner(condition.value);
                    let of = |panel: &Panel| owner.is_some_and(|owner| panel.metric == Some(owner.name()));
                    let at = rows.iter().position(|row| row.panels.iter().any(of));
                    let row = match at {
                        Some(at) => &mut rows[at],
                        None => &mut *first,
                    };
                    let mut panel = Panel::new(format!("alert {}", alert.name()), title.clone(), Shape::Lines)
                        .unit(unit::of_expression(condition.value, &self.metrics, self.rules))
                        .query(expression, self.legend(condition.value, &title));
                    panel.is_from_zero = panel.unit == "percentunit";
                    panel.declared_at = Some(alert.declared_at());
                    panel.about = template_in_words(about);
                    row.panels.push(panel);
                    let Some(panel) = row.panels.last_mut() else { continue };
                    panel
                }
            };
            panel.add_limit(limit);
            if !panel.alerts.contains(&alert.name()) {
                panel.alerts.push(alert.name());
                panel.links.extend(runbook(alert));
            }
        }
    }

    /// The key of the generated panel that shows a value, only over another time.
    fn shown_by(&self, value: &Expr) -> Option<String> {
        let plain = |name: &str| self.family(name).filter(|metric| metric.name() == name);
        match &value.without_parens().kind {
            ExprKind::Call(call) if call.function.name == "histogram_quantile" => {
                let [quantile, buckets] = &call.arguments[..] else {
                    return None;
                };
                let quantile = number(quantile)?;
                let ExprKind::Aggregation(aggregation) = &buckets.without_parens().kind else {
                    return None;
                };
                let ExprKind::Call(rate) = &aggregation.operand.without_parens().kind else {
                    return None;
                };
                let metric = self.family(rate.arguments.first().and_then(unmatched)?)?;
                let is_rate = aggregation.op == AggregationOp::Sum && rate.function.name == "rate";
                match &grouped_by(buckets)?[..] {
                    [] if is_rate && QUANTILES.iter().any(|(shown, _)| *shown == quantile) => {
                        Some(format!("{}, quantiles", metric.name()))
                    }
                    [label] if is_rate && quantile == 0.95 => Some(format!("{}, p95 by {label}", metric.name())),
                    _ => None,
                }
            }
            ExprKind::Aggregation(aggregation) => {
                let metric = plain(unmatched(&aggregation.operand)?)?;
                let adds_up = unit::adds_up(metric.descriptor.unit);
                let op = if adds_up {
                    AggregationOp::Sum
                } else {
                    AggregationOp::Max
                };
                let is_shown = metric.descriptor.kind == Kind::Gauge && !metric.is_time() && aggregation.op == op;
                let by = grouped_by(value)?;
                let by = match by.is_empty() {
                    true => String::new(),
                    false => format!(" by {}", by.join(" and ")),
                };
                is_shown.then(|| format!("{}{by}", metric.name()))
            }
            ExprKind::Selector(_) => {
                let metric = plain(unmatched(value)?)?;
                (metric.descriptor.kind == Kind::Gauge && metric.labels.is_empty()).then(|| metric.name().to_owned())
            }
            _ => None,
        }
    }

    /// The metric that a value is of, perhaps by way of recording rules.
    fn owner(&self, value: &Expr) -> Option<&Metric> {
        names(value).iter().find_map(|name| match self.family(name) {
            Some(metric) => Some(metric),
            // None is made of itself: `rules!` refuses that.
            None => self.owner(&self.recorded(name)?),
        })
    }

    fn recorded(&self, name: &str) -> Option<Expr> {
        let mut records = self.rules.iter().flat_map(|rules| rules.records());
        records
            .find(|record| record.name() == name)
            .and_then(|record| read(record.expression()))
    }

    /// What is recorded has the labels of what it is recorded of.
    fn legend(&self, value: &Expr, title: &str) -> String {
        match unmatched(value).and_then(|name| self.recorded(name)) {
            Some(recorded) => self.legend(&recorded, title),
            None => legend(value, title),
        }
    }

    fn family(&self, series: &str) -> Option<&Metric> {
        self.metrics.iter().copied().find(|metric| metric.has_series(series))
    }

    /// The panels of `#[panel]`, each behind those of its row.
    pub(super) fn own(&self, rows: &mut Vec<Row>) {
        let mut known: Vec<&'static str> = Vec::new();
        for query in self.rules.iter().flat_map(|rules| rules.panels()) {
            if !known.contains(&query.name()) {
                known.push(query.name());
                self.panel(query.name(), rows);
            }
        }
    }

    fn panel(&self, name: &str, rows: &mut Vec<Row>) {
        let queries = self.rules.iter().flat_map(|rules| rules.panels());
        let queries: Vec<&PanelQuery> = queries.filter(|query| query.name() == name).collect();
        let said = |of: fn(&PanelQuery) -> Option<&'static str>| queries.iter().find_map(|query| of(query));
        let title = said(PanelQuery::title).map_or_else(|| words(name), str::to_owned);
        let kind = queries
            .iter()
            .map(|query| query.kind())
            .find(|kind| *kind != Default::default());
        let mut panel = Panel::new(format!("panel {name}"), &title, kind.unwrap_or_default().into());
        let about = queries
            .iter()
            .map(|query| query.about())
            .filter(|about| !about.is_empty());
        panel.about = about.collect::<Vec<_>>().join("\n\n");
        let mut owners = Vec::new();
        for query in &queries {
            let expr = read(query.expression());
            let by_labels = || expr.as_ref().map_or_else(String::new, |expr| self.legend(expr, &title));
            let legend = query.legend().map_or_else(by_labels, str::to_owned);
            panel = panel.query(query.expression(), legend);
            panel.allowed = query.common.allowed;
            panel.declared_at = Some(query.declared_at());
            if let Some(expr) = &expr {
                if panel.queries.len() == 1 {
                    panel.unit = unit::of_expression(expr, &self.metrics, self.rules);
                }
                owners.extend(
                    names(expr)
                        .iter()
                        .filter_map(|name| self.family(name))
                        .map(Metric::name),
                );
                // One that shows what is recorded is about the metric, too.
                owners.extend(self.owner(expr).map(Metric::name));
            }
        }
        if let Some(unit) = said(PanelQuery::unit) {
            unit.clone_into(&mut panel.unit);
        }
        panel.is_from_zero = panel.unit == "percentunit";
        let is_replaced = |panel: &Panel| !panel.is_own && panel.metric.is_some_and(|metric| owners.contains(&metric));
        // Where it goes, before what it replaces is gone.
        let home = said(PanelQuery::row).map(str::to_owned).or_else(|| {
            let is_about = |panel: &Panel| panel.metric.is_some() && panel.metric == owners.first().copied();
            let row = rows.iter().find(|row| row.panels.iter().any(is_about))?;
            Some(row.title.clone())
        });
        if queries.iter().any(|query| query.is_replacing()) {
            for row in rows.iter_mut() {
                row.panels.retain(|panel| !is_replaced(panel));
            }
        }
        panel.metric = owners.first().copied();
        panel.is_own = true;
        row_called(rows, &home.unwrap_or_else(|| "Others".to_owned()))
            .panels
            .push(panel);
    }
}

/// The row of that title, which comes last if it is new.
pub(super) fn row_called<'r>(rows: &'r mut Vec<Row>, title: &str) -> &'r mut Row {
    let at = rows.iter().position(|row| row.title == title).unwrap_or_else(|| {
        rows.push(Row {
            title: title.to_owned(),
            panels: Vec::new(),
        });
        rows.len() - 1
    });
    &mut rows[at]
}

/// A series or a range that is chosen by its name alone.
fn unmatched(expr: &Expr) -> Option<&str> {
    let selector = match &expr.without_parens().kind {
        ExprKind::Selector(selector) => selector,
        ExprKind::Range(range) => &range.selector,
        _ => return None,
    };
    selector.matchers.is_empty().then(|| selector.metric())?
}

fn is_of_objective(rules: &[Rules], alert: &AlertRule) -> bool {
    let mut burns = rules.iter().flat_map(|rules| rules.slos()).flat_map(|slo| slo.burns());
    burns.any(|burn| burn.alert() == alert.name())
}

/// What is left of the budget, what is bad now, and how fast the budget burns.
fn objective(rules: &Rules, slo: &'static Slo) -> [Panel; 3] {
    let title = words(slo.name());
    let series = |name: &str| {
        // An operator may have put a prefix before it.
        let recorded = rules
            .records()
            .iter()
            .map(RecordingRule::name)
            .find(|recorded| recorded.ends_with(name));
        let name = recorded.unwrap_or(name);
        format!("{name}{{slo=\"{}\",slo_group=\"{}\"}}", slo.name(), rules.name())
    };
    let legend = match slo.by() {
        [] => title.clone(),
        by => legend_of(by),
    };
    let of_its_alerts = |alert: &&AlertRule| slo.burns().iter().any(|burn| burn.alert() == alert.name());
    let alerts: Vec<_> = rules.alerts().iter().filter(of_its_alerts).collect();
    let panel = |what: &str, shape, width| {
        let mut panel = Panel::new(format!("slo {} {what}", slo.name()), format!("{title}: {what}"), shape);
        panel.about = slo.about().to_owned();
        panel.width = width;
        panel.declared_at = Some(slo.declared_at());
        for alert in &alerts {
            panel.alerts.push(alert.name());
            let is_new = |link: &(String, String)| !panel.links.contains(link);
            let links: Vec<_> = runbook(alert).into_iter().filter(is_new).collect();
            panel.links.extend(links);
        }
        panel
    };
    let windows = match slo.windows() {
        [_] => legend.clone(),
        _ => format!("{legend} {{{{window}}}}"),
    };
    let left = panel("budget left", Shape::Stat, 4)
        .unit("percentunit")
        .query(series("slo:error_budget_remaining:ratio"), windows)
        .limit(0.0, false, "red")
        .limit(0.25, false, "orange");
    // 99.9 % is no binary fraction: what is shown has as many digits as what is declared.
    let budget = ((100.0 - slo.objective()) * 1e7).round() / 1e9;
    let mut bad = panel("bad events", Shape::Lines, 10)
        .unit("percentunit")
        .query(series("slo:sli_error:ratio_rate5m"), legend.clone())
        .limit(budget, true, "red");
    bad.is_from_zero = true;
    let mut burn = panel("times too fast", Shape::Lines, 10)
        .query(series("slo:burn_rate:ratio_rate1h"), legend)
        .limit(1.0, true, "orange");
    let of_one_hour = |burn: &&SloBurn| burn.long() == "1h";
    if let Some(first) = slo.burns().iter().find(of_one_hour) {
        burn = burn.limit(first.factor(), true, "red");
    }
    [left, bad, burn]
}

fn alert_list(rules: &[Rules]) -> Panel {
    let mut list = Panel::new("alerts", "Alerts", Shape::AlertList);
    list.about = "What is pending or firing now.".to_owned();
    list.alerts = rules
        .iter()
        .flat_map(|rules| rules.alerts())
        .map(AlertRule::name)
        .collect();
    list
}

fn annotation(alert: &AlertRule, name: &str) -> Option<&'static str> {
    let mut annotations = alert.annotations().iter();
    annotations.find(|(known, _)| *known == name).map(|(_, text)| *text)
}

/// Only addresses: what is a path in the sources is none in Grafana.
fn runbook(alert: &AlertRule) -> Option<(String, String)> {
    let url = annotation(alert, "runbook_url").filter(|url| url.contains("://"))?;
    Some((format!("Runbook: {}", words(alert.name())), url.to_owned()))
}

/// How bad it is, as far as the label `severity` says so in the usual words.
fn color(alert: &AlertRule) -> &'static str {
    let severity = alert
        .labels()
        .find(|(name, _)| *name == "severity")
        .map(|(_, value)| value);
    match severity {
        Some("info" | "notice") => "blue",
        Some("warning" | "ticket") => "orange",
        _ => "red",
    }
}

/// A panel has no value to put in the place of `{{ $value }}`.
fn template_in_words(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        out += before;
        out += "…";
        rest = after.split_once("}}").map_or("", |(_, after)| after);
    }
    out + rest
}
