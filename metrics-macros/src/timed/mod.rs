//! `#[timed]`: the calls of a function, recorded once whatever their end.

mod expand;
mod function;
mod items;
mod parse;

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::LitStr;

use crate::diagnostics::Errors;

pub(crate) fn timed(arguments: TokenStream, item: TokenStream) -> TokenStream {
    if let Some(block) = items::Block::of(&item) {
        return block.time_functions(&arguments);
    }
    let mut errors = Errors::default();
    let target = parse::target(arguments, &mut errors);
    let function = function::parse(
        item.clone(),
        target.as_ref().and_then(|target| target.hidden),
        &mut errors,
    );
    let expansion = match (&target, &function) {
        (Some(target), Some(function)) => expand::expand(target, function),
        // The function stays as it is, so that its callers see no other error.
        _ => item,
    };
    let errors = errors.into_tokens();
    quote!(#expansion #errors)
}

/// What is recorded into: `KYC.module, module = "ocr"`.
struct Target {
    krate: TokenStream,
    /// The metric; nothing for the one that `timed_into!` names.
    metric: Option<TokenStream>,
    labels: Labels,
    /// `error_if = …`
    error_if: Option<TokenStream>,
    /// What the function returns under a name that does not tell.
    hidden: Option<Hidden>,
    /// Where something is missing.
    span: Span,
}

/// The labels of a call.
enum Labels {
    /// `module = "ocr", side = page.side`
    Each(Vec<Label>),
    /// `..page`: all of them, by an expression.
    All(TokenStream),
}

impl Labels {
    /// Whether some are computed when a call begins.
    fn are_computed(&self) -> bool {
        match self {
            Self::Each(labels) => labels.iter().any(|label| matches!(label.value, Value::Expression(_))),
            Self::All(_) => true,
        }
    }
}

/// `module = …`
struct Label {
    name: Ident,
    value: Value,
}

/// The value of a label.
enum Value {
    /// As it is exported.
    Text(LitStr),
    /// `fn`: the name of the function.
    FunctionName(Span),
    /// Computed when a call begins.
    Expression(TokenStream),
}

/// `future` or `stream`, boxed.
#[derive(Clone, Copy, PartialEq)]
enum Hidden {
    Future,
    Stream,
}
