//! Model to tokens: the struct as it was written, then one block with its constants and checks.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Attribute, Data, DeriveInput, parse_quote};

use super::options::{Compute, Native, Quantiles};
use super::{ATTRIBUTE, Buckets, Family, Metric, lint};
use crate::attribute::{Setting, default_crate_path};
use crate::rule::{self, Exception};
use crate::span::{Place, check, private, span_of, unlisted};

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
    let about = family.about.iter();
    let metrics: Vec<_> = metrics.iter().map(|metric| Expansion::of(family, metric)).collect();
    let fields = metrics.iter().map(Expansion::field);
    let aliases = metrics.iter().map(|field| &field.aliases);
    let counts = metrics.iter().map(Expansion::count);
    let initial_values = metrics.iter().map(Expansion::initial_value);
    let readings = metrics.iter().map(Expansion::reading);
    let descriptors = metrics
        .iter()
        .filter(|field| !field.metric.flatten)
        .map(Expansion::descriptors);
    let all_descriptors = all_descriptors(krate, &metrics);
    let unlisted = unlisted(krate);
    let checks = metrics.iter().flat_map(Expansion::checks);
    let constant_labels = family.constant_labels.iter().map(|label| {
        let (name, value) = (label.word(), &label.value);
        quote!((#name, #value))
    });
    let constant_label_checks = constant_label_checks(krate, family);
    let warnings = lint::warnings(family);
    let budget = family.max_series.iter().map(|budget| {
        let arguments = quote!(#name, &[__DESCRIPTORS], #budget);
        check(krate, Place::of(budget, ident.span()), "within_budget", &arguments)
    });
    let exceptions = family.exceptions.told_by_types();
    let exceptions = exceptions
        .filter(|_| !family.is_group)
        .map(|Exception { rule, place, .. }| check(krate, *place, "is_needed", &quote!(__DESCRIPTORS, #rule)));
    let new_doc = format!(" A `{name}` whose metrics are all 0. It is a constant: nothing runs at start-up.");
    quote! {
        #(#attributes)*
        #visibility struct #ident {
            #(#fields,)*
        }

        #[automatically_derived]
        #[allow(
            deprecated,
            non_camel_case_types,
            non_upper_case_globals,
            unused_qualifications,
            clippy::absolute_paths,
            clippy::new_without_default
        )]
        const _: () = {
            type __Struct = #ident;
            #(#aliases)*

            impl #ident {
                #(#counts)*

                /// The most time series that this struct can export, known to the compiler.
                #visibility const MAX_SERIES: usize = #krate::__private::max_series(__DESCRIPTORS);

                #[doc = #new_doc]
                #visibility const fn new() -> Self {
                    Self { #(#initial_values,)* }
                }
            }

            #unlisted
            impl #krate::MetricFamily for #ident {
                const DESCRIPTORS: &'static [#krate::Descriptor] = __DESCRIPTORS;
                #(const ABOUT: &'static ::core::primitive::str = #about;)*

                fn read(
                    &self,
                    visit: &mut dyn ::core::ops::FnMut(&'static #krate::Descriptor, #krate::__private::Reading<'_>),
                ) {
                    #(#readings)*
                }
            }

            #unlisted
            impl #krate::__private::Part for #ident {
                const NEW: Self = Self::new();
            }

            const __CONSTANT_LABELS: &[(&str, &str)] = &[#(#constant_labels),*];
            #(#descriptors)*
            const __DESCRIPTORS: &[#krate::Descriptor] = #all_descriptors;

            #(#checks)*
            #(const _: () = #constant_label_checks;)*
            #(const _: () = #budget;)*
            #(const _: () = #exceptions;)*
        };

        #warnings
    }
}

/// What stands in for a struct of metrics that is none, which is reported: its uses are no errors of their own.
///
/// The errors stand where its value would be made, too: so that the compiler does not go on to make one.
pub(super) fn stand_in(mut item: DeriveInput, errors: &TokenStream) -> TokenStream {
    without_options(&mut item.data);
    let krate = default_crate_path();
    // What a parameter is said to be good for, so that `Counter<T>` is right.
    for parameter in item.generics.type_params_mut() {
        parameter.bounds.push(parse_quote!(#krate::LabelSet));
    }
    let (parameters, arguments, conditions) = item.generics.split_for_impl();
    let impls = no_metrics(
        &item.ident,
        [&parameters, &arguments, &conditions],
        &quote!(#errors Self::new()),
    );
    quote!(#item #impls)
}

/// What stands beside an item that cannot be read. The compiler could not read it either, and has said so; then it says
/// nothing of the field, and otherwise that there is none of that name.
pub(super) fn beside_unread(item: &TokenStream) -> Option<TokenStream> {
    let is_keyword = |token: &TokenTree| matches!(token, TokenTree::Ident(word) if word == "struct" || word == "enum");
    let mut tokens = item.clone().into_iter().skip_while(|token| !is_keyword(token)).skip(1);
    let (Some(TokenTree::Ident(ident)), next) = (tokens.next(), tokens.next()) else {
        return None;
    };
    if matches!(next, Some(TokenTree::Punct(punct)) if punct.as_char() == '<') {
        return None;
    }
    let value = quote!(Self {
        not_understood_by_metric_family: ()
    });
    Some(no_metrics(&ident, [&quote!(); 3], &value))
}

/// What makes of a type a struct without metrics.
fn no_metrics(
    ident: &Ident,
    [parameters, arguments, conditions]: [&dyn ToTokens; 3],
    value: &TokenStream,
) -> TokenStream {
    let krate = default_crate_path();
    quote! {
        #[automatically_derived]
        #[allow(clippy::new_without_default)]
        const _: () = {
            impl #parameters #ident #arguments #conditions {
                #[doc(hidden)]
                pub const fn new() -> Self {
                    #value
                }
            }

            impl #parameters #krate::MetricFamily for #ident #arguments #conditions {
                const DESCRIPTORS: &'static [#krate::Descriptor] = &[];

                fn read(
                    &self,
                    _: &mut dyn ::core::ops::FnMut(&'static #krate::Descriptor, #krate::__private::Reading<'_>),
                ) {
                }
            }

            impl #parameters #krate::__private::Part for #ident #arguments #conditions {
                const NEW: Self = Self::new();
            }
        };
    }
}

/// Takes out what only `#[metric_family]` understands.
fn without_options(data: &mut Data) {
    let is_theirs = |attribute: &Attribute| !attribute.path().is_ident(ATTRIBUTE);
    match data {
        Data::Struct(data) => data.fields.iter_mut().for_each(|field| field.attrs.retain(is_theirs)),
        Data::Enum(data) => data
            .variants
            .iter_mut()
            .for_each(|variant| variant.attrs.retain(is_theirs)),
        Data::Union(data) => data
            .fields
            .named
            .iter_mut()
            .for_each(|field| field.attrs.retain(is_theirs)),
    }
}

/// What the struct declares, in the order of its fields: with the structs that it contains.
fn all_descriptors(krate: &TokenStream, fields: &[Expansion<'_>]) -> TokenStream {
    let listed = fields.iter().map(Expansion::listed);
    if !fields.iter().any(|field| field.beside_structs) {
        return quote!(&[#(#listed)*]);
    }
    quote! {
        {
            const __PARTS: &[&[#krate::Descriptor]] = &[#(#listed)*];
            &#krate::__private::check::concatenated::<{ #krate::__private::check::total_length(__PARTS) }>(__PARTS)
        }
    }
}

/// A label that the whole struct has must not be one of a metric's own.
fn constant_label_checks(krate: &TokenStream, family: &Family) -> Vec<TokenStream> {
    let check_one = |label: &Setting| {
        let name = label.word();
        check(
            krate,
            label.word.span(),
            "constant_label",
            &quote!(__DESCRIPTORS, #name),
        )
    };
    family.constant_labels.iter().map(check_one).collect()
}

/// The constant with the number of bounds or quantiles of a field that names a list of them.
fn count_of(field: &Ident) -> Ident {
    format_ident!("__COUNT_OF_{}", field.unraw())
}

/// What a constant lists, as a slice: shown, and so reported, where it is named.
fn list_of(krate: &TokenStream, place: Span, constant: &TokenStream) -> TokenStream {
    let list = check(krate, place, "list", constant);
    quote_spanned!(place=> #list.split_at(0).1)
}

/// One field on its way to tokens.
struct Expansion<'a> {
    krate: &'a TokenStream,
    family: &'a Family,
    metric: &'a Metric,
    /// The attributes that decide whether the field is there: what is made of it stands under them too.
    cfg: TokenStream,
    /// The constant with its descriptor.
    descriptor: Ident,
    /// The constant with the one under its old name.
    renamed: Option<Ident>,
    /// Whether the struct contains others.
    beside_structs: bool,
    /// Its type as written, with the number of its buckets or quantiles, and where its cells are.
    declared: TokenStream,
    /// The same, as documentation shows it.
    documented: TokenStream,
    /// What that type is called in the block of constants.
    aliases: TokenStream,
    /// The type there, as it is written and with the options, shown where it is written.
    written: TokenStream,
    ty: TokenStream,
}

impl<'a> Expansion<'a> {
    fn of(family: &'a Family, metric: &'a Metric) -> Self {
        let krate = &family.krate;
        let Metric {
            field,
            ty: written,
            buckets,
            native,
            quantiles,
            shared,
            sparse,
            exemplars,
            was,
            ..
        } = metric;
        let (of, numbers) = match (buckets, quantiles) {
            (Some(buckets), _) => (quote!(Bucketed), Some(buckets)),
            (None, Some(quantiles)) => (quote!(WithQuantiles), Some(&quantiles.values)),
            (None, None) => (TokenStream::new(), None),
        };
        let cfg = metric
            .attributes
            .iter()
            .filter(|attribute| attribute.path().is_ident("cfg"));
        let cfg = quote!(#(#cfg)*);
        // The whole is shown from the type's first token to its last, so that what the compiler says of it, wherever it is
        // used, is one error.
        let Place { first, last } = Place::of(written, field.span());
        let (private, close) = (private(krate, first), quote_spanned!(last=> >));
        let shown = |alias: &Ident| quote_spanned!(first=> #private::Checked<#alias, true #close);
        let part = match metric.flatten {
            true => quote_spanned!(first=> #krate::__private::Part),
            false => quote_spanned!(first=> #krate::Metric),
        };
        let native = native.as_ref().map(|native| &native.word);
        let options = [
            (shared.as_ref(), "InPlace"),
            (sparse.as_ref(), "SparseOf"),
            (native, "NativeOf"),
            (exemplars.as_ref(), "WithExemplars"),
        ];
        let known = |ty: &TokenStream| quote_spanned!(first=> #krate::__private::Checked<#ty, { <#ty as #part>::IS }>);
        // What the options make of the type.
        let whole = |ty: TokenStream| {
            let said = options.iter().filter(|(word, _)| word.is_some());
            let ty = said.fold(ty, |ty, (_, option)| {
                let option = Ident::new(option, first);
                quote_spanned!(first=> #krate::#option<#ty>)
            });
            let Some(Buckets { value, list }) = numbers else {
                return ty;
            };
            let count = match list {
                Some(list) => list.len().into_token_stream(),
                None => {
                    let (owner, count) = (&family.ident, count_of(field));
                    quote_spanned!(span_of(value, first)=> { #owner::#count })
                }
            };
            quote_spanned!(first=> #krate::#of<#ty, #count>)
        };
        // Called where the struct is: what the compiler proposes for a type that does not exist is then the same for both.
        let alias = |of: &str| format_ident!("__{of}_{}", field.unraw(), span = family.ident.span());
        let (alias_of_written, alias_of_whole) = (alias("Written"), alias("Whole"));
        let whole_of_written = whole(known(&shown(&alias_of_written)));
        Self {
            krate,
            family,
            metric,
            cfg: cfg.clone(),
            descriptor: format_ident!("__DESCRIPTOR_OF_{}", field.unraw()),
            renamed: was
                .as_ref()
                .map(|_| format_ident!("__FORMER_DESCRIPTOR_OF_{}", field.unraw())),
            beside_structs: family.metrics.iter().any(|metric| metric.flatten),
            declared: whole(known(&quote!(#written))),
            documented: whole(quote!(#written)),
            written: shown(&alias_of_written),
            ty: shown(&alias_of_whole),
            aliases: quote! {
                #cfg type #alias_of_written = #written;
                #cfg type #alias_of_whole = #whole_of_written;
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
        let Self {
            declared, documented, ..
        } = self;
        quote! {
            #[cfg(not(doc))]
            #(#attributes)*
            #visibility #field: #declared,
            #[cfg(doc)]
            #(#attributes)*
            #visibility #field: #documented
        }
    }

    /// The number of what a constant lists: beside the struct, where the constant is named once, for the field's type
    /// and for the descriptor.
    fn count(&self) -> Option<TokenStream> {
        let Metric {
            field,
            buckets,
            quantiles,
            ty,
            ..
        } = self.metric;
        let numbers = buckets
            .as_ref()
            .or(quantiles.as_ref().map(|quantiles| &quantiles.values))?;
        let Buckets { value, list: None } = numbers else {
            return None;
        };
        let (cfg, count, list) = (
            &self.cfg,
            count_of(field),
            list_of(self.krate, span_of(value, ty.span()), value),
        );
        Some(quote!(#cfg const #count: ::core::primitive::usize = #list.len();))
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
                    native,
                    quantiles,
                    compute,
                    ..
                },
            ..
        } = self;
        let value = match (buckets, quantiles, compute) {
            _ if self.metric.flatten => quote_spanned!(written.span()=> <#ty as #krate::__private::Part>::NEW),
            _ if native.is_some() => {
                let value = quote_spanned!(written.span()=> <#ty>::__with_buckets(#descriptor.buckets));
                quote!(#value.__native(#descriptor.native))
            }
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
        quote!(#cfg #field: #value)
    }

    fn reading(&self) -> TokenStream {
        let Self {
            krate,
            cfg,
            descriptor,
            ty,
            metric: Metric { field, ty: written, .. },
            ..
        } = self;
        // `self` is ours, wherever the type's tokens come from.
        if self.metric.flatten {
            let read = quote_spanned!(written.span()=> <#ty as #krate::__private::Part>::read_part);
            return quote!(#cfg #read(&self.#field, visit););
        }
        let read = quote_spanned!(written.span()=> <#ty as #krate::Metric>::read);
        let renamed = self.renamed.iter();
        quote! {
            #cfg visit(#descriptor, #read(&self.#field));
            #(#cfg visit(#renamed, #read(&self.#field));)*
        }
    }

    /// The constant with the metric's descriptor, and the one under its old name.
    fn descriptors(&self) -> TokenStream {
        let Self {
            krate,
            cfg,
            descriptor,
            ty,
            metric:
                Metric {
                    field,
                    name,
                    help,
                    deprecated,
                    buckets,
                    native,
                    quantiles,
                    slo,
                    sparse,
                    unit,
                    was,
                    touched,
                    ty: written,
                    ..
                },
            ..
        } = self;
        let constant = |numbers: &Buckets| match numbers {
            Buckets { list: Some(list), .. } => quote!(&[#(#list),*]),
            Buckets { value, .. } => {
                let (span, count) = (span_of(value, written.span()), count_of(field));
                let numbers = check(krate, span, "numbers", &list_of(krate, span, value));
                quote_spanned!(span=> { const __NUMBERS: [f64; __Struct::#count] = #numbers; &__NUMBERS })
            }
        };
        let buckets = buckets.as_ref().map(constant);
        let with_buckets = buckets.map(|buckets| quote!(.with_buckets(#buckets)));
        let with_native = native.as_ref().map(|native| {
            let option = |value: &Option<TokenStream>, name: &str, ty: TokenStream| match value {
                Some(value) => quote!({ const __OPTION: #ty = #value; __OPTION }),
                None => {
                    let name = format_ident!("{name}");
                    quote!(#krate::NativeBuckets::new().#name)
                }
            };
            let schema = option(&native.schema, "schema", quote!(::core::primitive::i8));
            let max_buckets = option(&native.max_buckets, "max_buckets", quote!(::core::primitive::usize));
            let zero_threshold = option(&native.zero_threshold, "zero_threshold", quote!(::core::primitive::f64));
            quote!(.with_native(#krate::NativeBuckets::__of(#schema, #max_buckets, #zero_threshold)))
        });
        let quantiles = quantiles.as_ref().map(|quantiles| constant(&quantiles.values));
        let with_quantiles = quantiles.map(|quantiles| quote!(.with_quantiles(#quantiles)));
        let slo = (!slo.is_empty()).then(|| quote!(.with_slo(&[#(#slo),*])));
        let unit = unit.iter();
        let deprecated = deprecated.iter();
        let with_form = sparse.as_ref().map(|_| quote!(.sparse()));
        // What has no memory until it is recorded has no zero to show.
        let touched = match (touched, sparse) {
            (Some(touched), _) => Some(touched.labels.clone()),
            (None, Some(_)) => Some(quote!(::core::primitive::usize::MAX)),
            (None, None) => None,
        };
        let touched = touched.iter();
        let constant_labels =
            (!self.family.constant_labels.is_empty()).then(|| quote!(.with_constant_labels(__CONSTANT_LABELS)));
        let place = field.span();
        let line = quote_spanned!(place=> ::core::line!());
        let file = quote_spanned!(place=> ::core::file!());
        let labels = quote_spanned!(written.span()=> <#ty as #krate::Metric>::LABELS);
        // A state set has a label that is called like it.
        let labels_as = |name: &TokenStream| {
            let named = check(krate, written.span(), "labels", &quote!(#labels, #name));
            quote!({ const __LABELS: [#krate::LabelDescriptor; #labels.len()] = #named; &__LABELS })
        };
        let renamed = was.iter().zip(&self.renamed).map(|(was, renamed)| {
            let labels = labels_as(&quote!(#was));
            quote!(#cfg const #renamed: &#krate::Descriptor = &#descriptor.also_as(#was, #labels);)
        });
        let help = help.clone().unwrap_or_else(|| quote!(""));
        let kind = quote_spanned!(written.span()=> <#ty as #krate::Metric>::KIND);
        let labels = labels_as(&quote!(#name));
        quote! {
            #cfg
            const #descriptor: &#krate::Descriptor = &#krate::Descriptor::new(#name, #help, #kind, #labels)
                #with_buckets
                #with_native
                #with_quantiles
                #slo
                #(.with_unit(#unit))*
                #constant_labels
                #(.deprecated(#deprecated))*
                #(.touched(#touched))*
                #with_form
                .declared_at(#file, #line);
            #(#renamed)*
        }
    }

    /// The descriptors as elements of the struct's list; of a list of lists, where a field is a struct.
    fn listed(&self) -> TokenStream {
        let Self {
            krate,
            cfg,
            descriptor,
            ty,
            renamed,
            ..
        } = self;
        if self.metric.flatten {
            let written = &self.metric.ty;
            return quote_spanned!(written.span()=> #cfg <#ty as #krate::__private::Part>::FAMILIES,);
        }
        let renamed = renamed.iter();
        if self.beside_structs {
            quote!(#cfg &[*#descriptor, #(*#renamed,)*],)
        } else {
            quote!(#cfg *#descriptor, #(#cfg *#renamed,)*)
        }
    }

    /// The checks that need the type's constants, each on the token that it is about.
    fn checks(&self) -> Vec<TokenStream> {
        let Self {
            krate,
            cfg,
            descriptor,
            metric,
            written,
            ty: full_type,
            ..
        } = self;
        let Metric {
            field,
            ty,
            name,
            buckets,
            dense,
            native,
            shared,
            sparse,
            exemplars,
            quantiles,
            compute,
            slo,
            max_series,
            touched,
            flatten,
            mistaken,
            ..
        } = metric;
        if *flatten {
            let instances = quote_spanned!(ty.span()=> <#full_type as #krate::__private::Part>::INSTANCES);
            let check = check(krate, ty.span(), "instances", &instances);
            return vec![quote!(#cfg const _: () = #check;)];
        }
        let kind = quote!(#descriptor.kind);
        let on_type = |name, arguments| check(krate, ty.span(), name, &arguments);
        let field_name = field.unraw().to_string();
        let excepts = |rule: &&str| self.family.excepts(metric, rule);
        let allowed = [rule::NAME_INFO, rule::NAME_SUFFIX, rule::NAME_TOTAL];
        let allowed = allowed.iter().filter(|rule| excepts(rule));
        let mut checks = vec![check(
            krate,
            field.span(),
            "name_fits",
            &quote!(#kind, #name, #field_name, &[#(#allowed),*]),
        )];
        if !excepts(&rule::LABEL_UNIT) {
            checks.push(on_type("labels_are_no_unit", quote!(#descriptor)));
        }
        let exceptions = metric.exceptions.told_by_types().filter(|_| !mistaken);
        checks.extend(
            exceptions.map(|Exception { rule, place, .. }| {
                check(krate, *place, "is_needed", &quote!(&[*#descriptor], #rule))
            }),
        );
        if let Some(budget) = max_series {
            let arguments = quote!(#name, &[&[*#descriptor]], #budget);
            checks.push(check(
                krate,
                Place::of(budget, field.span()),
                "within_budget",
                &arguments,
            ));
        }
        checks.extend(slo.iter().enumerate().map(|(position, bound)| {
            check(
                krate,
                Place::of(bound, field.span()),
                "slo",
                &quote!(#descriptor, #position),
            )
        }));
        if let Some(word) = shared {
            let takes = quote_spanned!(ty.span()=> <#written as #krate::Metric>::TAKES_SHARED);
            checks.push(check(krate, word.span(), "takes_shared", &quote!(#kind, #takes)));
        }
        if let Some(word) = sparse {
            let takes = quote_spanned!(ty.span()=> <#written as #krate::Metric>::TAKES_SPARSE);
            checks.push(check(krate, word.span(), "takes_sparse", &quote!(#kind, #takes)));
        }
        if sparse.is_none() {
            let (place, is_said) = (dense.as_ref().map_or(ty.span(), Ident::span), dense.is_some());
            let takes = quote_spanned!(ty.span()=> <#written as #krate::Metric>::TAKES_SPARSE);
            checks.push(check(krate, place, "says_form", &quote!(#descriptor, #takes, #is_said)));
        }
        if let Some(word) = exemplars {
            let takes = quote_spanned!(ty.span()=> <#written as #krate::Metric>::TAKES_EXEMPLARS);
            checks.push(check(krate, word.span(), "takes_exemplars", &quote!(#kind, #takes)));
        }
        if let Some(native) = native {
            checks.extend(self.native_checks(native));
        }
        // What the option asks of the kind, and of its numbers, one by one where they stand one by one.
        let mut numbers =
            |Buckets { value, list }: &Buckets, takes: (&str, TokenStream), one: &str, all: &TokenStream| {
                let place = Place::of(value, field.span());
                checks.push(check(krate, place, takes.0, &takes.1));
                checks.push(match list {
                    Some(list) if !list.is_empty() => {
                        let each = list.iter().enumerate().map(|(position, number)| {
                            check(krate, Place::of(number, place.first), one, &quote!(#all, #position))
                        });
                        quote!({ #(#each;)* })
                    }
                    _ => check(krate, place, &format!("{one}s"), all),
                });
            };
        if let Some(buckets) = buckets {
            let (all, may_be_many) = (quote!(#descriptor.buckets), excepts(&rule::BUCKET_COUNT));
            let takes = ("takes_buckets", quote!(#kind, #all.len(), #may_be_many));
            numbers(buckets, takes, "bucket", &all);
        }
        if let Some(Quantiles { values, .. }) = quantiles {
            let takes = ("takes_quantiles", kind.clone());
            numbers(values, takes, "quantile", &quote!(#descriptor.quantiles));
        }
        let metric = quote_spanned!(ty.span()=> <#full_type as #krate::Metric>);
        if let Some(Compute { value, .. }) = compute {
            let arguments = quote!(#metric::COMPUTED, #kind);
            checks.push(check(
                krate,
                Place::of(value, field.span()),
                "takes_compute",
                &arguments,
            ));
        }
        if let Some(touched) = touched {
            let (labels, computed) = (&touched.labels, quote!(#metric::COMPUTED));
            let arguments = quote!(#descriptor, #computed, #labels);
            checks.push(check(krate, touched.place, "takes_touched", &arguments));
        }
        if buckets.is_none() && native.is_none() && quantiles.is_none() && compute.is_none() && !mistaken {
            let arguments = quote!(#metric::NEEDS, #descriptor);
            checks.push(check(krate, ty.span(), "needs_no_options", &arguments));
        }
        checks.iter().map(|check| quote!(#cfg const _: () = #check;)).collect()
    }

    /// What native buckets ask of the kind, and what is asked of their options.
    fn native_checks(&self, native: &Native) -> Vec<TokenStream> {
        let Self {
            krate,
            descriptor,
            written,
            metric: Metric { field, ty, .. },
            ..
        } = self;
        let takes = quote_spanned!(ty.span()=> <#written as #krate::Metric>::TAKES_NATIVE);
        let takes = check(
            krate,
            native.word.span(),
            "takes_native",
            &quote!(#descriptor.kind, #takes),
        );
        let options = [
            ("native_schema", &native.schema),
            ("native_max_buckets", &native.max_buckets),
            ("native_zero_threshold", &native.zero_threshold),
        ];
        let options = options.into_iter().filter_map(|(name, value)| {
            let value = value.as_ref()?;
            Some(check(krate, Place::of(value, field.span()), name, &quote!(#descriptor)))
        });
        [takes].into_iter().chain(options).collect()
    }
}
