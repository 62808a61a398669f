//! Model to tokens: the function with a guard at its start, which observes when it is dropped.
//!
//! The guard of an `async fn` lives in its future, so that a future that is dropped half-way observes too, and one
//! that is never polled does not.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream};
use quote::{quote, quote_spanned};

use super::{Function, Label, Target};
use crate::span::{check, private, span_of};

pub(super) fn expand(target: &Target, function: &Function) -> TokenStream {
    let Function {
        head,
        inner_attributes,
        body,
        body_span,
    } = function;
    let guard = guard(target);
    // Not visible to the body, which is the user's.
    let name = Ident::new("_timed", Span::mixed_site());
    let braces = |content, span| {
        let mut block = Group::new(Delimiter::Brace, content);
        block.set_span(span);
        block
    };
    // A block of its own, because the body may begin with items; with braces that no lint takes for the user's.
    let body = braces(body.clone(), Span::mixed_site());
    let block = braces(
        quote!(#inner_attributes #[allow(unused_qualifications)] let #name = #guard; #body),
        *body_span,
    );
    quote!(#head #block)
}

fn guard(
    Target {
        krate,
        metric,
        labels,
        span,
    }: &Target,
) -> TokenStream {
    // A static in both cases, so that what is named must be one: a constant would be another value each time.
    let (declaration, metric) = match metric {
        Some(metric) => {
            let span = span_of(metric, *span);
            let private = private(krate, span);
            let new = quote_spanned!(span=> #private::TimedInto::new(&#metric));
            let declaration = quote!(static __METRIC: #krate::__private::TimedInto<'static> = #new;);
            (declaration, quote!(__METRIC))
        }
        // Made by `timed_into!`. The name is the message that the compiler shows where it is not found.
        None => (TokenStream::new(), quote!(crate::TIMED_INTO_AT_THE_CRATE_ROOT)),
    };
    let names = labels.iter().map(|label| &label.name);
    let pairs = labels.iter().map(|Label { name, value, .. }| quote!((#name, #value)));
    let mut checks = vec![check(
        krate,
        *span,
        "labels_complete",
        &quote!(__LABELS, &[#(#names),*]),
    )];
    for Label { name, name_span, value } in labels {
        checks.push(check(krate, *name_span, "label_exists", &quote!(__LABELS, #name)));
        checks.push(check(
            krate,
            value.span(),
            "value_exists",
            &quote!(__LABELS, #name, #value),
        ));
    }
    quote! {{
        #declaration
        const __LABELS: &[#krate::LabelDescriptor] = #metric.labels();
        const __INDEX: usize = #krate::__private::check::combination_index(__LABELS, &[#(#pairs),*]);
        #(const _: () = #checks;)*
        #krate::__private::Timed::start(|elapsed| #metric.at(__INDEX).observe(elapsed))
    }}
}
