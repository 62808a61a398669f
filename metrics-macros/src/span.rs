//! Where the compiler points.
//!
//! Checks have the user's own spans, so that a message is the token and nothing else; the compiler's lints then take
//! them for the user's code, and what stands on such spans allows what a user could not change.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};

#[cfg(feature = "rules")]
use crate::diagnostics::Errors;

/// From one token to another: stable Rust cannot join their spans, but the compiler underlines all between the first and
/// the last token of what is emitted.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    pub(crate) first: Span,
    pub(crate) last: Span,
}

impl Place {
    pub(crate) fn new(first: Span, last: Span) -> Self {
        Self { first, last }
    }

    /// All these tokens; where there are none, what is said otherwise.
    pub(crate) fn of(item: impl ToTokens, otherwise: Span) -> Self {
        let mut tokens = item.into_token_stream().into_iter();
        let first = tokens.next().map_or(otherwise, |first| first.span());
        Self::new(first, tokens.last().map_or(first, |last| last.span()))
    }

    /// An error there.
    #[cfg(feature = "rules")]
    pub(crate) fn error(self, message: impl std::fmt::Display, errors: &mut Errors) {
        errors.at(self, message);
    }

    /// The macro that makes the compiler say so.
    pub(crate) fn compile_error(self, message: &str) -> TokenStream {
        let message = quote_spanned!(self.last=> #message);
        let braces = self.closed(Delimiter::Brace, message);
        quote_spanned!(self.first=> ::core::compile_error! #braces)
    }

    /// A warning there, which is called `name`: the compiler has no other for macros than that something is deprecated.
    pub(crate) fn warning(self, name: &str, message: &str) -> TokenStream {
        let name = Ident::new(&name.replace('-', "_"), self.first);
        let nothing = self.closed(Delimiter::Parenthesis, TokenStream::new());
        quote! {
            const _: () = {
                #[deprecated(note = #message)]
                #[allow(non_upper_case_globals)]
                const fn #name() {}
                #name #nothing
            };
        }
    }

    /// A call of a constant function there: `path::name(arguments)`. The compiler points at a call from the first token
    /// of its path to its closing parenthesis.
    pub(crate) fn call(self, path: &TokenStream, name: &str, arguments: TokenStream) -> TokenStream {
        let first = self.first;
        let path = self.moved(path);
        let name = Ident::new(name, first);
        let arguments = self.closed(Delimiter::Parenthesis, arguments);
        quote_spanned!(first=> #path::#name #arguments)
    }

    /// The tokens of a path of ours as if they stood there.
    pub(crate) fn moved(self, path: &TokenStream) -> TokenStream {
        shown(path.clone(), self.first)
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
        Self::of(tokens, Span::call_site())
    }
}

/// The path of the runtime's internals, shown at `place`.
pub(crate) fn private(krate: &TokenStream, place: Span) -> TokenStream {
    shown(quote!(#krate::__private), place)
}

/// A path, shown at `place`.
pub(crate) fn shown(path: TokenStream, place: Span) -> TokenStream {
    let move_there = |mut token: TokenTree| {
        token.set_span(place);
        token
    };
    path.into_iter().map(move_there).collect()
}

/// Ours are not listed in an error about a user's type: theirs are, among which is the one that was meant.
pub(crate) fn unlisted(krate: &TokenStream) -> Option<TokenStream> {
    (krate.to_string() == "crate").then(|| quote!(#[diagnostic::do_not_recommend]))
}

/// The call of a check, shown at `place`: what is wrong there is found out in a constant.
pub(crate) fn check(krate: &TokenStream, place: impl Into<Place>, name: &str, arguments: &TokenStream) -> TokenStream {
    place
        .into()
        .call(&quote!(#krate::__private::check), name, arguments.clone())
}

/// The span of a whole expression, as far as stable Rust can join spans: its first token otherwise.
pub(crate) fn span_of(tokens: &TokenStream, otherwise: Span) -> Span {
    let Place { first, last } = Place::of(tokens, otherwise);
    first.join(last).unwrap_or(first)
}
