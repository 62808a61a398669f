//! The rules for declarations: a message ends in the rule's id, `docs/rules.md` has a section for each.

use std::fmt;

use proc_macro2::{TokenStream, TokenTree};
use syn::parse::{Parse, ParseStream};
use syn::{LitStr, Token};

use crate::attribute::unknown;
use crate::diagnostics::Errors;
use crate::span::Place;

pub(crate) const ALLOW_REASON: &str = "allow-reason";
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
pub(crate) const LABEL_TARGET: &str = "label-target";
pub(crate) const LABEL_TYPE: &str = "label-type";
pub(crate) const LABEL_UNIT: &str = "label-unit";
pub(crate) const LABEL_VALUE: &str = "label-value";
#[cfg(feature = "rules")]
pub(crate) const NAME_DUPLICATE: &str = "name-duplicate";
pub(crate) const NAME_GRAMMAR: &str = "name-grammar";
pub(crate) const NAME_KIND: &str = "name-kind";
pub(crate) const NAME_SNAKE_CASE: &str = "name-snake-case";
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

/// The rules that a metric may be excepted from, for a reason.
pub(crate) const ALLOWABLE: &[&str] = &[BUCKET_COUNT, LABEL_UNIT, NAME_KIND, NAME_SNAKE_CASE, NAME_UNIT];

/// Those that a struct may be excepted from.
pub(crate) const ALLOWABLE_OF_STRUCTS: &[&str] = &[LABEL_CONSTANT];

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

/// The exceptions of one metric, or of a struct.
#[derive(Default)]
pub(crate) struct Exceptions(Vec<Allowed>);

impl Exceptions {
    /// The rules must be known, and the reasons must say something.
    pub(crate) fn new(allowed: Vec<Allowed>, allowable: &[&str], errors: &mut Errors) -> Self {
        for Allowed { id, place, reason } in &allowed {
            if !allowable.contains(&id.as_str()) {
                errors.at(*place, unknown("rule", id, allowable));
            }
            says_why(reason, errors);
        }
        Self(allowed)
    }

    /// Whether this rule does not apply.
    pub(crate) fn contain(&self, rule: &str) -> bool {
        self.0.iter().any(|allowed| allowed.id == rule)
    }
}
