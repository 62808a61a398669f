//! What the tokens alone can tell. What needs a type's constants is checked by the items that `expand` emits.

use proc_macro2::TokenStream;
use syn::ext::IdentExt;

use super::{Buckets, Family, Metric};
use crate::attribute::Setting;
use crate::diagnostics::Errors;
use crate::naming::{kind_in_name, label_name_problem, metric_name_problem, metric_name_style};
use crate::rule::{self, Problem};
use crate::span::Place;

pub(super) fn lint(family: &Family, errors: &mut Errors) {
    for part in &family.prefix {
        let part_name = part.value();
        if let Some(problem) = metric_name_problem(&part_name).or_else(|| metric_name_style(&part_name)) {
            errors.at(part.span(), problem);
        }
    }
    for label in &family.constant_labels {
        if let Some(problem) = label_name_problem(&label.word()) {
            errors.at(label.word.span(), problem);
        }
    }
    for metric in &family.metrics {
        if !metric.flatten {
            lint_metric(metric, errors);
        }
    }
    if family.metrics.is_empty() {
        let message = "a metric family without metrics: add a field";
        errors.at(family.ident.span(), Problem::new(rule::FAMILY_TYPE, message));
    }
}

/// What is right for the compiler, and most probably wrong.
pub(super) fn warnings(family: &Family) -> TokenStream {
    let of_target = |label: &&Setting| OF_TARGETS.contains(&label.word().as_str());
    let warning = |label: &Setting| {
        let name = label.word();
        let message = format!(
            "a label '{name}' says where the program runs, and so does the scrape configuration, of everything at once: \
             leave it out, or say why with `allow({} = \"…\")` [{}]",
            rule::LABEL_CONSTANT,
            rule::LABEL_CONSTANT,
        );
        Place::from(label.word.span()).warning(rule::LABEL_CONSTANT, &message)
    };
    let labels = family.constant_labels.iter().filter(of_target);
    labels
        .filter(|_| !family.exceptions.contain(rule::LABEL_CONSTANT))
        .map(warning)
        .collect()
}

/// Labels that the target of a scrape has.
const OF_TARGETS: [&str; 11] = [
    "availability_zone",
    "cluster",
    "datacenter",
    "env",
    "environment",
    "host",
    "hostname",
    "node",
    "pod",
    "region",
    "zone",
];

fn lint_metric(metric: &Metric, errors: &mut Errors) {
    let field = metric.field.unraw().to_string();
    let problem = metric_name_problem(&field);
    let style = || metric_name_style(&field).or_else(|| kind_in_name(&metric.name));
    let problems = problem.or_else(style).into_iter();
    for problem in problems.filter(|problem| !metric.exceptions.contain(problem.rule)) {
        errors.at(metric.field.span(), problem);
    }
    if metric.help.is_none() {
        let message = format!("`{field}` has no help text: say what it counts in a doc comment (`/// …`) above it");
        errors.at(metric.field.span(), Problem::new(rule::HELP_MISSING, message));
    }
    if let (Some(_), Some(dense)) = (&metric.sparse, &metric.dense) {
        let message = "`sparse` and `dense` exclude each other: remove one";
        errors.at(dense.span(), Problem::new(rule::SERIES_WIDE, message));
    }
    if let Some(was) = &metric.was
        && let Some(problem) = metric_name_problem(&was.value())
    {
        errors.at(was.span(), problem);
    }
    if let Some(Buckets {
        list: Some(list),
        value,
    }) = &metric.buckets
        && list.len() > MOST_BUCKETS
        && !metric.exceptions.contain(rule::BUCKET_COUNT)
    {
        let message = format!(
            "{} buckets: each is a series of its own for every combination of labels, and {MOST_BUCKETS} tell enough",
            list.len()
        );
        errors.at(
            Place::of(value, metric.field.span()),
            Problem::new(rule::BUCKET_COUNT, message),
        );
    }
}

/// client_golang's default has 11 buckets, the largest sets in use some 30.
const MOST_BUCKETS: usize = 40;
