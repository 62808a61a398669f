//! `#[label(impossible(operation = "encrypt", field_type = "phone" | "email"))]`: combinations that cannot occur.

use proc_macro2::{Delimiter, Ident, Span, TokenStream, TokenTree};
use quote::quote;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Attribute, LitStr, Meta, Token};

use super::ATTRIBUTE;
use crate::attribute::{CRATE, IMPOSSIBLE, form, split_at_commas, unknown};
use crate::diagnostics::Errors;
use crate::rule::{self, Problem};
use crate::span::check;

/// One rule: what has all of these values is impossible.
pub(super) struct Rule {
    terms: Vec<Term>,
    /// The word `impossible`.
    pub(super) span: Span,
}

/// `field_type = "phone" | "email"`
struct Term {
    name: String,
    name_span: Span,
    values: Punctuated<LitStr, Token![|]>,
}

/// The rules among the attributes, which are taken out.
pub(super) fn take_rules(attributes: &mut [Attribute], errors: &mut Errors) -> Vec<Rule> {
    let mut rules = Vec::new();
    for attribute in attributes
        .iter_mut()
        .filter(|attribute| attribute.path().is_ident(ATTRIBUTE))
    {
        let Meta::List(list) = &mut attribute.meta else {
            continue;
        };
        // Whatever has parentheses is meant to be one.
        let is_rule = |part: &TokenStream| {
            let mut tokens = part.clone().into_iter();
            let word = matches!(tokens.next(), Some(TokenTree::Ident(word)) if word == IMPOSSIBLE);
            word || matches!(tokens.next(), Some(TokenTree::Group(_)))
        };
        let (ours, others): (Vec<_>, Vec<_>) = split_at_commas(list.tokens.clone()).into_iter().partition(is_rule);
        if !ours.is_empty() {
            list.tokens = quote!(#(#others),*);
        }
        rules.extend(ours.into_iter().filter_map(|tokens| parse(tokens, errors)));
    }
    rules
}

fn parse(tokens: TokenStream, errors: &mut Errors) -> Option<Rule> {
    let mut tokens = tokens.into_iter();
    let word = tokens.next()?;
    let span = word.span();
    if word.to_string() != IMPOSSIBLE {
        errors.at(span, unknown("option", &word.to_string(), &[CRATE, IMPOSSIBLE]));
        return None;
    }
    let group = match (tokens.next(), tokens.next()) {
        (Some(TokenTree::Group(group)), None) if group.delimiter() == Delimiter::Parenthesis => group,
        _ => {
            errors.at(
                span,
                form("expected labels in parentheses, as in `impossible(operation = \"encrypt\", kind = \"phone\")`"),
            );
            return None;
        }
    };
    let terms: Vec<Term> = split_at_commas(group.stream())
        .into_iter()
        .filter_map(|part| errors.ok(parse_term.parse2(part)))
        .collect();
    if group.stream().is_empty() {
        errors.at(
            span,
            Problem::new(
                rule::LABEL_IMPOSSIBLE,
                "a rule without labels would make everything impossible: name the values that do not go together",
            ),
        );
    }
    for (at, term) in terms.iter().enumerate() {
        if terms[..at].iter().any(|earlier| earlier.name == term.name) {
            let name = &term.name;
            let message = format!(
                "the label '{name}' is there twice in this rule; several values of one are `{name} = \"a\" | \"b\"`"
            );
            errors.at(term.name_span, Problem::new(rule::LABEL_IMPOSSIBLE, message));
        }
    }
    (!terms.is_empty()).then_some(Rule { terms, span })
}

fn parse_term(input: ParseStream<'_>) -> syn::Result<Term> {
    let expected = "expected `label = \"value\"`, with the value as it is exported; several are `\"a\" | \"b\"`";
    let explain = |error: syn::Error| syn::Error::new(error.span(), form(expected));
    let word = Ident::parse_any(input).map_err(explain)?;
    input.parse::<Token![=]>().map_err(explain)?;
    let values = Punctuated::parse_separated_nonempty(input).map_err(explain)?;
    if !input.is_empty() {
        return Err(explain(input.error("")));
    }
    Ok(Term {
        name: word.unraw().to_string(),
        name_span: word.span(),
        values,
    })
}

impl Rule {
    /// The rule as a constant, given the set's `__LABELS`.
    pub(super) fn expand(&self, krate: &TokenStream) -> TokenStream {
        let private = quote!(#krate::__private);
        let terms = self.terms.iter().map(|Term { name, values, .. }| {
            let values = values.iter();
            quote! {
                #private::Term {
                    label: #private::check::label_position(__LABELS, #name),
                    values: &[#(#private::check::value_position(__LABELS, #name, #values)),*],
                }
            }
        });
        quote!(#private::Rule { offset: 0, terms: &[#(#terms),*] })
    }

    /// The checks that need the set's labels, each on the token that it is about.
    pub(super) fn checks(&self, krate: &TokenStream, at: usize) -> Vec<TokenStream> {
        let mut checks = vec![check(
            krate,
            self.span,
            "leaves_some",
            &quote!(__LABELS, __OWN_RULES, #at),
        )];
        for Term {
            name,
            name_span,
            values,
        } in &self.terms
        {
            checks.push(check(krate, *name_span, "rule_label", &quote!(__LABELS, #name)));
            for value in values {
                checks.push(check(
                    krate,
                    value.span(),
                    "rule_value",
                    &quote!(__LABELS, #name, #value),
                ));
            }
        }
        checks
    }
}
