//! Errors are collected, so that all mistakes of a declaration are reported together.

use proc_macro2::TokenStream;

use crate::rule::with_id;
use crate::span::Place;

/// The mistakes found so far. It must be turned into tokens: dropping it unread is a bug in a macro, and says so.
#[derive(Default)]
pub(crate) struct Errors {
    errors: Vec<(Place, String)>,
    read: bool,
}

impl Errors {
    /// Notes a mistake on a token, or on all from one to another.
    pub(crate) fn at(&mut self, place: impl Into<Place>, message: impl std::fmt::Display) {
        self.errors.push((place.into(), with_id(message.to_string())));
    }

    /// Notes a mistake that syn found.
    pub(crate) fn push(&mut self, error: syn::Error) {
        for error in error {
            // On one span, so that the compiler underlines the token and not the declaration around it.
            self.at(error.span(), error);
        }
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
        let errors = self.errors.iter();
        errors.map(|(place, message)| place.compile_error(message)).collect()
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
