//! The macros of [enumetrics](https://docs.rs/enumetrics), which re-exports and documents them.
//!
//! Each entry point is one line over `proc_macro2` tokens: parse (spans kept), lint (all errors together), expand.
// docs.rs is the manual; a type that cannot be printed cannot be debugged; and a library neither prints nor brings its
// host down (tests may: clippy.toml).
#![warn(missing_docs, missing_debug_implementations, unreachable_pub)]
#![warn(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic
)]

mod attribute;
mod catalog;
mod diagnostics;
#[cfg(test)]
mod expansion;
mod family;
#[cfg(feature = "http")]
mod http;
mod info;
mod label;
mod naming;
mod rule;
#[cfg(feature = "rules")]
mod rules;
mod span;
mod timed;

use proc_macro::TokenStream;

/// Declares a struct of metrics. Documented at `enumetrics::metric_family`.
#[proc_macro_attribute]
pub fn metric_family(arguments: TokenStream, item: TokenStream) -> TokenStream {
    family::metric_family(arguments.into(), item.into()).into()
}

/// Makes an enum the closed set of a label's values. Documented at `enumetrics::LabelValue`.
#[proc_macro_derive(LabelValue, attributes(label))]
pub fn label_value(item: TokenStream) -> TokenStream {
    label::value::derive(item.into()).into()
}

/// Makes the variants of an error enum the values of a label. Documented at `enumetrics::ErrorLabel`.
#[proc_macro_derive(ErrorLabel, attributes(label))]
pub fn error_label(item: TokenStream) -> TokenStream {
    label::error::derive(item.into()).into()
}

/// Makes a struct a set of labels. Documented at `enumetrics::LabelSet`.
#[proc_macro_derive(LabelSet, attributes(label))]
pub fn label_set(item: TokenStream) -> TokenStream {
    label::set::derive(item.into()).into()
}

/// Declares a label whose values come while the program runs. Documented at `enumetrics::open_label`.
#[proc_macro]
pub fn open_label(item: TokenStream) -> TokenStream {
    label::open::open_label(item.into()).into()
}

/// Makes a struct the labels of an info metric. Documented at `enumetrics::InfoLabels`.
#[proc_macro_derive(InfoLabels, attributes(label))]
pub fn info_labels(item: TokenStream) -> TokenStream {
    info::derive(item.into()).into()
}

/// Declares what an HTTP layer records into. Documented at `enumetrics::http_metrics`.
#[cfg(feature = "http")]
#[proc_macro]
pub fn http_metrics(item: TokenStream) -> TokenStream {
    http::http_metrics(item.into()).into()
}

/// Declares what WebSocket connections record into. Documented at `enumetrics::websocket_metrics`.
#[cfg(feature = "http")]
#[proc_macro]
pub fn websocket_metrics(item: TokenStream) -> TokenStream {
    http::websocket_metrics(item.into()).into()
}

/// Times an expression. Documented at `enumetrics::time`.
#[proc_macro]
pub fn time(input: TokenStream) -> TokenStream {
    timed::time(input.into()).into()
}

/// Declares what a program exports. Documented at `enumetrics::catalog`.
#[proc_macro]
pub fn catalog(item: TokenStream) -> TokenStream {
    catalog::catalog(item.into()).into()
}

/// Times a function. Documented at `enumetrics::timed`.
#[proc_macro_attribute]
pub fn timed(arguments: TokenStream, item: TokenStream) -> TokenStream {
    timed::timed(arguments.into(), item.into()).into()
}

/// The metric that `timed_into!` names, as `#[timed]` looks at it.
#[doc(hidden)]
#[proc_macro]
pub fn __metric_of_timed_into(input: TokenStream) -> TokenStream {
    timed::metric_of_timed_into(input.into()).into()
}

/// Declares alerts and recording rules. Documented at `enumetrics::rules`.
#[cfg(feature = "rules")]
#[proc_macro]
pub fn rules(item: TokenStream) -> TokenStream {
    rules::rules(item.into()).into()
}
