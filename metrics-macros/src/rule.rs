//! The rules for declarations: a message ends in the rule's id, `docs/rules.md` has a section for each.

mod refused;

use std::cell::Cell;
use std::fmt;

use proc_macro2::{TokenStream, TokenTree};
use syn::parse::{Parse, ParseStream};
use syn::{LitStr, Token};

use crate::attribute::{form, unknown};
use crate::diagnostics::Errors;
use crate::span::Place;

pub(crate) const ALLOW_REASON: &str = "allow-reason";
pub(crate) const ALLOW_RULE: &str = "allow-rule";
pub(crate) const BUCKET_COUNT: &str = "bucket-count";
pub(crate) const BUCKET_MISSING: &str = "bucket-missing";
pub(crate) const FAMILY_TYPE: &str = "family-type";
pub(crate) const HELP_MISSING: &str = "help-missing";
pub(crate) const INFO_LABELS: &str = "info-labels";
pub(crate) const LABEL_CONSTANT: &str = "label-constant";
pub(crate) const LABEL_DUPLICATE: &str = "label-duplicate";
pub(crate) const LABEL_IMPOSSIBLE: &str = "label-impossible";
pub(crate) const LABEL_OPEN: &str = "label-open";
pub(crate) const LABEL_RESERVED: &str = "label-reserved";
pub(crate) const LABEL_SNAKE_CASE: &str = "label-snake-case";
pub(crate) const LABEL_TARGET: &str = "label-target";
pub(crate) const LABEL_TYPE: &str = "label-type";
pub(crate) const LABEL_UNIT: &str = "label-unit";
pub(crate) const LABEL_VALUE: &str = "label-value";
#[cfg(feature = "rules")]
pub(crate) const NAME_DUPLICATE: &str = "name-duplicate";
pub(crate) const NAME_GRAMMAR: &str = "name-grammar";
pub(crate) const NAME_INFO: &str = "name-info";
pub(crate) const NAME_KIND: &str = "name-kind";
pub(crate) const NAME_SNAKE_CASE: &str = "name-snake-case";
pub(crate) const NAME_SUFFIX: &str = "name-suffix";
pub(crate) const NAME_TOTAL: &str = "name-total";
pub(crate) const NAME_UNIT: &str = "name-unit";
pub(crate) const OPTION_CONFLICT: &str = "option-conflict";
pub(crate) const OPTION_FORM: &str = "option-form";
pub(crate) const OPTION_UNKNOWN: &str = "option-unknown";
pub(crate) const QUANTILE_WINDOW: &str = "quantile-window";
pub(crate) const SERIES_WIDE: &str = "series-wide";
pub(crate) const SYNTAX: &str = "syntax";
pub(crate) const TIMED_ERROR: &str = "timed-error";
pub(crate) const TIMED_FUNCTION: &str = "timed-function";
pub(crate) const TIMED_LABEL: &str = "timed-label";
pub(crate) const TIMED_METRIC: &str = "timed-metric";

/// What an exception is for.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Of {
    /// A metric.
    Metric,
    /// A struct of metrics: what its labels and the beginning of its names break, and all its metrics.
    Struct,
    /// A label, or a set of them.
    Label,
}

/// The rules that something may be excepted from for a reason. Nothing harms a scrape that breaks one.
const ALLOWABLE: [(&str, &[Of]); 12] = [
    (BUCKET_COUNT, &[Of::Metric, Of::Struct]),
    (HELP_MISSING, &[Of::Metric, Of::Struct]),
    (LABEL_CONSTANT, &[Of::Struct]),
    (LABEL_SNAKE_CASE, &[Of::Struct, Of::Label]),
    (LABEL_TARGET, &[Of::Struct, Of::Label]),
    (LABEL_UNIT, &[Of::Metric, Of::Struct]),
    (NAME_INFO, &[Of::Metric, Of::Struct]),
    (NAME_KIND, &[Of::Metric, Of::Struct]),
    (NAME_SNAKE_CASE, &[Of::Metric, Of::Struct]),
    (NAME_SUFFIX, &[Of::Metric, Of::Struct]),
    (NAME_TOTAL, &[Of::Metric, Of::Struct]),
    (NAME_UNIT, &[Of::Metric, Of::Struct]),
];

/// Those of them that only the compiler can tell whether they are broken, by the kind, the labels and the numbers.
pub(crate) const TOLD_BY_TYPES: [&str; 5] = [BUCKET_COUNT, LABEL_UNIT, NAME_INFO, NAME_SUFFIX, NAME_TOTAL];

/// A rule that is broken, and how.
#[derive(Debug, PartialEq)]
pub(crate) struct Problem {
    pub(crate) rule: &'static str,
    pub(crate) message: String,
}

impl Problem {
    pub(crate) fn new(rule: &'static str, message: impl Into<String>) -> Self {
        Self {
            rule,
            message: message.into(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} [{}]", self.message, self.rule)
    }
}

/// The message with the id of a rule: what names none is not understood as it is written.
pub(crate) fn with_id(message: String) -> String {
    if message.lines().any(names_rule) {
        return message;
    }
    let (first, rest) = message.split_at(message.find('\n').unwrap_or(message.len()));
    format!("{first} [{SYNTAX}]{rest}")
}

fn names_rule(line: &str) -> bool {
    let id = line.strip_suffix(']').and_then(|line| line.rsplit_once(" ["));
    id.is_some_and(|(_, id)| id.chars().all(|c| c.is_ascii_lowercase() || c == '-'))
}

/// `rule-id = "reason"`, in `allow(…)`.
pub(crate) struct Allowed {
    pub(crate) id: String,
    pub(crate) place: Place,
    pub(crate) reason: LitStr,
}

impl Parse for Allowed {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut tokens = TokenStream::new();
        while !input.is_empty() && !input.peek(Token![=]) && !input.peek(Token![,]) {
            tokens.extend([input.parse::<TokenTree>()?]);
        }
        let place = Place::of(&tokens, input.span());
        let id: String = tokens.into_iter().map(|token| token.to_string()).collect();
        if !input.peek(Token![=]) {
            let advice = format!("say why: write `allow({id} = \"the reason\")`");
            return Err(syn::Error::new(place.first, Problem::new(ALLOW_REASON, advice)));
        }
        input.parse::<Token![=]>()?;
        let unquoted = |error: syn::Error| {
            let advice = Problem::new(ALLOW_REASON, "expected the reason, in quotes");
            syn::Error::new(error.span(), advice)
        };
        let reason = input.parse().map_err(unquoted)?;
        Ok(Self { id, place, reason })
    }
}

/// A reason must say something.
pub(crate) fn says_why(reason: &LitStr, errors: &mut Errors) {
    if reason.value().trim().is_empty() {
        let advice = "an empty reason: say why this is right here";
        errors.at(reason.span(), Problem::new(ALLOW_REASON, advice));
    }
}

/// The exceptions of a metric, of a struct or of a label.
#[derive(Default)]
pub(crate) struct Exceptions(Vec<Exception>);

/// One of them.
pub(crate) struct Exception {
    pub(crate) rule: &'static str,
    pub(crate) place: Place,
    /// Whether it was asked for by what breaks the rule.
    is_needed: Cell<bool>,
}

impl Exceptions {
    /// The rules must be such that one can be excepted from, and the reasons must say something.
    pub(crate) fn new(allowed: Vec<Allowed>, of: Of, errors: &mut Errors) -> Self {
        let mut exceptions: Vec<Exception> = Vec::new();
        for Allowed { id, place, reason } in &allowed {
            match ALLOWABLE.iter().find(|(rule, _)| rule == id) {
                Some((rule, places)) if places.contains(&of) => {
                    if exceptions.iter().any(|earlier| earlier.rule == *rule) {
                        errors.at(*place, form(format!("`{id}` is allowed twice: remove one")));
                    }
                    exceptions.push(Exception {
                        rule,
                        place: *place,
                        is_needed: Cell::new(false),
                    });
                }
                known => errors.at(*place, not_allowable(id, of, known.is_some())),
            }
            says_why(reason, errors);
        }
        Self(exceptions)
    }

    /// Whether there is one from this rule, which is broken.
    pub(crate) fn except(&self, rule: &str) -> bool {
        let exception = self.0.iter().find(|exception| exception.rule == rule);
        exception.inspect(|exception| exception.is_needed.set(true)).is_some()
    }

    /// Notes the mistake, unless there is an exception from its rule.
    pub(crate) fn judge(&self, place: impl Into<Place>, problem: Option<Problem>, errors: &mut Errors) {
        if let Some(problem) = problem.filter(|problem| !self.except(problem.rule)) {
            errors.at(place, problem);
        }
    }

    /// Those from rules of which only the compiler can tell whether they are broken.
    pub(crate) fn told_by_types(&self) -> impl Iterator<Item = &Exception> {
        let all = self.0.iter();
        all.filter(|exception| TOLD_BY_TYPES.contains(&exception.rule))
    }

    /// Of the others, each must have been needed.
    pub(crate) fn are_needed(&self, errors: &mut Errors) {
        for Exception { rule, place, is_needed } in &self.0 {
            if !is_needed.get() && !TOLD_BY_TYPES.contains(rule) {
                let advice = format!("nothing here breaks `{rule}`: remove the exception");
                errors.at(*place, Problem::new(ALLOW_RULE, advice));
            }
        }
    }
}

/// Why there is no exception from this rule here; `elsewhere` there is.
fn not_allowable(id: &str, of: Of, elsewhere: bool) -> Problem {
    if let Some(reason) = refused::reason(id) {
        return Problem::new(ALLOW_RULE, format!("`{id}` cannot be allowed: {reason}"));
    }
    if !elsewhere {
        let here = ALLOWABLE.iter().filter(|(_, places)| places.contains(&of));
        let known: Vec<_> = here.map(|(rule, _)| *rule).collect();
        return unknown("rule", id, &known);
    }
    let place = match of {
        Of::Metric if id == LABEL_CONSTANT => format!("for the struct, `#[metric_family(allow({id} = \"…\"))]`"),
        Of::Metric | Of::Struct => format!("where the label is declared, `#[label(allow({id} = \"…\"))]`"),
        Of::Label => format!("with the metric, `#[metric(allow({id} = \"…\"))]`"),
    };
    Problem::new(ALLOW_RULE, format!("nothing here can break `{id}`: allow it {place}"))
}
