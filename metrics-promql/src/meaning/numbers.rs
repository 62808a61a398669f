//! The values of a result.

use crate::ast::{Aggregation, Expr, ExprKind, Matcher, Selector};
use crate::interval::Interval;
use crate::operator::{AggregationOp, BinaryOp};

/// Between which numbers values are, and what else they may be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Numbers {
    pub(crate) interval: Interval,
    pub(crate) nan: bool,
    /// Whether one may be infinite, rather than only as large as one likes.
    pub(crate) infinite: bool,
}

impl Numbers {
    /// Whatever a number can be.
    pub(super) const ANY: Self = Self {
        interval: Interval::ALL,
        nan: true,
        infinite: true,
    };
    pub(super) const RATIO: Self = Self::finite(Interval::RATIO);
    pub(super) const ONE: Self = Self::finite(Interval::ONE);
    pub(super) const POSITIVE: Self = Self::finite(Interval::POSITIVE);

    pub(super) const fn finite(interval: Interval) -> Self {
        Self {
            interval,
            nan: false,
            infinite: false,
        }
    }

    pub(crate) const fn one(value: f64) -> Self {
        let interval = if value.is_nan() {
            Interval::ALL
        } else {
            Interval::new(value, value)
        };
        Self {
            interval,
            nan: value.is_nan(),
            infinite: value.is_infinite(),
        }
    }

    const fn may_be(self, value: f64) -> bool {
        self.interval.least <= value && value <= self.interval.most
    }

    /// With other values, and not a number where these aren't.
    pub(super) const fn within(self, interval: Interval) -> Self {
        Self { interval, ..self }
    }

    /// Where computing with infinity gives what is not a number.
    pub(super) const fn nan_if_infinite(self) -> Self {
        Self {
            nan: self.nan || self.infinite,
            ..self
        }
    }

    pub(super) const fn or_nan(self) -> Self {
        Self { nan: true, ..self }
    }

    pub(super) const fn or_nan_if(self, nan: bool) -> Self {
        Self {
            nan: self.nan || nan,
            ..self
        }
    }

    pub(super) const fn negated(self) -> Self {
        self.within(self.interval.negated())
    }

    /// The sums of any number of values, but at least one.
    pub(super) const fn summed(self) -> Self {
        let opposite = self.infinite && self.interval.least < 0.0 && self.interval.most > 0.0;
        Self {
            interval: self.interval.summed(),
            nan: self.nan || opposite,
            ..self
        }
    }

    /// What is in one of both.
    pub(super) const fn either(self, other: Self) -> Self {
        Self {
            interval: self.interval.hull(other.interval),
            nan: self.nan || other.nan,
            infinite: self.infinite || other.infinite,
        }
    }

    /// What an operator makes of two values; for a comparison that filters, what it lets through.
    pub(super) fn combined(self, op: BinaryOp, other: Self) -> Self {
        let interval = self.interval.combined(op, other.interval);
        let (nan, infinite) = (self.nan || other.nan, self.infinite || other.infinite);
        match op {
            BinaryOp::Or => self.either(other),
            BinaryOp::And | BinaryOp::Unless => self,
            BinaryOp::NotEqual => self,
            _ if op.is_comparison() => Self {
                interval,
                nan: false,
                ..self
            },
            BinaryOp::Add | BinaryOp::Sub => Self {
                interval,
                nan: nan || (self.infinite && other.infinite),
                infinite,
            },
            BinaryOp::Mul => Self {
                interval,
                nan: nan || (self.infinite && other.may_be(0.0)) || (other.infinite && self.may_be(0.0)),
                infinite,
            },
            BinaryOp::Div => Self {
                interval,
                nan: nan || (self.may_be(0.0) && other.may_be(0.0)) || (self.infinite && other.infinite),
                infinite: infinite || other.may_be(0.0),
            },
            BinaryOp::Mod => Self {
                interval,
                nan: nan || self.infinite || other.may_be(0.0),
                infinite: false,
            },
            BinaryOp::Pow => Self {
                interval,
                nan: nan || self.interval.least < 0.0,
                infinite: true,
            },
            _ => Self {
                interval,
                nan,
                infinite: false,
            },
        }
    }

    /// Of values of which this one is at a position between 0 and 1.
    pub(super) const fn quantile(self, position: Self) -> Self {
        match position.interval {
            Interval { least: 0.0.., most } if most <= 1.0 && !position.nan => self.nan_if_infinite(),
            _ => Self::ANY,
        }
    }

    pub(super) fn aggregated(self, aggregation: &Aggregation, parameter: Option<Self>) -> Self {
        match aggregation.op {
            AggregationOp::Sum => self.summed(),
            AggregationOp::Avg => self.nan_if_infinite(),
            AggregationOp::Quantile => self.quantile(parameter.unwrap_or(Self::ANY)),
            // At least 1, but `> 0` is an idiom for "there is one".
            AggregationOp::Count | AggregationOp::CountValues => Self::POSITIVE,
            AggregationOp::Stddev | AggregationOp::Stdvar => self.nan_if_infinite().within(Interval::POSITIVE),
            AggregationOp::Group => Self::ONE,
            AggregationOp::Min
            | AggregationOp::Max
            | AggregationOp::Topk
            | AggregationOp::Bottomk
            | AggregationOp::Limitk
            | AggregationOp::LimitRatio => self,
        }
    }

    /// What a function makes of its arguments, as far as that takes nothing else.
    pub(super) fn called(name: &str, argument: impl Fn(usize) -> Self) -> Self {
        let interval = |least, most| Self::finite(Interval::new(least, most));
        let first = || argument(0);
        let monotone = |least: f64, most: f64| first().within(Interval::new(least, most));
        match name {
            "resets" | "changes" | "count_over_time" | "time" | "timestamp" => Self::POSITIVE,
            "abs" => first().within(Interval::POSITIVE),
            "exp" => Self {
                infinite: true,
                ..first().within(Interval::POSITIVE)
            },
            "sqrt" => Self {
                nan: first().nan || first().interval.least < 0.0,
                ..first().within(Interval::POSITIVE)
            },
            "absent" | "absent_over_time" | "present_over_time" => Self::ONE,
            "histogram_fraction" => Self::RATIO.or_nan(),
            "sgn" => interval(-1.0, 1.0).either_nan(first()),
            "hour" => interval(0.0, 23.0),
            "minute" => interval(0.0, 59.0),
            "day_of_week" => interval(0.0, 6.0),
            "day_of_month" => interval(1.0, 31.0),
            "day_of_year" => interval(1.0, 366.0),
            "days_in_month" => interval(28.0, 31.0),
            "month" => interval(1.0, 12.0),
            "pi" => Self::one(std::f64::consts::PI),
            "floor" => monotone(first().interval.least.floor(), first().interval.most.floor()),
            "ceil" => monotone(first().interval.least.ceil(), first().interval.most.ceil()),
            "clamp_min" | "clamp_max" | "clamp" => {
                let at = |at| argument(at).interval;
                let [least, most] = match name {
                    "clamp_min" => [at(1), Interval::new(f64::INFINITY, f64::INFINITY)],
                    "clamp_max" => [Interval::new(f64::NEG_INFINITY, f64::NEG_INFINITY), at(1)],
                    _ => [at(1), at(2)],
                };
                let clamped = Interval::new(
                    first().interval.least.min(most.least).max(least.least),
                    first().interval.most.min(most.most).max(least.most),
                );
                let others = [argument(1), argument(2)];
                let count = if name == "clamp" { 2 } else { 1 };
                others[..count]
                    .iter()
                    .fold(first(), |all, other| Self {
                        nan: all.nan || other.nan,
                        infinite: all.infinite || other.infinite,
                        ..all
                    })
                    .within(clamped)
            }
            "stddev_over_time" | "stdvar_over_time" | "mad_over_time" => {
                first().nan_if_infinite().within(Interval::POSITIVE)
            }
            "avg_over_time" => first().nan_if_infinite(),
            "sum_over_time" => first().summed(),
            "delta" | "idelta" | "deriv" | "predict_linear" => first().nan_if_infinite().within(Interval::ALL),
            "quantile_over_time" => argument(1).quantile(first()),
            name if keeps_values(name) => first(),
            _ => Self::ANY,
        }
    }

    const fn either_nan(self, other: Self) -> Self {
        Self {
            nan: self.nan || other.nan,
            ..self
        }
    }
}

/// Whether a function's values are among those of its first argument.
pub(crate) fn keeps_values(function: &str) -> bool {
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

/// The other way round: `0 < x` is `x > 0`.
pub(crate) const fn mirrored(op: BinaryOp) -> BinaryOp {
    match op {
        BinaryOp::Greater => BinaryOp::Less,
        BinaryOp::Less => BinaryOp::Greater,
        BinaryOp::GreaterOrEqual => BinaryOp::LessOrEqual,
        BinaryOp::LessOrEqual => BinaryOp::GreaterOrEqual,
        other => other,
    }
}

/// Whether the buckets that a quantile is taken of keep their bounds, and the quantile is between 0 and 1.
pub(crate) fn is_plain_quantile(quantile: &Expr, buckets: &Expr) -> bool {
    let is_position = match &quantile.without_parens().kind {
        ExprKind::Number(number) => (0.0..=1.0).contains(&number.value),
        _ => false,
    };
    let mut keeps = true;
    buckets.walk(&mut |part| {
        keeps &= match &part.kind {
            ExprKind::Call(call) => !matches!(call.function.name, "label_replace" | "label_join" | "info"),
            ExprKind::Aggregation(aggregation) => aggregation.op != AggregationOp::CountValues,
            ExprKind::Binary(binary) => binary.matching.as_ref().is_none_or(|matching| matching.group.is_none()),
            _ => true,
        };
    });
    is_position && keeps
}

/// Whether both are the same sum of the same rate, but that the first selects fewer series: their ratio is at most 1,
/// if rates are not negative.
pub(crate) fn is_part_of_whole(part: &Expr, whole: &Expr) -> bool {
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
pub(crate) fn selects_part(part: &Selector, whole: &Selector) -> bool {
    let own = |matchers: &[Matcher], matcher: &Matcher| matchers.contains(matcher);
    part.metric().is_some()
        && part.metric() == whole.metric()
        && part.modifiers == whole.modifiers
        && whole.matchers.iter().all(|matcher| own(&part.matchers, matcher))
}
