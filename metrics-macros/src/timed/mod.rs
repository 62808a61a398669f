//! `#[timed]`: the calls of a function, recorded once whatever their end.

mod expand;
mod function;
mod items;
mod metric;
mod parse;

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::quote;
use syn::LitStr;

pub(crate) use self::metric::metric_of_timed_into;
use crate::diagnostics::Errors;
use crate::rule::{self, Problem};

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
        (Some(target), Some(function)) if cfg!(feature = "timed") => expand::expand(target, function),
        // The function stays as it is where timing is not built; and where there is a mistake, so that its callers see no
        // other. What only its labels would have used is no mistake of its own then.
        (Some(target), _) if !target.labels.are_computed() => item,
        _ => quote!(#[allow(unused_variables)] #item),
    };
    let errors = errors.into_tokens();
    quote!(#expansion #errors)
}

/// `time!(KYC.module, module = "ocr"; expression)`
pub(crate) fn time(input: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let mut tokens = input.into_iter();
    let is_end = |token: &TokenTree| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ';');
    let arguments = tokens.by_ref().take_while(|token| !is_end(token)).collect();
    let expression: TokenStream = tokens.collect();
    let target = parse::target(arguments, &mut errors);
    let mut complete = true;
    if expression.is_empty() {
        errors.at(
            Span::call_site(),
            "expected what `#[timed]` takes, a semicolon and an expression: `time!(METRIC, label = \"value\"; expression)`",
        );
        complete = false;
    }
    if let Some(name) = target.as_ref().and_then(Target::function_name) {
        errors.at(
            name,
            Problem::new(
                rule::TIMED_LABEL,
                "`fn` is the name of a function, and here is none: give the value as text",
            ),
        );
        complete = false;
    }
    let expansion = match &target {
        Some(target) if complete && cfg!(feature = "timed") => expand::expand_expression(target, &expression),
        _ if expression.is_empty() => expression,
        // Braces around it are nobody's mistake.
        _ => quote!(match () { () => #expression, }),
    };
    let errors = errors.into_tokens();
    quote!({ #errors #expansion })
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

impl Target {
    /// Where a label is the name of the function.
    fn function_name(&self) -> Option<Span> {
        let Labels::Each(labels) = &self.labels else {
            return None;
        };
        labels.iter().find_map(|label| match label.value {
            Value::FunctionName(span) => Some(span),
            _ => None,
        })
    }
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
