//! Units, as Grafana calls them.

use enumetrics_promql::{AggregationOp, BinaryOp, Expr, ExprKind};

use super::metric::Metric;
use super::query::{names, read};
use crate::descriptor::Kind;
use crate::rules::Rules;

/// What has none.
const NONE: &str = "short";
const SHARE: &str = "percentunit";

/// The unit of a value. A unit that Grafana has no name for stands behind the number as it is declared.
pub(super) fn of(unit: Option<&str>) -> String {
    match unit {
        None => NONE,
        Some("seconds") => "s",
        Some("bytes") => "bytes",
        Some("ratio") => SHARE,
        Some("celsius") => "celsius",
        Some("meters") => "lengthm",
        Some("volts") => "volt",
        Some("amperes") => "amp",
        Some("joules") => "joule",
        Some("grams") => "massg",
        Some(other) => return format!("suffix: {other}"),
    }
    .to_owned()
}

/// The unit of its rate.
pub(super) fn per_second(unit: Option<&str>) -> String {
    match unit {
        None => "cps".to_owned(),
        Some("bytes") => "binBps".to_owned(),
        Some("joules") => "watt".to_owned(),
        Some("seconds") => "suffix: s/s".to_owned(),
        Some(other) => format!("suffix: {other}/s"),
    }
}

/// What is added up over several instances; what is not is a level, of which the highest counts.
pub(super) fn adds_up(unit: Option<&str>) -> bool {
    !matches!(
        unit,
        Some("seconds" | "ratio" | "celsius" | "meters" | "volts" | "amperes")
    )
}

/// The unit of what an expression gives, as far as its metrics and operators tell.
pub(super) fn of_expression(expr: &Expr, metrics: &[&Metric], rules: &[Rules]) -> String {
    let of_expr = |expr| of_expression(expr, metrics, rules);
    match &expr.kind {
        ExprKind::Paren(inner) | ExprKind::Unary(_, inner) => of_expr(inner),
        ExprKind::Subquery(subquery) => of_expr(&subquery.operand),
        ExprKind::Selector(selector) => of_series(selector.metric(), metrics, rules),
        ExprKind::Range(range) => of_series(range.selector.metric(), metrics, rules),
        ExprKind::Aggregation(aggregation) => match aggregation.op {
            AggregationOp::Count | AggregationOp::Group | AggregationOp::CountValues => NONE.to_owned(),
            _ => of_expr(&aggregation.operand),
        },
        ExprKind::Call(call) => match call.function.name {
            "rate" | "irate" | "deriv" => {
                let named = names(expr);
                match named.first().and_then(|name| family(name, metrics)) {
                    Some(metric) if is_sum(&named[0], metric) || !is_part(&named[0], metric) => {
                        per_second(metric.descriptor.unit)
                    }
                    _ => per_second(None),
                }
            }
            "time" | "timestamp" => of(Some("seconds")),
            "histogram_quantile" | "quantile_over_time" => {
                call.arguments.get(1).map_or_else(|| NONE.to_owned(), of_expr)
            }
            "absent" | "absent_over_time" | "count_over_time" | "changes" | "resets" => NONE.to_owned(),
            _ => call.arguments.first().map_or_else(|| NONE.to_owned(), of_expr),
        },
        ExprKind::Binary(binary) => {
            let [left, right] = [&binary.lhs, &binary.rhs].map(|side| (is_number(side), of_expr(side)));
            match (binary.op, left, right) {
                (BinaryOp::Div, (false, _), (false, _)) if is_mean(&binary.lhs, &binary.rhs, metrics) => {
                    names(&binary.lhs)
                        .first()
                        .and_then(|name| family(name, metrics))
                        .map_or_else(|| NONE.to_owned(), |metric| of(metric.descriptor.unit))
                }
                (BinaryOp::Div, (false, left), (false, right)) if left == right => SHARE.to_owned(),
                (BinaryOp::Add | BinaryOp::Sub, (false, left), (false, right)) if left == right => left,
                (BinaryOp::Add | BinaryOp::Sub, (false, unit), (true, _))
                | (BinaryOp::Add | BinaryOp::Sub, (true, _), (false, unit)) => unit,
                (op, (_, unit), _) if op.is_set() || op.is_comparison() => unit,
                _ => NONE.to_owned(),
            }
        }
        ExprKind::Number(_) | ExprKind::String(_) => NONE.to_owned(),
    }
}

fn is_number(expr: &Expr) -> bool {
    matches!(expr.without_parens().kind, ExprKind::Number(_))
}

/// Whether the sum of observations is divided by their count.
fn is_mean(left: &Expr, right: &Expr, metrics: &[&Metric]) -> bool {
    let (sums, counts) = (names(left), names(right));
    let (Some(sum), Some(count)) = (sums.first(), counts.first()) else {
        return false;
    };
    let (of_sum, of_count) = (family(sum, metrics), family(count, metrics));
    of_sum.is_some_and(|metric| is_sum(sum, metric) && of_count.is_some_and(|other| other.name() == metric.name()))
}

fn family<'a>(series: &str, metrics: &[&'a Metric]) -> Option<&'a Metric> {
    metrics.iter().copied().find(|metric| metric.has_series(series))
}

fn is_part(series: &str, metric: &Metric) -> bool {
    series != metric.name()
}

fn is_sum(series: &str, metric: &Metric) -> bool {
    is_part(series, metric) && series.ends_with("_sum")
}

fn of_series(name: Option<&str>, metrics: &[&Metric], rules: &[Rules]) -> String {
    let Some(name) = name else { return NONE.to_owned() };
    if let Some(metric) = family(name, metrics) {
        let is_count = is_part(name, metric) && name.ends_with("_count");
        return match metric.descriptor.kind {
            Kind::Info | Kind::StateSet => NONE.to_owned(),
            _ if is_count => NONE.to_owned(),
            _ => of(metric.descriptor.unit),
        };
    }
    let mut records = rules.iter().flat_map(|rules| rules.records());
    let record = records.find(|record| record.name() == name);
    // None is made of itself: `rules!` refuses that.
    let expr = record.and_then(|record| read(record.expression()));
    expr.map_or_else(|| NONE.to_owned(), |expr| of_expression(&expr, metrics, rules))
}
