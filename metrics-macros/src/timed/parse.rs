//! The attribute's arguments.

use proc_macro2::{Delimiter, Ident, Span, TokenStream, TokenTree};
use quote::quote;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Parser};
use syn::{LitStr, Token};

use super::function::broken;
use super::{Hidden, Label, Labels, Target, Value};
use crate::attribute::{CRATE, ERROR_IF, Setting, crate_path, form, split_at_commas, visible};
use crate::diagnostics::Errors;
use crate::rule::{self, Problem};
use crate::span::span_of;

/// What the attribute's arguments say. Nothing after a mistake, which would only bring more.
pub(super) fn target(arguments: TokenStream, errors: &mut Errors) -> Option<Target> {
    let mut metric = None;
    let mut hidden = None;
    let mut all = None;
    let mut settings: Vec<Setting> = Vec::new();
    let mut complete = true;
    for part in split_at_commas(arguments.clone()) {
        let is_setting = |input: ParseStream<'_>| {
            let found = input.peek(Ident::peek_any) && input.peek2(Token![=]) && !input.peek2(Token![==]);
            input.parse::<TokenStream>().map(|_| found)
        };
        if is_setting.parse2(part.clone()).unwrap_or(false) {
            settings.extend(errors.ok(Setting::parse.parse2(part)));
        } else if let Some(labels) = after_dots(&part) {
            all = Some(labels);
        } else if let Some((word, span)) = word(&part) {
            match word.as_str() {
                "future" => hidden = Some(Hidden::Future),
                "stream" => hidden = Some(Hidden::Stream),
                _ => {
                    errors.at(span, broken(SKIP));
                    complete = false;
                }
            }
        } else if let Some(setting) = settings.last_mut().filter(|setting| has_angle(&setting.value)) {
            // The comma stood in `<…>`.
            setting.value.extend(quote!(, #part));
        } else if metric.is_some() || !settings.is_empty() {
            errors.at(
                &part,
                "expected `label = \"value\"`: the metric, if it is named, comes first and once",
            );
            complete = false;
        } else {
            complete &= metric_is_static(&part, errors);
            metric = Some(part);
        }
    }
    let krate = crate_path(&settings, errors);
    let mut labels: Vec<Label> = Vec::new();
    let mut error_if = None;
    for setting in settings.into_iter().filter(|setting| setting.word() != CRATE) {
        let name = setting.word();
        if name == ERROR_IF {
            error_if = setting
                .value_as("a function or closure, such as `Option::is_none`", errors)
                .map(without_parentheses);
            complete &= error_if.is_some();
        } else if labels.iter().any(|earlier| earlier.name.unraw() == name) {
            let message = format!("the label '{name}' is given twice");
            errors.at(setting.word.span(), Problem::new(rule::TIMED_LABEL, message));
            complete = false;
        } else if let Some(value) = value(&setting, errors) {
            labels.push(Label {
                name: setting.word,
                value,
            });
        } else {
            complete = false;
        }
    }
    if let (Some(all), Some(label)) = (&all, labels.first()) {
        let message = format!("`..{all}` is all labels: leave '{}' out", label.name);
        errors.at(label.name.span(), Problem::new(rule::TIMED_LABEL, message));
        complete = false;
    }
    let labels = all.map_or(Labels::Each(labels), Labels::All);
    complete.then(|| Target {
        krate,
        metric,
        labels,
        error_if,
        hidden,
        span: span_of(&arguments, Span::call_site()),
    })
}

/// The expression of `..labels`.
fn after_dots(part: &TokenStream) -> Option<TokenStream> {
    let labels = |input: ParseStream<'_>| {
        input.parse::<Token![..]>()?;
        input.parse::<TokenStream>()
    };
    labels.parse2(part.clone()).ok().filter(|labels| !labels.is_empty())
}

/// A word that says something of the function.
fn word(part: &TokenStream) -> Option<(String, Span)> {
    let mut tokens = visible(part.clone()).into_iter();
    match (tokens.next(), tokens.next()) {
        (Some(TokenTree::Ident(word)), None) => {
            let text = word.to_string();
            ["future", "stream", "skip"]
                .contains(&text.as_str())
                .then(|| (text, word.span()))
        }
        _ => None,
    }
}

const SKIP: &str = "`skip` takes a function out of a timed `impl` or `mod`; this one is in none";

/// A text, `fn`, or an expression.
fn value(setting: &Setting, errors: &mut Errors) -> Option<Value> {
    let expected = "the value as it is exported, in quotes, such as \"ocr\"; `fn`; or an expression";
    let tokens: TokenStream = setting.value_as(expected, errors)?;
    let mut one = tokens.clone().into_iter();
    match (one.next(), one.next()) {
        (Some(TokenTree::Ident(word)), None) if word == "fn" => Some(Value::FunctionName(word.span())),
        (Some(TokenTree::Literal(literal)), None) => {
            match syn::parse2::<LitStr>(TokenTree::from(literal.clone()).into()) {
                Ok(text) => Some(Value::Text(text)),
                Err(_) => {
                    errors.at(literal.span(), form(format!("expected {expected}")));
                    None
                }
            }
        }
        _ => Some(Value::Expression(tokens)),
    }
}

/// Whether there is a `<`, which may be a bracket.
fn has_angle(tokens: &TokenStream) -> bool {
    let mut tokens = tokens.clone().into_iter();
    tokens.any(|token| matches!(token, TokenTree::Punct(punct) if punct.as_char() == '<'))
}

/// Parentheses that are there only for a comma inside.
fn without_parentheses(tokens: TokenStream) -> TokenStream {
    let mut one = tokens.clone().into_iter();
    match (one.next(), one.next()) {
        (Some(TokenTree::Group(group)), None) if group.delimiter() == Delimiter::Parenthesis => group.stream(),
        _ => tokens,
    }
}

/// The labels are looked up while compiling, which only a static allows.
fn metric_is_static(metric: &TokenStream, errors: &mut Errors) -> bool {
    let mut tokens = metric.clone().into_iter();
    let (first, second) = (tokens.next(), tokens.next());
    let is_field = matches!(second, Some(TokenTree::Punct(punct)) if punct.as_char() == '.');
    match first {
        Some(TokenTree::Ident(ident)) if ident == "self" && is_field => {
            let message = "`#[timed]` records into a static, such as `KYC.module_duration_seconds`; \
                           for a metric inside `self`, call its `start_timer()` in the body";
            errors.at(ident.span(), Problem::new(rule::TIMED_METRIC, message));
            false
        }
        Some(TokenTree::Literal(literal)) => {
            errors.at(
                literal.span(),
                "expected `label = \"value\"`, or a metric such as `KYC.module_duration_seconds`",
            );
            false
        }
        Some(_) => metric_is_in_seconds(metric, errors),
        None => {
            errors.at(Span::call_site(), "unexpected comma");
            false
        }
    }
}

/// What is observed are seconds; a name that ends in another unit is a slip.
fn metric_is_in_seconds(metric: &TokenStream, errors: &mut Errors) -> bool {
    let Some(TokenTree::Ident(name)) = metric.clone().into_iter().last() else {
        return true;
    };
    let text = name.to_string();
    let unit = OTHER_UNITS.iter().find(|unit| text.ends_with(*unit));
    if let Some(unit) = unit {
        let message = format!("`#[timed]` observes seconds, and `{text}` ends in `{unit}`");
        errors.at(name.span(), Problem::new(rule::TIMED_METRIC, message));
    }
    unit.is_none()
}

/// The base units that are not seconds, by Prometheus' naming conventions
/// (<https://prometheus.io/docs/practices/naming/#base-units>).
const OTHER_UNITS: [&str; 8] = [
    "_bytes", "_ratio", "_celsius", "_meters", "_volts", "_amperes", "_joules", "_grams",
];
