//! Where the compiler points.
//!
//! Checks have the user's own spans, so that a message is the token and nothing else; the compiler's lints then take
//! them for the user's code, and what stands on such spans allows what a user could not change.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};

/// The path of the runtime's internals, shown at `place`: the compiler points at a call from the first token of its
/// path to its closing parenthesis, so that both must be there.
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

/// The call of a check, shown at `place`: what is wrong there is found out in a constant.
pub(crate) fn check(krate: &TokenStream, place: Span, name: &str, arguments: &TokenStream) -> TokenStream {
    let private = private(krate, place);
    let name = Ident::new(name, place);
    quote_spanned!(place=> #private::check::#name(#arguments))
}

/// A warning from one token to another, which is called `name`: the compiler has no other for macros than that something
/// is deprecated.
pub(crate) fn warning(first: Span, last: Span, name: &str, message: &str) -> TokenStream {
    let name = Ident::new(&name.replace('-', "_"), first);
    let mut nothing = Group::new(Delimiter::Parenthesis, TokenStream::new());
    nothing.set_span(last);
    quote! {
        const _: () = {
            #[deprecated(note = #message)]
            #[allow(non_upper_case_globals)]
            const fn #name() {}
            #name #nothing
        };
    }
}

/// The span of a whole expression, as far as stable Rust can join spans: its first token otherwise.
pub(crate) fn span_of(tokens: &TokenStream, otherwise: Span) -> Span {
    if tokens.is_empty() {
        return otherwise;
    }
    let (first, last) = ends(tokens);
    first.join(last).unwrap_or(first)
}

/// Where the first token of this stands, and its last.
pub(crate) fn ends(item: impl ToTokens) -> (Span, Span) {
    let mut tokens = item.into_token_stream().into_iter();
    let Some(first) = tokens.next() else {
        return (Span::call_site(), Span::call_site());
    };
    let last = tokens.last().map_or(first.span(), |last| last.span());
    (first.span(), last)
}
