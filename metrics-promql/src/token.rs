//! The words of PromQL.

use std::fmt;

use crate::span::Span;

/// One word of an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) kind: TokenKind,
    pub(crate) span: Span,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenKind {
    End,
    /// `[a-zA-Z_][a-zA-Z0-9_]*`; inside braces keywords are identifiers too.
    Identifier,
    /// An identifier with colons.
    MetricIdentifier,
    Keyword(Keyword),
    Number,
    /// `1h30m`; its parts are checked where it is read.
    Duration,
    /// With its quotes.
    String,
    Operator(Operator),
    LeftParen,
    RightParen,
    LeftBrace,
    RightBrace,
    LeftBracket,
    RightBracket,
    Comma,
    Colon,
    At,
    /// `=`
    Equal,
    /// `=~`, only inside braces.
    EqualRegex,
    /// `!~`, only inside braces.
    NotEqualRegex,
}

impl TokenKind {
    /// As a message names it where it was expected.
    pub(crate) fn expected(self) -> &'static str {
        match self {
            Self::End => "the end of the expression",
            Self::Identifier => "a name",
            Self::MetricIdentifier => "a metric's name",
            Self::Keyword(_) => "a keyword",
            Self::Number => "a number",
            Self::Duration => "a duration",
            Self::String => "a string",
            Self::Operator(_) => "an operator",
            Self::LeftParen => "`(`",
            Self::RightParen => "`)`",
            Self::LeftBrace => "`{`",
            Self::RightBrace => "`}`",
            Self::LeftBracket => "`[`",
            Self::RightBracket => "`]`",
            Self::Comma => "`,`",
            Self::Colon => "`:`",
            Self::At => "`@`",
            Self::Equal => "`=`",
            Self::EqualRegex => "`=~`",
            Self::NotEqualRegex => "`!~`",
        }
    }
}

/// What stands between two expressions, and `+` and `-` before one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    Add,
    Sub,
    Mul,
    Div,
    Mod,
    Pow,
    EqualEqual,
    NotEqual,
    Greater,
    Less,
    GreaterOrEqual,
    LessOrEqual,
}

/// Words with a meaning, in any case of letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keyword {
    And,
    Or,
    Unless,
    Atan2,
    Aggregation(crate::operator::AggregationOp),
    Offset,
    By,
    Without,
    On,
    Ignoring,
    GroupLeft,
    GroupRight,
    Bool,
    Start,
    End,
    /// `inf` and `nan` are numbers.
    Number,
}

impl Keyword {
    /// The longest keyword, `count_values`, has 12 letters.
    const LONGEST: usize = 12;

    pub(crate) fn of(word: &str) -> Option<Self> {
        if word.len() > Self::LONGEST {
            return None;
        }
        let mut lower = [0; Self::LONGEST];
        let lower = &mut lower[..word.len()];
        lower.copy_from_slice(word.as_bytes());
        lower.make_ascii_lowercase();
        Some(match &*lower {
            b"and" => Self::And,
            b"or" => Self::Or,
            b"unless" => Self::Unless,
            b"atan2" => Self::Atan2,
            b"offset" => Self::Offset,
            b"by" => Self::By,
            b"without" => Self::Without,
            b"on" => Self::On,
            b"ignoring" => Self::Ignoring,
            b"group_left" => Self::GroupLeft,
            b"group_right" => Self::GroupRight,
            b"bool" => Self::Bool,
            b"start" => Self::Start,
            b"end" => Self::End,
            b"inf" | b"nan" => Self::Number,
            other => {
                let other = std::str::from_utf8(other).ok()?;
                Self::Aggregation(crate::operator::AggregationOp::named(other)?)
            }
        })
    }

    /// Whether a metric may be called so.
    pub(crate) fn may_name_a_metric(self) -> bool {
        match self {
            Self::And
            | Self::Or
            | Self::Unless
            | Self::Aggregation(_)
            | Self::Offset
            | Self::By
            | Self::Without
            | Self::Start
            | Self::End => true,
            Self::Atan2
            | Self::On
            | Self::Ignoring
            | Self::GroupLeft
            | Self::GroupRight
            | Self::Bool
            | Self::Number => false,
        }
    }

    /// Whether a label of a `by (…)`, `on (…)` or `group_left (…)` may be called so: Prometheus forgot `without`.
    pub(crate) fn may_name_a_label(self) -> bool {
        !matches!(self, Self::Without | Self::Number)
    }
}

/// The text of a token as a message shows it.
pub(crate) struct Found<'a>(pub(crate) Token, pub(crate) &'a str);

impl fmt::Display for Found<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const LONGEST: usize = 40;
        let Self(token, text) = *self;
        if token.kind == TokenKind::End {
            return f.write_str("the end of the expression");
        }
        let text = &text[token.span.range()];
        let shown: String = text.chars().take(LONGEST).collect();
        let cut = if shown.len() < text.len() { "…" } else { "" };
        match token.kind {
            TokenKind::String => write!(f, "the string {shown}{cut}"),
            _ => write!(f, "`{shown}{cut}`"),
        }
    }
}
