//! The rules for declarations: a message ends in the rule's id, `docs/rules.md` has a section for each.

use std::fmt;

use proc_macro2::{Span, TokenTree};
use syn::parse::{Parse, ParseStream};
use syn::{LitStr, Token};

use crate::attribute::unknown;
use crate::diagnostics::Errors;

pub(crate) const BUCKET_COUNT: &str = "bucket-count";
pub(crate) const BUCKET_MISSING: &str = "bucket-missing";
pub(crate) const HELP_MISSING: &str = "help-missing";
pub(crate) const LABEL_DUPLICATE: &str = "label-duplicate";
pub(crate) const LABEL_IMPOSSIBLE: &str = "label-impossible";
pub(crate) const LABEL_OPEN: &str = "label-open";
pub(crate) const LABEL_RESERVED: &str = "label-reserved";
pub(crate) const LABEL_TARGET: &str = "label-target";
pub(crate) const LABEL_TYPE: &str = "label-type";
pub(crate) const LABEL_VALUE: &str = "label-value";
pub(crate) const NAME_GRAMMAR: &str = "name-grammar";
pub(crate) const NAME_KIND: &str = "name-kind";
pub(crate) const NAME_SNAKE_CASE: &str = "name-snake-case";
pub(crate) const NAME_UNIT: &str = "name-unit";
pub(crate) const QUANTILE_WINDOW: &str = "quantile-window";
pub(crate) const SERIES_WIDE: &str = "series-wide";
pub(crate) const TIMED_FUNCTION: &str = "timed-function";
pub(crate) const TIMED_LABEL: &str = "timed-label";
pub(crate) const TIMED_METRIC: &str = "timed-metric";

/// The rules that a metric may be excepted from, for a reason.
pub(crate) const ALLOWABLE: &[&str] = &[BUCKET_COUNT, NAME_KIND, NAME_SNAKE_CASE, NAME_UNIT];

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

/// `rule-id = "reason"`, in `allow(…)`.
pub(crate) struct Allowed {
    pub(crate) id: String,
    pub(crate) span: Span,
    pub(crate) reason: LitStr,
}

impl Parse for Allowed {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let span = input.span();
        let mut id = String::new();
        while !input.is_empty() && !input.peek(Token![=]) && !input.peek(Token![,]) {
            id += &input.parse::<TokenTree>()?.to_string();
        }
        if !input.peek(Token![=]) {
            let advice = format_args!("say why: write `allow({id} = \"the reason\")`");
            return Err(syn::Error::new(span, advice));
        }
        input.parse::<Token![=]>()?;
        let reason = input
            .parse()
            .map_err(|error| syn::Error::new(error.span(), "expected the reason, in quotes"))?;
        Ok(Self { id, span, reason })
    }
}

/// The exceptions of one metric.
#[derive(Default)]
pub(crate) struct Exceptions(Vec<Allowed>);

impl Exceptions {
    /// The rules must be known, and the reasons must say something.
    pub(crate) fn new(allowed: Vec<Allowed>, errors: &mut Errors) -> Self {
        for Allowed { id, span, reason } in &allowed {
            if !ALLOWABLE.contains(&id.as_str()) {
                errors.at(*span, unknown("rule", id, ALLOWABLE));
            }
            if reason.value().trim().is_empty() {
                errors.at(reason.span(), "an empty reason: say why this is right here");
            }
        }
        Self(allowed)
    }

    /// Whether this rule does not apply.
    pub(crate) fn contain(&self, rule: &str) -> bool {
        self.0.iter().any(|allowed| allowed.id == rule)
    }
}
