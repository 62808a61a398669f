//! Tokens to model.

use proc_macro2::{Delimiter, Literal, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Attribute, Data, DeriveInput, Expr, ExprLit, Fields, Lit, LitInt, LitStr, Meta};

use super::{Buckets, Family, Metric};
use crate::attribute::{
    BUCKETS, CRATE, MAX_SERIES, NAMESPACE, SHARED, SUBSYSTEM, crate_path, settings, split_at_commas, take_settings,
    visible,
};
use crate::diagnostics::Errors;

/// The model, unless the item is no struct with named fields.
pub(super) fn parse(arguments: TokenStream, item: TokenStream, errors: &mut Errors) -> Option<Family> {
    let settings = settings(arguments, &[NAMESPACE, SUBSYSTEM, MAX_SERIES, CRATE], errors);
    let input: DeriveInput = errors.ok(syn::parse2(item))?;
    let Data::Struct(syn::DataStruct {
        fields: Fields::Named(fields),
        ..
    }) = input.data
    else {
        errors.at(
            input.ident.span(),
            "a metric family is a struct with a named field for each metric",
        );
        return None;
    };
    if !input.generics.params.is_empty() {
        errors.at(
            input.generics.span(),
            "a metric family cannot be generic: its names and labels are constants",
        );
        return None;
    }
    let text = |word: &str, errors: &mut Errors| -> Option<LitStr> {
        settings.iter().find(|setting| setting.word() == word)?.string(errors)
    };
    let prefix: Vec<LitStr> = [text(NAMESPACE, errors), text(SUBSYSTEM, errors)]
        .into_iter()
        .flatten()
        .collect();
    let max_series = settings
        .iter()
        .find(|setting| setting.word() == MAX_SERIES)
        .and_then(|setting| setting.value_as::<TokenStream>("a number", errors));
    let metrics = fields
        .named
        .into_iter()
        .filter_map(|field| parse_metric(field, &prefix, errors))
        .collect();
    Some(Family {
        krate: crate_path(&settings, errors),
        attributes: input.attrs,
        visibility: input.vis,
        ident: input.ident,
        prefix,
        max_series,
        metrics,
    })
}

fn parse_metric(mut field: syn::Field, prefix: &[LitStr], errors: &mut Errors) -> Option<Metric> {
    let ident = field.ident?;
    let mistakes = errors.count();
    field.attrs.retain(|attribute| {
        let conditional = attribute.path().is_ident("cfg_attr");
        if conditional {
            let advice = "`cfg_attr` on a metric is not understood: write the field twice, each under `#[cfg(…)]`";
            errors.at(attribute.span(), advice);
        }
        !conditional
    });
    let settings = take_settings(&mut field.attrs, "metric", &[BUCKETS, SHARED], errors);
    let of = |word: &str| settings.iter().find(|setting| setting.word() == word);
    let buckets = of(BUCKETS)
        .and_then(|setting| setting.value_as::<TokenStream>("[0.1, 0.5, 1.0]", errors))
        .map(|value| parse_buckets(value, errors));
    let shared = of(SHARED).map(|setting| setting.alone(errors));
    let name = prefix
        .iter()
        .map(LitStr::value)
        .chain([ident.unraw().to_string()])
        .collect::<Vec<_>>()
        .join("_");
    Some(Metric {
        name,
        help: help(&field.attrs),
        attributes: field.attrs,
        visibility: field.vis,
        field: ident,
        ty: field.ty,
        buckets,
        shared,
        mistaken: errors.count() > mistakes,
    })
}

/// A list in brackets is taken apart, so that each bound has a span of its own and may be written without `.0`.
fn parse_buckets(value: TokenStream, errors: &mut Errors) -> Buckets {
    let mut tokens = value.clone().into_iter();
    let list = match (tokens.next(), tokens.next()) {
        (Some(TokenTree::Group(group)), None) if group.delimiter() == Delimiter::Bracket => {
            let mut elements = split_at_commas(group.stream());
            if elements.iter().any(TokenStream::is_empty) {
                errors.at(group.span(), "a bucket bound is missing between two commas");
                elements.retain(|element| !element.is_empty());
            }
            // `[0.1; 5]` is an array too, but not a list.
            let repeat = |token: TokenTree| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ';');
            (!group.stream().into_iter().any(repeat)).then(|| elements.into_iter().map(float).collect())
        }
        _ => None,
    };
    Buckets { value, list }
}

/// `8` as `8.0`, everything else as it is.
fn float(element: TokenStream) -> TokenStream {
    match syn::parse2::<LitInt>(visible(element.clone())) {
        Ok(integer) if integer.suffix().is_empty() => match integer.base10_parse::<f64>() {
            Ok(value) => {
                let mut float = Literal::f64_unsuffixed(value);
                float.set_span(integer.span());
                float.into_token_stream()
            }
            Err(_) => element,
        },
        _ => element,
    }
}

/// The text of one doc comment; the lines of a block comment may begin with a star.
fn without_stars(text: &str) -> String {
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    let lines = rest.lines().map(|line| {
        let line = line.trim_start();
        line.strip_prefix('*').unwrap_or(line)
    });
    [first].into_iter().chain(lines).collect::<Vec<_>>().join("\n")
}

/// The first paragraph of the doc comment, on one line. What is no text, such as `#[doc = concat!(…)]`, is passed on.
fn help(attributes: &[Attribute]) -> Option<TokenStream> {
    let mut text = String::new();
    for attribute in attributes {
        match &attribute.meta {
            Meta::NameValue(meta) if meta.path.is_ident("doc") => match &meta.value {
                Expr::Lit(ExprLit {
                    lit: Lit::Str(line), ..
                }) => text = text + &without_stars(&line.value()) + "\n",
                expression if text.trim().is_empty() => return Some(expression.to_token_stream()),
                _ => break,
            },
            _ => {}
        }
    }
    let paragraph: Vec<_> = text
        .lines()
        .map(str::trim)
        .skip_while(|line| line.is_empty())
        .take_while(|line| !line.is_empty())
        .collect();
    (!paragraph.is_empty()).then(|| paragraph.join(" ").to_token_stream())
}
