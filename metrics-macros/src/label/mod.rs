//! `#[derive(LabelValue)]`, `#[derive(LabelSet)]` and `open_label!`.

pub(crate) mod error;
mod impossible;
pub(crate) mod open;
pub(crate) mod set;
pub(crate) mod value;

use proc_macro2::TokenStream;
use quote::quote;
use syn::DeriveInput;
use syn::spanned::Spanned;

use crate::diagnostics::Errors;
use crate::rule::{self, Problem};

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
    let implementation = input
        .filter(|input| is_concrete(input, &mut errors))
        .map(|input| expand(&parse(input, &mut errors)));
    let errors = errors.into_tokens();
    quote!(#implementation #errors)
}

/// Label types have no parameters: their values must be known where they are declared.
fn is_concrete(input: &DeriveInput, errors: &mut Errors) -> bool {
    let concrete = input.generics.params.is_empty();
    if !concrete {
        errors.at(
            input.generics.span(),
            Problem::new(
                rule::LABEL_TYPE,
                "a label type cannot be generic: its values must be known where it is declared",
            ),
        );
    }
    concrete
}
