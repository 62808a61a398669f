//! `#[derive(LabelSet)]`: a struct of label values becomes a set of labels.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Fields, Generics, Type};

use super::impossible::{self, Rule};
use super::{ATTRIBUTE, given_name, judge_name};
use crate::attribute::{ALLOW, CRATE, IMPOSSIBLE, NAME, crate_path, take_settings};
use crate::diagnostics::Errors;
use crate::rule::{self, Problem};
use crate::span::check;

pub(crate) fn derive(item: TokenStream) -> TokenStream {
    super::derive(item, parse, expand)
}

/// The struct, understood.
struct Model {
    krate: TokenStream,
    ident: Ident,
    generics: Generics,
    labels: Vec<Label>,
    rules: Vec<Rule>,
}

/// One field: a label, or a set of its own.
struct Label {
    field: Ident,
    ty: Type,
    name: String,
    /// The name's token, where an attribute gives it.
    renamed: Option<Span>,
}

fn parse(mut input: DeriveInput, errors: &mut Errors) -> Model {
    let rules = impossible::take_rules(&mut input.attrs, errors);
    let settings = take_settings(&mut input.attrs, ATTRIBUTE, &[CRATE, IMPOSSIBLE], errors);
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
            Problem::new(
                rule::LABEL_TYPE,
                "a label set is a struct with a named field for each label; a metric without labels has `()`, \
             one with one label the enum itself",
            ),
        );
    }
    Model {
        krate,
        ident: input.ident,
        generics: input.generics,
        labels,
        rules,
    }
}

fn parse_label(mut field: syn::Field, errors: &mut Errors) -> Option<Label> {
    let ident = field.ident?;
    let mut name = (ident.unraw().to_string(), ident.span());
    let mut renamed = None;
    let settings = take_settings(&mut field.attrs, ATTRIBUTE, &[NAME, ALLOW], errors);
    if let Some(literal) = given_name(&settings, errors) {
        name = (literal.value(), literal.span());
        renamed = Some(literal.span());
    }
    judge_name(&settings, &name.0, name.1, errors);
    Some(Label {
        field: ident,
        ty: field.ty,
        name: name.0,
        renamed,
    })
}

fn expand(model: &Model) -> TokenStream {
    let Model {
        krate,
        ident,
        generics,
        labels,
        rules,
    } = model;
    if labels.is_empty() || !generics.params.is_empty() {
        return super::stand_in(krate, ident, generics, false);
    }
    let private = quote!(#krate::__private);
    let (none, some) = (
        quote!(::core::option::Option::None),
        quote!(::core::option::Option::Some),
    );
    // Everything that asks something of a field's type stands on it: what is no label is one error.
    let of_type = |ty: &Type, item: TokenStream| {
        let item = respan(item, ty.span());
        quote_spanned!(ty.span()=> <#ty as #krate::LabelField>::#item)
    };
    let fields = labels.iter().map(|Label { ty, name, .. }| {
        let field = of_type(ty, quote!(FIELD));
        quote!(#field.named(#name))
    });
    let indices = labels.iter().map(|Label { ty, field, .. }| {
        let join = of_type(ty, quote!(join));
        // `self` is ours, wherever the type's tokens come from.
        quote!(#join(&self.#field, index, <#ident as #krate::LabelSet>::SKIPS))
    });
    let values: Vec<_> = (0..labels.len()).map(|at| format_ident!("__{at}")).collect();
    let splits = labels.iter().zip(&values).rev().map(|(Label { ty, .. }, value)| {
        let split = of_type(ty, quote!(split));
        quote!(let (index, #value) = #split(index);)
    });
    let computed = labels.iter().enumerate().map(|(at, Label { ty, .. })| {
        quote! {
            #[automatically_derived]
            impl #private::LabelAt<{ #private::Field::offset(__FIELDS, #at) }> for #ident {
                type Value = #ty;
            }
        }
    });
    let names = labels.iter().map(|label| &label.field);
    let rule_values = rules.iter().map(|rule| rule.expand(krate));
    // Where no rule is its own, those of the sets inside it may be too many for it.
    let rules_at = rules.first().map_or(ident.span(), |rule| rule.span);
    let rules_fit = check(krate, rules_at, "rules_fit", &quote!(__LABELS, __RULES));
    let checks = labels
        .iter()
        .enumerate()
        .flat_map(|(at, label)| checks(krate, labels, at, label))
        .chain(rules.iter().enumerate().flat_map(|(at, rule)| rule.checks(krate, at)))
        .chain([rules_fit]);
    quote! {
        #[allow(long_running_const_eval, unused_qualifications)]
        const _: () = {
            const __FIELDS: &[#private::Field] = &[#(#fields),*];
            const __LABELS: &[#krate::LabelDescriptor] =
                &#private::Field::labels::<{ #private::Field::count(__FIELDS) }>(__FIELDS, #none);
            const __OWN_RULES: &[#private::Rule] = &[#(#rule_values),*];
            const __RULES: &[#private::Rule] =
                &#private::Impossible::rules::<{ #private::Impossible::count(__FIELDS, __OWN_RULES) }>(
                    __FIELDS,
                    __OWN_RULES,
                );
            const __IMPOSSIBLE: &#private::Impossible = &#private::Impossible::new(__LABELS, __RULES);

            #[automatically_derived]
            impl #krate::LabelSet for #ident {
                const LABELS: &'static [#krate::LabelDescriptor] =
                    &#private::Field::labels::<{ __LABELS.len() }>(__FIELDS, #some(__IMPOSSIBLE));
                const COMBINATIONS: usize = #private::Field::combinations(__FIELDS);
                const NESTS: bool = true;
                const SKIPS: bool = #private::Field::skip(__FIELDS);
                type Cells<T: #private::Block> = [T; <#ident as #krate::LabelSet>::COMBINATIONS];

                #[inline]
                fn index(&self) -> usize {
                    let index = 0;
                    #(let index = #indices;)*
                    index
                }

                fn at(index: usize) -> Self {
                    #(#splits)*
                    let _ = index;
                    Self { #(#names: #values),* }
                }
            }

            #(#computed)*

            #(const _: () = #checks;)*
        };
    }
}

/// The checks that need the field's type, each on the token that it is about.
fn checks(krate: &TokenStream, labels: &[Label], at: usize, label: &Label) -> Vec<TokenStream> {
    let field = quote!(__FIELDS[#at]);
    let mut checks = vec![check(krate, label.ty.span(), "field_fits", &field)];
    if at > 0 {
        let fields = labels[..=at].iter().map(|label| label.field.unraw().to_string());
        let arguments = quote!(__FIELDS, #at, &[#(#fields),*]);
        checks.push(check(krate, label.field.span(), "name_is_free", &arguments));
    }
    checks.extend(label.renamed.map(|span| check(krate, span, "names_one_label", &field)));
    checks
}

/// The tokens, all shown at `place`.
fn respan(tokens: TokenStream, place: Span) -> TokenStream {
    let move_there = |mut token: proc_macro2::TokenTree| {
        token.set_span(place);
        token
    };
    tokens.into_iter().map(move_there).collect()
}
