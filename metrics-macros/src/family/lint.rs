//! What the tokens alone can tell. What needs a type's constants is checked by the items that `expand` emits.

use super::Family;
use crate::diagnostics::Errors;
use crate::naming::metric_name_problem;

pub(super) fn lint(family: &Family, errors: &mut Errors) {
    for part in &family.prefix {
        if let Some(problem) = metric_name_problem(&part.value()) {
            errors.at(part.span(), problem);
        }
    }
    for metric in &family.metrics {
        let field = metric.field.to_string();
        if let Some(problem) = metric_name_problem(field.trim_start_matches("r#")) {
            errors.at(metric.field.span(), problem);
        }
        if metric.help.is_none() {
            errors.at(
                metric.field.span(),
                format_args!("`{field}` has no help text: say what it counts in a doc comment (`/// …`) above it"),
            );
        }
    }
    if family.metrics.is_empty() {
        errors.at(family.ident.span(), "a metric family without metrics: add a field");
    }
}
