//! Model to tokens: the struct as it was written, then one block with its constants and checks.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::Attribute;
use syn::ext::IdentExt;
use syn::spanned::Spanned;

use super::{Buckets, Family, Metric};
use crate::span::{check, span_of};

pub(super) fn expand(family: &Family) -> TokenStream {
    let Family {
        krate,
        attributes,
        visibility,
        ident,
        metrics,
        ..
    } = family;
    let name = ident.to_string();
    let metrics: Vec<_> = metrics.iter().map(|metric| Expansion::of(krate, metric)).collect();
    let fields = metrics.iter().map(Expansion::field);
    let initial_values = metrics.iter().map(Expansion::initial_value);
    let readings = metrics.iter().map(Expansion::reading);
    let descriptors = metrics.iter().map(Expansion::descriptor);
    let listed = metrics.iter().map(Expansion::listed);
    let checks = metrics.iter().flat_map(Expansion::checks);
    let budget = family.max_series.iter().map(|budget| {
        let arguments = quote!(#name, __DESCRIPTORS, #budget);
        check(krate, span_of(budget, ident.span()), "within_budget", &arguments)
    });
    let new_doc = format!(" A `{name}` whose metrics are all 0. It is a constant: nothing runs at start-up.");
    quote! {
        #(#attributes)*
        #visibility struct #ident {
            #(#fields,)*
        }

        #[automatically_derived]
        #[allow(non_upper_case_globals, unused_qualifications)]
        const _: () = {
            impl #ident {
                /// The most time series that this struct can export, known to the compiler.
                #visibility const MAX_SERIES: usize = #krate::__private::max_series(__DESCRIPTORS);

                #[doc = #new_doc]
                #visibility const fn new() -> Self {
                    Self { #(#initial_values,)* }
                }
            }

            impl #krate::MetricFamily for #ident {
                const DESCRIPTORS: &'static [#krate::Descriptor] = __DESCRIPTORS;

                fn read(
                    &self,
                    visit: &mut dyn ::core::ops::FnMut(&'static #krate::Descriptor, #krate::__private::Reading<'_>),
                ) {
                    #(#readings)*
                }
            }

            #(#descriptors)*
            const __DESCRIPTORS: &[#krate::Descriptor] = &[#(#listed),*];

            #(#checks)*
            #(const _: () = #budget;)*
        };
    }
}

/// One field on its way to tokens.
struct Expansion<'a> {
    krate: &'a TokenStream,
    metric: &'a Metric,
    /// The attributes that decide whether the field is there: what is made of it stands under them too.
    cfg: Vec<&'a Attribute>,
    /// The constant with its descriptor.
    descriptor: Ident,
    /// Its type as written, with the number of its buckets and where its cells are.
    ty: TokenStream,
}

impl<'a> Expansion<'a> {
    fn of(krate: &'a TokenStream, metric: &'a Metric) -> Self {
        let Metric {
            field,
            ty: written,
            buckets,
            shared,
            ..
        } = metric;
        let ty = match shared {
            Some(_) => quote_spanned!(written.span()=> #krate::InPlace<#written>),
            None => quote!(#written),
        };
        Self {
            krate,
            metric,
            cfg: metric
                .attributes
                .iter()
                .filter(|attribute| attribute.path().is_ident("cfg"))
                .collect(),
            descriptor: format_ident!("__DESCRIPTOR_OF_{}", field.unraw()),
            ty: match buckets {
                Some(Buckets { list: Some(list), .. }) => {
                    let count = list.len();
                    quote_spanned!(written.span()=> #krate::Bucketed<#ty, #count>)
                }
                Some(Buckets { value, .. }) => {
                    let count = quote_spanned!(span_of(value, written.span())=> { (#value).len() });
                    quote_spanned!(written.span()=> #krate::Bucketed<#ty, #count>)
                }
                None => ty,
            },
        }
    }

    fn field(&self) -> TokenStream {
        let Metric {
            attributes,
            visibility,
            field,
            ..
        } = self.metric;
        let ty = &self.ty;
        quote!(#(#attributes)* #visibility #field: #ty)
    }

    // What asks something of the field's type stands on that type: one that is no metric is one error.

    fn initial_value(&self) -> TokenStream {
        let Self {
            krate,
            cfg,
            descriptor,
            ty,
            metric:
                Metric {
                    field,
                    ty: written,
                    buckets,
                    ..
                },
        } = self;
        let value = match buckets {
            Some(_) => quote_spanned!(written.span()=> <#ty>::__with_buckets(#descriptor.buckets)),
            None => quote_spanned!(written.span()=> <#ty as #krate::Metric>::NEW),
        };
        quote!(#(#cfg)* #field: #value)
    }

    fn reading(&self) -> TokenStream {
        let Self {
            krate,
            cfg,
            descriptor,
            ty,
            metric: Metric { field, ty: written, .. },
        } = self;
        let read = quote_spanned!(written.span()=> <#ty as #krate::Metric>::read);
        // `self` is ours, wherever the type's tokens come from.
        quote!(#(#cfg)* visit(#descriptor, #read(&self.#field));)
    }

    fn descriptor(&self) -> TokenStream {
        let Self {
            krate,
            cfg,
            descriptor,
            ty,
            metric:
                Metric {
                    name,
                    help,
                    buckets,
                    ty: written,
                    ..
                },
        } = self;
        let buckets = match buckets {
            Some(Buckets { list: Some(list), .. }) => quote!(&[#(#list),*]),
            Some(Buckets { value, .. }) => {
                let span = span_of(value, written.span());
                let bounds = quote_spanned!(span=> (#value).split_at(0).1);
                let array = check(krate, span, "bounds", &bounds);
                quote_spanned!(span=> { const __BOUNDS: [f64; { (#value).len() }] = #array; &__BOUNDS })
            }
            None => quote!(&[]),
        };
        let help = help.clone().unwrap_or_else(|| quote!(""));
        let kind = quote_spanned!(written.span()=> <#ty as #krate::Metric>::KIND);
        let labels = quote_spanned!(written.span()=> <#ty as #krate::Metric>::LABELS);
        quote! {
            #(#cfg)*
            const #descriptor: &#krate::Descriptor = &#krate::Descriptor::new(#name, #help, #kind, #labels, #buckets);
        }
    }

    fn listed(&self) -> TokenStream {
        let Self { cfg, descriptor, .. } = self;
        quote!(#(#cfg)* *#descriptor)
    }

    /// The checks that need the type's constants, each on the token that it is about.
    fn checks(&self) -> Vec<TokenStream> {
        let Self {
            krate,
            cfg,
            descriptor,
            metric,
            ..
        } = self;
        let Metric {
            field,
            ty,
            name,
            buckets,
            shared,
            mistaken,
            ..
        } = metric;
        let kind = quote!(#descriptor.kind);
        let bounds = quote!(#descriptor.buckets);
        let field_name = field.unraw().to_string();
        let mut checks = vec![check(
            krate,
            field.span(),
            "name_fits",
            &quote!(#kind, #name, #field_name),
        )];
        if let Some(word) = shared {
            let takes = quote_spanned!(ty.span()=> <#ty as #krate::Metric>::TAKES_SHARED);
            checks.push(check(krate, word.span(), "takes_shared", &quote!(#kind, #takes)));
        }
        match buckets {
            None if *mistaken => {}
            None => checks.push(check(krate, ty.span(), "needs_no_buckets", &kind)),
            Some(Buckets { value, list }) => {
                let span = span_of(value, field.span());
                checks.push(check(krate, span, "takes_buckets", &kind));
                checks.push(match list {
                    Some(list) if !list.is_empty() => {
                        let each = list.iter().enumerate().map(|(position, bound)| {
                            check(krate, span_of(bound, span), "bucket", &quote!(#bounds, #position))
                        });
                        quote!({ #(#each;)* })
                    }
                    _ => check(krate, span, "buckets", &bounds),
                });
            }
        }
        checks
            .iter()
            .map(|check| quote!(#(#cfg)* const _: () = #check;))
            .collect()
    }
}
