//! What an expression gives where nothing changes: counters rise at a constant rate since time 0, and everything else has
//! one value. Enough to know when an alert fires, and small enough to be believed; promtool has the last word.

use std::collections::BTreeMap;

use enumetrics_promql::{
    Aggregation, AggregationOp, Binary, BinaryOp, Call, Duration, Expr, ExprKind, Grouping, GroupingKind, MatchOp,
    Matcher, MatchingKind, Regex, Selector, Side, Sign,
};

use super::observed::Observed;

pub(super) type LabelMap = BTreeMap<String, String>;

/// A series of which all is known.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Series {
    pub(super) name: String,
    pub(super) labels: LabelMap,
    pub(super) course: Course,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Course {
    /// So much more each minute, from 0 on.
    Rises(f64),
    Stays(f64),
    /// A gauge that begins with this, and is so much more each minute.
    Grows(f64, f64),
    /// So many more each minute, all of this value, of a native histogram.
    Observes(f64, f64),
}

/// What rules record under one name: each with its expression and the labels it adds.
pub(super) type Records = BTreeMap<String, Vec<(Expr, LabelMap)>>;

#[derive(Clone, Debug)]
enum Value {
    Scalar(f64),
    Vector(Vec<Sample>),
    Histograms(Vec<(LabelMap, Observed)>),
}

type Sample = (LabelMap, f64);

/// All that can be looked at, some seconds after time 0.
pub(super) struct Steady<'a> {
    pub(super) series: &'a [Series],
    pub(super) records: &'a Records,
    pub(super) now: f64,
    /// Whether something was nearly equal to what it was compared with, so that it may be otherwise in truth.
    is_close: std::cell::Cell<bool>,
}

/// From one evaluation of a rule, and from one sample, to the next.
const STEP: f64 = 60.0;

impl<'a> Steady<'a> {
    pub(super) fn new(series: &'a [Series], records: &'a Records, now: f64) -> Self {
        Self {
            series,
            records,
            now,
            is_close: std::cell::Cell::new(false),
        }
    }

    /// The labels of the results; nothing where it is too close to say.
    pub(super) fn labels(&self, expr: &Expr) -> Result<Option<Vec<LabelMap>>, String> {
        self.is_close.set(false);
        let mut labels: Vec<_> = self.vector(expr)?.into_iter().map(|(labels, _)| labels).collect();
        labels.sort();
        Ok((!self.is_close.get()).then_some(labels))
    }

    /// What a rule records.
    pub(super) fn recorded(&self, (expr, added): &(Expr, LabelMap)) -> Result<Vec<(LabelMap, f64)>, String> {
        let mut samples = self.vector(expr)?;
        samples.iter_mut().for_each(|(labels, _)| labels.extend(added.clone()));
        Ok(samples)
    }

    fn value(&self, expr: &Expr) -> Result<Value, String> {
        Ok(match &expr.kind {
            ExprKind::Number(number) => Value::Scalar(number.value),
            ExprKind::Selector(selector) => match &selector.modifiers.offset {
                Some(offset) => {
                    let mut now = selector.clone();
                    now.modifiers.offset = None;
                    self.earlier(offset, &|then| {
                        then.value(&of_kind(expr, ExprKind::Selector(now.clone())))
                    })?
                }
                None => self.selected(selector, &|series| series.course.at(self.now))?,
            },
            ExprKind::Paren(inner) | ExprKind::Unary(Sign::Plus, inner) => self.value(inner)?,
            ExprKind::Unary(Sign::Minus, inner) => match self.value(inner)? {
                Value::Scalar(number) => Value::Scalar(-number),
                Value::Vector(samples) => Value::Vector(each(samples, |value| -value)),
                Value::Histograms(all) => Value::Histograms(each(all, |one| one.times(-1.0))),
            },
            ExprKind::Binary(binary) => self.binary(binary)?,
            ExprKind::Aggregation(aggregation) => self.aggregation(aggregation)?,
            ExprKind::Call(call) => self.call(call)?,
            ExprKind::String(_) | ExprKind::Range(_) | ExprKind::Subquery(_) => {
                return Err(format!("`{expr}` is not understood here"));
            }
        })
    }

    fn vector(&self, expr: &Expr) -> Result<Vec<Sample>, String> {
        samples(self.value(expr)?, expr)
    }

    fn scalar(&self, expr: &Expr) -> Result<f64, String> {
        match self.value(expr)? {
            Value::Scalar(number) => Ok(number),
            Value::Vector(_) | Value::Histograms(_) => Err(format!("`{expr}` is no number")),
        }
    }

    /// What it was then.
    fn earlier(&self, offset: &Duration, value: &dyn Fn(&Self) -> Result<Value, String>) -> Result<Value, String> {
        let then = Self::new(self.series, self.records, self.now - offset.seconds());
        if then.now <= 0.0 {
            return Ok(Value::Vector(Vec::new()));
        }
        let value = value(&then);
        self.is_close.set(self.is_close.get() || then.is_close.get());
        value
    }

    fn selected(&self, selector: &Selector, value: &dyn Fn(&Series) -> f64) -> Result<Value, String> {
        if selector.modifiers.at.is_some() {
            return Err("it looks at another time".to_owned());
        }
        let name = selector.metric().unwrap_or_default();
        let (mut samples, mut histograms) = (Vec::new(), Vec::new());
        for (expr, added) in self.records.get(name).into_iter().flatten() {
            let recorded = |mut own: LabelMap| -> Result<Option<LabelMap>, String> {
                own.extend(added.clone());
                Ok(matches_all(&selector.matchers, &own)?.then_some(own))
            };
            match self.value(expr)? {
                Value::Scalar(number) => samples.extend(recorded(LabelMap::new())?.map(|own| (own, number))),
                Value::Vector(all) => {
                    for (own, value) in all {
                        samples.extend(recorded(own)?.map(|own| (own, value)));
                    }
                }
                Value::Histograms(all) => {
                    for (own, value) in all {
                        histograms.extend(recorded(own)?.map(|own| (own, value)));
                    }
                }
            }
        }
        for series in self.series.iter().filter(|series| series.name == name) {
            if matches_all(&selector.matchers, &series.labels)? {
                let (labels, value) = (series.labels.clone(), value(series));
                match series.course {
                    Course::Observes(_, at) => histograms.push((labels, Observed::of(at, value))),
                    _ => samples.push((labels, value)),
                }
            }
        }
        Ok(match histograms.is_empty() {
            true => Value::Vector(samples),
            false => Value::Histograms(histograms),
        })
    }

    fn call(&self, call: &Call) -> Result<Value, String> {
        let name = call.function.name;
        let argument = |at: usize| {
            let argument = call.arguments.get(at);
            argument.ok_or_else(|| format!("`{name}` without its arguments is not understood"))
        };
        let changed = |change: &dyn Fn(f64) -> f64| Ok(Value::Vector(each(self.vector(argument(0)?)?, change)));
        match name {
            "time" => Ok(Value::Scalar(self.now)),
            "vector" => Ok(Value::Vector(vec![(LabelMap::new(), self.scalar(argument(0)?)?)])),
            "scalar" => match &self.vector(argument(0)?)?[..] {
                [(_, value)] => Ok(Value::Scalar(*value)),
                _ => Ok(Value::Scalar(f64::NAN)),
            },
            "abs" => changed(&f64::abs),
            "ceil" => changed(&f64::ceil),
            "floor" => changed(&f64::floor),
            "sqrt" => changed(&f64::sqrt),
            "exp" => changed(&f64::exp),
            "ln" => changed(&f64::ln),
            "log2" => changed(&f64::log2),
            "log10" => changed(&f64::log10),
            "sgn" => changed(&|value| if value == 0.0 { value } else { value.signum() }),
            "round" => {
                let to = call.arguments.get(1).map_or(Ok(1.0), |to| self.scalar(to))?;
                changed(&|value| (value / to + 0.5).floor() * to)
            }
            "clamp" => {
                let (least, most) = (self.scalar(argument(1)?)?, self.scalar(argument(2)?)?);
                changed(&|value| value.min(most).max(least))
            }
            "predict_linear" => self.over_time(name, call, argument(0)?),
            "clamp_min" | "clamp_max" => {
                let end = self.scalar(argument(1)?)?;
                changed(&|value| {
                    if name == "clamp_min" {
                        value.max(end)
                    } else {
                        value.min(end)
                    }
                })
            }
            "absent" => {
                let operand = argument(0)?;
                let is_there = !self.vector(operand)?.is_empty();
                Ok(Value::Vector(absent(is_there, operand)))
            }
            _ if name.starts_with("histogram_") => {
                let operand = self.value(call.arguments.last().ok_or("a function without its arguments")?)?;
                let numbers = |at: usize| self.scalar(argument(at)?);
                let of_each = |what: &dyn Fn(&Observed) -> f64| match operand.clone() {
                    Value::Histograms(all) => Ok(Value::Vector(each(all, |one| what(&one)))),
                    // Numbers are no histograms.
                    _ => Ok(Value::Vector(Vec::new())),
                };
                match (name, &operand) {
                    ("histogram_quantile", Value::Vector(buckets)) => {
                        Ok(Value::Vector(quantiles(numbers(0)?, buckets.clone())?))
                    }
                    ("histogram_quantile", _) => {
                        let quantile = numbers(0)?;
                        of_each(&|one| one.quantile(quantile))
                    }
                    ("histogram_fraction", _) => {
                        let (from, to) = (numbers(0)?, numbers(1)?);
                        of_each(&|one| one.fraction(from, to))
                    }
                    ("histogram_count", _) => of_each(&Observed::count),
                    ("histogram_sum", _) => of_each(&Observed::sum),
                    ("histogram_avg", _) => of_each(&|one| one.sum() / one.count()),
                    ("histogram_stdvar", _) => of_each(&Observed::variance),
                    ("histogram_stddev", _) => of_each(&|one| one.variance().sqrt()),
                    _ => Err(format!("`{name}` is not understood")),
                }
            }
            _ => match call.arguments.last() {
                Some(last) => self.over_time(name, call, last),
                None => Err(format!("`{name}` is not understood")),
            },
        }
    }

    /// Functions of a range.
    fn over_time(&self, name: &str, call: &Call, argument: &Expr) -> Result<Value, String> {
        let unknown = || Err(format!("`{name}` is not understood"));
        let (value, seconds, step) = match &argument.kind {
            ExprKind::Range(range) if range.selector.modifiers.offset.is_some() => {
                let mut now = range.clone();
                let offset = now.selector.modifiers.offset.take();
                let now = of_kind(argument, ExprKind::Range(now));
                let earlier = |offset: &Duration| self.earlier(offset, &|then| then.over_time(name, call, &now));
                return offset.as_ref().map_or_else(unknown, earlier);
            }
            ExprKind::Range(range) => {
                let ahead = match name {
                    "predict_linear" => call.arguments.get(1).map_or(Ok(0.0), |ahead| self.scalar(ahead))?,
                    _ => 0.0,
                };
                let seconds = range.range.seconds();
                let looked_at = seconds.min(self.now);
                let of = |series: &Series| match (name, series.course) {
                    ("rate" | "irate", Course::Rises(by)) => by / STEP * looked_at / seconds,
                    ("increase", Course::Rises(by)) => by / STEP * looked_at,
                    // What is recorded of them may have been for ever.
                    ("rate" | "irate", Course::Observes(by, _)) => by / STEP,
                    ("increase" | "delta", Course::Observes(by, _)) => by / STEP * seconds,
                    ("delta", Course::Grows(_, by)) => by / STEP * looked_at,
                    ("idelta", Course::Grows(_, by)) => by,
                    ("deriv", Course::Grows(_, by)) => by / STEP,
                    ("changes", Course::Grows(..)) => (looked_at / STEP).floor(),
                    ("predict_linear", Course::Grows(..)) => series.course.at(self.now + ahead),
                    ("avg_over_time", Course::Grows(..)) => series.course.at(self.now - looked_at / 2.0),
                    ("last_over_time", Course::Grows(..)) => series.course.at(self.now),
                    ("max_over_time", Course::Grows(_, by)) if by > 0.0 => series.course.at(self.now),
                    ("min_over_time", Course::Grows(_, by)) if by < 0.0 => series.course.at(self.now),
                    ("min_over_time" | "max_over_time", Course::Grows(..)) => series.course.at(self.now - looked_at),
                    ("rate" | "irate" | "increase" | "delta" | "idelta" | "deriv" | "resets" | "changes", _) => 0.0,
                    (_, Course::Stays(at)) => at,
                    (_, Course::Rises(_) | Course::Grows(..) | Course::Observes(..)) => f64::NAN,
                };
                (self.selected(&range.selector, &of)?, seconds, STEP)
            }
            ExprKind::Subquery(subquery) => {
                if self.grows(&subquery.operand)
                    || subquery.modifiers.offset.is_some()
                    || subquery.modifiers.at.is_some()
                {
                    return Err("it looks at other times".to_owned());
                }
                let step = subquery.step.as_ref().map_or(STEP, Duration::seconds);
                (self.value(&subquery.operand)?, subquery.range.seconds(), step)
            }
            _ => return unknown(),
        };
        let times = (seconds.min(self.now) / step).max(1.0);
        let is_of_a_rate = matches!(argument.kind, ExprKind::Subquery(_));
        let samples = match (value, name) {
            (Value::Histograms(all), "rate" | "irate" | "increase" | "delta") if !is_of_a_rate => {
                return Ok(Value::Histograms(all));
            }
            (Value::Histograms(all), "avg_over_time" | "last_over_time") if is_of_a_rate => {
                return Ok(Value::Histograms(all));
            }
            (Value::Histograms(all), _) => each(all, |one| one.count()),
            (Value::Vector(samples), _) => samples,
            (Value::Scalar(_), _) => return unknown(),
        };
        let samples = match name {
            "rate" | "irate" | "increase" if is_of_a_rate => return unknown(),
            "rate" | "irate" | "increase" | "delta" | "idelta" | "deriv" | "resets" | "changes" => samples,
            "avg_over_time" | "min_over_time" | "max_over_time" | "last_over_time" | "quantile_over_time"
            | "predict_linear" => samples,
            "sum_over_time" => each(samples, |value| value * times),
            "count_over_time" => each(samples, |_| times),
            "present_over_time" => each(samples, |_| 1.0),
            "stddev_over_time" | "stdvar_over_time" => each(samples, |_| 0.0),
            "absent_over_time" => absent(!samples.is_empty(), call.arguments.first().unwrap_or(argument)),
            _ => return unknown(),
        };
        Ok(Value::Vector(samples))
    }

    /// Whether it may be otherwise at another time.
    fn grows(&self, expr: &Expr) -> bool {
        let grows = |series: &&Series| matches!(series.course, Course::Grows(..));
        let mut does = false;
        expr.walk(&mut |expr| {
            let name = match &expr.kind {
                ExprKind::Selector(selector) => selector.metric(),
                ExprKind::Range(range) => range.selector.metric(),
                _ => return,
            };
            let is_it =
                |series: &Series| name.is_some_and(|name| name == series.name || self.records.contains_key(name));
            does |= self.series.iter().filter(grows).any(is_it);
        });
        does
    }

    fn aggregation(&self, aggregation: &Aggregation) -> Result<Value, String> {
        let group = |labels| grouped(labels, aggregation.grouping.as_ref());
        let value = self.value(&aggregation.operand)?;
        if let (Value::Histograms(all), AggregationOp::Sum | AggregationOp::Avg) = (&value, aggregation.op) {
            let mut groups: BTreeMap<LabelMap, (Observed, f64)> = BTreeMap::new();
            for (labels, one) in all.clone() {
                let (all, count) = groups.entry(group(labels)).or_default();
                *all = std::mem::take(all).and(one);
                *count += 1.0;
            }
            let together = |(all, count): (Observed, f64)| match aggregation.op {
                AggregationOp::Avg => all.times(1.0 / count),
                _ => all,
            };
            return Ok(Value::Histograms(each(groups.into_iter().collect(), together)));
        }
        let mut groups: BTreeMap<LabelMap, Vec<f64>> = BTreeMap::new();
        for (labels, value) in samples(value, &aggregation.operand)? {
            groups.entry(group(labels)).or_default().push(value);
        }
        let parameter = aggregation.parameter.as_ref();
        let parameter = parameter.map_or(Ok(f64::NAN), |parameter| self.scalar(parameter));
        let together = |values: &[f64]| {
            let sum: f64 = values.iter().sum();
            Ok(match aggregation.op {
                AggregationOp::Sum => sum,
                AggregationOp::Avg => sum / values.len() as f64,
                AggregationOp::Count => values.len() as f64,
                AggregationOp::Min => values.iter().copied().fold(f64::INFINITY, f64::min),
                AggregationOp::Max => values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
                AggregationOp::Group => 1.0,
                AggregationOp::Quantile => quantile(parameter.clone()?, values),
                AggregationOp::Stddev => variance(values).sqrt(),
                AggregationOp::Stdvar => variance(values),
                other => return Err(format!("`{other}` is not understood")),
            })
        };
        let samples = groups
            .into_iter()
            .map(|(labels, values)| Ok((labels, together(&values)?)));
        Ok(Value::Vector(samples.collect::<Result<_, String>>()?))
    }

    fn binary(&self, binary: &Binary) -> Result<Value, String> {
        let (left, right) = (self.value(&binary.lhs)?, self.value(&binary.rhs)?);
        Ok(match (left, right) {
            (Value::Scalar(left), Value::Scalar(right)) => Value::Scalar(match self.compared(binary.op, left, right) {
                Some(holds) => f64::from(holds),
                None => computed(binary.op, left, right),
            }),
            (Value::Vector(samples), Value::Scalar(right)) => Value::Vector(
                samples
                    .into_iter()
                    .filter_map(|(labels, left)| self.pair(binary, labels, left, right, left))
                    .collect(),
            ),
            (Value::Scalar(left), Value::Vector(samples)) => Value::Vector(
                samples
                    .into_iter()
                    .filter_map(|(labels, right)| self.pair(binary, labels, left, right, right))
                    .collect(),
            ),
            (Value::Histograms(all), Value::Scalar(number)) if binary.op == BinaryOp::Mul => {
                Value::Histograms(each(all, |one| one.times(number)))
            }
            (Value::Histograms(all), Value::Scalar(number)) if binary.op == BinaryOp::Div => {
                Value::Histograms(each(all, |one| one.times(1.0 / number)))
            }
            (Value::Histograms(left), Value::Histograms(right))
                if binary.op == BinaryOp::Add && binary.matching.is_none() =>
            {
                let other = |labels: &LabelMap| right.iter().find(|(own, _)| own == labels);
                let sums = left
                    .into_iter()
                    .filter_map(|(labels, one)| other(&labels).map(|(_, two)| (labels.clone(), one.and(two.clone()))));
                Value::Histograms(sums.collect())
            }
            (left, right) => {
                let (left, right) = (samples(left, &binary.lhs)?, samples(right, &binary.rhs)?);
                Value::Vector(self.matched(binary, left, right)?)
            }
        })
    }

    /// One pair of values, where a comparison without `bool` leaves `kept`.
    fn pair(&self, binary: &Binary, labels: LabelMap, left: f64, right: f64, kept: f64) -> Option<Sample> {
        match self.compared(binary.op, left, right) {
            Some(holds) if binary.returns_bool => Some((labels, f64::from(holds))),
            Some(holds) => holds.then_some((labels, kept)),
            None => Some((labels, computed(binary.op, left, right))),
        }
    }

    fn matched(&self, binary: &Binary, left: Vec<Sample>, right: Vec<Sample>) -> Result<Vec<Sample>, String> {
        let key = |labels: &LabelMap| {
            let mut key = labels.clone();
            if let Some(matching) = &binary.matching {
                let named = |name: &String| matching.labels.iter().any(|label| label.name == *name);
                key.retain(|name, _| named(name) == (matching.kind == MatchingKind::On));
            }
            key
        };
        let has = |samples: &[Sample], wanted: &LabelMap| samples.iter().any(|(labels, _)| key(labels) == *wanted);
        match binary.op {
            BinaryOp::And => {
                return Ok(left
                    .into_iter()
                    .filter(|(labels, _)| has(&right, &key(labels)))
                    .collect());
            }
            BinaryOp::Unless => {
                return Ok(left
                    .into_iter()
                    .filter(|(labels, _)| !has(&right, &key(labels)))
                    .collect());
            }
            BinaryOp::Or => {
                let more = right
                    .into_iter()
                    .filter(|(labels, _)| !has(&left, &key(labels)))
                    .collect::<Vec<_>>();
                return Ok(left.into_iter().chain(more).collect());
            }
            _ => {}
        }
        let group = binary.matching.as_ref().and_then(|matching| matching.group.as_ref());
        let many_right = group.is_some_and(|group| group.side == Side::Right);
        let (many, one) = if many_right { (right, left) } else { (left, right) };
        let mut samples = Vec::new();
        for (labels, value) in many {
            let own = key(&labels);
            let mut others = one.iter().filter(|(other, _)| key(other) == own);
            let Some((other_labels, other)) = others.next() else {
                continue;
            };
            if others.next().is_some() {
                return Err(format!("`{}` finds several series for one", binary.op));
            }
            let mut labels = if group.is_some() || (is_comparison(binary.op) && !binary.returns_bool) {
                labels
            } else {
                own
            };
            for label in group.iter().flat_map(|group| &group.labels) {
                match other_labels.get(&label.name) {
                    Some(text) => labels.insert(label.name.clone(), text.clone()),
                    None => labels.remove(&label.name),
                };
            }
            let (left, right) = if many_right { (*other, value) } else { (value, *other) };
            samples.extend(self.pair(binary, labels, left, right, left));
        }
        Ok(samples)
    }

    fn compared(&self, op: BinaryOp, left: f64, right: f64) -> Option<bool> {
        let is_near = (left - right).abs() <= 0.05 * left.abs().max(right.abs());
        let is_exact = left == right && left.trunc() == left;
        if is_comparison(op) && is_near && !is_exact {
            self.is_close.set(true);
        }
        Some(match op {
            BinaryOp::Equal => left == right,
            BinaryOp::NotEqual => left != right,
            BinaryOp::Greater => left > right,
            BinaryOp::Less => left < right,
            BinaryOp::GreaterOrEqual => left >= right,
            BinaryOp::LessOrEqual => left <= right,
            _ => return None,
        })
    }
}

impl Course {
    fn at(self, now: f64) -> f64 {
        match self {
            Self::Rises(by) | Self::Observes(by, _) => by * now / STEP,
            Self::Stays(at) => at,
            Self::Grows(from, by) => from + by * now / STEP,
        }
    }
}

/// The same, but this.
fn of_kind(expr: &Expr, kind: ExprKind) -> Expr {
    Expr { kind, ..expr.clone() }
}

fn variance(values: &[f64]) -> f64 {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / values.len() as f64
}

/// A straight line between two values.
fn quantile(quantile: f64, values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = quantile.clamp(0.0, 1.0) * (sorted.len() - 1) as f64;
    let at = |rank: f64| sorted[(rank as usize).min(sorted.len() - 1)];
    at(rank.floor()) + (at(rank.ceil()) - at(rank.floor())) * rank.fract()
}

fn is_comparison(op: BinaryOp) -> bool {
    matches!(
        op,
        BinaryOp::Equal
            | BinaryOp::NotEqual
            | BinaryOp::Greater
            | BinaryOp::Less
            | BinaryOp::GreaterOrEqual
            | BinaryOp::LessOrEqual
    )
}

fn computed(op: BinaryOp, left: f64, right: f64) -> f64 {
    match op {
        BinaryOp::Add => left + right,
        BinaryOp::Sub => left - right,
        BinaryOp::Mul => left * right,
        BinaryOp::Div => left / right,
        BinaryOp::Mod => left % right,
        BinaryOp::Pow => left.powf(right),
        BinaryOp::Atan2 => left.atan2(right),
        _ => f64::NAN,
    }
}

fn each<T, U>(all: Vec<(LabelMap, T)>, change: impl Fn(T) -> U) -> Vec<(LabelMap, U)> {
    all.into_iter().map(|(labels, one)| (labels, change(one))).collect()
}

fn samples(value: Value, expr: &Expr) -> Result<Vec<Sample>, String> {
    match value {
        Value::Vector(samples) => Ok(samples),
        // That they are there is all that can be asked of them.
        Value::Histograms(all) => Ok(each(all, |one| one.count())),
        Value::Scalar(_) => Err(format!("`{expr}` is one number")),
    }
}

fn grouped(mut labels: LabelMap, grouping: Option<&Grouping>) -> LabelMap {
    let Some(grouping) = grouping else {
        return LabelMap::new();
    };
    let named = |name: &String| grouping.labels.iter().any(|label| label.name == *name);
    labels.retain(|name, _| named(name) == (grouping.kind == GroupingKind::By));
    labels
}

/// One sample where there is none, with the labels that are compared with `=`.
fn absent(is_there: bool, operand: &Expr) -> Vec<Sample> {
    if is_there {
        return Vec::new();
    }
    let selector = match &operand.without_parens().kind {
        ExprKind::Selector(selector) => Some(&**selector),
        ExprKind::Range(range) => Some(&range.selector),
        _ => None,
    };
    let matchers = selector.iter().flat_map(|selector| &selector.matchers);
    let equal = matchers.filter(|matcher| matcher.op == MatchOp::Equal && matcher.label.name != Matcher::METRIC);
    let labels = equal.map(|matcher| (matcher.label.name.clone(), matcher.value.clone()));
    vec![(labels.collect(), 1.0)]
}

pub(super) fn matches_all(matchers: &[Matcher], labels: &LabelMap) -> Result<bool, String> {
    for matcher in matchers.iter().filter(|matcher| matcher.label.name != Matcher::METRIC) {
        let value = labels.get(&matcher.label.name).map_or("", String::as_str);
        let matches = match matcher.op {
            MatchOp::Equal | MatchOp::NotEqual => value == matcher.value,
            MatchOp::Regex | MatchOp::NotRegex => Regex::new(&matcher.value)
                .ok()
                .and_then(|regex| regex.matches(value))
                .ok_or_else(|| format!("the regular expression `{}` is not understood", matcher.value))?,
        };
        if matches != matches!(matcher.op, MatchOp::Equal | MatchOp::Regex) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// As Prometheus computes them: a straight line within a bucket.
fn quantiles(quantile: f64, buckets: Vec<Sample>) -> Result<Vec<Sample>, String> {
    let mut histograms: BTreeMap<LabelMap, Vec<(f64, f64)>> = BTreeMap::new();
    for (mut labels, count) in buckets {
        let bound = labels.remove("le").and_then(|bound| match bound.as_str() {
            "+Inf" => Some(f64::INFINITY),
            text => text.parse().ok(),
        });
        let bound = bound.ok_or("a quantile of what has no `le`")?;
        histograms.entry(labels).or_default().push((bound, count));
    }
    let mut samples = Vec::new();
    for (labels, mut buckets) in histograms {
        buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
        samples.push((labels, within(quantile, &buckets)));
    }
    Ok(samples)
}

fn within(quantile: f64, buckets: &[(f64, f64)]) -> f64 {
    let total = buckets.last().map_or(0.0, |(_, count)| *count);
    if total == 0.0 || buckets.len() < 2 {
        return f64::NAN;
    }
    let rank = quantile * total;
    let at = buckets
        .iter()
        .position(|(_, count)| *count >= rank)
        .unwrap_or(buckets.len() - 1);
    let (bound, count) = buckets[at];
    if bound.is_infinite() {
        return buckets[at - 1].0;
    }
    let (from, before) = match at {
        0 => (0.0, 0.0),
        _ => buckets[at - 1],
    };
    from + (bound - from) * (rank - before) / (count - before)
}

#[cfg(test)]
mod tests {
    use enumetrics_promql::parse;

    use super::*;

    fn labels(pairs: &[(&str, &str)]) -> LabelMap {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn what_grows_is_known_at_other_times() {
        let disk = Series {
            name: "disk".to_owned(),
            labels: LabelMap::new(),
            course: Course::Grows(10_000.0, -60.0),
        };
        let records = Records::new();
        let steady = Steady::new(std::slice::from_ref(&disk), &records, 3600.0);
        for (text, expected) in [
            ("deriv(disk[10m])", -1.0),
            ("delta(disk[10m])", -600.0),
            ("predict_linear(disk[10m], 600)", 5800.0),
            ("min_over_time(disk[10m])", 6400.0),
            ("max_over_time(disk[10m])", 7000.0),
            ("avg_over_time(disk[10m])", 6700.0),
            ("disk offset 10m - disk", 600.0),
            ("avg_over_time(disk[10m] offset 10m)", 7300.0),
        ] {
            let samples = steady.vector(&parse(text).unwrap()).unwrap();
            assert_eq!(samples, [(LabelMap::new(), expected)], "{text}");
        }
        assert!(steady.vector(&parse("max_over_time(disk[1h:1m])").unwrap()).is_err());
    }

    #[test]
    fn expressions_have_their_values() {
        let series = |name: &str, pairs: &[(&str, &str)], course| Series {
            name: name.to_owned(),
            labels: labels(pairs),
            course,
        };
        let all = [
            series("hits_total", &[("code", "500")], Course::Rises(60.0)),
            series("hits_total", &[("code", "200")], Course::Rises(540.0)),
            series("time_bucket", &[("le", "1.0")], Course::Rises(50.0)),
            series("time_bucket", &[("le", "2.0")], Course::Rises(100.0)),
            series("time_bucket", &[("le", "+Inf")], Course::Rises(100.0)),
            series("queue", &[("job", "a")], Course::Stays(5.0)),
            series("queue", &[("job", "b")], Course::Stays(7.0)),
            series("wait", &[("path", "a")], Course::Observes(300.0, 1.0)),
            series("wait", &[("path", "b")], Course::Observes(60.0, 8.0)),
        ];
        let recorded = parse("sum(rate(hits_total{code=~\"5..\"}[5m])) / sum(rate(hits_total[5m]))").unwrap();
        let mut records = Records::from([("hits:ratio".to_owned(), vec![(recorded, labels(&[("slo", "x")]))])]);
        let rate = parse("rate(wait[5m])").unwrap();
        records.insert("wait:rate5m".to_owned(), vec![(rate, LabelMap::new())]);
        let steady = Steady::new(&all, &records, 3600.0);
        for (text, expected) in [
            ("sum(rate(hits_total[5m]))", 10.0),
            ("sum(increase(hits_total{code!=\"200\"}[10m]))", 600.0),
            // Not yet two hours.
            ("sum(increase(hits_total{code=\"500\"}[2h]))", 3600.0),
            ("sum(rate(hits_total{code=\"500\"}[2h]))", 0.5),
            ("hits:ratio{slo=\"x\"}", 0.1),
            ("sum_over_time(hits:ratio[1h]) / sum_over_time(hits:ratio[1h])", 1.0),
            ("sum_over_time(hits:ratio[10m:1m])", 1.0),
            ("histogram_quantile(0.75, sum by (le) (rate(time_bucket[5m])))", 1.5),
            ("max(queue) - min(queue)", 2.0),
            ("avg_over_time(queue{job=\"a\"}[5m])", 5.0),
            ("count(queue > 6)", 1.0),
            ("sum(queue > bool 4)", 2.0),
            ("absent(nothing{job=\"a\"})", 1.0),
            ("sum(queue / on (job) group_left sum by (job) (queue))", 2.0),
            ("queue{job=\"a\"} or queue{job=\"a\"}", 5.0),
            ("time() - vector(600)", 3000.0),
            ("-vector(2) ^ 2", -4.0),
            ("rate(hits_total{code=\"500\"}[5m] offset 1h) or vector(7)", 7.0),
            ("quantile(0.25, queue)", 5.5),
            ("stdvar(queue)", 1.0),
            ("round(vector(2.5)) + round(vector(7), 5)", 8.0),
            ("clamp(vector(9), 1, 4) + sgn(vector(-3))", 3.0),
            // Five a second take one second, and one takes eight.
            ("histogram_count(sum(rate(wait[5m])))", 6.0),
            ("histogram_sum(sum(rate(wait[5m])))", 13.0),
            ("histogram_avg(sum(increase(wait[5m])))", 13.0 / 6.0),
            ("histogram_stdvar(sum(rate(wait[5m])))", 245.0 / 36.0),
            ("histogram_fraction(0, 2, sum(rate(wait[5m])))", 5.0 / 6.0),
            ("histogram_quantile(0.8, sum(rate(wait[5m])))", 1.0),
            ("histogram_quantile(0.9, sum(rate(wait[5m])))", 8.0),
            ("histogram_quantile(0.9, rate(wait{path=\"b\"}[5m]) * 2)", 8.0),
            ("sum(histogram_count(rate(wait[5m])))", 6.0),
            ("histogram_count(avg(rate(wait[5m])))", 3.0),
            ("histogram_count(wait:rate5m{path=\"a\"})", 5.0),
            ("max_over_time(histogram_count(wait:rate5m{path=\"a\"})[1h:]) - 1", 4.0),
            ("count(wait)", 2.0),
            ("absent(absent(wait))", 1.0),
        ] {
            let samples = steady.vector(&parse(text).unwrap()).unwrap();
            assert!(
                samples.len() == 1 && (samples[0].1 - expected).abs() < 1e-9,
                "{text}: {samples:?}"
            );
        }
        let labels_of = |text: &str| steady.labels(&parse(text).unwrap()).unwrap();
        assert_eq!(labels_of("queue > 6"), Some(vec![labels(&[("job", "b")])]));
        assert_eq!(
            labels_of("queue unless queue{job=\"b\"}"),
            Some(vec![labels(&[("job", "a")])])
        );
        assert_eq!(
            labels_of("absent(nothing{job=\"a\"})"),
            Some(vec![labels(&[("job", "a")])])
        );
        assert_eq!(labels_of("hits:ratio > 0.0999"), None, "too close to say");
        assert_eq!(labels_of("queue > 10"), Some(Vec::new()));
        for text in [
            "queue @ 300 > 1",
            "topk(1, queue) > 1",
            "deriv(queue[5m:1m]) > holt_winters(queue[5m], 0.1, 0.1)",
        ] {
            let Ok(expr) = parse(text) else { continue };
            assert!(steady.labels(&expr).is_err(), "{text}");
        }
    }
}
