//! Tokens to model.

use proc_macro2::{Delimiter, Literal, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::{Attribute, Data, DeriveInput, Expr, ExprLit, Fields, Lit, LitStr, Meta, MetaNameValue, Token};

use super::{ATTRIBUTE, Buckets, Family, Metric, options};
use crate::attribute::{
    ALLOW, BUCKETS, COMPUTE, CRATE, DENSE, EXEMPLARS, FLATTEN, LABELS, MAX_SERIES, NAMESPACE, NATIVE, QUANTILES,
    SHARED, SLO, SPARSE, SUBSYSTEM, Setting, TOUCHED, UNIT, WAS, WINDOW, crate_path, exceptions, settings,
    split_at_commas, take_settings, visible,
};
use crate::diagnostics::Errors;
use crate::rule::{self, Of, Problem};
use crate::span::{Place, span_of};

/// The model, unless the item is no struct with named fields.
pub(super) fn parse(arguments: TokenStream, input: DeriveInput, errors: &mut Errors) -> Option<Family> {
    let known = [NAMESPACE, SUBSYSTEM, MAX_SERIES, LABELS, ALLOW, CRATE];
    let settings = settings(arguments, &known, errors);
    let Data::Struct(syn::DataStruct {
        fields: Fields::Named(fields),
        ..
    }) = input.data
    else {
        errors.at(
            input.ident.span(),
            Problem::new(
                rule::FAMILY_TYPE,
                "a metric family is a struct with a named field for each metric",
            ),
        );
        return None;
    };
    if !input.generics.params.is_empty() {
        errors.at(
            Place::of(&input.generics, input.ident.span()),
            Problem::new(
                rule::FAMILY_TYPE,
                "a metric family cannot be generic: its names and labels are constants",
            ),
        );
        return None;
    }
    let text = |word: &str, errors: &mut Errors| -> Option<LitStr> { find(&settings, word)?.string(errors) };
    let prefix: Vec<LitStr> = [text(NAMESPACE, errors), text(SUBSYSTEM, errors)]
        .into_iter()
        .flatten()
        .collect();
    let mut constant_labels: Vec<Setting> = find(&settings, LABELS)
        .map(|setting| setting.list("component = \"gateway\"", errors))
        .unwrap_or_default();
    constant_labels.retain(|label| label.value_as::<TokenStream>("a text", errors).is_some());
    let max_series = max_series(&settings, errors);
    let exceptions = exceptions(&settings, Of::Struct, errors);
    let metrics = fields
        .named
        .into_iter()
        .filter_map(|field| parse_metric(field, &prefix, errors))
        .collect();
    Some(Family {
        krate: crate_path(&settings, errors),
        about: help(&input.attrs),
        attributes: input.attrs,
        visibility: input.vis,
        ident: input.ident,
        prefix,
        constant_labels,
        exceptions,
        is_group: false,
        max_series,
        metrics,
    })
}

pub(super) fn find<'a>(settings: &'a [Setting], word: &str) -> Option<&'a Setting> {
    settings.iter().find(|setting| setting.word() == word)
}

fn max_series(settings: &[Setting], errors: &mut Errors) -> Option<TokenStream> {
    find(settings, MAX_SERIES)?.value_as("a number", errors)
}

fn parse_metric(mut field: syn::Field, prefix: &[LitStr], errors: &mut Errors) -> Option<Metric> {
    let ident = field.ident?;
    let mistakes = errors.count();
    field.attrs.retain(|attribute| {
        let conditional = attribute.path().is_ident("cfg_attr");
        if conditional {
            let advice = "`cfg_attr` on a metric is not understood: write the field twice, each under `#[cfg(…)]`";
            errors.at(Place::of(attribute, ident.span()), advice);
        }
        !conditional
    });
    let known = [
        BUCKETS, NATIVE, QUANTILES, WINDOW, COMPUTE, EXEMPLARS, SHARED, SPARSE, DENSE, SLO, UNIT, MAX_SERIES, TOUCHED,
        WAS, FLATTEN, ALLOW,
    ];
    let settings = take_settings(&mut field.attrs, ATTRIBUTE, &known, errors);
    let buckets = find(&settings, BUCKETS)
        .and_then(|setting| setting.value_as::<TokenStream>("[0.1, 0.5, 1.0]", errors))
        .map(|value| parse_numbers(value, errors));
    let slo = find(&settings, SLO)
        .and_then(|setting| setting.value_as::<TokenStream>("a bucket bound, or a list of them", errors))
        .map(|value| parse_slo(value, errors))
        .unwrap_or_default();
    let mut word_alone = |word: &str| {
        let setting = find(&settings, word).filter(|setting| setting.alone(errors));
        setting.map(|setting| setting.word.clone())
    };
    let (shared, sparse, exemplars) = (word_alone(SHARED), word_alone(SPARSE), word_alone(EXEMPLARS));
    let dense = word_alone(DENSE);
    let flatten = find(&settings, FLATTEN).is_some_and(|setting| setting.alone(errors));
    for other in settings.iter().filter(|other| flatten && other.word() != FLATTEN) {
        errors.at(
            other.word.span(),
            Problem::new(
                rule::OPTION_CONFLICT,
                format!(
                    "`{}` is for a metric; a struct that is flattened has options of its own",
                    other.word()
                ),
            ),
        );
    }
    let exceptions = exceptions(&settings, Of::Metric, errors);
    let native = options::native(&settings, errors);
    let quantiles = options::quantiles(&settings, errors);
    let compute = options::compute(&settings, errors);
    let name = prefix
        .iter()
        .map(LitStr::value)
        .chain([ident.unraw().to_string()])
        .collect::<Vec<_>>()
        .join("_");
    Some(Metric {
        name,
        help: help(&field.attrs),
        deprecated: deprecation(&field.attrs),
        attributes: field.attrs,
        visibility: field.vis,
        field: ident,
        ty: field.ty,
        buckets,
        dense,
        native,
        shared,
        sparse,
        exemplars,
        quantiles,
        compute,
        slo,
        unit: find(&settings, UNIT).and_then(|setting| setting.string(errors)),
        max_series: max_series(&settings, errors),
        was: find(&settings, WAS).and_then(|setting| setting.string(errors)),
        touched: options::touched(&settings, errors),
        flatten,
        exceptions,
        mistaken: errors.count() > mistakes,
    })
}

/// A list in brackets is taken apart, so that each number has a span of its own and may be written without `.0`.
pub(super) fn parse_numbers(value: TokenStream, errors: &mut Errors) -> Buckets {
    let mut tokens = value.clone().into_iter();
    let list = match (tokens.next(), tokens.next()) {
        (Some(TokenTree::Group(group)), None) if group.delimiter() == Delimiter::Bracket => {
            let mut elements = split_at_commas(group.stream());
            if elements.iter().any(TokenStream::is_empty) {
                errors.at(group.span(), "a number is missing between two commas");
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

/// One bound, or a list of them.
fn parse_slo(value: TokenStream, errors: &mut Errors) -> Vec<TokenStream> {
    let buckets = parse_numbers(value, errors);
    buckets.list.unwrap_or_else(|| vec![float(buckets.value)])
}

/// `8` and `8.0` as `8f64`, which needs no default that a lint may deny; everything else as it is.
pub(super) fn float(element: TokenStream) -> TokenStream {
    let (digits, suffix) = match syn::parse2::<Lit>(visible(element.clone())) {
        Ok(Lit::Int(integer)) => (integer.base10_digits().to_owned(), integer.suffix().to_owned()),
        Ok(Lit::Float(float)) => (float.base10_digits().to_owned(), float.suffix().to_owned()),
        _ => return element,
    };
    match digits.parse::<f64>() {
        Ok(value) if suffix.is_empty() && value.is_finite() => {
            let mut float = Literal::f64_suffixed(value);
            float.set_span(span_of(&element, Span::call_site()));
            float.into_token_stream()
        }
        _ => element,
    }
}

/// What `#[deprecated]` says: its note, or nothing more.
fn deprecation(attributes: &[Attribute]) -> Option<TokenStream> {
    let attribute = attributes
        .iter()
        .find(|attribute| attribute.path().is_ident("deprecated"))?;
    let note = match &attribute.meta {
        Meta::Path(_) => None,
        Meta::NameValue(note) => Some(note.value.to_token_stream()),
        Meta::List(list) => {
            let settings = Punctuated::<MetaNameValue, Token![,]>::parse_terminated.parse2(list.tokens.clone());
            // What is wrong in it, the compiler says.
            let mut settings = settings.into_iter().flatten();
            let note = settings.find(|setting| setting.path.is_ident("note"));
            note.map(|note| note.value.to_token_stream())
        }
    };
    Some(note.unwrap_or_else(|| quote!("")))
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
pub(super) fn help(attributes: &[Attribute]) -> Option<TokenStream> {
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
