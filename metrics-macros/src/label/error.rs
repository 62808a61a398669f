//! `#[derive(ErrorLabel)]`: the variants of an error enum become the values of a label.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use syn::ext::IdentExt;
use syn::{Attribute, Data, DeriveInput, Generics, LitStr, Visibility};

use super::ATTRIBUTE;
use crate::attribute::{CRATE, KIND, NAME, RENAME_ALL, Setting, VALUE, crate_path, take_settings};
use crate::diagnostics::Errors;
use crate::rule::{self, Problem};

pub(crate) fn derive(item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let input: Option<DeriveInput> = errors.ok(syn::parse2(item));
    let kinds = input
        .and_then(|input| parse(input, &mut errors))
        .map(|model| expand(&model));
    let errors = errors.into_tokens();
    quote!(#kinds #errors)
}

/// The enum, understood.
struct Model {
    krate: TokenStream,
    visibility: Visibility,
    ident: Ident,
    generics: Generics,
    /// The enum that is made.
    kind: Ident,
    /// What is passed on to its `#[derive(LabelValue)]`.
    options: TokenStream,
    variants: Vec<Variant>,
}

struct Variant {
    /// `cfg`s.
    conditions: Vec<Attribute>,
    docs: Vec<Attribute>,
    ident: Ident,
    value: Option<LitStr>,
}

fn parse(mut input: DeriveInput, errors: &mut Errors) -> Option<Model> {
    let settings = take_settings(&mut input.attrs, ATTRIBUTE, &[KIND, NAME, RENAME_ALL, CRATE], errors);
    let setting = |word: &str| settings.iter().find(|setting| setting.word() == word);
    let Data::Enum(data) = input.data else {
        errors.at(
            input.ident.span(),
            Problem::new(rule::TIMED_ERROR, "`ErrorLabel` makes kinds of the variants of an enum; for another error, declare the kinds as an enum with \
             `#[derive(LabelValue)]`, and write `impl ErrorLabel<…>` for it"),
        );
        return None;
    };
    if data.variants.is_empty() {
        errors.at(
            input.ident.span(),
            Problem::new(
                rule::TIMED_ERROR,
                "an error without variants has no kinds: add a variant",
            ),
        );
        return None;
    }
    let kind =
        setting(KIND).and_then(|kind| kind.value_as("the name of the enum to make, such as `OcrErrorKind`", errors));
    let pass_on = |word: &str| {
        let Setting { word, value, .. } = setting(word)?;
        Some(quote!(#word = #value,))
    };
    let name = pass_on(NAME).unwrap_or_else(|| quote!(name = "error",));
    let rename_all = pass_on(RENAME_ALL);
    let variants = data.variants.into_iter().map(|mut variant| {
        let value = take_settings(&mut variant.attrs, ATTRIBUTE, &[VALUE], errors)
            .iter()
            .find_map(|setting| setting.string(errors));
        let is = |word: &'static str| move |attribute: &&Attribute| attribute.path().is_ident(word);
        Variant {
            conditions: variant.attrs.iter().filter(is("cfg")).cloned().collect(),
            docs: variant.attrs.iter().filter(is("doc")).cloned().collect(),
            ident: variant.ident,
            value,
        }
    });
    let variants = variants.collect();
    let krate = crate_path(&settings, errors);
    Some(Model {
        kind: kind.unwrap_or_else(|| format_ident!("{}Kind", input.ident.unraw(), span = input.ident.span())),
        options: quote!(#name #rename_all crate = #krate),
        krate,
        visibility: input.vis,
        ident: input.ident,
        generics: input.generics,
        variants,
    })
}

impl Model {
    /// The variant whose value this one's is: variants that share a value are one kind.
    fn kind_of<'a>(&'a self, variant: &'a Variant) -> &'a Variant {
        let same = |earlier: &&Variant| match (&earlier.value, &variant.value) {
            (Some(earlier), Some(value)) => earlier.value() == value.value(),
            _ => earlier.ident == variant.ident,
        };
        self.variants.iter().find(same).unwrap_or(variant)
    }
}

fn expand(model: &Model) -> TokenStream {
    let Model {
        krate,
        visibility,
        ident,
        generics,
        kind,
        options,
        variants,
    } = model;
    let doc = format!(" The kinds of `{ident}`, by which it is counted.");
    let kinds = variants
        .iter()
        .filter(|variant| model.kind_of(variant).ident == variant.ident)
        .map(
            |Variant {
                 conditions,
                 docs,
                 ident: variant,
                 value,
             }| {
                let own_doc = format!(" `{ident}::{variant}`.");
                let doc = if docs.is_empty() {
                    quote!(#[doc = #own_doc])
                } else {
                    quote!(#(#docs)*)
                };
                let value = value.iter();
                quote!(#(#conditions)* #doc #(#[label(value = #value)])* #variant)
            },
        );
    let arms = variants.iter().map(|variant| {
        let conditions = &variant.conditions;
        let (from, to) = (&variant.ident, &model.kind_of(variant).ident);
        quote!(#(#conditions)* #ident::#from { .. } => Self::#to)
    });
    let (parameters, arguments, clause) = generics.split_for_impl();
    quote! {
        #[doc = #doc]
        #[derive(
            ::core::clone::Clone,
            ::core::marker::Copy,
            ::core::fmt::Debug,
            ::core::cmp::PartialEq,
            ::core::cmp::Eq,
            ::core::hash::Hash,
            #krate::LabelValue,
        )]
        #[label(#options)]
        #visibility enum #kind {
            #(#kinds,)*
        }

        #[automatically_derived]
        impl #parameters #krate::ErrorLabel<#ident #arguments> for #kind #clause {
            #[inline]
            fn of(error: &#ident #arguments) -> Self {
                match error {
                    #(#arms,)*
                }
            }
        }
    }
}
