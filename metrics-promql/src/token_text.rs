//! PromQL that is written as the tokens of another language.

use std::ops::Range;

use crate::ast::Expr;
use crate::error::Error;
use crate::lex::quote;
use crate::parse::parse_tokens;
use crate::span::Span;

/// Tokens put together as a text, which remembers which bytes are whose.
///
/// A procedural macro pushes its tokens and keeps their places; what an [`Error`] or a node points at is found in them
/// by [`tokens`](Self::tokens). Nothing here depends on the compiler's own types.
///
/// ```
/// use enumetrics_promql::{Spacing, TokenText};
///
/// let mut text = TokenText::new();
/// for token in ["sum", "(", "raet", "(", "errors_total", "[", "5m", "]", ")", ")"] {
///     text.push(token, Spacing::Alone);
/// }
/// text.push(">", Spacing::Joint); // `>=` are two tokens in Rust
/// text.push("=", Spacing::Alone);
/// text.push("1", Spacing::Alone);
///
/// let error = text.parse().unwrap_err();
/// assert_eq!(text.tokens(error.span()), 2..3); // `raet`
/// assert_eq!(error.message(), "unknown function `raet`");
/// ```
#[derive(Clone, Debug, Default)]
pub struct TokenText {
    text: String,
    /// Where each token stands.
    spans: Vec<Span>,
}

/// Whether the next token may be a part of the same word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spacing {
    /// It follows directly, as `=` in `>=` and the second colon's neighbours in `level:metric:rate5m`.
    Joint,
    /// A space is put between.
    Alone,
}

impl TokenText {
    /// Without tokens.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a token as PromQL writes it.
    pub fn push(&mut self, token: &str, spacing: Spacing) {
        let start = self.text.len();
        self.text.push_str(token);
        self.finish(start, spacing);
    }

    /// Adds a string literal that stands for `value`, with PromQL's quotes and escapes.
    pub fn push_string(&mut self, value: &str) {
        let start = self.text.len();
        quote(value, &mut self.text);
        self.finish(start, Spacing::Alone);
    }

    /// The text so far: what spans are about, and what [`Error::render`] shows.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Parses the text as [`parse`](crate::parse()) does, but that `#` begins no comment.
    ///
    /// # Errors
    ///
    /// As those of [`parse`](crate::parse()).
    pub fn parse(&self) -> Result<Expr, Error> {
        parse_tokens(&self.text)
    }

    /// Which tokens a part of the text consists of, counted from 0 as they were pushed. For a place between two tokens or
    /// at the end it is the one before, so that a message always has a token to stand on, if there is any.
    #[must_use]
    pub fn tokens(&self, span: Span) -> Range<usize> {
        let first = self.spans.partition_point(|token| token.end <= span.start);
        let end = self.spans.partition_point(|token| token.start < span.end);
        if first < end {
            return first..end;
        }
        let last = self.spans.len();
        let before = first.min(last);
        before.saturating_sub(1)..before.max(1).min(last)
    }

    fn finish(&mut self, start: usize, spacing: Spacing) {
        self.spans.push(Span::new(start, self.text.len()));
        if spacing == Spacing::Alone {
            self.text.push(' ');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Spacing, TokenText};
    use crate::span::Span;

    fn text(tokens: &[&str]) -> TokenText {
        let mut text = TokenText::new();
        for token in tokens {
            text.push(token, Spacing::Alone);
        }
        text
    }

    #[test]
    fn finds_the_tokens_of_a_span() {
        let text = text(&["ab", "cd", "ef"]);
        assert_eq!(text.tokens(Span::new(0, 2)), 0..1);
        assert_eq!(text.tokens(Span::new(1, 4)), 0..2);
        assert_eq!(text.tokens(Span::new(3, 8)), 1..3);
        assert_eq!(text.tokens(Span::new(2, 3)), 0..1);
        assert_eq!(text.tokens(Span::new(9, 9)), 2..3);
        assert_eq!(TokenText::new().tokens(Span::new(0, 0)), 0..0);
    }

    #[test]
    fn an_unfinished_expression_is_reported_on_its_last_token() {
        let text = text(&["sum", "("]);
        let error = text.parse().unwrap_err();
        assert_eq!(text.tokens(error.span()), 1..2);
    }

    #[test]
    fn strings_are_quoted_for_promql() {
        let mut text = text(&["x", "{", "a", "=~"]);
        text.push_string("5\\d \"");
        text.push("}", Spacing::Alone);
        assert_eq!(text.parse().unwrap().to_string(), r#"x{a=~"5\\d \""}"#);
        assert_eq!(text.tokens(Span::new(11, 12)), 4..5);
    }

    #[test]
    fn a_hash_begins_no_comment() {
        let text = text(&["x", "#", "y"]);
        let error = text.parse().unwrap_err();
        assert_eq!(error.help(), Some("a comment between Rust tokens begins with `//`"));
    }
}
