//! `#[metric(calls(…))]`: a field that is a group of metrics, told by what it records of calls.
//!
//! It is rewritten before anything else is read: as a field that is flattened, of a struct that is a `#[metric_family]` of
//! its own. So the parts are ordinary metrics, with their checks, and the rest of the macro knows nothing of groups.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Attribute, Data, DeriveInput, Field, Fields, LitStr, Meta, Type, Visibility};

use super::ATTRIBUTE;
use super::parse::{find, float, help};
use crate::attribute::{
    ALLOW, BUCKETS, CALLS, CRATE, DENSE, EXEMPLARS, LABELS, MAX_SERIES, NAMESPACE, NATIVE, SHARED, SLO, SPARSE,
    SUBSYSTEM, Setting, crate_path, exceptions, form, settings, split_at_commas, take_settings, unknown,
};
use crate::diagnostics::Errors;
use crate::naming::RenameRule;
use crate::rule::{self, Of, Problem};
use crate::span::{self, check, span_of};

const ERROR: &str = "error";
const FIRST_ITEM: &str = "first_item";
const IN_FLIGHT: &str = "in_flight";
const ITEMS: &str = "items";
const OUTCOME: &str = "outcome";
const POLL: &str = "poll";
const SLOW: &str = "slow";

/// What can be recorded of calls besides their duration.
const PARTS: [&str; 7] = [OUTCOME, IN_FLIGHT, ERROR, SLOW, POLL, ITEMS, FIRST_ITEM];

/// Words of a metric that stand on a group for its parts.
const WORDS: [&str; 4] = [SHARED, SPARSE, DENSE, EXEMPLARS];

/// Whether one of them holds for a part.
fn holds(word: &str, part: &str) -> bool {
    match word {
        // What goes back to 0 has its cells from the start.
        SPARSE | DENSE => part != IN_FLIGHT,
        // A trace shows a call, and not one of its polls.
        EXEMPLARS => ![IN_FLIGHT, "poll_seconds_total", "polls_total", "items_total"].contains(&part),
        _ => true,
    }
}

/// The struct with its groups rewritten, and the structs that they became.
pub(super) fn rewrite(arguments: &TokenStream, item: TokenStream, errors: &mut Errors) -> (TokenStream, TokenStream) {
    let Ok(mut input) = syn::parse2::<DeriveInput>(item.clone()) else {
        return (item, TokenStream::new());
    };
    let Data::Struct(syn::DataStruct {
        fields: Fields::Named(fields),
        ..
    }) = &mut input.data
    else {
        return (item, TokenStream::new());
    };
    if !fields.named.iter().any(|field| field.attrs.iter().any(is_group)) {
        return (item, TokenStream::new());
    }
    let family = Outside::of(arguments, &input.ident, &input.vis);
    let mut groups = TokenStream::new();
    for field in fields.named.iter_mut().filter(|field| field.attrs.iter().any(is_group)) {
        groups.extend(Group::of(&family, field, errors).map(|group| group.expand(&family)));
    }
    (input.to_token_stream(), groups)
}

/// `#[metric(…, calls(…), …)]`
fn is_group(attribute: &Attribute) -> bool {
    let Meta::List(list) = &attribute.meta else {
        return false;
    };
    list.path.is_ident(ATTRIBUTE)
        && split_at_commas(list.tokens.clone())
            .into_iter()
            .any(|part| matches!(part.into_iter().next(), Some(TokenTree::Ident(word)) if word == CALLS))
}

/// The struct around a group.
struct Outside<'a> {
    krate: TokenStream,
    ident: &'a Ident,
    visibility: &'a Visibility,
    /// What its attribute says that holds for the groups, too.
    arguments: TokenStream,
    may_lack_help: bool,
}

impl<'a> Outside<'a> {
    fn of(arguments: &TokenStream, ident: &'a Ident, visibility: &'a Visibility) -> Self {
        // Mistakes are reported where the struct itself is read.
        let mut ignored = Errors::default();
        let settings = settings(
            arguments.clone(),
            &[NAMESPACE, SUBSYSTEM, MAX_SERIES, LABELS, ALLOW, CRATE],
            &mut ignored,
        );
        let prefix: Vec<LitStr> = [NAMESPACE, SUBSYSTEM]
            .iter()
            .filter_map(|word| find(&settings, word)?.string(&mut ignored))
            .collect();
        let namespace = prefix.first().map(|first| {
            let joined = prefix.iter().map(LitStr::value).collect::<Vec<_>>().join("_");
            let joined = LitStr::new(&joined, first.span());
            quote!(namespace = #joined,)
        });
        let krate = crate_path(&settings, &mut ignored);
        let lists = [LABELS, ALLOW].iter().filter_map(|word| find(&settings, word));
        let lists = quote!(#(#lists,)*);
        let may_lack_help = exceptions(&settings, Of::Struct, &mut ignored).except(rule::HELP_MISSING);
        let _ = ignored.into_tokens();
        Self {
            arguments: quote!(#namespace #lists crate = #krate,),
            may_lack_help,
            krate,
            ident,
            visibility,
        }
    }
}

/// Whether durations are recorded.
fn has_buckets(settings: &[Setting]) -> bool {
    find(settings, BUCKETS).or(find(settings, NATIVE)).is_some()
}

/// A field that is a group.
struct Group {
    /// The struct that it becomes.
    ident: Ident,
    field: Ident,
    visibility: Visibility,
    ty: Type,
    /// Those that hold for each part: `cfg`, `deprecated`.
    attributes: Vec<Attribute>,
    help: TokenStream,
    settings: Vec<Setting>,
    parts: Vec<Setting>,
}

impl Group {
    /// Reads the group, and makes its field one that is flattened.
    fn of(outside: &Outside<'_>, field: &mut Field, errors: &mut Errors) -> Option<Self> {
        let name = field.ident.clone()?;
        let known = [
            CALLS, BUCKETS, NATIVE, SLO, MAX_SERIES, SHARED, SPARSE, DENSE, EXEMPLARS,
        ];
        let settings = take_settings(&mut field.attrs, ATTRIBUTE, &known, errors);
        for word in WORDS.iter().filter_map(|word| find(&settings, word)) {
            word.alone(errors);
        }
        let has_buckets = has_buckets(&settings);
        let mut parts: Vec<Setting> = Vec::new();
        for part in find(&settings, CALLS)
            .map(|calls| calls.list::<Setting>("outcome, in_flight", errors))
            .unwrap_or_default()
        {
            let word = part.word();
            if !PARTS.contains(&word.as_str()) {
                errors.at(part.word.span(), unknown("part", &word, &PARTS));
            } else if parts.iter().any(|earlier| earlier.word == part.word) {
                errors.at(part.word.span(), form(format!("`{word}` is there twice: remove one")));
            } else if match word.as_str() {
                ERROR => part
                    .value_as::<Type>("the enum of the kinds, such as `OcrErrorKind`", errors)
                    .is_some(),
                SLOW => part
                    .value_as::<TokenStream>("the seconds that are too many, such as 4", errors)
                    .is_some(),
                FIRST_ITEM if !has_buckets => {
                    let message = "`first_item` is a duration: say its buckets beside `calls(…)`";
                    errors.at(part.word.span(), Problem::new(rule::BUCKET_MISSING, message));
                    false
                }
                _ => part.alone(errors),
            } {
                parts.push(part);
            }
        }
        if parts.is_empty() && !has_buckets {
            // Reported above; something to go on with.
            parts.extend(syn::parse_str::<Setting>(OUTCOME).ok());
        }
        let help = help(&field.attrs).unwrap_or_else(|| {
            let message =
                format!("`{name}` has no help text: say what these calls are in a doc comment (`/// …`) above it");
            if !outside.may_lack_help {
                errors.at(name.span(), Problem::new(rule::HELP_MISSING, message));
            }
            quote!("Calls.")
        });
        let holds_for_each =
            |attribute: &&Attribute| ["cfg", "deprecated"].iter().any(|word| attribute.path().is_ident(word));
        let ident = format_ident!(
            "{}{}Calls",
            outside.ident.unraw(),
            RenameRule::Pascal.apply(&name.unraw().to_string()),
            span = name.span()
        );
        let group = Self {
            attributes: field.attrs.iter().filter(holds_for_each).cloned().collect(),
            visibility: field.vis.clone(),
            ty: field.ty.clone(),
            field: name,
            help,
            settings,
            parts,
            ident,
        };
        field.attrs.push(syn::parse_quote!(#[metric(flatten)]));
        let ident = &group.ident;
        field.ty = Type::Verbatim(quote!(#ident));
        Some(group)
    }

    fn expand(&self, outside: &Outside<'_>) -> TokenStream {
        let Outside {
            krate,
            visibility,
            arguments,
            ident: family,
            ..
        } = outside;
        let Self { ident, field, .. } = self;
        let group = format_ident!("{ident}Labels");
        let of_group = |what: TokenStream| quote!(<#group as #krate::__private::CallsGroup>::#what);
        let (labels, error) = (of_group(quote!(Labels)), of_group(quote!(Error)));
        let subsystem = LitStr::new(&field.unraw().to_string(), field.span());
        let budget = find(&self.settings, MAX_SERIES).map(|budget| {
            let value = &budget.value;
            quote!(max_series = #value,)
        });
        let fields = self.fields(krate, &labels, &error);
        let doc = format!(" The metrics of `{family}`'s field `{field}`.");
        let declared = super::declare(
            quote!(#arguments subsystem = #subsystem, #budget),
            quote! {
                #[doc = #doc]
                #[derive(::core::fmt::Debug)]
                #visibility struct #ident { #(#fields)* }
            },
            true,
        );
        let recording = self.recording(outside, &group, &labels, &error);
        quote!(#declared #recording)
    }

    /// The parts, each a metric.
    fn fields(&self, krate: &TokenStream, labels: &TokenStream, error: &TokenStream) -> Vec<TokenStream> {
        // A part is shown where the group's type is.
        let place = self.ty.span();
        let krate = &span::shown(krate.clone(), place);
        let field = |name: &str, help: &str, options: TokenStream, ty: TokenStream| {
            let Self {
                attributes, visibility, ..
            } = self;
            let words = WORDS.iter().filter(|word| holds(word, name));
            let words = words.filter_map(|word| Some(&find(&self.settings, word)?.word));
            let name = Ident::new(name, self.field.span());
            let help = self.help_of(help);
            quote!(#[doc = #help] #(#attributes)* #[metric(#options #(#words),*)] #visibility #name: #ty,)
        };
        let joined = |with: TokenStream| quote_spanned!(place=> #krate::Joined<#labels, #with, { #krate::__private::combinations::<#labels, #with>() }>);
        let none = TokenStream::new;
        let counter = quote_spanned!(place=> #krate::Counter<#labels>);
        let histogram = quote_spanned!(place=> #krate::Histogram<#labels>);
        let (buckets, native, slo) = (self.option(BUCKETS), self.option(NATIVE), self.option(SLO));
        let buckets = quote!(#buckets #native);
        let mut fields = Vec::new();
        if !buckets.is_empty() {
            let options = quote!(#buckets #slo);
            fields.push(field(
                "duration_seconds",
                "how long they took",
                options,
                histogram.clone(),
            ));
        } else if let Some(slo) = find(&self.settings, SLO) {
            // Whose message it is that there are no buckets.
            let (word, value) = (&slo.word, &slo.value);
            fields.push(field(
                "duration_seconds",
                "",
                quote!(#word = #value,),
                histogram.clone(),
            ));
        }
        for part in &self.parts {
            match part.word().as_str() {
                OUTCOME => {
                    let by_outcome = joined(quote_spanned!(place=> #krate::Outcome));
                    let ty = quote_spanned!(place=> #krate::Counter<#by_outcome>);
                    fields.push(field("calls_total", "how many ended, by how they did", none(), ty));
                }
                IN_FLIGHT => {
                    let ty = quote_spanned!(place=> #krate::InFlight<#labels>);
                    fields.push(field("in_flight", "how many there are now", none(), ty));
                }
                ERROR => {
                    let by_kind = joined(error.clone());
                    let ty = quote_spanned!(place=> #krate::Counter<#by_kind>);
                    fields.push(field("errors_total", "how many failed, by kind of error", none(), ty));
                }
                SLOW => {
                    let help = format!("how many took longer than {} s", part.value);
                    fields.push(field("slow_calls_total", &help, none(), counter.clone()));
                }
                POLL => {
                    let ty = quote_spanned!(place=> #krate::Counter<#labels, f64>);
                    let help = "for how long they were polled, which is what they kept a thread busy";
                    fields.push(field("poll_seconds_total", help, none(), ty));
                    fields.push(field(
                        "polls_total",
                        "how often they were polled",
                        none(),
                        counter.clone(),
                    ));
                }
                ITEMS => fields.push(field("items_total", "items that they yielded", none(), counter.clone())),
                _ => {
                    let help = "how long their first item took";
                    fields.push(field("first_item_seconds", help, quote!(#buckets), histogram.clone()));
                }
            }
        }
        fields
    }

    /// `buckets = […],`, if it is there.
    fn option(&self, word: &str) -> TokenStream {
        let setting = find(&self.settings, word).map(|setting| quote!(#setting,));
        setting.unwrap_or_default()
    }

    /// The group's help, and what of it a part is.
    fn help_of(&self, part: &str) -> TokenStream {
        match syn::parse2::<LitStr>(self.help.clone()) {
            Ok(text) => {
                let text = text.value();
                let stem = text.trim_end_matches('.');
                format!(" {stem}: {part}.").to_token_stream()
            }
            Err(_) => {
                let (help, part) = (&self.help, format!(": {part}."));
                quote!(::core::concat!(#help, #part))
            }
        }
    }

    /// What `#[timed]` does with it.
    fn recording(
        &self,
        outside: &Outside<'_>,
        group: &Ident,
        labels: &TokenStream,
        error: &TokenStream,
    ) -> TokenStream {
        let Outside { krate, visibility, .. } = outside;
        let Self {
            ident, attributes, ty, ..
        } = self;
        let private = quote!(#krate::__private);
        let conditions = attributes.iter().filter(|attribute| attribute.path().is_ident("cfg"));
        let kinds = find(&self.parts, ERROR).map_or_else(|| quote!(()), |part| part.value.clone());
        let at_kinds = span_of(&kinds, self.field.span());
        let is_label = quote_spanned!(at_kinds=> { let _ = <#kinds as #krate::LabelSet>::COMBINATIONS; true });
        let kinds = quote_spanned!(at_kinds=> #private::Checked<#kinds, #is_label>);
        let has = |word: &str| find(&self.parts, word).is_some();
        let polls = if has(POLL) { quote!(#private::Polls) } else { quote!(()) };
        let mut ends = Vec::new();
        if has_buckets(&self.settings) {
            ends.push(quote!(end.observe(&self.duration_seconds, index)));
        }
        for part in &self.parts {
            match part.word().as_str() {
                OUTCOME => ends.push(quote!(end.count(&self.calls_total, index))),
                IN_FLIGHT => ends.push(quote!(end.land(&self.in_flight, index))),
                ERROR => ends.push(quote!(end.count_error::<Self, _, _>(&self.errors_total, index))),
                SLOW => {
                    let threshold = float(part.value.clone());
                    ends.push(quote!(end.count_slow(&self.slow_calls_total, index, #threshold)));
                }
                POLL => ends.push(quote!(end.count_polls(
                    &self.poll_seconds_total,
                    &self.polls_total,
                    index
                ))),
                _ => {}
            }
        }
        let started = has(IN_FLIGHT).then(|| quote!(#private::started(&self.in_flight, index);));
        let items = has(ITEMS).then(|| quote!(#private::item(&self.items_total, index);));
        let first = has(FIRST_ITEM);
        let first_item = first.then(|| quote!(#private::first_item(&self.first_item_seconds, index, first);));
        let conditions: Vec<_> = conditions.collect();
        let place = span_of(&ty.to_token_stream(), self.field.span());
        let shown = span::private(krate, place);
        let is_calls =
            quote_spanned!(place=> { #[allow(unused_imports)] use #shown::NoCalls as _; #shown::IsCalls::<#ty>::IS });
        let labels_of = quote_spanned!(place=> <() as #shown::CallsOf<#ty, #is_calls>>::Labels);
        let check = check(krate, place, "takes_calls", &is_calls);
        quote! {
            #(#conditions)*
            const _: () = #check;

            // Says the labels once, so that a type that is wrong is one error.
            #(#conditions)*
            #[doc(hidden)]
            #[allow(missing_debug_implementations, dead_code)]
            #visibility enum #group {}

            #(#conditions)*
            #[automatically_derived]
            impl #private::CallsGroup for #group {
                type Labels = #labels_of;
                type Error = #kinds;
            }

            #(#conditions)*
            #[automatically_derived]
            impl #private::Labelled for #ident {
                const LABELS: &'static [#krate::LabelDescriptor] = <#labels as #krate::LabelSet>::LABELS;
            }

            #(#conditions)*
            #[automatically_derived]
            #[allow(deprecated, unused_variables, unused_qualifications)]
            impl #private::TimedMetric for #ident {
                type Labels = #labels;
                type Error = #error;
                type Polls = #polls;
                const FIRST_ITEM: bool = #first;

                #[inline]
                fn started(&self, index: usize) {
                    #started
                }

                #[inline]
                fn ended(&self, index: usize, end: &#private::End) {
                    #(#ends;)*
                }

                #[inline]
                fn item(&self, index: usize, first: ::core::option::Option<f64>) {
                    #items
                    #first_item
                }
            }
        }
    }
}
