//! Model to tokens: the function as it was, its body handed to the runtime.
//!
//! A body becomes a closure, or an `async` block, because `return` and `?` are part of it: what it returns tells how it
//! ended.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{quote, quote_spanned};
use syn::LitStr;
use syn::ext::IdentExt;

use super::function::{AsyncInBox, Function, Shape};
use super::metric::metric;
use super::{Hidden, Label, Labels, Target, Value};
use crate::span::{Place, check, private, span_of};

pub(super) fn expand(target: &Target, function: &Function) -> TokenStream {
    let Function {
        name,
        head,
        returns,
        inner_attributes,
        body,
        body_span,
        shape,
    } = function;
    let private = {
        let krate = &target.krate;
        quote!(#krate::__private)
    };
    let declaration = series(target, Some(name));
    let error = error(target, span_of(returns, name.span()));
    let series = ours("series");
    let (place, shown) = recording(target);
    // With braces that no lint takes for the user's.
    let own = braces(body.clone(), Span::mixed_site());
    let body = match shape {
        Shape::Plain => {
            let arrow = returned(returns).map(|ty| quote!(-> #ty));
            let closure = quote!(move || #arrow #own);
            quote_spanned!(place=> #shown::call(#series, #closure, #error))
        }
        Shape::Async => {
            // Says the type of what `return` and `?` return.
            let typed = returned(returns).map(
                |ty| quote!(#[allow(unreachable_code, clippy::all)] if false { return #private::never::<#ty>(); }),
            );
            let body = quote!(async move { #typed #own });
            let timed = quote_spanned!(place=> #shown::TimedFuture::new(#series, #body, #error));
            quote!(#timed.await)
        }
        Shape::AsyncInBox(AsyncInBox { path, keywords, body }) => {
            let own = braces(body.clone(), Span::mixed_site());
            // `#[async_trait]` moves each argument once more in there, which no label sees: nobody else may use it.
            let unused = target.labels.are_computed().then(|| quote!(#[allow(unused_variables)]));
            let future = ours("future");
            let timed = quote_spanned!(place=> #shown::TimedFuture::new(#series, #keywords #own, #error));
            let timed = quote!(#unused let #future = #timed;);
            // Still a box of one `async` block, by which other attributes know what it is.
            let block = braces(quote!(#declaration #timed #future.await), Span::mixed_site());
            let block = quote!(#inner_attributes #path(#keywords #block));
            return finish(head, block, *body_span);
        }
        Shape::Future { boxed } | Shape::Stream { boxed } => {
            let wrapper = match shape {
                Shape::Stream { .. } => quote!(TimedStream),
                _ => quote!(TimedFuture),
            };
            let arrow = returned(returns).map(|ty| quote!(-> #ty));
            let made = quote!(#private::called(move || #arrow #own));
            let wrapped = quote_spanned!(place=> #shown::#wrapper::new(#series, #made, #error));
            if *boxed {
                quote!(#private::Box::pin(#wrapped))
            } else {
                wrapped
            }
        }
    };
    finish(head, quote!(#inner_attributes #declaration #body), *body_span)
}

/// An expression that is timed: a future where it is `async` or said to be one.
pub(super) fn expand_expression(target: &Target, expression: &TokenStream) -> TokenStream {
    let is_async = matches!(expression.clone().into_iter().next(), Some(TokenTree::Ident(word)) if word == "async");
    let declaration = series(target, None);
    let error = error(target, span_of(expression, target.span));
    let series = ours("series");
    let (place, shown) = recording(target);
    let timed = match target.hidden {
        Some(Hidden::Stream) => quote_spanned!(place=> #shown::TimedStream::new(#series, #expression, #error)),
        Some(Hidden::Future) => quote_spanned!(place=> #shown::TimedFuture::new(#series, #expression, #error)),
        None if is_async => quote_spanned!(place=> #shown::TimedFuture::new(#series, #expression, #error)),
        None => {
            let closure = quote!(|| #expression);
            quote_spanned!(place=> #shown::call(#series, #closure, #error))
        }
    };
    quote!({ #declaration #timed })
}

/// Where the compiler says what cannot be recorded into, and the path of what records, shown there: at the metric.
fn recording(target: &Target) -> (Span, TokenStream) {
    let metric = target.metric.as_ref();
    let place = metric.map_or(target.span, |metric| span_of(metric, target.span));
    let place = Span::mixed_site().located_at(place);
    (place, private(&target.krate, place))
}

fn finish(head: &TokenStream, body: TokenStream, span: Span) -> TokenStream {
    let block = braces(body, span);
    quote!(#head #block)
}

/// A name that the body, which is the user's, does not see.
fn ours(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}

fn braces(content: TokenStream, span: Span) -> Group {
    let mut block = Group::new(Delimiter::Brace, content);
    block.set_span(span);
    block
}

/// The type that is returned, where it can be written again inside the function. It always is, so that no type is open
/// when the compiler looks for what an error is.
fn returned(returns: &TokenStream) -> Option<TokenStream> {
    if returns.is_empty() {
        Some(quote!(()))
    } else {
        (!is_opaque(returns)).then(|| returns.clone())
    }
}

/// Whether a type cannot be written again inside the function, because it has an `impl`.
fn is_opaque(ty: &TokenStream) -> bool {
    ty.clone().into_iter().any(|token| match token {
        TokenTree::Ident(word) => word == "impl",
        TokenTree::Group(group) => is_opaque(&group.stream()),
        _ => false,
    })
}

/// `let series = …;`: which series of which metric, and the checks of its labels.
fn series(target: &Target, function: Option<&Ident>) -> TokenStream {
    let Target {
        krate, labels, span, ..
    } = target;
    let private_path = quote!(#krate::__private);
    let metric = metric(target, function.map_or(*span, Ident::span));
    let (name, index, into) = (ours("series"), ours("index"), ours("metric"));
    let labels = match labels {
        Labels::Each(labels) => labels,
        Labels::All(labels) => {
            let reference = reference(labels, *span);
            return quote! {
                #[allow(unused_qualifications)]
                let #name = {
                    let #into = #metric;
                    let #index = #private_path::index(#into, #reference);
                    move || (#into(), #index)
                };
            };
        }
    };
    let names: Vec<String> = labels.iter().map(|label| label.name.unraw().to_string()).collect();
    let mut pairs = Vec::new();
    let mut checks = vec![check(
        krate,
        Place::of(&target.metric, *span),
        "labels_complete",
        &quote!(__LABELS, &[#(#names),*]),
    )];
    let mut computed = Vec::new();
    for (Label { name: ident, value }, name) in labels.iter().zip(&names) {
        checks.push(check(krate, ident.span(), "label_exists", &quote!(__LABELS, #name)));
        let text = match value {
            Value::Text(text) => text.clone(),
            Value::FunctionName(span) => {
                let name = function.map_or_else(String::new, |name| name.unraw().to_string());
                LitStr::new(&name, *span)
            }
            Value::Expression(value) => {
                let reference = reference(value, ident.span());
                let at = quote!(::<{ #private_path::label_position(__LABELS, #name) }, _, _>);
                let is_one = quote!(#private_path::is_one_label #at(#metric));
                checks.push(check(krate, ident.span(), "is_one_label", &quote!(#name, #is_one)));
                computed.push(quote! {
                    let #index = #private_path::plus(
                        #index,
                        #private_path::position #at(#into, #reference),
                        const { #private_path::stride(__LABELS, #name) },
                    );
                });
                continue;
            }
        };
        checks.push(check(
            krate,
            text.span(),
            "value_exists",
            &quote!(__LABELS, #name, #text),
        ));
        pairs.push(quote!((#name, #text)));
    }
    let series = if computed.is_empty() {
        quote!(move || (#into(), __INDEX))
    } else {
        quote!(let #index = __INDEX; #(#computed)* move || (#into(), #index))
    };
    quote! {
        #[allow(unused_qualifications)]
        let #name = {
            const __LABELS: &[#krate::LabelDescriptor] = #private_path::labels_of(#metric);
            const __INDEX: usize = #private_path::check::combination_index(__LABELS, &[#(#pairs),*]);
            #(const _: () = #checks;)*
            let #into = #metric;
            #series
        };
    }
}

/// `&(…)`, shown at the expression.
fn reference(expression: &TokenStream, otherwise: Span) -> TokenStream {
    let place = span_of(expression, otherwise);
    let mut operand = Group::new(Delimiter::Parenthesis, expression.clone());
    operand.set_span(Span::mixed_site().located_at(place));
    quote_spanned!(place=> &#operand)
}

/// A closure that tells whether what was returned is an error; where it cannot, that is shown at the return type.
fn error(target: &Target, place: Span) -> TokenStream {
    let krate = &target.krate;
    if let Some(error_if) = &target.error_if {
        let seen = ours("seen");
        let judged = Place::from(error_if).call(&quote!(#krate::__private), "judged", quote!(#seen, #error_if));
        return quote!(|#seen| #judged);
    }
    let place = Span::mixed_site().located_at(place);
    let seen = Ident::new("seen", place);
    let ask = quote_spanned!(place=> #seen.error());
    quote! {
        |#seen| {
            #[allow(unused_imports)]
            use #krate::__private::{Otherwise as _, Unending as _, Unfinished as _};
            #ask
        }
    }
}
