//! What `#[metric(…)]` says besides buckets: native ones, quantiles and their window, and what computes a value.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::quote;
use syn::LitStr;

use super::Buckets;
use super::parse::{float, parse_numbers};
use crate::attribute::{
    COMPUTE, MAX_BUCKETS, NATIVE, QUANTILES, SCHEMA, Setting, TOUCHED, WINDOW, ZERO_THRESHOLD, form, settings,
};
use crate::diagnostics::Errors;
use crate::rule::{self, Problem};
use crate::span::Place;

/// `quantiles = …, window = "…"`
pub(super) struct Quantiles {
    /// Numbers that increase, as the bounds of buckets do.
    pub(super) values: Buckets,
    pub(super) window_seconds: u64,
}

/// `compute = …`
pub(super) struct Compute {
    /// `later`, or a function from the label values to an `f64`.
    pub(super) value: TokenStream,
    pub(super) later: bool,
}

/// `touched`, or `touched = …`
pub(super) struct Touched {
    /// How many labels decide; all of them, where it is not said.
    pub(super) labels: TokenStream,
    pub(super) place: Place,
}

/// `native`, or `native(schema = …, max_buckets = …, zero_threshold = …)`
pub(super) struct Native {
    pub(super) word: Ident,
    pub(super) schema: Option<TokenStream>,
    pub(super) max_buckets: Option<TokenStream>,
    pub(super) zero_threshold: Option<TokenStream>,
}

/// Ten minutes, as client libraries have it.
const DEFAULT_WINDOW: u64 = 600;

pub(super) fn quantiles(settings: &[Setting], errors: &mut Errors) -> Option<Quantiles> {
    let find = |word: &str| settings.iter().find(|setting| setting.word() == word);
    let window = find(WINDOW);
    let Some(quantiles) = find(QUANTILES) else {
        if let Some(window) = window {
            errors.at(
                window.word.span(),
                Problem::new(
                    rule::QUANTILE_WINDOW,
                    "`window` is how far quantiles look back: add `quantiles = [0.5, 0.99]`, or remove it",
                ),
            );
        }
        return None;
    };
    let window_seconds = window
        .and_then(|window| window.string(errors))
        .and_then(|window| seconds(&window, errors))
        .unwrap_or(DEFAULT_WINDOW);
    let values = quantiles.value_as::<TokenStream>("[0.5, 0.9, 0.99]", errors)?;
    Some(Quantiles {
        values: parse_numbers(values, errors),
        window_seconds,
    })
}

pub(super) fn compute(settings: &[Setting], errors: &mut Errors) -> Option<Compute> {
    let setting = settings.iter().find(|setting| setting.word() == COMPUTE)?;
    let value = setting.value_as::<TokenStream>(
        "a function or a closure from the labels to an `f64`, or `later`",
        errors,
    )?;
    let mut tokens = value.clone().into_iter();
    let later = match (tokens.next(), tokens.next()) {
        (Some(TokenTree::Ident(word)), None) => word == "later",
        _ => false,
    };
    Some(Compute { value, later })
}

pub(super) fn touched(settings: &[Setting], errors: &mut Errors) -> Option<Touched> {
    let setting = settings.iter().find(|setting| setting.word() == TOUCHED)?;
    let place = Place::from(setting.word.span());
    if setting.is_alone() {
        let labels = quote!(::core::primitive::usize::MAX);
        return Some(Touched { labels, place });
    }
    let labels: TokenStream = setting.value_as("how many labels, the first ones, decide what is exported", errors)?;
    let place = Place::of(&labels, place.first);
    Some(Touched { labels, place })
}

pub(super) fn native(all: &[Setting], errors: &mut Errors) -> Option<Native> {
    let setting = all.iter().find(|setting| setting.word() == NATIVE)?;
    let word = setting.word.clone();
    if setting.is_value() {
        errors.at(
            word.span(),
            form("write `native` alone, or what it should be in parentheses: `native(schema = 4)`"),
        );
    }
    let options = match setting.is_value() {
        true => Vec::new(),
        false => settings(setting.value.clone(), &[SCHEMA, MAX_BUCKETS, ZERO_THRESHOLD], errors),
    };
    let mut option = |word: &str, expected: &str| {
        let option = options.iter().find(|option| option.word() == word)?;
        option.value_as::<TokenStream>(expected, errors)
    };
    Some(Native {
        word,
        schema: option(SCHEMA, "a number from -4 to 8"),
        max_buckets: option(MAX_BUCKETS, "a number, such as 160"),
        zero_threshold: option(ZERO_THRESHOLD, "a number that is not negative").map(float),
    })
}

/// A duration as Prometheus writes it, in seconds.
fn seconds(text: &LitStr, errors: &mut Errors) -> Option<u64> {
    let seconds = parse_duration(&text.value());
    if seconds.is_none() {
        errors.at(
            text.span(),
            Problem::new(
                rule::QUANTILE_WINDOW,
                format!(
                    "'{}' is no window: write a duration of a second or more, such as \"30s\", \"10m\" or \"1h30m\" \
                     (units: s, m, h, d, w)",
                    text.value()
                ),
            ),
        );
    }
    seconds
}

/// Numbers with units, larger units first, each at most once: `1h30m`.
fn parse_duration(text: &str) -> Option<u64> {
    const UNITS: [(char, u64); 5] = [('w', 604_800), ('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];
    let mut units = UNITS.iter();
    let (mut rest, mut sum) = (text, 0_u64);
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let (number, unit) = rest.split_at(digits);
        let unit = unit.chars().next()?;
        let (_, seconds) = units.find(|(known, _)| *known == unit)?;
        sum = sum.checked_add(number.parse::<u64>().ok()?.checked_mul(*seconds)?)?;
        rest = &rest[digits + unit.len_utf8()..];
    }
    (sum > 0).then_some(sum)
}

#[cfg(test)]
mod tests {
    use super::parse_duration;

    #[test]
    fn durations_are_those_of_prometheus() {
        for (text, seconds) in [
            ("30s", 30),
            ("5m", 300),
            ("10m", 600),
            ("1h", 3_600),
            ("1h30m", 5_400),
            ("2d", 172_800),
            ("1w", 604_800),
            ("1d1s", 86_401),
        ] {
            assert_eq!(parse_duration(text), Some(seconds), "{text}");
        }
        for wrong in [
            "",
            "0s",
            "10",
            "m",
            "1.5h",
            "-5m",
            "5 m",
            "10ms",
            "30m1h",
            "5m5m",
            "1h30",
            "1µs",
            "99999999999999999999s",
            "9999999999999999w",
        ] {
            assert_eq!(parse_duration(wrong), None, "{wrong}");
        }
    }
}
