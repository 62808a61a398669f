//! Where something is wrong, and how it is said.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};

use crate::diagnostics::Errors;
use crate::span;

/// From one token to another: stable Rust cannot join their spans, but the compiler underlines all between the first and
/// the last token of what is emitted.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) first: Span,
    pub(super) last: Span,
}

impl Place {
    pub(super) fn new(first: Span, last: Span) -> Self {
        Self { first, last }
    }

    /// An error there.
    pub(super) fn error(self, message: impl std::fmt::Display, errors: &mut Errors) {
        let message = message.to_string();
        let text = quote_spanned!(self.last=> #message);
        let braces = self.closed(Delimiter::Brace, text);
        errors.emit(quote_spanned!(self.first=> ::core::compile_error! #braces));
    }

    /// A warning there, which is called `name`.
    pub(super) fn warning(self, name: &str, message: &str) -> TokenStream {
        span::warning(self.first, self.last, name, message)
    }

    /// A call of a constant function there: `path::name(arguments)`.
    pub(super) fn call(self, path: &TokenStream, name: &str, arguments: TokenStream) -> TokenStream {
        let first = self.first;
        let path = self.moved(path);
        let name = Ident::new(name, first);
        let arguments = self.closed(Delimiter::Parenthesis, arguments);
        quote_spanned!(first=> #path::#name #arguments)
    }

    /// The tokens of a path of ours as if they stood there.
    pub(super) fn moved(self, path: &TokenStream) -> TokenStream {
        let move_there = |mut token: TokenTree| {
            token.set_span(self.first);
            token
        };
        path.clone().into_iter().map(move_there).collect()
    }

    fn closed(self, delimiter: Delimiter, tokens: TokenStream) -> TokenStream {
        let mut group = Group::new(delimiter, tokens);
        group.set_span(self.last);
        quote!(#group)
    }
}

impl From<Span> for Place {
    fn from(span: Span) -> Self {
        Self::new(span, span)
    }
}

impl From<&TokenStream> for Place {
    /// All these tokens.
    fn from(tokens: &TokenStream) -> Self {
        let spans = |token: Option<TokenTree>| token.map_or_else(Span::call_site, |token| token.span());
        let mut all = tokens.to_token_stream().into_iter();
        let first = spans(all.next());
        Self::new(first, all.last().map_or(first, |last| last.span()))
    }
}
