//! Model to tokens: the struct as it was written, then one block with its constants and checks.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
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
    let fields = metrics.iter().map(|metric| {
        let Metric {
            attributes,
            visibility,
            field,
            ..
        } = metric;
        let ty = field_type(family, metric);
        quote!(#(#attributes)* #visibility #field: #ty)
    });
    let descriptors = metrics.iter().map(|metric| descriptor(family, metric));
    let initial_values = metrics.iter().enumerate().map(|(index, metric)| {
        let Metric { field, ty: written, .. } = metric;
        let ty = field_type(family, metric);
        match metric.buckets {
            Some(_) => quote_spanned! {written.span()=>
                #field: <#ty>::__with_buckets(__DESCRIPTORS[#index].buckets)
            },
            None => quote_spanned!(written.span()=> #field: <#ty as #krate::Metric>::NEW),
        }
    });
    let readings = metrics.iter().enumerate().map(|(index, metric)| {
        let Metric { field, ty: written, .. } = metric;
        let ty = field_type(family, metric);
        quote_spanned! {written.span()=>
            visit(&__DESCRIPTORS[#index], <#ty as #krate::Metric>::read(&self.#field));
        }
    });
    let checks = metrics
        .iter()
        .enumerate()
        .map(|(index, metric)| checks(family, index, metric));
    let budget = family.max_series.as_ref().map(|budget| {
        let span = span_of(budget, ident.span());
        let check = check(krate, span, "within_budget", &quote!(#name, __DESCRIPTORS, #budget));
        quote!(const _: () = #check;)
    });
    let new_doc = format!("A `{name}` whose metrics are all 0. It is a constant: nothing runs at start-up.");
    quote! {
        #(#attributes)*
        #visibility struct #ident {
            #(#fields,)*
        }

        #[automatically_derived]
        #[allow(unused_qualifications)]
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

            const __DESCRIPTORS: &[#krate::Descriptor] = &[#(#descriptors),*];
            #(#checks)*
            #budget
        };
    }
}

/// The field's type as written, or with the number of its buckets.
fn field_type(Family { krate, .. }: &Family, Metric { ty, buckets, .. }: &Metric) -> TokenStream {
    match buckets {
        Some(Buckets { list: Some(list), .. }) => {
            let count = list.len();
            quote_spanned!(ty.span()=> #krate::Bucketed<#ty, #count>)
        }
        Some(Buckets { value, .. }) => quote_spanned!(ty.span()=> #krate::Bucketed<#ty, { (#value).len() }>),
        None => quote!(#ty),
    }
}

fn descriptor(family: &Family, metric: &Metric) -> TokenStream {
    let krate = &family.krate;
    let Metric {
        name,
        help,
        buckets,
        ty: written,
        ..
    } = metric;
    let ty = field_type(family, metric);
    let buckets = match buckets {
        Some(Buckets { list: Some(list), .. }) => quote!(&[#(#list),*]),
        Some(Buckets { value, .. }) => {
            quote!(const { &#krate::__private::check::bounds::<{ (#value).len() }>(&(#value)) })
        }
        None => quote!(&[]),
    };
    let kind = quote_spanned!(written.span()=> <#ty as #krate::Metric>::KIND);
    let labels = quote_spanned!(written.span()=> <#ty as #krate::Metric>::LABELS);
    quote!(#krate::Descriptor::new(#name, #help, #kind, #labels, #buckets))
}

/// The checks that need the type's constants, each on the token that it is about.
fn checks(Family { krate, .. }: &Family, index: usize, metric: &Metric) -> TokenStream {
    let Metric {
        field,
        ty,
        name,
        buckets,
        mistaken,
        ..
    } = metric;
    let kind = quote!(__DESCRIPTORS[#index].kind);
    let bounds = quote!(__DESCRIPTORS[#index].buckets);
    let field_name = field.to_string();
    let name_fits = check(krate, field.span(), "name_fits", &quote!(#kind, #name, #field_name));
    let buckets = match buckets {
        None if *mistaken => Vec::new(),
        None => vec![check(krate, ty.span(), "needs_no_buckets", &kind)],
        Some(Buckets { value, list }) => {
            let span = span_of(value, field.span());
            let increasing = match list {
                Some(list) if !list.is_empty() => {
                    let each = list.iter().enumerate().map(|(position, bound)| {
                        check(krate, span_of(bound, span), "bucket", &quote!(#bounds, #position))
                    });
                    quote!({ #(#each;)* })
                }
                _ => check(krate, span, "buckets", &bounds),
            };
            vec![check(krate, span, "takes_buckets", &kind), increasing]
        }
    };
    quote!(const _: () = #name_fits; #(const _: () = #buckets;)*)
}
