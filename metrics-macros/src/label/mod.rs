//! `#[derive(LabelValue)]`, `#[derive(LabelSet)]` and `open_label!`.

pub(crate) mod error;
mod impossible;
pub(crate) mod open;
pub(crate) mod set;
pub(crate) mod value;

use proc_macro2::Span;
use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::{DeriveInput, Generics, LitStr};

use crate::attribute::{NAME, Setting, exceptions};
use crate::diagnostics::Errors;
use crate::naming::label_name_problem;
use crate::rule::{self, Of, Problem};
use crate::span::Place;

/// The word of the attribute that the derives read.
pub(crate) const ATTRIBUTE: &str = "label";

/// What both derives do: parse, note all mistakes, expand.
fn derive<M>(
    item: TokenStream,
    parse: fn(DeriveInput, &mut Errors) -> M,
    expand: fn(&M) -> TokenStream,
) -> TokenStream {
    let mut errors = Errors::default();
    let input: Option<DeriveInput> = errors.ok(syn::parse2(item));
    let implementation = input.map(|input| {
        refuse_generics(&input.generics, &mut errors);
        expand(&parse(input, &mut errors))
    });
    let errors = errors.into_tokens();
    quote!(#implementation #errors)
}

/// What `name = "…"` says.
pub(crate) fn given_name(settings: &[Setting], errors: &mut Errors) -> Option<LitStr> {
    settings.iter().find(|setting| setting.word() == NAME)?.string(errors)
}

/// A label's name must be one, and is usual unless `allow(…)` says why it is not.
pub(crate) fn judge_name(settings: &[Setting], name: &str, place: Span, errors: &mut Errors) {
    let exceptions = exceptions(settings, Of::Label, errors);
    exceptions.judge(place, label_name_problem(name), errors);
    exceptions.are_needed(errors);
}

/// Label types have no parameters: their values must be known where they are declared.
fn refuse_generics(generics: &Generics, errors: &mut Errors) {
    if !generics.params.is_empty() {
        errors.at(
            Place::of(generics, Span::call_site()),
            Problem::new(
                rule::LABEL_TYPE,
                "a label type cannot be generic: its values must be known where it is declared",
            ),
        );
    }
}

/// What stands in for a label set that was not understood, which is reported: its uses are no errors of their own.
fn stand_in(krate: &TokenStream, ident: &Ident, generics: &Generics, is_value: bool) -> TokenStream {
    let mut generics = generics.clone();
    generics
        .make_where_clause()
        .predicates
        .push(syn::parse_quote!(Self: 'static));
    let (parameters, arguments, bounds) = generics.split_for_impl();
    let value = is_value.then(|| {
        quote! {
            #[automatically_derived]
            impl #parameters #krate::LabelValue for #ident #arguments #bounds {
                const NAME: &'static ::core::primitive::str = "";
                const VALUES: &'static [&'static ::core::primitive::str] = &[];
                const VARIANTS: &'static [Self] = &[];
            }
        }
    });
    quote! {
        #value

        #[automatically_derived]
        impl #parameters #krate::LabelSet for #ident #arguments #bounds {
            const LABELS: &'static [#krate::LabelDescriptor] = &[];
            const COMBINATIONS: ::core::primitive::usize = 1;
            type Cells<__T: #krate::__private::Block> = [__T; 1];

            fn index(&self) -> ::core::primitive::usize {
                0
            }

            fn at(_: ::core::primitive::usize) -> Self {
                ::core::unreachable!()
            }
        }
    }
}
