//! `#[derive(LabelValue)]`: an enum becomes the closed set of a label's values.

use std::collections::HashMap;

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Fields};

use super::ATTRIBUTE;
use crate::attribute::{CRATE, NAME, RENAME_ALL, VALUE, crate_path, take_settings, unknown};
use crate::diagnostics::Errors;
use crate::naming::{RenameRule, label_name_problem};

pub(crate) fn derive(item: TokenStream) -> TokenStream {
    super::derive(item, parse, expand)
}

/// The enum, understood.
struct Model {
    krate: TokenStream,
    ident: Ident,
    name: String,
    variants: Vec<Variant>,
}

struct Variant {
    ident: Ident,
    value: String,
    /// The token that gives the value.
    span: Span,
    /// Whether it has no fields; one that has is reported.
    is_unit: bool,
}

fn parse(mut input: DeriveInput, errors: &mut Errors) -> Model {
    let settings = take_settings(&mut input.attrs, ATTRIBUTE, &[NAME, RENAME_ALL, CRATE], errors);
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
    if let Some(problem) = label_name_problem(&name.0) {
        errors.at(name.1, problem);
    }
    let variants = match input.data {
        Data::Enum(data) if data.variants.is_empty() => {
            errors.at(input.ident.span(), "a label needs at least one value: add a variant");
            Vec::new()
        }
        Data::Enum(data) => data
            .variants
            .into_iter()
            .map(|variant| parse_variant(variant, rule, errors))
            .collect(),
        Data::Struct(_) | Data::Union(_) => {
            errors.at(
                input.ident.span(),
                "a label value is an enum whose variants are the values; a struct of several labels derives `LabelSet`",
            );
            Vec::new()
        }
    };
    refuse_duplicates(&variants, errors);
    Model {
        krate,
        ident: input.ident,
        name: name.0,
        variants,
    }
}

fn parse_variant(mut variant: syn::Variant, rule: RenameRule, errors: &mut Errors) -> Variant {
    let is_unit = matches!(variant.fields, Fields::Unit);
    if !is_unit {
        errors.at(
            variant.fields.span(),
            "a label value cannot have fields: each variant is exactly one value",
        );
    }
    let ident = variant.ident;
    let mut value = (rule.apply(&ident.unraw().to_string()), ident.span());
    for setting in take_settings(&mut variant.attrs, ATTRIBUTE, &[VALUE], errors) {
        if let Some(literal) = setting.string(errors) {
            value = (literal.value(), literal.span());
        }
    }
    if value.0.is_empty() {
        errors.at(
            value.1,
            "a label value cannot be empty: Prometheus treats an empty label as a missing one",
        );
    }
    Variant {
        ident,
        value: value.0,
        span: value.1,
        is_unit,
    }
}

fn refuse_duplicates(variants: &[Variant], errors: &mut Errors) {
    let mut seen = HashMap::new();
    for variant in variants.iter().filter(|variant| !variant.value.is_empty()) {
        if let Some(earlier) = seen.insert(&variant.value, &variant.ident) {
            errors.at(
                variant.span,
                format_args!(
                    "'{}' is already the value of `{earlier}`: each variant needs its own",
                    variant.value
                ),
            );
        }
    }
}

fn expand(model: &Model) -> TokenStream {
    let Model {
        krate,
        ident,
        name,
        variants,
    } = model;
    let count = variants.len();
    let values = variants.iter().map(|variant| &variant.value);
    let arms = variants
        .iter()
        .enumerate()
        .map(|(index, Variant { ident, .. })| quote!(Self::#ident { .. } => #index));
    let units = variants
        .iter()
        .filter(|variant| variant.is_unit)
        .map(|variant| &variant.ident);
    let index = if count == 0 {
        quote!(0)
    } else {
        quote!(match self { #(#arms,)* })
    };
    // A variant with fields is reported; what comes of it here does not matter.
    let places = variants.iter().enumerate().filter(|(_, variant)| variant.is_unit);
    let (last, others): (Vec<_>, Vec<_>) = places.partition(|(index, _)| index + 1 == count);
    let at = match last.first() {
        Some((_, Variant { ident: last, .. })) => {
            let others = others
                .iter()
                .map(|(index, Variant { ident, .. })| quote!(#index => Self::#ident));
            quote!(match index { #(#others,)* _ => Self::#last })
        }
        None => quote!(::core::unreachable!()),
    };
    quote! {
        #[automatically_derived]
        impl #krate::LabelSet for #ident {
            const LABELS: &'static [#krate::LabelDescriptor] = &[#krate::LabelDescriptor::new(
                <Self as #krate::LabelValue>::NAME,
                <Self as #krate::LabelValue>::VALUES,
            )];
            const COMBINATIONS: usize = #count;
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
