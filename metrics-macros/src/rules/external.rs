//! Metrics that somebody else exports, declared so that rules may name them.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, LitFloat, LitInt, LitStr, Token, token};

use crate::attribute::unknown;

/// `node_cpu_seconds_total: counter { cpu, mode = "idle" | "user" };`
pub(super) struct External {
    pub(super) name: String,
    kind: &'static str,
    bounds: Vec<f64>,
    labels: Vec<(String, Vec<String>)>,
}

/// The words for kinds, and the variants of `Kind`.
const KINDS: [(&str, &str); 7] = [
    ("counter", "Counter"),
    ("gauge", "Gauge"),
    ("histogram", "Histogram"),
    ("summary", "Summary"),
    ("info", "Info"),
    ("state_set", "StateSet"),
    ("unknown", "Unknown"),
];

impl External {
    /// The elements of `external { … }`.
    pub(super) fn list(input: ParseStream<'_>) -> syn::Result<Vec<Self>> {
        let mut all = Vec::new();
        while !input.is_empty() {
            all.push(input.parse()?);
        }
        Ok(all)
    }

    pub(super) fn descriptor(&self, krate: &TokenStream) -> TokenStream {
        let Self {
            name,
            kind,
            bounds,
            labels,
            ..
        } = self;
        let kind = Ident::new(kind, proc_macro2::Span::call_site());
        let labels = labels
            .iter()
            .map(|(name, values)| quote!(#krate::LabelDescriptor::new(#name, &[#(#values),*])));
        quote!(#krate::Descriptor::new(#name, "", #krate::Kind::#kind, &[#(#labels),*]).with_buckets(&[#(#bounds),*]))
    }
}

impl Parse for External {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        input.call(Attribute::parse_outer)?;
        let mut words = vec![input.call(Ident::parse_any)?];
        while input.parse::<Option<Token![:]>>()?.is_some() {
            words.push(input.call(Ident::parse_any)?);
        }
        // The last is the kind: names of recording rules have colons, too.
        let Some(word) = words.pop().filter(|_| !words.is_empty()) else {
            return Err(input.error("expected `:` and the kind, as in `up: gauge;`"));
        };
        let text = word.to_string();
        let Some((_, kind)) = KINDS.iter().find(|(known, _)| *known == text) else {
            let mut known = Vec::new();
            for (word, _) in &KINDS {
                known.push(*word);
            }
            return Err(syn::Error::new(word.span(), unknown("kind", &text, &known)));
        };
        let mut name = String::new();
        for word in words {
            if !name.is_empty() {
                name.push(':');
            }
            name += &word.to_string();
        }
        let mut external = Self {
            name,
            kind,
            bounds: Vec::new(),
            labels: Vec::new(),
        };
        if input.peek(token::Bracket) {
            let bounds;
            syn::bracketed!(bounds in input);
            while !bounds.is_empty() {
                external.bounds.push(bound(&bounds)?);
                comma(&bounds)?;
            }
        }
        if input.peek(token::Brace) {
            let labels;
            syn::braced!(labels in input);
            while !labels.is_empty() {
                external.labels.push(label(&labels)?);
                comma(&labels)?;
            }
        }
        input.parse::<Token![;]>()?;
        Ok(external)
    }
}

/// What stands behind each element but the last, and perhaps behind that. (`Punctuated` is compiled again for each type.)
fn comma(input: ParseStream<'_>) -> syn::Result<()> {
    if !input.is_empty() {
        input.parse::<Token![,]>()?;
    }
    Ok(())
}

/// The upper end of a bucket.
fn bound(input: ParseStream<'_>) -> syn::Result<f64> {
    if input.peek(LitInt) {
        return input.parse::<LitInt>()?.base10_parse();
    }
    input.parse::<LitFloat>()?.base10_parse()
}

/// `mode = "idle" | "user"`, or only the name.
fn label(input: ParseStream<'_>) -> syn::Result<(String, Vec<String>)> {
    let name = input.call(Ident::parse_any)?.to_string();
    let mut values = Vec::new();
    if input.parse::<Option<Token![=]>>()?.is_some() {
        values.push(input.parse::<LitStr>()?.value());
        while input.parse::<Option<Token![|]>>()?.is_some() {
            values.push(input.parse::<LitStr>()?.value());
        }
    }
    Ok((name, values))
}
