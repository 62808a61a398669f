//! `#[derive(LabelSet)]`: a struct of label values becomes a set of labels.

use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Fields, Type};

use super::ATTRIBUTE;
use crate::attribute::{CRATE, NAME, crate_path, take_settings};
use crate::diagnostics::Errors;
use crate::naming::label_name_problem;
use crate::span::check;

pub(crate) fn derive(item: TokenStream) -> TokenStream {
    super::derive(item, parse, expand)
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

fn parse(mut input: DeriveInput, errors: &mut Errors) -> Model {
    let settings = take_settings(&mut input.attrs, ATTRIBUTE, &[CRATE], errors);
    let krate = crate_path(&settings, errors);
    let labels: Vec<Label> = match input.data {
        Data::Struct(syn::DataStruct {
            fields: Fields::Named(fields),
            ..
        }) => fields
            .named
            .into_iter()
            .filter_map(|field| parse_label(field, errors))
            .collect(),
        _ => Vec::new(),
    };
    if labels.is_empty() {
        errors.at(
            input.ident.span(),
            "a label set is a struct with a named field for each label; a metric without labels has `()`, \
             one with one label the enum itself",
        );
    }
    for (position, label) in labels.iter().enumerate() {
        if labels[..position].iter().any(|earlier| earlier.name == label.name) {
            errors.at(
                label.field.span(),
                format_args!("the label '{}' is there twice", label.name),
            );
        }
    }
    Model {
        krate,
        ident: input.ident,
        labels,
    }
}

fn parse_label(mut field: syn::Field, errors: &mut Errors) -> Option<Label> {
    let ident = field.ident?;
    let mut name = (ident.unraw().to_string(), ident.span());
    for setting in take_settings(&mut field.attrs, ATTRIBUTE, &[NAME], errors) {
        if let Some(literal) = setting.string(errors) {
            name = (literal.value(), literal.span());
        }
    }
    if let Some(problem) = label_name_problem(&name.0) {
        errors.at(name.1, problem);
    }
    Some(Label {
        field: ident,
        ty: field.ty,
        name: name.0,
    })
}

fn expand(model: &Model) -> TokenStream {
    let Model { krate, ident, labels } = model;
    // Everything that asks something of a field's type stands on it: what is no label is one error.
    let each = |tokens: fn(&TokenStream, &Label) -> TokenStream| labels.iter().map(move |label| tokens(krate, label));
    let descriptors = each(|krate, Label { ty, name, .. }| {
        let labels = quote_spanned!(ty.span()=> <#ty as #krate::LabelSet>::LABELS);
        let values = check(krate, ty.span(), "values_of_one", &labels);
        quote!(#krate::LabelDescriptor::new(#name, #values))
    });
    let factors = each(|krate, Label { ty, .. }| quote_spanned!(ty.span()=> <#ty as #krate::LabelSet>::COMBINATIONS));
    let factors_again = factors.clone();
    let indices = each(|krate, Label { ty, field, .. }| {
        let index = quote_spanned!(ty.span()=> <#ty as #krate::LabelSet>::index);
        // `self` is ours, wherever the type's tokens come from.
        quote!(#index(&self.#field))
    });
    // In the order in which their expressions run: the last label varies fastest.
    let fields_at = labels.iter().rev().map(|Label { ty, field, .. }| {
        let set = quote_spanned!(ty.span()=> <#ty as #krate::LabelSet>);
        quote!(#field: {
            let place = rest % #set::COMBINATIONS;
            rest /= #set::COMBINATIONS;
            #set::at(place)
        })
    });
    quote! {
        #[automatically_derived]
        #[allow(unused_qualifications, unused_assignments)]
        impl #krate::LabelSet for #ident {
            const LABELS: &'static [#krate::LabelDescriptor] = &[#(#descriptors),*];
            const COMBINATIONS: usize = #krate::__private::check::product(&[#(#factors),*]);
            type Cells<T: #krate::__private::Block> = [T; <#ident as #krate::LabelSet>::COMBINATIONS];

            #[inline]
            fn index(&self) -> usize {
                let index = 0;
                #(let index = index * #factors_again + #indices;)*
                index
            }

            fn at(index: usize) -> Self {
                let mut rest = index;
                Self { #(#fields_at,)* }
            }
        }
    }
}
