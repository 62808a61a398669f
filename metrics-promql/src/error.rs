//! What is wrong with an expression, and where.

use std::borrow::Cow;
use std::fmt;

use crate::span::{LineColumn, Snippet, Span};

/// Why an expression was refused: where, what was found, what was expected, and what to do where that is known.
///
/// Its `Display` is the message alone, on one line; [`Error::render`] shows it below the text.
///
/// ```
/// let text = "rate(http_requests_total[5m]) by (job)";
/// let error = enumetrics_promql::parse(text).unwrap_err();
/// assert_eq!(&text[error.span().range()], "by");
/// assert_eq!(
///     error.render(text).to_string(),
///     "\
/// error: found `by`, expected an operator or the end of the expression
///  --> 1:31
///   |
/// 1 | rate(http_requests_total[5m]) by (job)
///   |                               ^^
///   = help: grouping belongs to an aggregation: `sum by (job) (rate(http_requests_total[5m]))`"
/// );
/// ```
// In a box, because every function of the parser returns one.
#[derive(Clone, PartialEq, Eq)]
pub struct Error(Box<Inner>);

#[derive(Clone, PartialEq, Eq)]
struct Inner {
    span: Span,
    message: Cow<'static, str>,
    help: Option<Cow<'static, str>>,
}

impl Error {
    /// What is wrong, without a place: the tokens that are to change.
    #[must_use]
    pub fn span(&self) -> Span {
        self.0.span
    }

    /// What is wrong, in one sentence.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> Option<&str> {
        self.0.help.as_deref()
    }

    /// The line and column of the error in the text that was parsed.
    #[must_use]
    pub fn line_column(&self, text: &str) -> LineColumn {
        self.0.span.line_column(text)
    }

    /// The whole report: message, place, the line of `text` with carets, help. `text` is what was parsed.
    #[must_use]
    pub fn render<'a>(&'a self, text: &'a str) -> Report<'a> {
        Report { error: self, text }
    }

    pub(crate) fn new(span: Span, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Inner {
            span,
            message: message.into(),
            help: None,
        }))
    }

    pub(crate) fn with_help(mut self, help: impl Into<Cow<'static, str>>) -> Self {
        self.0.help = Some(help.into());
        self
    }

    pub(crate) fn with_help_if(self, help: Option<impl Into<Cow<'static, str>>>) -> Self {
        match help {
            Some(help) => self.with_help(help),
            None => self,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())?;
        match self.help() {
            Some(help) => write!(f, " (help: {help})"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("span", &self.span())
            .field("message", &self.message())
            .field("help", &self.help())
            .finish()
    }
}

impl std::error::Error for Error {}

/// An [`Error`] below the text that it is about, for people; from [`Error::render`].
#[derive(Clone, Copy, Debug)]
pub struct Report<'a> {
    error: &'a Error,
    text: &'a str,
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { error, text } = *self;
        writeln!(f, "error: {}", error.message())?;
        writeln!(f, " --> {}", error.line_column(text))?;
        let span = error.span();
        write!(f, "{}", Snippet { text, span })?;
        match error.help() {
            Some(help) => write!(f, "\n  = help: {help}"),
            None => Ok(()),
        }
    }
}
