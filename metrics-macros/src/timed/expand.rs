//! Model to tokens: the function with a guard at its start, which observes when it is dropped.
//!
//! The guard of an `async fn` lives in its future, so that a future that is dropped half-way observes too, and one
//! that is never polled does not.

use proc_macro2::{Ident, Span, TokenStream};
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
    let mut block = proc_macro2::Group::new(
        proc_macro2::Delimiter::Brace,
        quote!(#inner_attributes #[allow(unused_qualifications)] let #name = #guard; #body),
    );
    block.set_span(*body_span);
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
    let metric = match metric {
        Some(metric) => {
            let span = span_of(metric, *span);
            let private = private(krate, span);
            quote_spanned!(span=> #private::TimedInto::new(&#metric))
        }
        // The name is the message that the compiler shows where it is not found.
        None => quote!(#krate::__private::TimedInto::new(&crate::put_timed_into_at_the_crate_root!())),
    };
    let names = labels.iter().map(|label| &label.name);
    let pairs = labels.iter().map(|Label { name, value, .. }| quote!((#name, #value)));
    let each = labels.iter().flat_map(|Label { name, name_span, value }| {
        [
            check(krate, *name_span, "label_exists", &quote!(#metric.labels(), #name)),
            check(
                krate,
                value.span(),
                "value_exists",
                &quote!(#metric.labels(), #name, #value),
            ),
        ]
    });
    let complete = check(
        krate,
        *span,
        "labels_complete",
        &quote!(#metric.labels(), &[#(#names),*]),
    );
    quote! {{
        const __INDEX: usize = #krate::__private::check::combination_index(#metric.labels(), &[#(#pairs),*]);
        const _: () = #complete;
        #(const _: () = #each;)*
        #krate::__private::Timed::start(|elapsed| #metric.at(__INDEX).observe(elapsed))
    }}
}
