//! Between which numbers the values of an expression lie.

use crate::ast::{Aggregation, Binary, Call, Expr, ExprKind, Matcher, Selector};
use crate::interval::Interval;
use crate::operator::{AggregationOp, BinaryOp, Sign};
use crate::schema::{Exported, MetricKind, Part, Resolved};

pub(super) fn interval_of(expr: &Expr, exported: Option<&Exported>) -> Interval {
    let of = |expr: &Expr| interval_of(expr, exported);
    match &expr.kind {
        ExprKind::Number(number) if number.value.is_nan() => Interval::ALL,
        ExprKind::Number(number) => Interval::new(number.value, number.value),
        ExprKind::String(_) => Interval::ALL,
        ExprKind::Selector(selector) => selector_interval(selector, exported),
        ExprKind::Range(range) => selector_interval(&range.selector, exported),
        ExprKind::Subquery(subquery) => of(&subquery.operand),
        ExprKind::Paren(inner) | ExprKind::Unary(Sign::Plus, inner) => of(inner),
        ExprKind::Unary(Sign::Minus, inner) => of(inner).negated(),
        ExprKind::Aggregation(aggregation) => aggregation_interval(aggregation, of(&aggregation.operand)),
        ExprKind::Call(call) => call_interval(call, exported),
        ExprKind::Binary(binary) => binary_interval(binary, of(&binary.lhs), of(&binary.rhs)),
    }
}

fn selector_interval(selector: &Selector, exported: Option<&Exported>) -> Interval {
    let name = selector.metric().unwrap_or_default();
    match exported.map(|exported| exported.resolve(name)) {
        _ if name == "up" => Interval::RATIO,
        Some(Resolved::Series(family, part)) => match family.kind {
            MetricKind::Info => Interval::ONE,
            MetricKind::StateSet => Interval::RATIO,
            // The sum of what a histogram or summary observed can fall, if what is observed is negative.
            _ if family.is_counter(part) && part != Part::Sum => Interval::POSITIVE,
            _ => Interval::ALL,
        },
        _ => Interval::ALL,
    }
}

fn aggregation_interval(aggregation: &Aggregation, operand: Interval) -> Interval {
    match aggregation.op {
        AggregationOp::Sum => operand.summed(),
        AggregationOp::Quantile => Interval::ALL,
        // At least 1, but `> 0` is an idiom for "there is one".
        AggregationOp::Count | AggregationOp::CountValues => Interval::POSITIVE,
        AggregationOp::Stddev | AggregationOp::Stdvar => Interval::POSITIVE,
        AggregationOp::Group => Interval::ONE,
        AggregationOp::Avg
        | AggregationOp::Min
        | AggregationOp::Max
        | AggregationOp::Topk
        | AggregationOp::Bottomk
        | AggregationOp::Limitk
        | AggregationOp::LimitRatio => operand,
    }
}

fn call_interval(call: &Call, exported: Option<&Exported>) -> Interval {
    let argument = |at: usize| {
        call.arguments
            .get(at)
            .map_or(Interval::ALL, |argument| interval_of(argument, exported))
    };
    match call.function.name {
        "rate" | "increase" | "irate" | "resets" | "changes" | "abs" | "sqrt" | "exp" | "time" | "timestamp"
        | "count_over_time" | "stddev_over_time" | "stdvar_over_time" | "mad_over_time" | "histogram_count" => {
            Interval::POSITIVE
        }
        "absent" | "absent_over_time" | "present_over_time" => Interval::ONE,
        "histogram_fraction" => Interval::RATIO,
        "sgn" => Interval::new(-1.0, 1.0),
        "hour" => Interval::new(0.0, 23.0),
        "minute" => Interval::new(0.0, 59.0),
        "day_of_week" => Interval::new(0.0, 6.0),
        "day_of_month" => Interval::new(1.0, 31.0),
        "day_of_year" => Interval::new(1.0, 366.0),
        "days_in_month" => Interval::new(28.0, 31.0),
        "month" => Interval::new(1.0, 12.0),
        name if keeps_values(name) => argument(0),
        "sum_over_time" if argument(0).least >= 0.0 => Interval::POSITIVE,
        "histogram_quantile" => match quantile_of(call, exported) {
            Some(histogram) => Interval::new(f64::NEG_INFINITY, histogram.top()),
            None => Interval::ALL,
        },
        _ => Interval::ALL,
    }
}

/// Whether a function's values are among those of its first argument, or between them.
pub(super) fn keeps_values(function: &str) -> bool {
    matches!(
        function,
        "vector"
            | "scalar"
            | "sort"
            | "sort_desc"
            | "sort_by_label"
            | "sort_by_label_desc"
            | "label_replace"
            | "label_join"
            | "avg_over_time"
            | "min_over_time"
            | "max_over_time"
            | "last_over_time"
    )
}

/// The classic histogram that a quantile is taken of.
pub(super) struct Quantiled<'a> {
    pub(super) name: &'a str,
    pub(super) bounds: &'a [f64],
}

impl Quantiled<'_> {
    /// No quantile is above it.
    pub(super) fn top(&self) -> f64 {
        self.bounds.last().copied().unwrap_or(f64::INFINITY)
    }
}

/// The only histogram that a quantile is taken of, if the schema knows it.
pub(super) fn quantile_of<'a>(call: &Call, exported: Option<&'a Exported>) -> Option<Quantiled<'a>> {
    let exported = exported?;
    let mut found = None;
    let mut others = false;
    call.arguments.get(1)?.walk(&mut |expr| {
        let Some(selector) = super::selector_of(expr) else {
            return;
        };
        match exported.resolve(selector.metric().unwrap_or_default()) {
            Resolved::Series(family, Part::Bucket) if found.is_none() => {
                if let MetricKind::Histogram { bounds } | MetricKind::NativeHistogram { bounds } = &family.kind {
                    let name = &family.name;
                    found = Some(Quantiled { name, bounds });
                }
            }
            _ => others = true,
        }
    });
    found.filter(|_| !others)
}

fn binary_interval(binary: &Binary, lhs: Interval, rhs: Interval) -> Interval {
    match binary.op {
        _ if binary.returns_bool => Interval::RATIO,
        BinaryOp::Div if is_part_of_whole(&binary.lhs, &binary.rhs) => Interval::RATIO,
        op => lhs.combined(op, rhs),
    }
}

/// Whether both are the same sum of the same rate, but that the first selects fewer series: their ratio is at most 1.
pub(super) fn is_part_of_whole(part: &Expr, whole: &Expr) -> bool {
    match (&part.without_parens().kind, &whole.without_parens().kind) {
        (ExprKind::Aggregation(part), ExprKind::Aggregation(whole)) => {
            let same = part.op == whole.op && matches!(part.op, AggregationOp::Sum | AggregationOp::Count);
            same && part.grouping == whole.grouping && is_part_of_whole(&part.operand, &whole.operand)
        }
        (ExprKind::Call(part), ExprKind::Call(whole)) => {
            let sums = matches!(part.function.name, "rate" | "increase" | "irate");
            sums && part.function == whole.function && is_part_of_whole(&part.arguments[0], &whole.arguments[0])
        }
        (ExprKind::Range(part), ExprKind::Range(whole)) => {
            part.range == whole.range && selects_part(&part.selector, &whole.selector)
        }
        _ => false,
    }
}

/// Whether the first has all matchers of the second.
pub(super) fn selects_part(part: &Selector, whole: &Selector) -> bool {
    let own = |matchers: &[Matcher], matcher: &Matcher| matchers.contains(matcher);
    part.metric().is_some()
        && part.metric() == whole.metric()
        && part.modifiers == whole.modifiers
        && whole.matchers.iter().all(|matcher| own(&part.matchers, matcher))
}
