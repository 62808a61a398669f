//! What is known of an expression before it is evaluated: one interpretation that everything else asks.

#[cfg_attr(not(feature = "schema"), path = "unknown.rs")]
mod exported;
mod labels;
mod memo;
mod numbers;
mod unit;

use std::rc::Rc;

pub use self::labels::Labels;
pub use self::unit::Unit;

pub(crate) use self::exported::Exported;
#[cfg(feature = "schema")]
pub(crate) use self::exported::Resolved;
pub(crate) use self::labels::is_compared;
pub(crate) use self::memo::Memo;
pub(crate) use self::numbers::{Numbers, is_part_of_whole, is_plain_quantile, keeps_values, mirrored, selects_part};

use crate::ast::{Aggregation, Binary, Call, Expr, ExprKind, Group, GroupingKind, Matcher, Modifiers, Selector, Side};
use crate::both::both;
use crate::interval::Interval;
use crate::operator::{AggregationOp, BinaryOp, MatchOp, Sign};
use crate::types::ValueType;

/// What is known of the result of an expression; from [`Linter::facts`](crate::Linter::facts).
///
/// Each value, each label and each value of a label that a Prometheus finds is among those that are possible here, as
/// long as it scrapes what the schema says, each target all the time.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Facts {
    /// What the expression gives.
    pub value_type: ValueType,
    /// What kind of number its values are.
    pub nature: Nature,
    /// What they count, if that is known.
    pub unit: Option<Unit>,
    /// Its labels, without the metric's name, and their values.
    pub labels: Labels,
    /// Between which numbers all its values are that are numbers.
    pub interval: Interval,
    /// Whether a value may be no number.
    pub may_be_nan: bool,
    /// Whether a value may be infinite, rather than only large.
    pub may_be_infinite: bool,
    /// Whether there may be no series in it.
    pub may_be_empty: bool,
    /// How many samples each series of a range has at least.
    samples: f64,
    /// Whether its series are the same at any time.
    is_steady: bool,
    /// Whether series with each combination of the values that labels can have are there, if any are.
    is_complete: bool,
}

/// What kind of number the values of a result are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Nature {
    /// Nobody knows.
    Unknown,
    /// A number that only rises, but for restarts.
    Counter,
    /// A number that rises and falls.
    Gauge,
    /// Counters of what is at most `le`.
    Buckets,
    /// 1, with labels that say something.
    Info,
    /// 1 for the state that holds, 0 for the others.
    State,
    /// How fast something changes, per second.
    Rate,
    /// How much something changed.
    Increase,
    /// A quantile.
    Quantile,
    /// A part of its whole, from 0 to 1.
    Ratio,
    /// 0 or 1: what a comparison with `bool` gives.
    Truth,
    /// How many there are.
    Count,
    /// Seconds since 1970.
    Time,
}

/// What Prometheus gives to all that it scrapes, if nobody changes it.
pub(crate) const TARGET_LABELS: &[&str] = &["job", "instance"];

/// How often Prometheus scrapes and evaluates, if nobody changes it, in seconds.
const INTERVAL: f64 = 60.0;

/// For how long Prometheus takes the last sample for the current one, in seconds.
const LOOKBACK: f64 = 300.0;

impl Facts {
    fn new(value_type: ValueType) -> Self {
        Self {
            value_type,
            nature: Nature::Unknown,
            unit: None,
            labels: Labels::default(),
            interval: Interval::ALL,
            may_be_nan: true,
            may_be_infinite: true,
            may_be_empty: true,
            samples: 0.0,
            is_steady: true,
            is_complete: false,
        }
    }

    /// A label of which there is more than one value for all that `is_compared`, and how many there are.
    pub(crate) fn several(&self, is_compared: impl Fn(&str) -> bool) -> Option<(&str, usize)> {
        let values = self
            .labels
            .values
            .iter()
            .map(|(label, values)| (label.as_str(), values.len()));
        let mut several =
            values.filter(|(label, count)| *count > 1 && self.labels.must_have(label) && !is_compared(label));
        several.next().filter(|_| self.is_complete)
    }

    /// One number.
    fn scalar(numbers: Numbers) -> Self {
        Self {
            labels: Labels::none(),
            may_be_empty: false,
            ..Self::new(ValueType::Scalar).with(numbers)
        }
    }

    fn with(self, numbers: Numbers) -> Self {
        Self {
            interval: numbers.interval,
            may_be_nan: numbers.nan,
            may_be_infinite: numbers.infinite,
            ..self
        }
    }

    pub(crate) const fn numbers(&self) -> Numbers {
        Numbers {
            interval: self.interval,
            nan: self.may_be_nan,
            infinite: self.may_be_infinite,
        }
    }
}

impl Expr {
    /// Which labels its result has, as far as the expression alone says.
    ///
    /// ```
    /// use enumetrics_promql::parse;
    ///
    /// let labels = parse("sum by (job, code) (rate(hits_total[5m])) / on (job) sum by (job) (x)")?.labels();
    /// assert_eq!(labels.known().unwrap().collect::<Vec<_>>(), ["job"]);
    /// assert!(parse("rate(hits_total[5m])")?.labels().known().is_none());
    /// # Ok::<(), enumetrics_promql::Error>(())
    /// ```
    #[must_use]
    pub fn labels(&self) -> Labels {
        Interpreter::new(None, TARGET_LABELS).of(self).labels.clone()
    }
}

/// Interprets expressions, each part once: a chain of operators asks for its beginning again and again.
pub(crate) struct Interpreter<'a> {
    exported: Option<&'a Exported>,
    /// What targets have, where nothing is known of what is exported.
    target_labels: &'a [&'a str],
    scrape_interval: f64,
    known: Memo<Facts>,
}

impl<'a> Interpreter<'a> {
    pub(crate) fn new(exported: Option<&'a Exported>, target_labels: &'a [&'a str]) -> Self {
        Self {
            exported,
            target_labels,
            scrape_interval: INTERVAL,
            known: Memo::default(),
        }
    }

    pub(crate) fn scraped_every(self, seconds: Option<f64>) -> Self {
        Self {
            scrape_interval: seconds.unwrap_or(INTERVAL),
            ..self
        }
    }

    /// What is known of an expression, which must live as long as this does.
    pub(crate) fn of(&self, expr: &Expr) -> Rc<Facts> {
        self.known.of(expr, &|expr| match &expr.kind {
            ExprKind::Paren(inner) | ExprKind::Unary(Sign::Plus, inner) => self.of(inner),
            _ => Rc::new(self.interpret(expr)),
        })
    }

    fn interpret(&self, expr: &Expr) -> Facts {
        match &expr.kind {
            ExprKind::Number(number) => Facts {
                unit: number.is_duration.then(|| Unit::named("seconds")),
                ..Facts::scalar(Numbers::one(number.value))
            },
            ExprKind::String(_) => Facts {
                value_type: ValueType::String,
                ..Facts::scalar(Numbers::ANY)
            },
            ExprKind::Selector(selector) => {
                let facts = self.selector(selector);
                Facts {
                    may_be_empty: facts.may_be_empty || self.scrape_interval > LOOKBACK,
                    ..facts
                }
            }
            ExprKind::Range(range) => Facts {
                value_type: ValueType::RangeVector,
                samples: (range.range.seconds() / self.scrape_interval).floor(),
                ..self.selector(&range.selector)
            },
            ExprKind::Subquery(subquery) => {
                let step = subquery.step.as_ref().map_or(INTERVAL, |step| step.seconds());
                let operand = self.of(&subquery.operand);
                Facts {
                    value_type: ValueType::RangeVector,
                    samples: match operand.is_steady {
                        true => (subquery.range.seconds() / step).floor(),
                        false => 0.0,
                    },
                    may_be_empty: operand.may_be_empty || subquery.modifiers != Modifiers::default(),
                    ..(*operand).clone()
                }
            }
            ExprKind::Paren(inner) | ExprKind::Unary(Sign::Plus, inner) => (*self.of(inner)).clone(),
            ExprKind::Unary(Sign::Minus, inner) => {
                let facts = (*self.of(inner)).clone();
                let numbers = facts.numbers().negated();
                facts.with(numbers)
            }
            ExprKind::Aggregation(aggregation) => self.aggregation(aggregation),
            ExprKind::Call(call) => self.call(call),
            ExprKind::Binary(binary) => self.binary(binary),
        }
    }

    fn selector(&self, selector: &Selector) -> Facts {
        let name = selector.metric().unwrap_or_default();
        let mut facts = Facts {
            unit: (!name.contains(':')).then(|| Unit::of_name(name)).flatten(),
            ..Facts::new(ValueType::InstantVector)
        };
        if let Some(exported) = self.exported
            && let Some(known) = exported.facts(selector, &facts)
        {
            facts = known;
        } else {
            // What a recording rule or an alert has is for that to say; all else was scraped.
            if !name.is_empty() && !name.contains(':') && !is_of_alerts(name) {
                facts.labels.has = self.target_labels.iter().copied().map(str::to_owned).collect();
            }
            facts.labels.select(selector);
            if let Some(stem) = ["_bucket", "_count"].iter().find_map(|part| name.strip_suffix(part)) {
                facts.unit = Unit::of_name(stem).map(|_| Unit::none());
            } else if let Some(stem) = name.strip_suffix("_sum") {
                facts.unit = Unit::of_name(stem);
            }
        }
        if name == "up" {
            facts = facts.with(Numbers::RATIO);
        }
        let is_gauge = matches!(facts.nature, Nature::Unknown | Nature::Gauge);
        if is_gauge
            && ["_timestamp_seconds", "_timestamp", "_start_time_seconds"]
                .iter()
                .any(|end| name.ends_with(end))
        {
            facts.nature = Nature::Time;
        }
        facts
    }

    fn aggregation(&self, aggregation: &Aggregation) -> Facts {
        let operand = self.of(&aggregation.operand);
        let parameter = aggregation.parameter.as_ref().map(|parameter| self.of(parameter));
        let numbers = operand
            .numbers()
            .aggregated(aggregation, parameter.as_ref().map(|facts| facts.numbers()));
        let op = aggregation.op;
        let chooses = chooses(op);
        let mut facts = Facts {
            value_type: ValueType::InstantVector,
            may_be_empty: operand.may_be_empty
                || chooses && !(op != AggregationOp::LimitRatio && parameter.is_some_and(|k| k.interval.least >= 1.0)),
            is_steady: operand.is_steady && !chooses && op != AggregationOp::CountValues,
            ..(*operand).clone()
        }
        .with(numbers);
        match op {
            AggregationOp::Count | AggregationOp::Group | AggregationOp::CountValues => {
                facts.nature = Nature::Count;
                facts.unit = Some(Unit::none());
            }
            AggregationOp::Stdvar => facts.unit = None,
            _ => {}
        }
        if chooses {
            facts.is_complete = false;
            return facts;
        }
        facts.labels = match &aggregation.grouping {
            None => Labels::none(),
            Some(grouping) if grouping.kind == GroupingKind::By => operand.labels.keep(&grouping.labels),
            Some(grouping) => {
                for label in &grouping.labels {
                    facts.labels.remove(&label.name);
                }
                facts.labels
            }
        };
        if let Some(label) = counted_label(aggregation) {
            facts.labels.add(label);
        }
        facts
    }

    fn call(&self, call: &Call) -> Facts {
        let name = call.function.name;
        let argument = |at: usize| {
            let facts = call.arguments.get(at).map(|argument| self.of(argument));
            facts.map_or(Numbers::ANY, |facts| facts.numbers())
        };
        let returns = call.function.returns;
        let Some(vector) = vector_of(call) else {
            // `time()`, `vector(1)`, `hour()`
            let facts = Facts::scalar(Numbers::called(name, argument));
            let is_time = name == "time";
            return Facts {
                value_type: returns,
                nature: if is_time { Nature::Time } else { Nature::Unknown },
                unit: is_time.then(|| Unit::named("seconds")),
                ..facts
            };
        };
        let operand = self.of(vector);
        let of_range = operand.value_type == ValueType::RangeVector;
        let needed = match name {
            "rate"
            | "increase"
            | "irate"
            | "delta"
            | "idelta"
            | "deriv"
            | "predict_linear"
            | "double_exponential_smoothing" => 2.0,
            _ => 1.0,
        };
        let mut facts = Facts {
            value_type: returns,
            nature: Nature::Unknown,
            unit: None,
            may_be_empty: operand.may_be_empty || of_range && operand.samples < needed,
            ..(*operand).clone()
        }
        .with(self.values(call, vector, argument));
        match name {
            "rate" | "irate" | "deriv" => {
                facts.nature = Nature::Rate;
                facts.unit = operand.unit.as_ref().map(Unit::per_second);
            }
            "increase" | "delta" | "idelta" => {
                facts.nature = Nature::Increase;
                facts.unit.clone_from(&operand.unit);
            }
            "histogram_quantile" => {
                facts.nature = Nature::Quantile;
                facts.unit = self.unit_of_bounds(vector);
                facts.labels.remove("le");
                // Of what has no `le`, or is no native histogram, there is none.
                facts.may_be_empty |= !operand.labels.must_have("le");
            }
            "timestamp" => {
                facts.nature = Nature::Time;
                facts.unit = Some(Unit::named("seconds"));
            }
            "resets" | "changes" | "count_over_time" => {
                facts.nature = Nature::Count;
                facts.unit = Some(Unit::none());
            }
            "scalar" => {
                // Of none, and of several, it is not a number.
                let single = operand.labels.may.as_ref().is_some_and(|labels| labels.is_empty());
                let numbers = operand.numbers();
                let numbers = if single && !operand.may_be_empty {
                    numbers
                } else {
                    numbers.or_nan()
                };
                return Facts {
                    nature: operand.nature,
                    unit: operand.unit.clone(),
                    ..Facts::scalar(numbers)
                };
            }
            "absent" | "absent_over_time" => {
                facts.labels = labels_when_absent(vector);
                facts.is_complete = false;
                facts.may_be_empty = true;
            }
            "label_replace" | "label_join" => {
                if let Some((label, replaced)) = Replaced::by(call) {
                    let was_there = facts.labels.must_have(label);
                    facts.labels.perhaps(label);
                    if replaced == Replaced::Always || replaced == Replaced::Kept && was_there {
                        facts.labels.add(label);
                    }
                }
            }
            "info" => {
                facts.labels = Labels::default();
                facts.is_complete = false;
            }
            "clamp" => {
                // It gives nothing if they are the wrong way round.
                let [least, most] = [argument(1).interval, argument(2).interval];
                facts.may_be_empty |= least.most > most.least || argument(1).nan || argument(2).nan;
            }
            "histogram_avg" | "histogram_count" | "histogram_sum" | "histogram_stddev" | "histogram_stdvar"
            | "histogram_fraction" => facts.may_be_empty = true,
            _ => {}
        }
        if keeps_unit(name) && facts.nature != Nature::Increase {
            facts.unit.clone_from(&operand.unit);
            facts.nature = operand.nature;
        }
        facts
    }

    fn values(&self, call: &Call, vector: &Expr, argument: impl Fn(usize) -> Numbers) -> Numbers {
        match call.function.name {
            "rate" | "increase" | "irate" => {
                let operand = self.of(vector);
                let rises = match &vector.without_parens().kind {
                    // Its being rated says so, where nothing else does.
                    ExprKind::Range(range) => self.exported.is_none_or(|exported| exported.may_rise(&range.selector)),
                    _ => false,
                };
                let interval = match rises || operand.interval.least >= 0.0 {
                    true => Interval::POSITIVE,
                    false => Interval::ALL,
                };
                operand.numbers().nan_if_infinite().within(interval)
            }
            "histogram_quantile" => {
                let [quantile, buckets] = call.arguments.as_slice() else {
                    return Numbers::ANY;
                };
                match self.exported.and_then(|exported| exported.quantiles(buckets)) {
                    Some(interval) if is_plain_quantile(quantile, buckets) => Numbers::finite(interval).or_nan(),
                    _ => Numbers::ANY,
                }
            }
            "round" => {
                let nearest = if call.arguments.len() > 1 {
                    argument(1).interval
                } else {
                    Interval::ONE
                };
                let (least, most) = (argument(0).interval.least, argument(0).interval.most);
                let away = nearest.least.abs().max(nearest.most.abs());
                let rounded = match away == 1.0 {
                    true => Interval::new(least.floor(), most.ceil()),
                    false => Interval::new(least - away, most + away),
                };
                argument(0).or_nan_if(call.arguments.len() > 1).within(rounded)
            }
            name => Numbers::called(name, argument),
        }
    }

    fn unit_of_bounds(&self, buckets: &Expr) -> Option<Unit> {
        let mut units = Vec::new();
        buckets.walk(&mut |expr| {
            if let Some(selector) = selector_of(expr) {
                let name = selector.metric().unwrap_or_default();
                let stem = name.strip_suffix("_bucket").unwrap_or(name);
                units.push(match self.exported {
                    Some(exported) => exported.unit(stem),
                    None => Unit::of_name(stem),
                });
            }
        });
        match units.as_slice() {
            [unit] => unit.clone(),
            _ => None,
        }
    }

    fn binary(&self, binary: &Binary) -> Facts {
        let [lhs, rhs] = both([&binary.lhs, &binary.rhs], |side| self.of(side));
        let is_scalar = both([&lhs, &rhs], |side| side.value_type == ValueType::Scalar);
        let filters = binary.op.is_comparison() && !binary.returns_bool;
        // A comparison lets series through, on whichever side they stand.
        let numbers = match binary.op {
            _ if binary.returns_bool => Numbers::RATIO,
            op if filters && is_scalar == [true, false] => rhs.numbers().combined(mirrored(op), lhs.numbers()),
            BinaryOp::Div if self.is_ratio(binary) => Numbers::RATIO.or_nan(),
            op => lhs.numbers().combined(op, rhs.numbers()),
        };
        let unlabelled = [&lhs, &rhs]
            .iter()
            .all(|side| side.labels.may.as_ref().is_some_and(|may| may.is_empty()));
        // Series that have labels may have others on the other side.
        let meets = is_scalar.contains(&true) || unlabelled;
        let may_be_empty = match binary.op {
            BinaryOp::Or => lhs.may_be_empty && rhs.may_be_empty,
            BinaryOp::Unless => true,
            op => {
                let holds = !filters || lhs.interval.compared(op, rhs.interval) == Some(true);
                let numbers = !lhs.may_be_nan && !rhs.may_be_nan;
                lhs.may_be_empty || rhs.may_be_empty || !meets || !holds || filters && !numbers
            }
        };
        Facts {
            value_type: if is_scalar == [true, true] {
                ValueType::Scalar
            } else {
                ValueType::InstantVector
            },
            nature: match binary.op {
                _ if binary.returns_bool => Nature::Truth,
                BinaryOp::Div if numbers.interval == Interval::RATIO => Nature::Ratio,
                op if op.is_set() || filters => {
                    if is_scalar[0] {
                        rhs.nature
                    } else {
                        lhs.nature
                    }
                }
                _ => Nature::Unknown,
            },
            unit: unit_of_binary(binary, &lhs, &rhs),
            labels: labels_of_binary(binary, &lhs, &rhs),
            may_be_empty,
            is_steady: lhs.is_steady && rhs.is_steady && !binary.op.is_set(),
            is_complete: is_scalar.contains(&true) && !filters && (lhs.is_complete || rhs.is_complete),
            ..Facts::new(ValueType::InstantVector).with(numbers)
        }
    }

    /// Whether it divides a part by its whole.
    fn is_ratio(&self, binary: &Binary) -> bool {
        is_part_of_whole(&binary.lhs, &binary.rhs) && self.of(&binary.rhs).interval.least >= 0.0
    }
}

fn labels_of_binary(binary: &Binary, lhs: &Facts, rhs: &Facts) -> Labels {
    let is_scalar = |facts: &Facts| facts.value_type == ValueType::Scalar;
    if is_scalar(lhs) {
        return rhs.labels.clone();
    }
    if is_scalar(rhs) || binary.op == BinaryOp::Unless {
        return lhs.labels.clone();
    }
    if binary.op == BinaryOp::Or {
        return lhs.labels.clone().either(rhs.labels.clone());
    }
    let group = binary.matching.as_ref().and_then(|matching| matching.group.as_ref());
    let (many, one) = match group {
        Some(Group { side: Side::Right, .. }) => (rhs, lhs),
        _ => (lhs, rhs),
    };
    let mut labels = many.labels.clone();
    labels.matched(&one.labels, binary);
    match (&binary.matching, group) {
        _ if binary.op == BinaryOp::And => {}
        (None, _) => {}
        (Some(_), Some(group)) => {
            for label in group.labels.iter().map(|label| &label.name) {
                // Where the one side lacks it, it is gone.
                labels.perhaps(label);
                if let Some(values) = one.labels.values.get(label) {
                    labels.values.insert(label, values.clone());
                }
            }
        }
        (Some(matching), None) if matching.kind == crate::ast::MatchingKind::On => {
            labels = labels.keep(&matching.labels);
        }
        (Some(matching), None) => {
            for label in &matching.labels {
                labels.remove(&label.name);
            }
        }
    }
    labels
}

fn unit_of_binary(binary: &Binary, lhs: &Facts, rhs: &Facts) -> Option<Unit> {
    let is_number = |facts: &Facts| facts.value_type == ValueType::Scalar && facts.unit.is_none();
    match binary.op {
        _ if binary.returns_bool => None,
        BinaryOp::Mul | BinaryOp::Div => {
            // By a large number one unit becomes another, as seconds do milliseconds.
            let keeps = |facts: &Facts| is_number(facts) && facts.interval.least > 0.125 && facts.interval.most < 8.0;
            match (&lhs.unit, &rhs.unit) {
                (Some(own), Some(other)) => Some(own.combined(binary.op, other)),
                (Some(own), None) if keeps(rhs) => Some(own.clone()),
                (None, Some(other)) if keeps(lhs) && binary.op == BinaryOp::Mul => Some(other.clone()),
                _ => None,
            }
        }
        BinaryOp::Mod => lhs.unit.clone(),
        BinaryOp::Pow | BinaryOp::Atan2 => None,
        _ => match (&lhs.unit, &rhs.unit) {
            (Some(own), Some(other)) if own == other => Some(own.clone()),
            (Some(own), None) if is_number(rhs) => Some(own.clone()),
            (None, Some(other)) if is_number(lhs) => Some(other.clone()),
            _ => None,
        },
    }
}

/// What `label_replace` makes of its label: a text that comes out empty removes it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Replaced {
    /// It is there.
    Always,
    /// It is there if it was before.
    Kept,
    Perhaps,
}

impl Replaced {
    /// Of `label_replace(v, label, replacement, source, pattern)` and of `label_join(v, label, separator, …)`, which
    /// label, and what becomes of it.
    pub(crate) fn by(call: &Call) -> Option<(&str, Self)> {
        let text = |at: usize| match call.arguments.get(at).map(|argument| &argument.kind) {
            Some(ExprKind::String(text)) => Some(text.as_str()),
            _ => None,
        };
        let replaced = match call.function.name {
            "label_join" => Self::Perhaps,
            "label_replace" => {
                let (replacement, pattern) = (text(2)?, text(4)?);
                match replacement.is_empty() || replacement.contains('$') {
                    true => Self::Perhaps,
                    false if matches!(pattern, ".*" | "(.*)") => Self::Always,
                    false => Self::Kept,
                }
            }
            _ => return None,
        };
        Some((text(1)?, replaced))
    }
}

/// Whether a function's values count what those of its vector do.
pub(crate) fn keeps_unit(function: &str) -> bool {
    keeps_values(function)
        || matches!(
            function,
            "abs"
                | "ceil"
                | "floor"
                | "round"
                | "clamp"
                | "clamp_min"
                | "clamp_max"
                | "increase"
                | "delta"
                | "idelta"
                | "sum_over_time"
                | "quantile_over_time"
                | "stddev_over_time"
                | "predict_linear"
        )
}

/// The labels that are matched with `=`, and by nothing else.
pub(crate) fn labels_when_absent(vector: &Expr) -> Labels {
    let mut labels = Labels::none();
    let Some(selector) = selector_of(vector.without_parens()) else {
        return labels;
    };
    for matcher in selector
        .matchers
        .iter()
        .filter(|matcher| matcher.label.name != Matcher::METRIC)
    {
        let name = &matcher.label.name;
        if selector
            .matchers
            .iter()
            .filter(|other| other.label.name == *name)
            .count()
            == 1
            && matcher.op == MatchOp::Equal
            && !matcher.value.is_empty()
        {
            labels.add(name);
            labels
                .values
                .insert(name, [matcher.value.clone()].into_iter().collect());
        } else if matcher.op == MatchOp::Equal {
            labels.perhaps(name);
        }
    }
    labels
}

/// Whether an aggregation leaves series as they are, but not all.
pub(crate) const fn chooses(op: AggregationOp) -> bool {
    matches!(
        op,
        AggregationOp::Topk | AggregationOp::Bottomk | AggregationOp::Limitk | AggregationOp::LimitRatio
    )
}

/// The label that `count_values` gives: none if `without` removes it again.
pub(crate) fn counted_label(aggregation: &Aggregation) -> Option<&str> {
    let ExprKind::String(label) = &aggregation.parameter.as_ref()?.kind else {
        return None;
    };
    let without = aggregation
        .grouping
        .as_ref()
        .filter(|by| by.kind == GroupingKind::Without);
    let is_removed = without.is_some_and(|without| without.labels.iter().any(|other| other.name == *label));
    (!is_removed).then_some(label)
}

/// The argument whose series a function's result has.
pub(crate) fn vector_of(call: &Call) -> Option<&Expr> {
    let is_vector = |expr: &&Expr| matches!(expr.value_type(), ValueType::InstantVector | ValueType::RangeVector);
    call.arguments.iter().find(is_vector)
}

/// The selector that an expression is, with or without a range.
pub(crate) fn selector_of(expr: &Expr) -> Option<&Selector> {
    match &expr.kind {
        ExprKind::Selector(selector) => Some(selector),
        ExprKind::Range(range) => Some(&range.selector),
        _ => None,
    }
}

/// Whether the series of this name have labels that no declaration tells.
pub(crate) fn is_of_alerts(name: &str) -> bool {
    matches!(name, "ALERTS" | "ALERTS_FOR_STATE")
}
