//! `#[derive(InfoLabels)]`: a struct of texts becomes the labels of an info metric.

use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Fields, Type};

use crate::attribute::{ALLOW, CRATE, NAME, crate_path, take_settings};
use crate::diagnostics::Errors;
use crate::label::{ATTRIBUTE, given_name, judge_name};
use crate::rule::{self, Problem};
use crate::span::Place;

pub(crate) fn derive(item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let input: Option<DeriveInput> = errors.ok(syn::parse2(item));
    let implementation = input
        .and_then(|input| parse(input, &mut errors))
        .map(|model| expand(&model));
    let errors = errors.into_tokens();
    quote!(#implementation #errors)
}

/// The struct, understood.
struct Model {
    krate: TokenStream,
    ident: Ident,
    labels: Vec<Label>,
}

struct Label {
    field: Ident,
    ty: Type,
    name: String,
}

fn parse(mut input: DeriveInput, errors: &mut Errors) -> Option<Model> {
    let settings = take_settings(&mut input.attrs, ATTRIBUTE, &[CRATE], errors);
    let krate = crate_path(&settings, errors);
    if !input.generics.params.is_empty() {
        errors.at(
            Place::of(&input.generics, input.ident.span()),
            Problem::new(
                rule::INFO_LABELS,
                "the labels of an info metric cannot be generic: a text is a `String` or a `&'static str`",
            ),
        );
        return None;
    }
    let Data::Struct(syn::DataStruct {
        fields: Fields::Named(fields),
        ..
    }) = input.data
    else {
        errors.at(
            input.ident.span(),
            Problem::new(
                rule::INFO_LABELS,
                "the labels of an info metric are a struct with a named field for each label",
            ),
        );
        return None;
    };
    let mut labels: Vec<Label> = Vec::new();
    for mut field in fields.named {
        let Some(ident) = field.ident else { continue };
        let mut name = (ident.unraw().to_string(), ident.span());
        let settings = take_settings(&mut field.attrs, ATTRIBUTE, &[NAME, ALLOW], errors);
        if let Some(literal) = given_name(&settings, errors) {
            name = (literal.value(), literal.span());
        }
        judge_name(&settings, &name.0, name.1, errors);
        if labels.iter().any(|earlier| earlier.name == name.0) {
            let message = format!("the label '{}' is there twice", name.0);
            errors.at(name.1, Problem::new(rule::LABEL_DUPLICATE, message));
        }
        labels.push(Label {
            field: ident,
            ty: field.ty,
            name: name.0,
        });
    }
    if labels.is_empty() {
        errors.at(
            input.ident.span(),
            Problem::new(
                rule::INFO_LABELS,
                "an info metric says what its labels do: add a field, such as `version: &'static str`",
            ),
        );
    }
    Some(Model {
        krate,
        ident: input.ident,
        labels,
    })
}

fn expand(Model { krate, ident, labels }: &Model) -> TokenStream {
    let names = labels.iter().map(|label| &label.name);
    let texts = labels.iter().map(|Label { field, ty, .. }| {
        let text = quote_spanned!(ty.span()=> <#ty as #krate::InfoText>::into_text);
        // `self` is ours, wherever the type's tokens come from.
        quote!(#text(self.#field))
    });
    quote! {
        #[automatically_derived]
        #[allow(unused_qualifications)]
        impl #krate::InfoLabels for #ident {
            const LABELS: &'static [#krate::LabelDescriptor] = &[#(#krate::LabelDescriptor::new(#names, &[])),*];

            fn into_texts(self) -> #krate::__private::InfoTexts {
                #krate::__private::InfoTexts::from([#(#texts),*])
            }
        }
    }
}
