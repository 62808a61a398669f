//! `#[derive(LabelValue)]`: an enum becomes the closed set of a label's values.

use std::collections::HashMap;

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Fields, Generics};

use super::{ATTRIBUTE, judge_name};
use crate::attribute::{ALLOW, CRATE, NAME, RENAME_ALL, SKIP, VALUE, crate_path, form, take_settings, unknown};
use crate::diagnostics::Errors;
use crate::naming::RenameRule;
use crate::rule::{self, Problem};
use crate::span::Place;

pub(crate) fn derive(item: TokenStream) -> TokenStream {
    super::derive(item, parse, expand)
}

/// The enum, understood.
struct Model {
    krate: TokenStream,
    ident: Ident,
    generics: Generics,
    name: String,
    variants: Vec<Variant>,
}

struct Variant {
    ident: Ident,
    value: String,
    /// The token that gives the value.
    span: Span,
    /// Whether it has no fields; one that has is skipped or reported.
    is_unit: bool,
    /// Whether it is no value of the label.
    skipped: bool,
}

fn parse(mut input: DeriveInput, errors: &mut Errors) -> Model {
    let settings = take_settings(&mut input.attrs, ATTRIBUTE, &[NAME, RENAME_ALL, ALLOW, CRATE], errors);
    let krate = crate_path(&settings, errors);
    let mut name = (
        RenameRule::Snake.apply(&input.ident.unraw().to_string()),
        input.ident.span(),
    );
    let mut rule = RenameRule::default();
    for setting in &settings {
        let word = setting.word();
        if word == NAME
            && let Some(literal) = setting.string(errors)
        {
            name = (literal.value(), literal.span());
        } else if word == RENAME_ALL
            && let Some(literal) = setting.string(errors)
        {
            match RenameRule::ALL.iter().find(|(name, _)| *name == literal.value()) {
                Some((_, found)) => rule = *found,
                None => {
                    let known = RenameRule::ALL.map(|(name, _)| name);
                    errors.at(literal.span(), unknown("rule", &literal.value(), &known));
                }
            }
        }
    }
    judge_name(&settings, &name.0, name.1, errors);
    let variants = match input.data {
        Data::Enum(data) if data.variants.is_empty() => {
            errors.at(
                input.ident.span(),
                Problem::new(rule::LABEL_VALUE, "a label needs at least one value: add a variant"),
            );
            Vec::new()
        }
        Data::Enum(data) => {
            let variants: Vec<_> = data
                .variants
                .into_iter()
                .map(|variant| parse_variant(variant, rule, errors))
                .collect();
            if variants.iter().all(|variant| variant.skipped) {
                errors.at(
                    input.ident.span(),
                    Problem::new(
                        rule::LABEL_VALUE,
                        "a label needs at least one value: every variant is skipped",
                    ),
                );
            }
            variants
        }
        Data::Struct(_) | Data::Union(_) => {
            errors.at(
                input.ident.span(),
Problem::new(rule::LABEL_TYPE,
                "a label value is an enum whose variants are the values; a struct of several labels derives `LabelSet`"),
            );
            Vec::new()
        }
    };
    refuse_duplicates(&variants, errors);
    Model {
        krate,
        ident: input.ident,
        generics: input.generics,
        name: name.0,
        variants,
    }
}

fn parse_variant(mut variant: syn::Variant, rule: RenameRule, errors: &mut Errors) -> Variant {
    let is_unit = matches!(variant.fields, Fields::Unit);
    let ident = variant.ident;
    let mut value = (rule.apply(&ident.unraw().to_string()), ident.span());
    let settings = take_settings(&mut variant.attrs, ATTRIBUTE, &[VALUE, SKIP], errors);
    let skip = settings.iter().find(|setting| setting.word() == SKIP);
    if let Some(skip) = skip
        && !skip.value.is_empty()
    {
        errors.at(
            Place::of(&skip.value, skip.word.span()),
            form("`skip` has no value: write `#[label(skip)]`"),
        );
    }
    for setting in settings.iter().filter(|setting| setting.word() == VALUE) {
        if skip.is_some() {
            errors.at(
                setting.word.span(),
                Problem::new(
                    rule::OPTION_CONFLICT,
                    "a variant that is skipped has no value: remove one of the two",
                ),
            );
        } else if let Some(literal) = setting.string(errors) {
            value = (literal.value(), literal.span());
        }
    }
    if !is_unit && skip.is_none() {
        errors.at(
            variant.fields.span(),
Problem::new(rule::LABEL_VALUE,
            "a label value cannot have fields: each variant is exactly one value (`#[label(skip)]` on one makes it none)"),
        );
    }
    if value.0.is_empty() && skip.is_none() {
        errors.at(value.1, empty_value());
    }
    Variant {
        ident,
        value: value.0,
        span: value.1,
        is_unit,
        skipped: skip.is_some(),
    }
}

/// What is wrong with a value without text.
pub(super) fn empty_value() -> Problem {
    Problem::new(
        rule::LABEL_VALUE,
        "a label value cannot be empty: Prometheus treats an empty label as a missing one",
    )
}

fn refuse_duplicates(variants: &[Variant], errors: &mut Errors) {
    let mut seen = HashMap::new();
    for variant in variants
        .iter()
        .filter(|variant| !variant.skipped && !variant.value.is_empty())
    {
        if let Some(earlier) = seen.insert(&variant.value, &variant.ident) {
            let message = format!(
                "'{}' is already the value of `{earlier}`: each variant needs its own",
                variant.value
            );
            errors.at(variant.span, Problem::new(rule::LABEL_VALUE, message));
        }
    }
}

fn expand(model: &Model) -> TokenStream {
    let Model {
        krate,
        ident,
        generics,
        name,
        variants,
    } = model;
    if !generics.params.is_empty() {
        return super::stand_in(krate, ident, generics, true);
    }
    let (skipped, exported): (Vec<_>, Vec<_>) = variants.iter().partition(|variant| variant.skipped);
    let count = exported.len();
    let values = exported.iter().map(|variant| &variant.value);
    let arms = exported
        .iter()
        .enumerate()
        .map(|(index, Variant { ident, .. })| quote!(Self::#ident { .. } => #index))
        .chain(
            skipped
                .iter()
                .map(|Variant { ident, .. }| quote!(Self::#ident { .. } => #krate::__private::SKIPPED)),
        );
    // One that has fields is reported.
    let units: Vec<_> = exported
        .iter()
        .filter(|variant| variant.is_unit)
        .map(|variant| &variant.ident)
        .collect();
    let index = if variants.is_empty() {
        quote!(0)
    } else {
        quote!(match self { #(#arms,)* })
    };
    let at = match units.split_last() {
        Some((last, others)) => {
            let positions = 0..others.len();
            quote!(match index { #(#positions => Self::#others,)* _ => Self::#last })
        }
        None => quote!(::core::unreachable!()),
    };
    let skips = (!skipped.is_empty()).then(|| {
        quote!(
            const SKIPS: bool = true;
        )
    });
    quote! {
        #[automatically_derived]
        impl #krate::LabelSet for #ident {
            const LABELS: &'static [#krate::LabelDescriptor] = &[#krate::LabelDescriptor::new(
                <Self as #krate::LabelValue>::NAME,
                <Self as #krate::LabelValue>::VALUES,
            )];
            const COMBINATIONS: usize = #count;
            #skips
            type Cells<T: #krate::__private::Block> = [T; #count];

            #[inline]
            fn index(&self) -> usize {
                #index
            }

            fn at(index: usize) -> Self {
                #at
            }
        }

        #[automatically_derived]
        impl #krate::LabelValue for #ident {
            const NAME: &'static str = #name;
            const VALUES: &'static [&'static str] = &[#(#values),*];
            const VARIANTS: &'static [Self] = &[#(Self::#units),*];
        }
    }
}
