//! Model to tokens: the struct as it was written, then one block with its constants and checks.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::Attribute;
use syn::ext::IdentExt;
use syn::spanned::Spanned;

use super::options::{Compute, Quantiles};
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
    /// Its type as written, or with the number of its buckets or quantiles.
    ty: TokenStream,
}

impl<'a> Expansion<'a> {
    fn of(krate: &'a TokenStream, metric: &'a Metric) -> Self {
        let Metric {
            field,
            ty,
            buckets,
            quantiles,
            ..
        } = metric;
        let (of, numbers) = match (buckets, quantiles) {
            (Some(buckets), _) => (quote!(Bucketed), Some(buckets)),
            (None, Some(quantiles)) => (quote!(WithQuantiles), Some(&quantiles.values)),
            (None, None) => (TokenStream::new(), None),
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
            ty: match numbers {
                Some(Buckets { list: Some(list), .. }) => {
                    let count = list.len();
                    quote_spanned!(ty.span()=> #krate::#of<#ty, #count>)
                }
                Some(Buckets { value, .. }) => {
                    let count = quote_spanned!(span_of(value, ty.span())=> { (#value).len() });
                    quote_spanned!(ty.span()=> #krate::#of<#ty, #count>)
                }
                None => quote!(#ty),
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
                    quantiles,
                    compute,
                    ..
                },
        } = self;
        let value = match (buckets, quantiles, compute) {
            (Some(_), _, _) => quote_spanned!(written.span()=> <#ty>::__with_buckets(#descriptor.buckets)),
            (_, Some(Quantiles { window_seconds, .. }), _) => {
                let window = quote!(::core::time::Duration::from_secs(#window_seconds));
                quote_spanned!(written.span()=> <#ty>::__with_quantiles(#descriptor.quantiles, #window))
            }
            (_, _, Some(Compute { value, later: false })) => {
                quote_spanned!(written.span()=> <#ty>::__computed(#value))
            }
            _ => quote_spanned!(written.span()=> <#ty as #krate::Metric>::NEW),
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
                    quantiles,
                    ty: written,
                    ..
                },
        } = self;
        let constant = |numbers: &Buckets| match numbers {
            Buckets { list: Some(list), .. } => quote!(&[#(#list),*]),
            Buckets { value, .. } => {
                let span = span_of(value, written.span());
                let bounds = quote_spanned!(span=> (#value).split_at(0).1);
                let array = check(krate, span, "bounds", &bounds);
                quote_spanned!(span=> { const __BOUNDS: [f64; { (#value).len() }] = #array; &__BOUNDS })
            }
        };
        let buckets = buckets.as_ref().map(constant);
        let with_buckets = buckets.map(|buckets| quote!(.with_buckets(#buckets)));
        let quantiles = quantiles.as_ref().map(|quantiles| constant(&quantiles.values));
        let with_quantiles = quantiles.map(|quantiles| quote!(.with_quantiles(#quantiles)));
        let help = help.clone().unwrap_or_else(|| quote!(""));
        let kind = quote_spanned!(written.span()=> <#ty as #krate::Metric>::KIND);
        let labels = quote_spanned!(written.span()=> <#ty as #krate::Metric>::LABELS);
        let named_labels = check(krate, written.span(), "labels", &quote!(#labels, #name));
        quote! {
            #(#cfg)*
            const #descriptor: &#krate::Descriptor = &#krate::Descriptor::new(#name, #help, #kind, {
                const __LABELS: [#krate::LabelDescriptor; #labels.len()] = #named_labels;
                &__LABELS
            }) #with_buckets #with_quantiles;
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
            ty: full_type,
        } = self;
        let Metric {
            field,
            ty,
            name,
            buckets,
            quantiles,
            compute,
            mistaken,
            ..
        } = metric;
        let kind = quote!(#descriptor.kind);
        let field_name = field.unraw().to_string();
        let mut checks = vec![check(
            krate,
            field.span(),
            "name_fits",
            &quote!(#kind, #name, #field_name),
        )];
        // What the option asks of the kind, and of its numbers, one by one where they stand one by one.
        let mut numbers = |Buckets { value, list }: &Buckets, takes: &str, one: &str, all: &TokenStream| {
            let span = span_of(value, field.span());
            checks.push(check(krate, span, takes, &kind));
            checks.push(match list {
                Some(list) if !list.is_empty() => {
                    let each = list
                        .iter()
                        .enumerate()
                        .map(|(position, number)| check(krate, span_of(number, span), one, &quote!(#all, #position)));
                    quote!({ #(#each;)* })
                }
                _ => check(krate, span, &format!("{one}s"), all),
            });
        };
        if let Some(buckets) = buckets {
            numbers(buckets, "takes_buckets", "bucket", &quote!(#descriptor.buckets));
        }
        if let Some(Quantiles { values, .. }) = quantiles {
            numbers(values, "takes_quantiles", "quantile", &quote!(#descriptor.quantiles));
        }
        let metric = quote_spanned!(ty.span()=> <#full_type as #krate::Metric>);
        if let Some(Compute { value, .. }) = compute {
            let arguments = quote!(#metric::COMPUTED, #kind);
            checks.push(check(krate, span_of(value, field.span()), "takes_compute", &arguments));
        }
        if buckets.is_none() && quantiles.is_none() && compute.is_none() && !mistaken {
            let arguments = quote!(#metric::NEEDS, #descriptor);
            checks.push(check(krate, ty.span(), "needs_no_options", &arguments));
        }
        checks
            .iter()
            .map(|check| quote!(#(#cfg)* const _: () = #check;))
            .collect()
    }
}
