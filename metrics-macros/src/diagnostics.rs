//! Errors are collected, so that all mistakes of a declaration are reported together.

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;

/// The mistakes found so far. It must be turned into tokens: dropping it unread is a bug in a macro, and says so.
#[derive(Default)]
pub(crate) struct Errors {
    errors: Vec<syn::Error>,
    emitted: TokenStream,
    read: bool,
}

impl Errors {
    /// Notes a mistake on a token.
    pub(crate) fn at(&mut self, span: Span, message: impl std::fmt::Display) {
        self.errors.push(syn::Error::new(span, message));
    }

    /// Notes a mistake that syn found.
    pub(crate) fn push(&mut self, error: syn::Error) {
        self.errors.push(error);
    }

    /// Notes a mistake that is in tokens already.
    #[cfg(feature = "rules")]
    pub(crate) fn emit(&mut self, error: TokenStream) {
        self.emitted.extend(error);
    }

    /// How many mistakes were found so far.
    pub(crate) fn count(&self) -> usize {
        self.errors.len()
    }

    /// The value, or nothing and a note of the mistake.
    pub(crate) fn ok<T>(&mut self, result: syn::Result<T>) -> Option<T> {
        result.map_err(|error| self.push(error)).ok()
    }

    /// One `compile_error!` for each mistake.
    pub(crate) fn into_tokens(mut self) -> TokenStream {
        self.read = true;
        let emitted = std::mem::take(&mut self.emitted);
        self.errors
            .iter()
            .flat_map(|error| error.clone().into_iter().collect::<Vec<_>>())
            .map(|error| {
                let message = error.to_string();
                // On one span, so that the compiler underlines the token and not the declaration around it.
                quote_spanned!(error.span()=> ::core::compile_error! { #message })
            })
            .chain([emitted])
            .collect()
    }
}

impl Drop for Errors {
    fn drop(&mut self) {
        debug_assert!(
            self.read || std::thread::panicking(),
            "a macro dropped its errors unread"
        );
    }
}
