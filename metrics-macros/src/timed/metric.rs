//! What is recorded into, as a closure that names it.
//!
//! All of it is shown at the metric, however often and wherever it is expanded. The compiler says only once what it would
//! say twice of one place, so that a mistake in `timed_into!` is one error, for all functions that are timed.

use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::{quote, quote_spanned};

use super::Target;
use crate::attribute::visible;
use crate::span::span_of;

/// The metric of a target. `place` is the user's, and has the names that are visible there.
pub(super) fn metric(target: &Target, place: Span) -> TokenStream {
    match &target.metric {
        Some(metric) => closure(metric.clone()),
        // Made by `timed_into!`. The name is the message that the compiler shows where it is not found.
        None => {
            let at = Ident::new("at", place);
            quote!(crate::TIMED_INTO_AT_THE_CRATE_ROOT!(#at))
        }
    }
}

/// `metric`, or `at = metric`: with the names that are visible at that token, which is the user's. What comes out of
/// `timed_into!` would else be shown in each function that is timed.
pub(crate) fn metric_of_timed_into(input: TokenStream) -> TokenStream {
    let mut tokens = input.clone().into_iter();
    match (tokens.next(), tokens.next()) {
        (Some(TokenTree::Ident(at)), Some(TokenTree::Punct(equals))) if equals.as_char() == '=' => {
            closure(resolved_at(tokens.collect(), at.span()))
        }
        _ => closure(input),
    }
}

fn closure(metric: TokenStream) -> TokenStream {
    let metric = visible(metric);
    let place = span_of(&metric, Span::call_site());
    quote_spanned!(place=> || &#metric)
}

fn resolved_at(tokens: TokenStream, place: Span) -> TokenStream {
    let resolved = |mut token: TokenTree| {
        if let TokenTree::Group(group) = &token {
            let span = group.span();
            let mut group = Group::new(group.delimiter(), resolved_at(group.stream(), place));
            group.set_span(span);
            token = group.into();
        }
        token.set_span(token.span().resolved_at(place));
        token
    };
    tokens.into_iter().map(resolved).collect()
}
