//! `#[timed]`: a function's duration, observed once whatever its end.

mod expand;
mod parse;

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::LitStr;

use crate::diagnostics::Errors;

pub(crate) fn timed(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let target = parse::target(arguments, &mut errors);
    let function = parse::function(item.clone(), &mut errors);
    let expansion = match (&target, &function) {
        (Some(target), Some(function)) => expand::expand(target, function),
        // The function stays as it is, so that its callers see no other error.
        _ => item,
    };
    let errors = errors.into_tokens();
    quote!(#expansion #errors)
}

/// What is recorded into: `KYC.module_duration_seconds, module = "ocr"`.
struct Target {
    krate: TokenStream,
    /// The histogram; nothing for the one that `timed_into!` names.
    metric: Option<TokenStream>,
    labels: Vec<Label>,
    /// Where something is missing.
    span: Span,
}

/// `module = "ocr"`
struct Label {
    name: String,
    name_span: Span,
    value: LitStr,
}

/// The function in three pieces: the tokens stay as they are.
struct Function {
    /// Attributes, visibility, signature, where clause.
    head: TokenStream,
    /// `#![…]` at the beginning of the body.
    inner_attributes: TokenStream,
    body: TokenStream,
    /// The braces.
    body_span: Span,
}
