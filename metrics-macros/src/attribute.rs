//! `word = value` lists: the words that our attributes know stand here, and nowhere else (those that only an item of
//! [`crate::http`] has stand there).

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, LitStr, Path, Token};

use crate::diagnostics::Errors;
use crate::rule::{self, Exceptions, Of, Problem};

pub(crate) const ALLOW: &str = "allow";
pub(crate) const BUCKETS: &str = "buckets";
pub(crate) const CALLS: &str = "calls";
pub(crate) const COMPUTE: &str = "compute";
pub(crate) const CRATE: &str = "crate";
pub(crate) const DENSE: &str = "dense";
pub(crate) const ERROR_IF: &str = "error_if";
pub(crate) const EXEMPLARS: &str = "exemplars";
pub(crate) const FLATTEN: &str = "flatten";
pub(crate) const IMPOSSIBLE: &str = "impossible";
pub(crate) const KIND: &str = "kind";
pub(crate) const LABELS: &str = "labels";
pub(crate) const MAX: &str = "max";
pub(crate) const MAX_BUCKETS: &str = "max_buckets";
pub(crate) const MAX_SERIES: &str = "max_series";
pub(crate) const NAME: &str = "name";
pub(crate) const NAMESPACE: &str = "namespace";
pub(crate) const NATIVE: &str = "native";
pub(crate) const OTHER: &str = "other";
pub(crate) const QUANTILES: &str = "quantiles";
pub(crate) const RENAME_ALL: &str = "rename_all";
pub(crate) const SCHEMA: &str = "schema";
pub(crate) const SHARED: &str = "shared";
pub(crate) const SKIP: &str = "skip";
pub(crate) const SLO: &str = "slo";
pub(crate) const SPARSE: &str = "sparse";
pub(crate) const SUBSYSTEM: &str = "subsystem";
pub(crate) const TOUCHED: &str = "touched";
pub(crate) const UNIT: &str = "unit";
pub(crate) const VALUE: &str = "value";
pub(crate) const WAS: &str = "was";
pub(crate) const WINDOW: &str = "window";
pub(crate) const ZERO_THRESHOLD: &str = "zero_threshold";

/// One `word = value`, or `word(…)`. The value stays tokens until someone asks for it.
pub(crate) struct Setting {
    pub(crate) word: Ident,
    pub(crate) value: TokenStream,
    form: Form,
}

/// It is not written as it should be.
pub(crate) fn form(message: impl Into<String>) -> Problem {
    Problem::new(rule::OPTION_FORM, message)
}

/// How a setting is written.
#[derive(Clone, Copy, PartialEq)]
enum Form {
    /// `word`
    Alone,
    /// `word = value`
    Value,
    /// `word(value)`
    List,
}

impl Setting {
    /// The word as text, without `r#`.
    pub(crate) fn word(&self) -> String {
        self.word.unraw().to_string()
    }

    /// The value as `T`.
    pub(crate) fn value_as<T: Parse>(&self, expected: &str, errors: &mut Errors) -> Option<T> {
        if !self.has_value(expected, errors) {
            return None;
        }
        syn::parse2(self.value.clone())
            .map_err(|error| errors.at(error.span(), form(format!("expected {expected}"))))
            .ok()
    }

    fn has_value(&self, expected: &str, errors: &mut Errors) -> bool {
        let word = self.word();
        if self.form == Form::List {
            errors.at(self.word.span(), form(format!("expected `=`: write `{word} = value`")));
            return false;
        }
        if self.value.is_empty() {
            errors.at(self.word.span(), form(format!("`{word}` needs a value: {expected}")));
            return false;
        }
        // One token is a value; what follows it without a comma is the next option.
        let mut tokens = self.value.clone().into_iter();
        if let (Some(TokenTree::Literal(_)), Some(TokenTree::Ident(next))) = (tokens.next(), tokens.next()) {
            errors.at(next.span(), "expected `,`");
            return false;
        }
        true
    }

    /// Whether the word stands alone, without a value.
    pub(crate) fn is_alone(&self) -> bool {
        self.form == Form::Alone
    }

    /// Whether it is `word(…)`.
    #[cfg(feature = "rules")]
    pub(crate) fn is_list(&self) -> bool {
        self.form == Form::List
    }

    /// That the word stands alone.
    pub(crate) fn alone(&self, errors: &mut Errors) -> bool {
        if self.form != Form::Alone {
            let word = self.word();
            errors.at(
                self.word.span(),
                form(format!("`{word}` takes no value: write `{word}` alone")),
            );
        }
        self.form == Form::Alone
    }

    /// Whether it is `word = value`.
    pub(crate) fn is_value(&self) -> bool {
        self.form == Form::Value
    }

    /// The elements of `word(element, …)`.
    pub(crate) fn list<T: Parse>(&self, expected: &str, errors: &mut Errors) -> Vec<T> {
        if self.form != Form::List || self.value.is_empty() {
            let word = self.word();
            errors.at(
                self.word.span(),
                form(format!("`{word}` needs a list: write `{word}({expected})`")),
            );
            return Vec::new();
        }
        // Without `Punctuated`, which is compiled again for each type.
        let list = |input: ParseStream<'_>| {
            let mut list = Vec::new();
            while !input.is_empty() {
                list.push(T::parse(input)?);
                if !input.is_empty() {
                    input.parse::<Token![,]>()?;
                }
            }
            Ok(list)
        };
        errors
            .ok(syn::parse::Parser::parse2(list, self.value.clone()))
            .unwrap_or_default()
    }

    /// The value as a string literal.
    pub(crate) fn string(&self, errors: &mut Errors) -> Option<LitStr> {
        self.value_as("a text in quotes", errors)
    }
}

/// As it is written.
impl ToTokens for Setting {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let Self { word, value, form } = self;
        tokens.extend(match form {
            Form::Alone => quote::quote!(#word),
            Form::Value => quote::quote!(#word = #value),
            Form::List => quote::quote!(#word(#value)),
        });
    }
}

impl Parse for Setting {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let word =
            Ident::parse_any(input).map_err(|error| syn::Error::new(error.span(), "expected `option = value`"))?;
        let mut value = TokenStream::new();
        let mut form = Form::Value;
        if input.is_empty() || input.peek(Token![,]) {
            form = Form::Alone;
        } else if input.peek(syn::token::Paren) {
            let list;
            syn::parenthesized!(list in input);
            (form, value) = (Form::List, list.parse()?);
        } else if input.parse::<Option<Token![=]>>()?.is_none() {
            return Err(input.error(format_args!("expected `=`: write `{word} = value`")));
        } else {
            while !input.is_empty() && !input.peek(Token![,]) {
                value.extend([input.parse::<TokenTree>()?]);
            }
        }
        Ok(Self {
            word,
            value: visible(value),
            form,
        })
    }
}

/// The settings of an attribute. A word that is not `known` is reported with the nearest that is, a word that stands
/// twice on its second place; neither is returned.
pub(crate) fn settings(tokens: TokenStream, known: &[&str], errors: &mut Errors) -> Vec<Setting> {
    let list = |input: ParseStream<'_>| input.parse_terminated(Setting::parse, Token![,]);
    let Some(list) = errors.ok(syn::parse::Parser::parse2(list, tokens)) else {
        return Vec::new();
    };
    let mut settings: Vec<Setting> = Vec::new();
    for setting in list {
        let word = setting.word();
        if !known.contains(&word.as_str()) {
            errors.at(setting.word.span(), unknown("option", &word, known));
        } else if settings.iter().any(|earlier| earlier.word == setting.word) {
            errors.at(setting.word.span(), form(format!("`{word}` is set twice: remove one")));
        } else {
            settings.push(setting);
        }
    }
    settings
}

/// The settings of all our attributes `#[name(…)]` among `attributes`, which are taken out.
pub(crate) fn take_settings(
    attributes: &mut Vec<Attribute>,
    name: &str,
    known: &[&str],
    errors: &mut Errors,
) -> Vec<Setting> {
    let mut tokens = TokenStream::new();
    attributes.retain(|attribute| {
        let ours = attribute.path().is_ident(name);
        if ours {
            match attribute.meta.require_list() {
                Ok(list) if list.tokens.is_empty() => {}
                Ok(list) => {
                    if !tokens.is_empty() {
                        tokens.extend(quote::quote!(,));
                    }
                    tokens.extend(list.tokens.clone());
                }
                Err(error) => errors.at(error.span(), format_args!("write `#[{name}(option = value)]`")),
            }
        }
        !ours
    });
    settings(tokens, known, errors)
}

/// The path of our crate: `crate = path`, or `::enumetrics`.
pub(crate) fn crate_path(settings: &[Setting], errors: &mut Errors) -> TokenStream {
    settings
        .iter()
        .find(|setting| setting.word() == CRATE)
        .and_then(|setting| setting.value_as::<Path>("path::to::enumetrics", errors))
        .map_or_else(default_crate_path, |path| quote::quote!(#path))
}

/// The exceptions from rules: `allow(rule = "reason")`.
pub(crate) fn exceptions(settings: &[Setting], of: Of, errors: &mut Errors) -> Exceptions {
    let setting = settings.iter().find(|setting| setting.word() == ALLOW);
    let example = match of {
        Of::Metric | Of::Struct => "name-unit = \"why\"",
        Of::Label => "label-target = \"why\"",
    };
    let allowed = setting.map(|setting| setting.list(example, errors));
    Exceptions::new(allowed.unwrap_or_default(), of, errors)
}

/// Where our crate is unless someone says otherwise.
pub(crate) fn default_crate_path() -> TokenStream {
    quote::quote!(::enumetrics)
}

/// `unknown option 'bucket'; did you mean 'buckets'? (buckets)`.
pub(crate) fn unknown(what: &str, word: &str, known: &[&str]) -> Problem {
    // `rename` is rather the beginning of `rename_all` than a misspelt `name`.
    let longer = known
        .iter()
        .find(|candidate| word.len() >= 3 && candidate.starts_with(word));
    let similar = || {
        let edits = known
            .iter()
            .map(|candidate| (strsim::osa_distance(word, candidate), candidate));
        let near = edits.filter(|(edits, _)| *edits <= (word.chars().count() / 3).max(1));
        near.min_by_key(|(edits, _)| *edits).map(|(_, candidate)| candidate)
    };
    let nearest = longer.or_else(similar);
    let list = known.join(", ");
    let message = match nearest {
        Some(nearest) => format!("unknown {what} '{word}'; did you mean '{nearest}'? ({list})"),
        None => format!("unknown {what} '{word}'; there is: {list}"),
    };
    Problem::new(rule::OPTION_UNKNOWN, message)
}

/// The tokens without the invisible brackets that `macro_rules!` puts around what it passes on.
pub(crate) fn visible(tokens: TokenStream) -> TokenStream {
    let mut inside = tokens.clone().into_iter();
    match (inside.next(), inside.next()) {
        (Some(TokenTree::Group(group)), None) if group.delimiter() == Delimiter::None => visible(group.stream()),
        _ => tokens,
    }
}

/// Splits at the commas that stand outside of any bracket.
pub(crate) fn split_at_commas(tokens: TokenStream) -> Vec<TokenStream> {
    let mut parts = vec![TokenStream::new()];
    for token in tokens {
        match token {
            TokenTree::Punct(punct) if punct.as_char() == ',' => parts.push(TokenStream::new()),
            token => {
                if let Some(part) = parts.last_mut() {
                    part.extend([token]);
                }
            }
        }
    }
    if parts.last().is_some_and(TokenStream::is_empty) {
        parts.pop();
    }
    parts
}
