//! Rules of which no alert looks at a native histogram itself: the numbers that it is about are recorded first.
//!
//! promtool's tests can then feed these numbers: that of 2.42 has no notation for native histograms. A group is evaluated in
//! order and at one time, so that an alert sees what has just been recorded, and means what it meant.

use std::collections::HashSet;

use enumetrics_promql::{AggregationOp, BinaryOp, Expr, ExprKind, GroupingKind, Label, Selector, Span, parse};

use super::Rules;

/// What a group records, and what its alerts ask, as it is written into files.
#[derive(Debug)]
pub(crate) struct Floats {
    pub(crate) records: Vec<Recorded>,
    /// In the order of the alerts.
    pub(crate) alerts: Vec<String>,
    natives: Natives,
}

/// A recording rule.
#[derive(Debug)]
pub(crate) struct Recorded {
    pub(crate) name: String,
    pub(crate) expression: String,
    pub(crate) labels: Vec<(&'static str, &'static str)>,
}

impl Floats {
    pub(crate) fn of(rules: &Rules) -> Self {
        let descriptors = rules.catalogs.iter().flat_map(|catalog| catalog.descriptors());
        let natives = descriptors.chain(rules.external).filter(|known| known.native.is_some());
        let mut made = Self {
            records: Vec::new(),
            alerts: Vec::new(),
            natives: Natives(natives.map(|known| known.name.to_owned()).collect()),
        };
        let taken: HashSet<&str> = rules.records.iter().map(|record| record.name()).collect();
        for record in rules.records {
            let mut expression = record.expression().to_owned();
            if let Some(expr) = made.natives.in_text(&expression) {
                if made.natives.is_histogram(&expr) {
                    made.natives.0.insert(record.name().to_owned());
                } else if !made.natives.is_recorded(&expr) {
                    expression = made.without_histograms(&expression, &expr, &taken);
                }
            }
            made.records.push(Recorded {
                name: record.name().to_owned(),
                expression,
                labels: record.labels().collect(),
            });
        }
        for alert in rules.alerts {
            let text = alert.expression();
            let expression = match made.natives.in_text(text) {
                Some(expr) => made.without_histograms(text, &expr, &taken),
                None => text.to_owned(),
            };
            made.alerts.push(expression);
        }
        made
    }

    /// Whether a rule gives numbers of native histograms, and nothing without them: what a test can feed instead.
    #[cfg(feature = "operations")]
    pub(crate) fn is_recorded(&self, expr: &Expr) -> bool {
        self.natives.is_recorded(expr)
    }

    /// The text with what is recorded in place of what makes numbers of native histograms.
    fn without_histograms(&mut self, text: &str, expr: &Expr, taken: &HashSet<&str>) -> String {
        let mut found = Vec::new();
        self.natives.find(expr, &mut found);
        let mut edited = text.to_owned();
        let names: Vec<_> = found.iter().map(|expr| self.record(expr, text, taken)).collect();
        // From the end, so that places stay what they are.
        for (expr, name) in found.iter().zip(&names).rev() {
            edited.replace_range(expr.span.start..expr.span.end, name);
        }
        edited
    }

    /// The name under which an expression is recorded.
    fn record(&mut self, expr: &Expr, text: &str, taken: &HashSet<&str>) -> String {
        let expression = expr.to_string();
        let is_same = |record: &&Recorded| {
            let parsed = parse(&record.expression).map(|expr| expr.to_string());
            record.labels.is_empty() && parsed.is_ok_and(|other| other == expression)
        };
        if let Some(same) = self.records.iter().find(is_same) {
            return same.name.clone();
        }
        let plain = name(expr, text);
        let is_free =
            |name: &String| !taken.contains(name.as_str()) && !self.records.iter().any(|record| record.name == *name);
        let numbered = (2_u32..).map(|number| format!("{plain}_{number}"));
        let name = std::iter::once(plain.clone())
            .chain(numbered)
            .find(is_free)
            .unwrap_or(plain);
        self.records.push(Recorded {
            name: name.clone(),
            expression: text[expr.span.start..expr.span.end].to_owned(),
            labels: Vec::new(),
        });
        name
    }
}

/// The names of series that are native histograms.
#[derive(Debug)]
struct Natives(HashSet<String>);

impl Natives {
    /// What the text says, if it is about one of them.
    fn in_text(&self, text: &str) -> Option<Expr> {
        if self.0.is_empty() {
            return None;
        }
        parse(text).ok().filter(|expr| self.are_in(expr))
    }

    fn has(&self, selector: &Selector) -> bool {
        selector.metric().is_some_and(|name| self.0.contains(name))
    }

    fn are_in(&self, expr: &Expr) -> bool {
        let mut are_in = false;
        expr.walk(&mut |expr| are_in |= selector(expr).is_some_and(|selector| self.has(selector)));
        are_in
    }

    /// Whether what it gives are histograms, too.
    fn is_histogram(&self, expr: &Expr) -> bool {
        match &expr.kind {
            ExprKind::Number(_) | ExprKind::String(_) => false,
            ExprKind::Selector(selector) => self.has(selector),
            ExprKind::Range(range) => self.has(&range.selector),
            ExprKind::Subquery(subquery) => self.is_histogram(&subquery.operand),
            ExprKind::Paren(inner) | ExprKind::Unary(_, inner) => self.is_histogram(inner),
            ExprKind::Binary(binary) => match binary.op {
                BinaryOp::And | BinaryOp::Unless => self.is_histogram(&binary.lhs),
                _ => self.is_histogram(&binary.lhs) || self.is_histogram(&binary.rhs),
            },
            ExprKind::Aggregation(aggregation) => {
                !matches!(aggregation.op, AggregationOp::Count | AggregationOp::Group)
                    && self.is_histogram(&aggregation.operand)
            }
            ExprKind::Call(call) => {
                let name = call.function.name;
                let counts = ["absent", "count_", "present_", "changes", "resets", "timestamp"];
                !name.starts_with("histogram_")
                    && !counts.iter().any(|word| name.starts_with(word))
                    && call.arguments.iter().any(|argument| self.is_histogram(argument))
            }
        }
    }

    /// Whether numbers are made of histograms somewhere in it.
    fn are_made_numbers(&self, expr: &Expr) -> bool {
        let mut are_made = false;
        expr.walk(&mut |expr| are_made |= self.is_conversion(expr));
        are_made
    }

    fn is_conversion(&self, expr: &Expr) -> bool {
        matches!(&expr.kind, ExprKind::Call(call) if call.function.name.starts_with("histogram_")
            && call.arguments.iter().any(|argument| self.is_histogram(argument)))
    }

    fn is_recorded(&self, expr: &Expr) -> bool {
        self.are_made_numbers(expr)
            && !self.is_histogram(expr)
            && is_nothing_without(expr, &|selector| self.has(selector))
    }

    /// What is to be recorded, in the order of the text: what makes numbers of histograms, with the aggregation around it,
    /// so that few series are; and what looks at its past, which would begin with the recording.
    fn find<'e>(&self, expr: &'e Expr, found: &mut Vec<&'e Expr>) {
        match self.is_unit(expr) {
            true => found.push(expr),
            false => expr.children().for_each(|child| self.find(child, found)),
        }
    }

    fn is_unit(&self, expr: &Expr) -> bool {
        match &expr.kind {
            ExprKind::Aggregation(aggregation) => {
                use AggregationOp::{Avg, Count, Max, Min, Sum};
                matches!(aggregation.op, Avg | Count | Max | Min | Sum)
                    && self.is_unit(aggregation.operand.without_parens())
            }
            ExprKind::Call(call) => {
                let is_past = |argument: &Expr| matches!(argument.kind, ExprKind::Subquery(_));
                self.is_conversion(expr) || (call.arguments.iter().any(is_past) && self.is_recorded(expr))
            }
            _ => false,
        }
    }
}

/// Whether an expression gives nothing where there are no series at all.
#[cfg(feature = "operations")]
pub(crate) fn needs_series(expr: &Expr) -> bool {
    is_nothing_without(expr, &|_| true)
}

/// Whether it gives nothing where these series are not.
fn is_nothing_without(expr: &Expr, series: &dyn Fn(&Selector) -> bool) -> bool {
    let of = |expr: &Expr| is_nothing_without(expr, series);
    match &expr.kind {
        ExprKind::Number(_) | ExprKind::String(_) => false,
        ExprKind::Selector(selector) => series(selector),
        ExprKind::Range(range) => series(&range.selector),
        ExprKind::Subquery(subquery) => of(&subquery.operand),
        ExprKind::Paren(inner) | ExprKind::Unary(_, inner) => of(inner),
        ExprKind::Binary(binary) => match binary.op {
            BinaryOp::Or => of(&binary.lhs) && of(&binary.rhs),
            BinaryOp::Unless => of(&binary.lhs),
            _ => of(&binary.lhs) || of(&binary.rhs),
        },
        ExprKind::Aggregation(aggregation) => of(&aggregation.operand),
        ExprKind::Call(call) => {
            let name = call.function.name;
            let is_always_there = name.starts_with("absent") || matches!(name, "scalar" | "vector");
            !is_always_there && call.arguments.iter().any(of)
        }
    }
}

fn selector(expr: &Expr) -> Option<&Selector> {
    match &expr.kind {
        ExprKind::Selector(selector) => Some(selector),
        ExprKind::Range(range) => Some(&range.selector),
        _ => None,
    }
}

/// `level:metric:operations`: the labels by which it is aggregated first, `all` where there are none and `instance` where
/// nothing is aggregated; and the last operation first.
fn name(expr: &Expr, text: &str) -> String {
    let written = |span: Span| {
        let text = &text[span.start..span.end];
        let words = text
            .split(|c: char| !c.is_ascii_alphanumeric())
            .filter(|word| !word.is_empty());
        words.collect::<Vec<_>>().join("_").to_lowercase()
    };
    let (mut level, mut metric, mut operations) = (None, None, Vec::new());
    expr.walk(&mut |expr| match &expr.kind {
        ExprKind::Aggregation(aggregation) => {
            let labels = |labels: &[Label]| {
                let names = labels.iter().map(|label| label.name.as_str());
                names.collect::<Vec<_>>().join("_")
            };
            level.get_or_insert_with(|| match &aggregation.grouping {
                Some(grouping) if grouping.kind == GroupingKind::Without => {
                    format!("without_{}", labels(&grouping.labels))
                }
                Some(grouping) if !grouping.labels.is_empty() => labels(&grouping.labels),
                _ => "all".to_owned(),
            });
            if aggregation.op != AggregationOp::Sum {
                operations.push(aggregation.op.to_string());
            }
        }
        ExprKind::Call(call) => {
            let name = call.function.name;
            let mut words = vec![name.strip_prefix("histogram_").unwrap_or(name).to_owned()];
            let numbers = call
                .arguments
                .iter()
                .filter(|argument| matches!(argument.kind, ExprKind::Number(_)));
            words.extend(numbers.map(|number| written(number.span)));
            let mut operation = words.join("_");
            for argument in &call.arguments {
                match &argument.kind {
                    ExprKind::Range(range) => operation += &written(range.range.span),
                    ExprKind::Subquery(subquery) => operation += &written(subquery.range.span),
                    _ => {}
                }
            }
            operations.push(operation);
        }
        _ => {}
    });
    expr.walk(&mut |expr| {
        let named = selector(expr).and_then(Selector::metric);
        metric = metric.take().or_else(|| named.map(str::to_owned));
    });
    let metric: String = metric.unwrap_or_default();
    // A recorded histogram says so itself.
    let parts: Vec<_> = metric.splitn(3, ':').collect();
    let [own_level, metric, own_operations] = parts[..] else {
        let level = level.unwrap_or_else(|| "instance".to_owned());
        return format!("{level}:{metric}:{}", operations.join("_"));
    };
    let level = level.unwrap_or_else(|| own_level.to_owned());
    operations.push(own_operations.to_owned());
    format!("{level}:{metric}:{}", operations.join("_"))
}
