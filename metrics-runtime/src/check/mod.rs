//! What is checked while the user's crate compiles.
//!
//! The macros emit `const _: () = check(…)` items on the tokens that each check is about; `#[track_caller]` makes the
//! compiler point there. A check that fails panics with the rule and the fix, which is how a constant reports an error.
#![allow(clippy::panic, reason = "in a constant, a panic is an error of the compiler")]

mod label;
mod list;
mod message;
mod names;
mod nearest;
#[cfg(feature = "rules")]
pub mod rule;

pub use self::label::{
    field_fits, is_one_label, label_position, leaves_some, name_is_free, names_one_label, open_capacity, rule_label,
    rule_value, rules_fit, value_position,
};
pub use self::list::{Numbers, list};
pub use self::names::{Conflict, claims, conflicts, no_conflict};
#[cfg(feature = "rules")]
pub(crate) use self::names::{FNV_OFFSET, fnv_1a};

use self::message::Message;
use std::time::Duration;

pub(crate) use self::nearest::nearest;
use crate::descriptor::{Descriptor, Form, Kind, LabelDescriptor, max_series};
use crate::family::Together;
use crate::instances::MOST;

/// A label that `#[timed]` names must be one of the metric's.
#[track_caller]
pub const fn label_exists(labels: &[LabelDescriptor], name: &str) {
    if find(labels, name).is_some() {
        return;
    }
    let message = Message::new().text("the metric has no label '").text(name).text("'");
    if labels.is_empty() {
        panic!(
            "{}",
            message.text("; it has no labels at all").rule("timed-label").as_str()
        );
    }
    let (names, count) = label_names(labels);
    let message = suggest(message, name, names.split_at(count).0);
    panic!("{}", message.rule("timed-label").as_str());
}

/// A label value that `#[timed]` names must be one of the label's. (A label that does not exist is reported by
/// [`label_exists`].)
#[track_caller]
pub const fn value_exists(labels: &[LabelDescriptor], name: &str, value: &str) {
    let Some(label) = find(labels, name) else { return };
    if labels[label].is_open() {
        panic!("{}", no_open_label(name).rule("label-open").as_str());
    }
    if position(labels[label].values, value).is_some() {
        return;
    }
    panic!("{}", no_value(&labels[label], value).rule("timed-label").as_str());
}

/// ``label 'kind' has no value 'emial'; did you mean 'email'?``
const fn no_value(label: &LabelDescriptor, value: &str) -> Message {
    let message = Message::new()
        .text("label '")
        .text(label.name)
        .text("' has no value '")
        .text(value)
        .text("'");
    suggest(message, value, label.values)
}

/// Every label of the metric must be named by `#[timed]`.
#[track_caller]
pub const fn labels_complete(labels: &[LabelDescriptor], named: &[&str]) {
    let mut at = 0;
    while at < named.len() {
        if find(labels, named[at]).is_none() {
            // Misspelt, which `label_exists` reports: it may well be the one that is missing.
            return;
        }
        at += 1;
    }
    let mut missing = Message::new();
    let mut count = 0;
    let mut at = 0;
    while at < labels.len() {
        if position(named, labels[at].name).is_none() {
            if labels[at].is_open() {
                panic!("{}", no_open_label(labels[at].name).rule("label-open").as_str());
            }
            if count > 0 {
                missing = missing.text(", ");
            }
            missing = missing
                .text(labels[at].name)
                .text(" = \"…\" (")
                .list(labels[at].values)
                .text(")");
            count += 1;
        }
        at += 1;
    }
    if count > 0 {
        panic!(
            "{}",
            Message::new()
                .text("the metric has a label that is not given a value here: add ")
                .text(missing.as_str())
                .rule("timed-label")
                .as_str()
        );
    }
}

/// `#[metric(calls(…))]` stands on a field of type `Calls`.
#[track_caller]
pub const fn takes_calls(is_calls: bool) {
    if !is_calls {
        panic!("`calls(…)` is for a field of type `Calls`, with the labels that the calls have in `<…>` [calls-type]");
    }
}

/// What `#[timed]` says of an open label.
const fn no_open_label(name: &str) -> Message {
    Message::new().text("label '").text(name).text(
        "' is open: its values are known only while the program runs; give an expression, as in `route = Route::intern(path)`",
    )
}

/// The position of a combination among all; 0 where a label or value does not exist, which the other checks report.
#[must_use]
pub const fn combination_index(labels: &[LabelDescriptor], named: &[(&str, &str)]) -> usize {
    let mut index = 0;
    let mut at = 0;
    while at < labels.len() {
        index *= labels[at].max_values();
        let mut pair = 0;
        while pair < named.len() {
            if equal(named[pair].0, labels[at].name)
                && let Some(value) = position(labels[at].values, named[pair].1)
            {
                index += value;
            }
            pair += 1;
        }
        at += 1;
    }
    index
}

/// A metric's name must fit its kind, as Prometheus' naming conventions have it; `allowed` are rules that it may break.
#[track_caller]
pub const fn name_fits(kind: Kind, name: &str, field: &str, allowed: &[&str]) {
    let message = Message::new()
        .text("`")
        .text(name)
        .text("` is ")
        .text(kind.with_article());
    let (suffix, rule) = own_suffix(kind);
    if !ends_with(name, suffix) && position(allowed, rule).is_none() {
        let message = message.text(": its name must end in `").text(suffix);
        let message = message.text("`; write `").text(field).text(suffix).text("`");
        panic!("{}", message.rule(rule).as_str());
    }
    if let Some((suffix, whose)) = reserved_suffix(kind, name)
        && position(allowed, "name-suffix").is_none()
    {
        let message = message.text(": its name must not end in `").text(suffix);
        let message = message.text("`, ").text(whose);
        panic!("{}", message.rule("name-suffix").as_str());
    }
}

/// What the names of a kind end in, and the rule that says so; nothing where they end in anything.
const fn own_suffix(kind: Kind) -> (&'static str, &'static str) {
    match kind {
        Kind::Counter => ("_total", "name-total"),
        Kind::Info => ("_info", "name-info"),
        _ => ("", ""),
    }
}

/// What a name ends in that is another's, and whose it is.
const fn reserved_suffix(kind: Kind, name: &str) -> Option<(&'static str, &'static str)> {
    let mut at = 0;
    while at < RESERVED_SUFFIXES.len() {
        let (suffix, whose) = RESERVED_SUFFIXES[at];
        if ends_with(name, suffix) && !equal(suffix, own_suffix(kind).0) {
            return Some((suffix, whose));
        }
        at += 1;
    }
    None
}

/// A label is not called like the unit of the metric: a label `seconds` holds no seconds.
#[track_caller]
pub const fn labels_are_no_unit(metric: &Descriptor) {
    if let Some(unit) = metric.unit
        && has_label_of_unit(metric)
    {
        let message = Message::new().text("`").text(metric.name).text("` is in ").text(unit);
        let message = message.text(", and has a label of that name: call the label what it tells apart");
        panic!("{}", message.rule("label-unit").as_str());
    }
}

const fn has_label_of_unit(metric: &Descriptor) -> bool {
    match metric.unit {
        Some(unit) => find(metric.labels, unit).is_some(),
        None => false,
    }
}

/// An exception from one of those rules must except from something: one of the metrics breaks it.
#[track_caller]
pub const fn is_needed(metrics: &[Descriptor], rule: &str) {
    let mut at = 0;
    while at < metrics.len() {
        let metric = &metrics[at];
        let (suffix, own) = own_suffix(metric.kind);
        let is_broken = match rule.as_bytes() {
            b"bucket-count" => metric.buckets.len() > MOST_BUCKETS,
            b"label-unit" => has_label_of_unit(metric),
            b"name-suffix" => reserved_suffix(metric.kind, metric.name).is_some(),
            _ => equal(own, rule) && !ends_with(metric.name, suffix),
        };
        if is_broken {
            return;
        }
        at += 1;
    }
    let message = Message::new().text("nothing here breaks `").text(rule);
    panic!(
        "{}",
        message.text("`: remove the exception").rule("allow-rule").as_str()
    );
}

/// What a family's name may not end in, because the formats append it themselves, and for whom they do.
const RESERVED_SUFFIXES: &[(&str, &str)] = &[
    ("_total", "which is for counters"),
    ("_bucket", "which the samples of a histogram end in"),
    ("_sum", "which samples of histograms and summaries end in"),
    ("_count", "which samples of histograms and summaries end in"),
    ("_created", "which OpenMetrics appends for the time of creation"),
    ("_info", "which is for info metrics: make it an `Info`"),
];

/// client_golang's default has 11 buckets, the largest sets in use some 30.
const MOST_BUCKETS: usize = 40;

/// `#[metric(buckets = …)]` stands on histograms only, and is no longer than need be unless that is allowed.
#[track_caller]
pub const fn takes_buckets(kind: Kind, bounds: usize, may_be_many: bool) {
    if !matches!(kind, Kind::Histogram) {
        let message = Message::new().text(kind.with_article());
        panic!(
            "{}",
            message
                .text(" has no buckets: remove `buckets`, or make it a `Histogram`")
                .rule("bucket-kind")
                .as_str()
        );
    }
    if bounds > MOST_BUCKETS && !may_be_many {
        let message = Message::new().number(bounds);
        let message = message.text(" buckets: each is a series of its own for every combination of labels, and ");
        let message = message.number(MOST_BUCKETS).text(" tell enough");
        panic!("{}", message.rule("bucket-count").as_str());
    }
}

/// `#[metric(quantiles = …)]` stands on summaries only.
#[track_caller]
pub const fn takes_quantiles(kind: Kind) {
    if matches!(kind, Kind::Histogram) {
        panic!(
            "a histogram has no quantiles, a query computes them (`histogram_quantile`): remove `quantiles`, or make it \
             a `Summary` [quantile-kind]"
        );
    }
    if !matches!(kind, Kind::Summary) {
        let message = Message::new().text(kind.with_article());
        let message = message.text(" has no quantiles: remove `quantiles`, or make it a `Summary`");
        panic!("{}", message.rule("quantile-kind").as_str());
    }
}

/// `#[metric(compute = …)]` stands on computed metrics only.
#[track_caller]
pub const fn takes_compute(computed: bool, kind: Kind) {
    if computed {
        return;
    }
    let message = Message::new()
        .text("this is ")
        .text(kind.with_article())
        .text(" that is recorded, not computed: remove `compute`, or make it a `");
    let message = match kind {
        Kind::Counter => message.text("ComputedCounter`"),
        _ => message.text("ComputedGauge`"),
    };
    panic!("{}", message.rule("compute-kind").as_str());
}

/// `#[metric(touched)]` stands on what only grows and has labels, of which as many decide as there are at most.
#[track_caller]
pub const fn takes_touched(metric: &Descriptor, computed: bool, labels: usize) {
    if computed || !matches!(metric.kind, Kind::Counter | Kind::Histogram | Kind::Summary) {
        panic!(
            "`touched` is for what only grows, a counter, a histogram or a summary that is recorded: anything else would \
             disappear when it is 0 again; remove `touched` [touched-kind]"
        );
    }
    if metric.labels.is_empty() {
        panic!("a metric without labels has one series, which is always exported: remove `touched` [touched-labels]");
    }
    if labels == 0 || labels > metric.labels.len() && labels < usize::MAX {
        let message = Message::new()
            .text("`touched` says how many labels decide, the first ones, and the metric has ")
            .number(metric.labels.len())
            .text(": write `touched` alone where all decide");
        panic!("{}", message.rule("touched-labels").as_str());
    }
}

/// What a histogram without options is told.
pub(crate) const NEEDS_BUCKETS: &str = "a histogram needs its buckets: add their bounds, `#[metric(buckets = [0.1, 0.5, 1.0])]`, or `#[metric(native)]` for \
     native ones [bucket-missing]";

/// What a computed metric without options is told.
pub(crate) const NEEDS_COMPUTE: &str = "nothing says what computes this metric: add `#[metric(compute = …)]` with a \
    function or a closure from the labels to an `f64`, or `#[metric(compute = later)]` and call `compute_with` when the \
    program runs [compute-missing]";

/// A field that sets none of the options of single kinds must be of a kind that needs none. Among those are the state
/// sets, whose own label has the name of the family: no other of its labels may have it.
#[track_caller]
pub const fn needs_no_options(needs: &str, family: &Descriptor) {
    if !needs.is_empty() {
        panic!("{}", needs);
    }
    if matches!(family.kind, Kind::StateSet)
        && let Some(first) = find(family.labels, family.name)
        && first + 1 < family.labels.len()
    {
        let message = Message::new().text("the state set has a label '").text(family.name);
        let message = message.text("', which is the name of the label that has its state: rename one of them");
        panic!("{}", message.rule("label-duplicate").as_str());
    }
}

/// The labels of a metric. One without a name is a state set's own, and gets that of the family.
#[must_use]
pub const fn labels<const N: usize>(from: &[LabelDescriptor], family: &'static str) -> [LabelDescriptor; N] {
    let mut labels = [LabelDescriptor::new("", &[]); N];
    let mut at = 0;
    while at < N {
        labels[at] = from[at];
        if from[at].name.is_empty() {
            labels[at].name = family;
        }
        at += 1;
    }
    labels
}

/// Quantiles must be there, from 0 to 1, and increase.
#[track_caller]
pub const fn quantiles(quantiles: &[f64]) {
    if quantiles.is_empty() {
        panic!("there is no quantile in the list: add one, such as 0.99, or remove `quantiles` [quantile-missing]");
    }
    let mut at = 0;
    while at < quantiles.len() {
        quantile(quantiles, at);
        at += 1;
    }
}

/// One quantile must be from 0 to 1, and greater than the one before it.
#[track_caller]
pub const fn quantile(quantiles: &[f64], at: usize) {
    let message = Message::new().text("the quantile at position ").number(at + 1);
    if !(quantiles[at] >= 0.0 && quantiles[at] <= 1.0) {
        let message = message.text(" is not from 0 to 1: 99 % is 0.99");
        panic!("{}", message.rule("quantile-bound").as_str());
    }
    if at > 0 && quantiles[at] <= quantiles[at - 1] {
        let message = message.text(" is not greater than the one before it: quantiles must increase");
        panic!("{}", message.rule("quantile-bound").as_str());
    }
}

/// A window must not be shorter than a second.
#[track_caller]
pub const fn window(window: Duration) {
    if window.as_secs() == 0 {
        panic!("the window of a summary's quantiles is at least a second [quantile-window]");
    }
}

/// `#[metric(shared)]` stands on metrics that are not shared without it.
#[track_caller]
pub const fn takes_shared(kind: Kind, takes: bool) {
    if !takes {
        let message = Message::new().text("remove `shared`: this ").text(kind.as_str());
        let message = message.text(" has no cells of its own for each thread anyway");
        panic!("{}", message.rule("shared-kind").as_str());
    }
}

/// `#[metric(sparse)]` stands on metrics that can be.
#[track_caller]
pub const fn takes_sparse(kind: Kind, takes: bool) {
    if !takes {
        let message = Message::new().text("remove `sparse`: ").text(kind.with_article());
        let message = message.text(" that is 0 may have been recorded; counters, histograms and summaries only grow");
        panic!("{}", message.rule("sparse-kind").as_str());
    }
}

/// A metric of very many series says in which form they are kept, and only one that has the choice does.
#[track_caller]
pub const fn says_form(metric: &Descriptor, has_choice: bool, is_said: bool) {
    if is_said && !has_choice {
        let message = Message::new().text("remove `dense`: ").text(metric.kind.with_article());
        let message =
            message.text(" has no other form; counters, histograms and summaries that are recorded can be `sparse`");
        panic!("{}", message.rule("series-wide").as_str());
    }
    if has_choice && !is_said && metric.is_wide() {
        let message = Message::new().text("`").text(metric.name).text("` has up to ");
        let message = message.number(metric.max_series()).text(" series, more than ");
        let message = message.number(Form::MOST_DENSE).text(
            ": say how they are kept, `#[metric(sparse)]` (memory, and a place in scrapes, once something is recorded with \
             them) or `#[metric(dense)]` (all from the first scrape, at 0)",
        );
        panic!("{}", message.rule("series-wide").as_str());
    }
}

/// `#[metric(exemplars)]` stands on metrics that can have exemplars.
#[track_caller]
pub const fn takes_exemplars(kind: Kind, takes: bool) {
    if !takes {
        let message = Message::new().text("remove `exemplars`: ").text(kind.with_article());
        let message = message.text(" has none; counters and histograms do");
        panic!("{}", message.rule("exemplar-kind").as_str());
    }
}

/// Bucket bounds must be there, finite, and increase.
#[track_caller]
pub const fn buckets(bounds: &[f64]) {
    if bounds.is_empty() {
        panic!("a histogram needs at least one bucket bound besides `+Inf` [bucket-missing]");
    }
    let mut at = 0;
    while at < bounds.len() {
        bucket(bounds, at);
        at += 1;
    }
}

/// One bucket bound must be finite, and greater than the one before it.
#[track_caller]
pub const fn bucket(bounds: &[f64], at: usize) {
    let message = Message::new().text("the bucket bound at position ").number(at + 1);
    if bounds[at].is_nan() {
        panic!("{}", message.text(" is not a number").rule("bucket-bound").as_str());
    }
    if bounds[at].is_infinite() {
        panic!(
            "{}",
            message
                .text(" is infinite: leave it out, `+Inf` is always added")
                .rule("bucket-bound")
                .as_str()
        );
    }
    if at > 0 && bounds[at] <= bounds[at - 1] {
        panic!(
            "{}",
            message
                .text(" is not greater than the one before it: bounds must increase")
                .rule("bucket-bound")
                .as_str()
        );
    }
}

/// What has native buckets must have buckets.
#[track_caller]
pub const fn takes_native(kind: Kind, takes: bool) {
    if !takes {
        let message = Message::new().text("remove `native`: ").text(kind.with_article());
        let message = message.text(" has no buckets; make it a `Histogram`");
        panic!("{}", message.rule("native-kind").as_str());
    }
}

/// Prometheus knows these schemas.
#[track_caller]
pub const fn native_schema(metric: &Descriptor) {
    if let Some(native) = metric.native {
        check_schema(native.schema);
    }
}

#[track_caller]
pub(crate) const fn check_schema(schema: i8) {
    if schema < -4 || schema > 8 {
        panic!(
            "there is no such schema: write one from -4 (each bucket ends at 65536 times the bound before it) to 8 (at \
             1.0027 times); 3 is usual, at 1.09 times [native-schema]"
        );
    }
}

/// Something must be left to count in.
#[track_caller]
pub const fn native_max_buckets(metric: &Descriptor) {
    if let Some(native) = metric.native {
        check_max_buckets(native.max_buckets);
    }
}

#[track_caller]
pub(crate) const fn check_max_buckets(max_buckets: usize) {
    if max_buckets == 0 {
        panic!(
            "no bucket would be left: write how many a series may have in a scrape; 160 is usual [native-max-buckets]"
        );
    }
}

/// The zero bucket has an end.
#[track_caller]
pub const fn native_zero_threshold(metric: &Descriptor) {
    if let Some(native) = metric.native {
        check_zero_threshold(native.zero_threshold);
    }
}

#[track_caller]
pub(crate) const fn check_zero_threshold(zero_threshold: f64) {
    if !(zero_threshold >= 0.0 && zero_threshold < f64::MAX) {
        panic!(
            "the zero bucket is for what is this near to 0: write 0 or a number above it, which everything else is \
             beyond [native-zero-threshold]"
        );
    }
}

/// An objective must lie on a bucket bound: how many observations were below it is not known otherwise.
#[track_caller]
pub const fn slo(descriptor: &Descriptor, at: usize) {
    let (bound, buckets) = (descriptor.slo[at], descriptor.buckets);
    let mut below = None;
    let mut at = 0;
    while at < buckets.len() {
        if buckets[at] == bound {
            return;
        }
        if buckets[at] < bound {
            below = Some(at);
        }
        at += 1;
    }
    let message = Message::new()
        .text("no bucket of `")
        .text(descriptor.name)
        .text("` ends where this objective lies");
    let message = match below {
        _ if buckets.is_empty() && descriptor.native.is_some() => {
            message.text(": native buckets end where their schema says; add this bound with `buckets = […]`")
        }
        _ if buckets.is_empty() => message
            .text(": ")
            .text(descriptor.kind.with_article())
            .text(" has no buckets; remove `slo`, or make it a `Histogram`"),
        None => message
            .text(": it is below the first of ")
            .number(buckets.len())
            .text(" bounds; add it to `buckets`"),
        Some(below) if below + 1 == buckets.len() => message.text(": it is above the last bound; add it to `buckets`"),
        Some(below) => message
            .text(": it is between the bounds at positions ")
            .number(below + 1)
            .text(" and ")
            .number(below + 2)
            .text("; add it to `buckets`"),
    };
    panic!("{}", message.rule("bucket-slo").as_str());
}

/// A label that a struct gives to all its series must not be one of a metric's own.
#[track_caller]
pub const fn constant_label(descriptors: &[Descriptor], label: &str) {
    let mut at = 0;
    while at < descriptors.len() {
        if find(descriptors[at].labels, label).is_some() {
            let message = Message::new()
                .text("`")
                .text(descriptors[at].name)
                .text("` has a label '")
                .text(label);
            let message = message.text("' of its own: give the one of the struct another name");
            panic!("{}", message.rule("label-duplicate").as_str());
        }
        at += 1;
    }
}

/// There must be an instance for each value of the label that tells them apart, and the label must not be one that the
/// struct has.
#[track_caller]
pub const fn instances(together: Option<Together>) {
    let Some(Together {
        label,
        values,
        skips,
        count: instances,
        families: descriptors,
    }) = together
    else {
        return;
    };
    if skips {
        let message = Message::new().text("the label '").text(label);
        let message = message.text("' has a variant that is skipped, for which there would be no instance");
        panic!("{}", message.rule("instance-count").as_str());
    }
    if values.len() != instances {
        let message = Message::new()
            .text("there is one instance for each value of '")
            .text(label)
            .text("', ");
        let message = message
            .number(values.len())
            .text(" (")
            .list(values)
            .text("), not ")
            .number(instances);
        panic!("{}", message.rule("instance-count").as_str());
    }
    if descriptors.len() * instances > MOST {
        let message = Message::new()
            .number(instances)
            .text(" instances of ")
            .number(descriptors.len());
        let message = message
            .text(" metrics are more than ")
            .number(MOST)
            .text(" together: make the struct smaller");
        panic!("{}", message.rule("instance-count").as_str());
    }
    let mut at = 0;
    while at < descriptors.len() {
        let family = &descriptors[at];
        let mut is_taken = find(family.labels, label).is_some();
        let mut given = 0;
        while given < family.constant_labels.len() {
            is_taken |= equal(family.constant_labels[given].0, label);
            given += 1;
        }
        if is_taken || family.instance.is_some() {
            let message = Message::new().text("`").text(family.name);
            let message = match is_taken {
                true => message
                    .text("` has a label '")
                    .text(label)
                    .text("' already: tell the instances apart by another"),
                false => message.text("` is one of several instances already, and has one label that tells them apart"),
            };
            panic!("{}", message.rule("label-duplicate").as_str());
        }
        at += 1;
    }
}

/// How many descriptors these lists have together.
#[must_use]
pub const fn total_length(parts: &[&[Descriptor]]) -> usize {
    let mut total = 0;
    let mut at = 0;
    while at < parts.len() {
        total += parts[at].len();
        at += 1;
    }
    total
}

/// The descriptors of all these lists; `N` is their [`total_length`].
#[must_use]
pub const fn concatenated<const N: usize>(parts: &[&[Descriptor]]) -> [Descriptor; N] {
    let mut all = [Descriptor::new("", "", Kind::Gauge, &[]); N];
    let (mut len, mut part) = (0, 0);
    while part < parts.len() {
        let mut at = 0;
        while at < parts[part].len() {
            all[len] = parts[part][at];
            len += 1;
            at += 1;
        }
        part += 1;
    }
    all
}

/// Bounds, or quantiles, as an array of their own number.
#[must_use]
pub const fn numbers<const N: usize>(from: &[f64]) -> [f64; N] {
    let mut numbers = [0.0; N];
    let mut at = 0;
    while at < N {
        numbers[at] = from[at];
        at += 1;
    }
    numbers
}

/// Bounds, or quantiles, as an array, in place; their number is `N` by construction.
#[must_use]
pub const fn array<const N: usize>(bounds: &'static [f64]) -> &'static [f64; N] {
    match bounds.first_chunk() {
        Some(bounds) => bounds,
        None => panic!("fewer numbers than the type says"),
    }
}

/// A metric, a struct or a catalog must not export more series than its budget.
#[track_caller]
pub const fn within_budget(name: &str, structs: &[&[Descriptor]], budget: usize) {
    let mut series = 0_usize;
    let mut largest: Option<&Descriptor> = None;
    let mut families = 0;
    let mut owner = 0;
    while owner < structs.len() {
        series = series.saturating_add(max_series(structs[owner]));
        families += structs[owner].len();
        let mut at = 0;
        while at < structs[owner].len() {
            let descriptor = &structs[owner][at];
            match largest {
                Some(largest) if largest.max_series() >= descriptor.max_series() => {}
                _ => largest = Some(descriptor),
            }
            at += 1;
        }
        owner += 1;
    }
    if series <= budget {
        return;
    }
    let message = Message::new()
        .text("`")
        .text(name)
        .text("` exports up to ")
        .number(series);
    let message = message.text(" series, more than its budget of ").number(budget);
    let message = match largest {
        Some(largest) if families > 1 => message
            .text("; the largest is `")
            .text(largest.name)
            .text("` with ")
            .number(largest.max_series()),
        _ => message,
    };
    panic!("{}", message.rule("series-budget").as_str());
}

/// The number of combinations of several labels.
///
/// # Panics
///
/// When it does not fit a `usize`, which in a constant is an error of the compiler.
#[must_use]
#[track_caller]
pub const fn product(factors: &[usize]) -> usize {
    let mut product = 1_usize;
    let mut at = 0;
    while at < factors.len() {
        product = match product.checked_mul(factors[at]) {
            Some(product) => product,
            None => panic!(
                "these labels have more combinations than memory has addresses: leave some out, or bound them further \
                 [series-wide]"
            ),
        };
        at += 1;
    }
    product
}

/// Ends a message with the nearest candidate and all of them.
const fn suggest(message: Message, word: &str, candidates: &[&str]) -> Message {
    match nearest(word, candidates) {
        Some(near) => message
            .text("; did you mean '")
            .text(near)
            .text("'? (")
            .list(candidates)
            .text(")"),
        None => message.text("; there is: ").list(candidates),
    }
}

/// How many labels a message names.
const MOST_LABELS: usize = 32;

/// The names of the labels, for a message, and how many there are.
const fn label_names(labels: &[LabelDescriptor]) -> ([&str; MOST_LABELS], usize) {
    let mut names = [""; MOST_LABELS];
    let mut at = 0;
    while at < labels.len() && at < MOST_LABELS {
        names[at] = labels[at].name;
        at += 1;
    }
    (names, at)
}

pub(crate) const fn find(labels: &[LabelDescriptor], name: &str) -> Option<usize> {
    let mut at = 0;
    while at < labels.len() {
        if equal(labels[at].name, name) {
            return Some(at);
        }
        at += 1;
    }
    None
}

const fn position(items: &[&str], item: &str) -> Option<usize> {
    let mut at = 0;
    while at < items.len() {
        if equal(items[at], item) {
            return Some(at);
        }
        at += 1;
    }
    None
}

pub(crate) const fn equal(a: &str, b: &str) -> bool {
    a.len() == b.len() && ends_with(a, b)
}

const fn ends_with(text: &str, end: &str) -> bool {
    let (text, end) = (text.as_bytes(), end.as_bytes());
    if end.len() > text.len() {
        return false;
    }
    let start = text.len() - end.len();
    let mut at = 0;
    while at < end.len() {
        if text[start + at] != end[at] {
            return false;
        }
        at += 1;
    }
    true
}
