//! Rust tokens to PromQL.

use crate::span::Place;
use enumetrics_promql::{
    AggregationOp, Error, Expr, Finding, Function, Spacing, Span, TokenText, parse, with_durations,
};
use proc_macro2::{Delimiter, Spacing as Joint, TokenStream, TokenTree};
use syn::LitStr;

/// An expression as it is written: as tokens, or as the text of a string literal.
pub(super) enum Expression {
    Tokens { text: TokenText, places: Vec<Place> },
    Text { text: String, place: Place },
}

impl Expression {
    pub(super) fn new(tokens: TokenStream, otherwise: Place) -> Self {
        if let Ok(literal) = syn::parse2::<LitStr>(tokens.clone()) {
            return Self::Text {
                text: literal.value(),
                place: literal.span().into(),
            };
        }
        Self::written(Writer::default(), tokens, otherwise)
    }

    /// The same of a panel, where Grafana's durations may stand: they are read as durations of PromQL.
    pub(super) fn of_panel(tokens: TokenStream, otherwise: Place) -> Self {
        if let Ok(literal) = syn::parse2::<LitStr>(tokens.clone()) {
            return Self::Text {
                text: with_durations(&literal.value()),
                place: literal.span().into(),
            };
        }
        let writer = Writer {
            knows_variables: true,
            ..Writer::default()
        };
        Self::written(writer, tokens, otherwise)
    }

    fn written(mut writer: Writer, tokens: TokenStream, otherwise: Place) -> Self {
        writer.write(tokens, false);
        if writer.places.is_empty() {
            writer.places.push(otherwise);
        }
        Self::Tokens {
            text: writer.text,
            places: writer.places,
        }
    }

    pub(super) fn parse(&self) -> Result<Expr, Error> {
        match self {
            Self::Tokens { text, .. } => text.parse(),
            Self::Text { text, .. } => parse(text),
        }
    }

    /// Where in the sources a part of the expression stands.
    pub(super) fn place(&self, span: Span) -> Place {
        match self {
            Self::Text { place, .. } => *place,
            Self::Tokens { text, places } => {
                let tokens = text.tokens(span);
                let first = places[tokens.start.min(places.len() - 1)];
                let last = places[tokens.end.clamp(1, places.len()) - 1];
                Place::new(first.first, last.last)
            }
        }
    }

    /// What is wrong with its syntax, in one text.
    pub(super) fn error(&self, error: &Error) -> String {
        match self {
            Self::Tokens { .. } => with_help(error.message(), error.help(), ""),
            // The compiler says itself that it is an error.
            Self::Text { text, .. } => {
                let report = error.render(text).to_string();
                report.trim_start_matches("error: ").to_owned()
            }
        }
    }

    /// What a lint found, in one text.
    pub(super) fn finding(&self, finding: &Finding) -> String {
        match self {
            Self::Tokens { .. } => {
                let id = format!(" [{}]", finding.lint.id);
                with_help(&finding.message, finding.help.as_deref(), &id)
            }
            Self::Text { text, .. } => finding.render(text),
        }
    }
}

fn with_help(message: &str, help: Option<&str>, id: &str) -> String {
    match help {
        Some(help) => format!("{message}; {help}{id}"),
        None => format!("{message}{id}"),
    }
}

#[derive(Default)]
struct Writer {
    text: TokenText,
    places: Vec<Place>,
    knows_variables: bool,
}

impl Writer {
    fn write(&mut self, tokens: TokenStream, in_brackets: bool) {
        let mut tokens = tokens.into_iter().peekable();
        while let Some(token) = tokens.next() {
            match token {
                TokenTree::Group(group) => {
                    let (open, close) = match group.delimiter() {
                        Delimiter::Parenthesis => ("(", ")"),
                        Delimiter::Brace => ("{", "}"),
                        Delimiter::Bracket => ("[", "]"),
                        // What `macro_rules!` passes on.
                        Delimiter::None => {
                            self.write(group.stream(), in_brackets);
                            continue;
                        }
                    };
                    self.push(open, Spacing::Joint, group.span_open().into());
                    self.write(group.stream(), group.delimiter() == Delimiter::Bracket);
                    self.push(close, space_before(tokens.peek()), group.span_close().into());
                }
                TokenTree::Ident(ident) => {
                    let mut name = ident.to_string();
                    let mut place = Place::from(ident.span());
                    // `level:metric:operations`; inside of brackets the colon is that of a subquery.
                    let is_colon =
                        |token: &TokenTree| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ':');
                    while !in_brackets && let Some(colon) = tokens.next_if(is_colon) {
                        name.push(':');
                        place.last = colon.span();
                        if let Some(TokenTree::Ident(next)) = tokens.next_if(|next| matches!(next, TokenTree::Ident(_)))
                        {
                            name += &next.to_string();
                            place.last = next.span();
                        }
                    }
                    let is_called = Function::named(&name).is_some() || AggregationOp::named(&name).is_some();
                    let spacing = match tokens.peek() {
                        Some(TokenTree::Group(group)) if is_called || group.delimiter() != Delimiter::Parenthesis => {
                            Spacing::Joint
                        }
                        next => space_before(next),
                    };
                    self.push(&name, spacing, place);
                }
                TokenTree::Punct(punct) if self.knows_variables && punct.as_char() == '$' => {
                    let next = tokens.next_if(|next| matches!(next, TokenTree::Ident(_)));
                    let name = next.as_ref().map(ToString::to_string).unwrap_or_default();
                    let last = next.map_or(punct.span(), |next| next.span());
                    let duration = with_durations(&format!("${name}"));
                    self.push(&duration, space_before(tokens.peek()), Place::new(punct.span(), last));
                }
                TokenTree::Punct(punct) => {
                    let character = punct.as_char();
                    let before_tilde = matches!(tokens.peek(), Some(TokenTree::Punct(next)) if next.as_char() == '~');
                    let joint =
                        punct.spacing() == Joint::Joint || before_tilde || matches!(character, '.' | ':' | '$' | '@');
                    let spacing = if joint { Spacing::Joint } else { Spacing::Alone };
                    self.push(character.encode_utf8(&mut [0; 4]), spacing, punct.span().into());
                }
                TokenTree::Literal(literal) => {
                    let place = Place::from(literal.span());
                    match syn::parse2::<LitStr>(TokenTree::from(literal.clone()).into()) {
                        Ok(string) => {
                            self.text.push_string(&string.value());
                            self.places.push(place);
                        }
                        Err(_) => {
                            let spacing = if in_brackets {
                                Spacing::Joint
                            } else {
                                space_before(tokens.peek())
                            };
                            self.push(&literal.to_string(), spacing, place);
                        }
                    }
                }
            }
        }
    }

    fn push(&mut self, token: &str, spacing: Spacing, place: Place) {
        self.text.push(token, spacing);
        self.places.push(place);
    }
}

/// As people write it: no space before a comma or a closing bracket.
fn space_before(next: Option<&TokenTree>) -> Spacing {
    match next {
        None => Spacing::Joint,
        Some(TokenTree::Punct(punct)) if punct.as_char() == ',' => Spacing::Joint,
        Some(_) => Spacing::Alone,
    }
}

#[cfg(test)]
mod tests {
    use enumetrics_promql::with_variables;
    use quote::quote;

    use super::*;

    /// What the tokens mean, or why they mean nothing.
    fn read(tokens: TokenStream) -> String {
        let expression = Expression::new(tokens, proc_macro2::Span::call_site().into());
        match expression.parse() {
            Ok(expr) => expr.to_string(),
            Err(error) => expression.error(&error),
        }
    }

    #[test]
    fn promql_is_written_as_tokens() {
        for (tokens, text) in [
            (
                quote!(sum by (le) (rate(x_bucket[5m])) > 0.5),
                "sum by (le) (rate(x_bucket[5m])) > 0.5",
            ),
            (
                quote!(x{a="b", c=~"5..", d!="", e!~"\\d"} >= .5),
                r#"x{a="b", c=~"5..", d!="", e!~"\\d"} >= 0.5"#,
            ),
            (
                quote!(a:b:c / on (job) group_left (x) a:d),
                "a:b:c / on (job) group_left (x) a:d",
            ),
            (
                quote!(max_over_time(x[1h30m:1m] offset 5m)),
                "max_over_time(x[1h30m:1m] offset 5m)",
            ),
            (quote!(max_over_time(x[1h:])), "max_over_time(x[1h:])"),
            (quote!(-x @ 1700000000 == bool 1e3), "-x @ 1700000000 == bool 1000"),
            (quote!(x != -Inf and y unless z), "x != -Inf and y unless z"),
            (quote!({"http.requests", a="b"}), r#"{"http.requests", a="b"}"#),
            (quote!("sum(x{a='b'}) > 1"), r#"sum(x{a="b"}) > 1"#),
        ] {
            assert_eq!(read(tokens), text);
        }
    }

    #[test]
    fn panels_know_durations_of_grafana() {
        let tokens = quote!(max_over_time(rate(x[$__rate_interval])[$__range:$__interval] offset $__range));
        let expression = Expression::of_panel(tokens, proc_macro2::Span::call_site().into());
        let text = expression.parse().map(|expr| with_variables(&expr.to_string()));
        assert_eq!(
            text.as_deref(),
            Ok("max_over_time(rate(x[$__rate_interval])[$__range:$__interval] offset $__range)")
        );
        let expression = Expression::of_panel(quote!(rate(x[$__rate])), proc_macro2::Span::call_site().into());
        assert!(expression.parse().is_err());
    }

    #[test]
    fn what_is_wrong_is_said() {
        assert_eq!(
            read(quote!(raet(x[5m]))),
            "unknown function `raet`; did you mean `rate`?"
        );
        assert_eq!(read(quote!()), "there is no expression");
        assert!(read(quote!("raet(x[5m])")).contains("^^^^"));
    }
}
