//! `open_label!`: a label whose values come while the program runs, up to a cap.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream};
use quote::quote;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, LitStr, Token, Visibility};

use super::judge_name;
use super::value::empty_value;
use crate::attribute::{ALLOW, CRATE, MAX, NAME, OTHER, crate_path, settings};
use crate::diagnostics::Errors;
use crate::naming::RenameRule;
use crate::rule::{self, Problem};
use crate::span::{Place, check, unlisted};

pub(crate) fn open_label(item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let item: Option<Item> = errors.ok(syn::parse2(item));
    let expansion = item.map(|item| expand(&parse(item, &mut errors)));
    let errors = errors.into_tokens();
    quote!(#expansion #errors)
}

/// `pub struct Route(max = 64);`, the settings not yet read.
struct Item {
    attributes: Vec<Attribute>,
    visibility: Visibility,
    ident: Ident,
    settings: TokenStream,
}

impl Parse for Item {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let expected = |error: syn::Error| {
            syn::Error::new(
                error.span(),
                "expected an open label, as in `pub struct Route(max = 64);`",
            )
        };
        let attributes = input.call(Attribute::parse_outer)?;
        let visibility = input.parse()?;
        input.parse::<Token![struct]>().map_err(expected)?;
        let ident = input.parse().map_err(expected)?;
        let settings: Group = input.parse().map_err(expected)?;
        if settings.delimiter() != Delimiter::Parenthesis {
            return Err(expected(syn::Error::new(settings.span_open(), "")));
        }
        input.parse::<Token![;]>().map_err(expected)?;
        if !input.is_empty() {
            return Err(input.error("one open label in each `open_label!`"));
        }
        Ok(Self {
            attributes,
            visibility,
            ident,
            settings: settings.stream(),
        })
    }
}

/// The label, understood.
struct Model {
    krate: TokenStream,
    attributes: Vec<Attribute>,
    visibility: Visibility,
    ident: Ident,
    name: String,
    /// How many values there are at most besides `other`.
    max: TokenStream,
    other: String,
}

fn parse(item: Item, errors: &mut Errors) -> Model {
    let mistakes = errors.count();
    let settings = settings(item.settings, &[MAX, OTHER, NAME, ALLOW, CRATE], errors);
    let krate = crate_path(&settings, errors);
    let find = |word: &str| settings.iter().find(|setting| setting.word() == word);
    let text = |word: &str, errors: &mut Errors| -> Option<LitStr> { find(word)?.string(errors) };
    let max: Option<TokenStream> = find(MAX).and_then(|setting| setting.value_as("a number", errors));
    if find(MAX).is_none() && errors.count() == mistakes {
        errors.at(
            item.ident.span(),
Problem::new(rule::LABEL_OPEN,
            "say how many values there are at most: each is a series of every metric with this label, as in `(max = 64)`"),
        );
    }
    let (name, name_span) = match text(NAME, errors) {
        Some(name) => (name.value(), name.span()),
        None => (
            RenameRule::Snake.apply(&item.ident.unraw().to_string()),
            item.ident.span(),
        ),
    };
    judge_name(&settings, &name, name_span, errors);
    let other = text(OTHER, errors);
    if let Some(other) = &other
        && other.value().is_empty()
    {
        errors.at(other.span(), empty_value());
    }
    Model {
        krate,
        attributes: item.attributes,
        visibility: item.visibility,
        ident: item.ident,
        name,
        max: max.unwrap_or_else(|| quote!(1)),
        other: other.map_or_else(|| "other".to_owned(), |other| other.value()),
    }
}

fn expand(model: &Model) -> TokenStream {
    let Model {
        krate,
        attributes,
        visibility,
        ident,
        name,
        max,
        other,
    } = model;
    let private = quote!(#krate::__private);
    let capacity = check(krate, Place::of(max, Span::call_site()), "open_capacity", max);
    let text = ident.to_string();
    let unlisted = unlisted(krate);
    quote! {
        #(#attributes)*
        #[derive(
            ::core::clone::Clone,
            ::core::marker::Copy,
            ::core::cmp::PartialEq,
            ::core::cmp::Eq,
            ::core::hash::Hash,
        )]
        #visibility struct #ident(#private::Interned);

        #[allow(unused_qualifications)]
        const _: () = {
            const __MAX: usize = #max;
            const _: () = #capacity;
            static __INTERNER: #private::Interner<__MAX, { #private::table_size(__MAX) }> = #private::Interner::new();
            static __OPEN: #private::Open = #private::Open::new(#name, #other, __MAX, &__INTERNER);

            #[allow(dead_code)]
            impl #ident {
                /// The value of everything that has no place of its own.
                #visibility const OTHER: Self = Self(#private::Interned::OTHER);
                /// How many values have a place, besides `OTHER`.
                #visibility const MAX: usize = __MAX;

                /// The value for this text; `OTHER` if there is no place left, or if the text is empty or longer than 128
                /// bytes. A new text is copied, and kept for as long as the program runs.
                #[must_use]
                #visibility fn intern(text: &str) -> Self {
                    Self(__OPEN.intern(text))
                }

                /// The same without a copy.
                #[must_use]
                #visibility fn intern_static(text: &'static str) -> Self {
                    Self(__OPEN.intern_static(text))
                }

                /// The same as interning the value's text again, for who keeps the value.
                #[inline]
                #visibility fn renew(self) {
                    __OPEN.renew(self.0);
                }

                /// Leaves the series with this value out of scrapes until it is interned again; whether they were in. Its
                /// place is not given to another value, which would inherit its counts.
                #visibility fn remove(text: &str) -> bool {
                    __OPEN.remove(text)
                }

                /// The value as it is exported.
                #[must_use]
                #visibility fn value(self) -> &'static str {
                    __OPEN.text(self.0)
                }
            }

            #unlisted
            #[automatically_derived]
            impl #krate::LabelSet for #ident {
                const LABELS: &'static [#krate::LabelDescriptor] = &[#krate::LabelDescriptor::open(&__OPEN)];
                const COMBINATIONS: usize = __MAX + 1;
                type Cells<T: #private::Block> = [T; __MAX + 1];

                #[inline]
                fn index(&self) -> usize {
                    self.0.index()
                }

                fn at(index: usize) -> Self {
                    Self(#private::Interned::at(index))
                }
            }

            #[automatically_derived]
            impl #private::LabelAt<0> for #ident {
                type Value = Self;
            }

            #[automatically_derived]
            impl ::core::fmt::Debug for #ident {
                fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                    f.debug_tuple(#text).field(&self.value()).finish()
                }
            }
        };
    }
}
