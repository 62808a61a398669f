//! Regular expressions as Prometheus reads them: Go's package `regexp`, which is RE2, anchored at both ends, and `.`
//! matches newlines too.

mod class;
mod matcher;
mod parser;
mod program;

use std::fmt;

pub use self::program::{Instruction, matches};

use self::class::Class;
use crate::span::Span;

/// What more than plain text and alternatives of it contains.
pub(crate) const META: &[char] = &['\\', '.', '+', '*', '?', '(', ')', '[', ']', '{', '}', '^', '$'];

/// The regular expression of a matcher: `status=~"5.."`.
///
/// ```
/// use enumetrics_promql::Regex;
///
/// let regex = Regex::new("5..|429")?;
/// assert_eq!(regex.matches("503"), Some(true));
/// assert_eq!(regex.matches("5030"), Some(false)); // the whole value is matched
/// # Ok::<(), enumetrics_promql::InvalidRegex>(())
/// ```
#[derive(Clone, Debug)]
pub struct Regex {
    node: Node,
}

impl Regex {
    /// Reads a regular expression, without quotes and with the escapes of its string undone.
    ///
    /// # Errors
    ///
    /// What Go's package `regexp` refuses.
    pub fn new(pattern: &str) -> Result<Self, InvalidRegex> {
        let node = parser::parse(pattern)?;
        Ok(Self { node })
    }

    /// Whether the whole of `value` matches. `None` if that takes Unicode's tables, which aren't here: for `\p{…}` and
    /// characters beyond ASCII.
    #[must_use]
    pub fn matches(&self, value: &str) -> Option<bool> {
        matcher::matches(&self.node, value)
    }

    /// The same as constants, which [`matches`](crate::matches()) matches in a `const fn`. `None` for what takes Unicode's
    /// tables, looks at lines or words, or has more than some hundred steps.
    #[must_use]
    pub fn program(&self) -> Option<Vec<Instruction>> {
        program::compile(&self.node)
    }

    /// Refuses what isn't one. Prometheus does not parse alternatives of plain text, which therefore need not be UTF-8.
    pub(crate) fn check(pattern: &str, is_utf8: bool) -> Result<(), InvalidRegex> {
        if !pattern.contains(META) {
            return Ok(());
        }
        if !is_utf8 {
            let all = Span::new(0, pattern.len());
            return Err(InvalidRegex::new(all, "its bytes are not UTF-8"));
        }
        Self::new(pattern).map(|_| ())
    }
}

/// Whether the empty text, which is the value of a missing label, matches a regular expression that has been checked.
pub(crate) fn matches_empty(pattern: &str) -> bool {
    Regex::new(pattern).is_ok_and(|regex| regex.matches("") == Some(true))
}

/// Why a text is no regular expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidRegex {
    span: Span,
    message: String,
    help: Option<&'static str>,
}

impl InvalidRegex {
    /// Which bytes of the pattern are wrong.
    #[must_use]
    pub fn span(&self) -> Span {
        self.span
    }

    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> Option<&'static str> {
        self.help
    }

    fn new(span: Span, message: impl Into<String>) -> Self {
        Self {
            span,
            message: message.into(),
            help: None,
        }
    }

    fn with_help(mut self, help: &'static str) -> Self {
        self.help = Some(help);
        self
    }
}

impl fmt::Display for InvalidRegex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for InvalidRegex {}

#[derive(Clone, Debug)]
enum Node {
    Literal {
        character: char,
        ignores_case: bool,
    },
    Class {
        class: Class,
        ignores_case: bool,
    },
    /// `.`
    Any {
        newlines: bool,
    },
    /// `^`, `\A`
    Start {
        of_line: bool,
    },
    /// `$`, `\z`
    End {
        of_line: bool,
    },
    /// `\b`, and `\B` if not.
    WordBoundary(bool),
    Concat(Vec<Node>),
    Alternate(Vec<Node>),
    Repeat {
        node: Box<Node>,
        least: u32,
        most: Option<u32>,
    },
}
