//! Whether a rule fits the metrics that it names: the answers to what `enumetrics_promql::Outline` asks.
//!
//! Each question is a function that says what is wrong, if something is, in the words of that crate's linter, which decides
//! the same at run time; [`answer`] makes an error of the compiler of it.

#[cfg(test)]
mod agreement;
mod series;

pub(crate) use self::series::of_targets;
pub use self::series::{Part, Series, count, find, table};

use enumetrics_promql::{BinaryOp, Instruction, Interval, Step, evaluate};

use super::message::Message;
use super::nearest::nearest;
use super::{equal, position};
use crate::descriptor::{Kind, without_suffix};

/// What is wrong, if something is.
pub type Problem = Option<Message>;

/// Nothing must be wrong.
#[track_caller]
pub const fn answer(problem: Problem) {
    if let Some(message) = problem {
        panic!("{}", message.as_str());
    }
}

/// Of two questions about one token: what is wrong is said once.
#[must_use]
pub const fn either(first: Problem, next: Problem) -> Problem {
    match first {
        Some(_) => first,
        None => next,
    }
}

/// Where some labels of a result come from; see `enumetrics_promql::LabelSource`.
#[derive(Clone, Copy, Debug)]
pub struct Source {
    pub origin: Origin,
    pub only: Option<&'static [&'static str]>,
    pub without: &'static [&'static str],
    pub plus: &'static [&'static str],
    pub perhaps: &'static [&'static str],
}

#[derive(Clone, Copy, Debug)]
pub enum Origin {
    Nothing,
    Series(Series),
    Anything,
}

impl Source {
    const fn keeps(&self, label: &str) -> bool {
        let allowed = match self.only {
            Some(only) => position(only, label).is_some(),
            None => true,
        };
        allowed && position(self.without, label).is_none()
    }

    /// Whether its series can have the label.
    const fn may(&self, label: &str) -> bool {
        if position(self.plus, label).is_some() || position(self.perhaps, label).is_some() {
            return true;
        }
        self.keeps(label)
            && match self.origin {
                Origin::Nothing => false,
                Origin::Anything => true,
                Origin::Series(series) => series.may_have(label),
            }
    }

    /// Whether its series have the label without doubt.
    const fn has(&self, label: &str) -> bool {
        if position(self.plus, label).is_some() {
            return true;
        }
        self.keeps(label)
            && matches!(self.origin, Origin::Series(series) if series.is_known() && series.may_have(label))
    }
}

const fn some_may(sources: &[Source], label: &str) -> bool {
    let mut at = 0;
    while at < sources.len() {
        if sources[at].may(label) {
            return true;
        }
        at += 1;
    }
    false
}

const fn all_have(sources: &[Source], label: &str) -> bool {
    let mut at = 0;
    while at < sources.len() {
        if !sources[at].has(label) {
            return false;
        }
        at += 1;
    }
    !sources.is_empty()
}

/// There must be such a series.
#[must_use]
pub const fn exists(table: &[Series], found: Series, name: &str) -> Problem {
    if found.is_sample() {
        return None;
    }
    if let Some(family) = found.family {
        // Its own name, which is no series, or one with a suffix that its kind doesn't have.
        let message = Message::new().text("`").text(family.name).text("` is ");
        let kind = match family.native {
            Some(_) => "a native histogram",
            None => family.kind.with_article(),
        };
        let message = message.text(kind).text(", which exports no `");
        let message = found.list_samples(message.text(name).text("`; there are: "));
        let is_of_native = family.native.is_some() && without_suffix(name, "bucket").is_some();
        return Some(message.rule(if is_of_native { "hist-kind" } else { "ref-suffix" }));
    }
    let message = Message::new().text("nothing exports `").text(name).text("`");
    let message = match series::nearest_to(table, name) {
        Some((near, suffix)) => {
            let message = message.text("; did you mean `").text(near).text(suffix);
            message.text("`?")
        }
        None => message,
    };
    Some(message.rule("ref-metric"))
}

/// The series must have the label.
#[must_use]
pub const fn label(series: Series, label: &str) -> Problem {
    if series.may_have(label) {
        return None;
    }
    let message = Message::new().text("`").text(series.family_name());
    let message = message.text("` has no label `").text(label).text("`");
    let (names, count) = series.own_labels();
    Some(did_you_mean(message, label, names.split_at(count).0).rule("ref-label"))
}

/// The label must have the value.
#[must_use]
pub const fn value(series: Series, label: &str, value: &str) -> Problem {
    let Some(values) = series.values(label) else {
        return None;
    };
    if position(values, value).is_some() {
        return None;
    }
    let message = Message::new().text("label `").text(label);
    let message = message.text("` never has the value `").text(value).text("`");
    Some(did_you_mean(message, value, values).rule("ref-value"))
}

/// Some value of the label must match.
#[must_use]
pub const fn matches(series: Series, label: &str, pattern: &str, program: &[Instruction]) -> Problem {
    let Some(values) = series.values(label) else {
        return None;
    };
    let mut at = 0;
    while at < values.len() {
        if enumetrics_promql::matches(program, values[at]) {
            return None;
        }
        at += 1;
    }
    let message = Message::new().text("`").text(pattern);
    let message = message.text("` matches no value of label `").text(label);
    let message = message.text("`; there are: ").list(values);
    Some(message.rule("ref-regex-none"))
}

/// A bucket must end there, and be written so.
#[must_use]
pub const fn bucket(series: Series, text: &str, bound: f64, canonical: &str) -> Problem {
    let (Some(family), Part::Bucket) = (series.family, series.part) else {
        return None;
    };
    let mut at = 0;
    while at < family.buckets.len() && family.buckets[at] != bound {
        at += 1;
    }
    if at == family.buckets.len() {
        let message = Message::new().text("`").text(family.name);
        let message = message.text("` has no bucket with the bound ").text(text);
        let message = message.text("; there are: ").floats(family.buckets);
        return Some(message.rule("ref-value"));
    }
    if equal(text, canonical) {
        return None;
    }
    let message = Message::new().text("`le` is never written `").text(text);
    let message = message.text("`: write `le=\"").text(canonical).text("\"`");
    Some(message.rule("val-le-form"))
}

/// What a rate is taken of must be a counter.
#[must_use]
pub const fn is_counter(series: Series, function: &str) -> Problem {
    let Some(family) = series.family else { return None };
    if series.is_counter() || !series.is_sample() || matches!(family.kind, Kind::Unknown) {
        return None;
    }
    let message = Message::new().text("`").text(function).text("` takes every fall of `");
    let message = message
        .text(family.name)
        .text(series.part.suffix())
        .text("`, which is ");
    let message = message.text(family.kind.with_article()).text(", for a restart: ");
    let message = match equal(function, "rate") {
        true => message.text("`deriv`, or `delta` for the difference"),
        false => message.text("`delta`"),
    };
    Some(message.rule("kind-rate-gauge"))
}

/// What a difference is taken of must be a gauge.
#[must_use]
pub const fn is_gauge(series: Series, function: &str) -> Problem {
    if !series.is_counter() {
        return None;
    }
    let message = Message::new().text("`").text(function);
    let message = message
        .text("` doesn't know that the counter `")
        .text(series.family_name());
    let message = message.text(series.part.suffix()).text("` restarts at 0: ");
    let message = message.text("`rate`, or `increase` for the difference");
    Some(message.rule("kind-delta-counter"))
}

/// What is used as it is must not be a counter.
#[must_use]
pub const fn is_no_counter(series: Series, rate: &str) -> Problem {
    if !series.is_counter() {
        return None;
    }
    let message = Message::new().text("the counter `").text(series.family_name());
    let message = message.text(series.part.suffix());
    let message = message
        .text("` counts since the last restart; what happens now: `")
        .text(rate);
    let message = message.text("`, or `increase` for the number of events");
    Some(message.rule("kind-counter-raw"))
}

/// What a quantile is taken of must be a histogram's buckets.
#[must_use]
pub const fn is_buckets(series: Series) -> Problem {
    let Some(family) = series.family else { return None };
    let is_native = matches!(series.part, Part::Whole) && family.native.is_some();
    let is_unknown = matches!(family.kind, Kind::Unknown);
    if matches!(series.part, Part::Bucket) || is_native || is_unknown || !series.is_sample() {
        return None;
    }
    let message = Message::new().text("`").text(family.name).text(series.part.suffix());
    let message = message
        .text("` has no buckets to take a quantile of: `")
        .text(family.name);
    let message = match family.kind {
        Kind::Histogram if family.native.is_some() => message.text("`"),
        Kind::Histogram => message.text("_bucket`"),
        kind => message.text("` is ").text(kind.with_article()),
    };
    Some(message.rule("hist-kind"))
}

/// A result with these labels must be able to have this one.
#[must_use]
pub const fn known(sources: &[Source], label: &str, what: &str) -> Problem {
    if some_may(sources, label) {
        return None;
    }
    let message = Message::new().text("label `").text(label).text("` ").text(what);
    let (names, count) = known_labels(sources);
    Some(did_you_mean(message, label, names.split_at(count).0).rule("ref-label"))
}

/// The same of a label that a template shows.
#[must_use]
pub const fn shown(sources: &[Source], label: &str) -> Problem {
    if some_may(sources, label) {
        return None;
    }
    let message = Message::new()
        .text("the alert has no label `")
        .text(label)
        .text("` to show");
    let (names, count) = known_labels(sources);
    Some(did_you_mean(message, label, names.split_at(count).0).rule("ref-template"))
}

/// Series of both sides must be able to have the same labels.
#[must_use]
pub const fn meet(left: &[Source], right: &[Source], on: bool, labels: &[&str], op: &str) -> Problem {
    let (label, with, without) = match missing(left, right, on, labels) {
        Some(label) => (label, "left", "right"),
        None => match missing(right, left, on, labels) {
            Some(label) => (label, "right", "left"),
            None => return None,
        },
    };
    let message = Message::new().text("nothing matches: the series on the ").text(with);
    let message = message
        .text(" have label `")
        .text(label)
        .text("`, those on the ")
        .text(without);
    let message = message.text(" don't; aggregate both sides by the same labels, or name those to compare: `");
    let message = message.text(op).text(" on (…)`");
    Some(message.rule("match-disjoint"))
}

/// Several series of one side must not have the same of the labels that are compared, unless that is said.
#[must_use]
pub const fn single(
    sources: &[Source],
    chosen: &[&str],
    on: bool,
    compared: &[&str],
    side: &str,
    fix: &str,
) -> Problem {
    let [source] = sources else { return None };
    let Origin::Series(series) = source.origin else {
        return None;
    };
    let Some(family) = series.all_exported() else {
        return None;
    };
    let mut at = 0;
    while on && at < compared.len() {
        // It is misspelt, perhaps, and that is said.
        if !source.may(compared[at]) {
            return None;
        }
        at += 1;
    }
    at = 0;
    while at < family.labels.len() {
        let label = &family.labels[at];
        at += 1;
        let is_compared = position(compared, label.name).is_some() == on;
        let is_changed = position(source.plus, label.name).is_some() || position(source.perhaps, label.name).is_some();
        let is_chosen = position(chosen, label.name).is_some();
        if label.values.len() < 2 || is_compared || is_changed || is_chosen || !source.keeps(label.name) {
            continue;
        }
        let message = Message::new().text("several series match one: those on ").text(side);
        let message = message.text(" have label `").text(label.name).text("` with ");
        let message = message.number(label.values.len()).text(" values; ").text(fix);
        return Some(message.rule("match-many"));
    }
    None
}

/// A label that all series of the one side have and no series of the other.
const fn missing(own: &[Source], other: &[Source], on: bool, labels: &[&str]) -> Option<&'static str> {
    let (names, count) = known_labels(own);
    let mut at = 0;
    while at < count {
        let label = names[at];
        if position(labels, label).is_some() == on && all_have(own, label) && !some_may(other, label) {
            return Some(label);
        }
        at += 1;
    }
    None
}

/// What is added or compared counts the same. With each series stands whether it is its rate.
#[must_use]
pub const fn same_unit(left: (Series, bool), right: (Series, bool), is_compared: bool) -> Problem {
    let (Some(own), Some(other)) = (unit(left), unit(right)) else {
        return None;
    };
    if equal(own.0, other.0) && own.1 == other.1 {
        return None;
    }
    let message = with_unit(Message::new().text("the left is in "), own);
    let message = with_unit(message.text(", the right in "), other);
    let message = message.text(if is_compared { "; compare" } else { "; add" });
    Some(message.text(" what is in the same unit").rule("val-unit"))
}

/// The unit, which is empty for a number, and whether it is that per second.
const fn unit((series, per_second): (Series, bool)) -> Option<(&'static str, bool)> {
    let Some(unit) = series.unit() else { return None };
    // Seconds per second are a number.
    if per_second && equal(unit, "seconds") {
        return Some(("", false));
    }
    Some((unit, per_second))
}

const fn with_unit(message: Message, (unit, per_second): (&'static str, bool)) -> Message {
    let message = message.text(match (unit.is_empty(), per_second) {
        (true, true) => "1",
        (true, false) => "a number",
        _ => unit,
    });
    message.text(if per_second { "/seconds" } else { "" })
}

/// The comparison must hold for some values, and if wanted not for all.
#[must_use]
pub const fn compares(
    values: &[Step<Interval>],
    op: BinaryOp,
    threshold: Interval,
    quantile_of: Option<Series>,
    not_always: bool,
) -> Problem {
    let values = evaluate(values);
    match (values.compared(op, threshold), quantile_of) {
        (Some(false), Some(series)) => {
            let message = Message::new().text("this never holds: the highest bound of `");
            let message = message.text(series.family_name()).text("` is ").float(values.most);
            let message = message.text(", and no quantile is above it; a lower threshold, or more buckets");
            Some(message.rule("val-top-bucket"))
        }
        (Some(false), None) => {
            let message = Message::new().text("this never holds: the values on the left are ");
            Some(between(message, values).rule("val-never"))
        }
        (Some(true), _) if not_always && values.least < values.most => {
            let message = Message::new().text("this always holds: the values on the left are ");
            Some(between(message, values).rule("val-always"))
        }
        _ => None,
    }
}

/// `between 0 and 1`, `at least 0`
const fn between(message: Message, Interval { least, most }: Interval) -> Message {
    if least == most {
        message.float(least)
    } else if most == f64::INFINITY {
        message.text("at least ").float(least)
    } else if least == f64::NEG_INFINITY {
        message.text("at most ").float(most)
    } else {
        message.text("between ").float(least).text(" and ").float(most)
    }
}

/// How many labels a message names.
const MOST_LABELS: usize = 32;

/// The labels that some series of these sources may have, as far as they are known.
const fn known_labels(sources: &[Source]) -> ([&'static str; MOST_LABELS], usize) {
    let mut names = [""; MOST_LABELS];
    let mut len = 0;
    let mut at = 0;
    while at < sources.len() {
        let source = &sources[at];
        let mut plus = 0;
        while plus < source.plus.len() {
            len = add(&mut names, len, source.plus[plus]);
            plus += 1;
        }
        let mut perhaps = 0;
        while perhaps < source.perhaps.len() {
            len = add(&mut names, len, source.perhaps[perhaps]);
            perhaps += 1;
        }
        if let Origin::Series(series) = source.origin {
            let (own, count) = series.all_labels();
            let mut label = 0;
            while label < count {
                if source.keeps(own[label]) {
                    len = add(&mut names, len, own[label]);
                }
                label += 1;
            }
        }
        at += 1;
    }
    (names, len)
}

const fn add(names: &mut [&'static str; MOST_LABELS], len: usize, name: &'static str) -> usize {
    if len == MOST_LABELS || position(names.split_at(len).0, name).is_some() {
        return len;
    }
    names[len] = name;
    len + 1
}

/// Ends a message with the nearest candidate and all of them.
const fn did_you_mean(message: Message, word: &str, candidates: &[&str]) -> Message {
    let message = match nearest(word, candidates) {
        Some(near) => message.text("; did you mean `").text(near).text("`? there are: "),
        None if candidates.is_empty() => return message.text("; there are none"),
        None => message.text("; there are: "),
    };
    message.list(candidates)
}
