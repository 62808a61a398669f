//! What the tokens alone can tell. What needs a type's constants is checked by the items that `expand` emits.

use proc_macro2::{Span, TokenStream};
use syn::LitStr;
use syn::ext::IdentExt;

use super::{Family, Metric};
use crate::attribute::Setting;
use crate::diagnostics::Errors;
use crate::naming::{kind_in_name, label_name_problem, metric_name_problem, metric_name_style, unit_problem};
use crate::rule::{self, Problem};
use crate::span::Place;

pub(super) fn lint(family: &Family, errors: &mut Errors) {
    for part in &family.prefix {
        let name = part.value();
        let problem = metric_name_problem(&name).or_else(|| metric_name_style(&name));
        family.exceptions.judge(part.span(), problem, errors);
    }
    for label in &family.constant_labels {
        let problem = label_name_problem(&label.word());
        family.exceptions.judge(label.word.span(), problem, errors);
        if is_of_target(label) {
            family.exceptions.except(rule::LABEL_CONSTANT);
        }
    }
    for metric in &family.metrics {
        if !metric.flatten {
            lint_metric(family, metric, errors);
        }
        if !metric.mistaken {
            metric.exceptions.are_needed(errors);
        }
    }
    // What is flattened may need what the struct is excepted from.
    if !family.is_group && !family.metrics.iter().any(|metric| metric.flatten || metric.mistaken) {
        family.exceptions.are_needed(errors);
    }
    if family.metrics.is_empty() {
        let message = "a metric family without metrics: add a field";
        errors.at(family.ident.span(), Problem::new(rule::FAMILY_TYPE, message));
    }
}

/// What is right for the compiler, and most probably wrong.
pub(super) fn warnings(family: &Family) -> TokenStream {
    if family.is_group {
        return TokenStream::new();
    }
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
    let labels = family.constant_labels.iter().filter(|label| is_of_target(label));
    labels
        .filter(|_| !family.exceptions.except(rule::LABEL_CONSTANT))
        .map(warning)
        .collect()
}

fn is_of_target(label: &Setting) -> bool {
    OF_TARGETS.contains(&label.word().as_str())
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

fn lint_metric(family: &Family, metric: &Metric, errors: &mut Errors) {
    let mut judge = |place: Span, problem: Option<Problem>| {
        if let Some(problem) = problem.filter(|problem| !family.excepts(metric, problem.rule)) {
            errors.at(place, problem);
        }
    };
    let place = metric.field.span();
    let field = metric.field.unraw().to_string();
    match metric_name_problem(&field) {
        Some(problem) => judge(place, Some(problem)),
        None => {
            judge(place, metric_name_style(&field));
            judge(place, kind_in_name(&metric.name));
        }
    }
    let stated = metric.unit.as_ref();
    // A unit that is misspelt is not known.
    if stated.is_some() || !metric.mistaken {
        let unit = stated.map(LitStr::value);
        let place = stated.map_or(place, LitStr::span);
        judge(place, unit_problem(&metric.name, unit.as_deref()));
    }
    let no_help = || {
        let message = format!("`{field}` has no help text: say what it counts in a doc comment (`/// …`) above it");
        Problem::new(rule::HELP_MISSING, message)
    };
    judge(place, metric.help.is_none().then(no_help));
    if let (Some(_), Some(dense)) = (&metric.sparse, &metric.dense) {
        let message = "`sparse` and `dense` exclude each other: remove one";
        errors.at(dense.span(), Problem::new(rule::SERIES_WIDE, message));
    }
    if let Some(was) = &metric.was
        && let Some(problem) = metric_name_problem(&was.value())
    {
        errors.at(was.span(), problem);
    }
}
