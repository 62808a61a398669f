//! What the macros share that declare a static whose metrics are known beforehand: `http_metrics!`, `websocket_metrics!`.

use proc_macro2::Ident;
use quote::format_ident;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, LitStr, Token, Visibility};

use crate::attribute::{Setting, unknown};
use crate::diagnostics::Errors;
use crate::rule::{self, Problem};

pub(super) const CLIENT: &str = "client";
pub(super) const GRPC: &str = "grpc";
pub(super) const HANDLER: &str = "handler";
pub(super) const HIGH_RESOLUTION: &str = "high_resolution";
pub(super) const IN_PROGRESS_LABELS: &str = "in_progress_labels";
pub(super) const MAX_ROUTES: &str = "max_routes";
pub(super) const MESSAGES: &str = "messages";
pub(super) const METHODS: &str = "methods";
pub(super) const NAMES: &str = "names";
pub(super) const ROLES: &str = "roles";
pub(super) const ROUTES: &str = "routes";
pub(super) const STATUSES: &str = "statuses";
pub(super) const UNPREFIXED: &str = "unprefixed";
pub(super) const WITHOUT: &str = "without";

/// `pub static HTTP: Http;`
pub(super) struct Item {
    pub(super) attributes: Vec<Attribute>,
    pub(super) visibility: Visibility,
    pub(super) name: Ident,
    pub(super) ty: Ident,
}

impl Parse for Item {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let expected = |error: syn::Error| {
            syn::Error::new(
                error.span(),
                "expected a static and the name of its type, as in `pub static HTTP: Http;`",
            )
        };
        let attributes = input.call(Attribute::parse_outer)?;
        let visibility = input.parse()?;
        input.parse::<Token![static]>().map_err(expected)?;
        let name = input.parse().map_err(expected)?;
        input.parse::<Token![:]>().map_err(expected)?;
        let ty = input.parse().map_err(expected)?;
        input.parse::<Token![;]>().map_err(expected)?;
        if !input.is_empty() {
            return Err(input.error("one static in each call of this macro"));
        }
        Ok(Self {
            attributes,
            visibility,
            name,
            ty,
        })
    }
}

/// The fields of the metrics that there are: each by the word that names it and the name that it has if nothing else is
/// said; then as `names(…)` and `without(…)` say.
pub(super) fn names<const N: usize>(
    metrics: &[(&str, &str); N],
    default: impl Fn(&str, &str) -> Option<String>,
    settings: &[Setting],
    errors: &mut Errors,
) -> [Option<Ident>; N] {
    let words = metrics.map(|(word, _)| word);
    let mut names = metrics.map(|(word, name)| default(word, name).map(|name| format_ident!("{name}")));
    let find = |word: &str| settings.iter().find(|setting| setting.word() == word);
    let list =
        |setting: &Setting, errors: &mut Errors| setting.list::<Setting>(&format!("{} = \"…\"", words[0]), errors);
    for setting in find(NAMES).map(|given| list(given, errors)).unwrap_or_default() {
        let Some(at) = position(&setting.word, &words, errors) else {
            continue;
        };
        let name = setting
            .string(errors)
            .and_then(|name| ident(&name, None::<&str>, errors));
        if let Some(name) = name {
            names[at] = Some(name);
        }
    }
    let list = |setting: &Setting, errors: &mut Errors| setting.list::<Ident>(words[0], errors);
    for word in find(WITHOUT).map(|without| list(without, errors)).unwrap_or_default() {
        if let Some(at) = position(&word, &words, errors) {
            names[at] = None;
        }
    }
    names
}

/// A text as the name of a field.
pub(super) fn ident(text: &LitStr, problem: Option<impl std::fmt::Display>, errors: &mut Errors) -> Option<Ident> {
    if let Some(problem) = problem {
        errors.at(text.span(), problem);
        return None;
    }
    let ident = text.parse_with(Ident::parse_any);
    if ident.is_err() {
        let message = "expected the end of a metric's name: letters, digits and `_`, no digit first";
        errors.at(text.span(), Problem::new(rule::NAME_GRAMMAR, message));
    }
    ident.ok()
}

fn position(word: &Ident, words: &[&str], errors: &mut Errors) -> Option<usize> {
    let text = word.unraw().to_string();
    let at = words.iter().position(|known| *known == text);
    if at.is_none() {
        errors.at(word.span(), unknown("metric", &text, words));
    }
    at
}
