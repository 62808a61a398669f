//! From text to words, one at a time.
//!
//! What a character means depends on the brackets around it, as in Prometheus: keywords are names inside braces, and a
//! colon inside brackets separates a range from a step, while elsewhere it is a part of a metric's name.

mod number;
mod quoted;

pub(crate) use self::number::{format_duration, parse_duration, parse_number};
pub(crate) use self::quoted::{quote, unquote};

use crate::error::Error;
use crate::span::Span;
use crate::token::{Keyword, Operator, Token, TokenKind};

#[derive(Clone, Debug)]
pub(crate) struct Lexer<'a> {
    text: &'a str,
    position: usize,
    /// Where the brace is that is open.
    brace: Option<usize>,
    bracket: Option<usize>,
    /// Between `[` and the first number, where Prometheus allows neither a comment nor a word.
    before_range: bool,
    /// Whether `#` begins a comment.
    comments: bool,
}

impl<'a> Lexer<'a> {
    pub(crate) fn new(text: &'a str, comments: bool) -> Self {
        Self {
            text,
            position: 0,
            brace: None,
            bracket: None,
            before_range: false,
            comments,
        }
    }

    pub(crate) fn text(&self) -> &'a str {
        self.text
    }

    /// The next word; at the end of the text [`TokenKind::End`], again and again.
    pub(crate) fn next(&mut self) -> Result<Token, Error> {
        self.skip_blanks();
        let start = self.position;
        let kind = match self.peek() {
            None => TokenKind::End,
            Some(_) if self.brace.is_some() => self.inside_braces()?,
            Some(_) => self.outside_braces()?,
        };
        Ok(Token {
            kind,
            span: Span::new(start, self.position),
        })
    }

    fn outside_braces(&mut self) -> Result<TokenKind, Error> {
        let start = self.position;
        let first = self.bump().unwrap_or_default();
        Ok(match first {
            ',' => TokenKind::Comma,
            '@' => TokenKind::At,
            '(' => TokenKind::LeftParen,
            ')' => TokenKind::RightParen,
            '+' => TokenKind::Operator(Operator::Add),
            '-' => TokenKind::Operator(Operator::Sub),
            '*' => TokenKind::Operator(Operator::Mul),
            '/' => TokenKind::Operator(Operator::Div),
            '%' => TokenKind::Operator(Operator::Mod),
            '^' => TokenKind::Operator(Operator::Pow),
            '=' if self.eat('=') => TokenKind::Operator(Operator::EqualEqual),
            '=' if self.peek() == Some('~') => return Err(self.regex_operator_outside(start)),
            '=' => TokenKind::Equal,
            '!' if self.eat('=') => TokenKind::Operator(Operator::NotEqual),
            '!' if self.peek() == Some('~') => return Err(self.regex_operator_outside(start)),
            '!' => {
                return Err(Error::new(self.since(start), "found `!`, expected `!=`")
                    .with_help("what is not there is `unless`, or `absent(…)`"));
            }
            '<' if self.eat('=') => TokenKind::Operator(Operator::LessOrEqual),
            '<' => TokenKind::Operator(Operator::Less),
            '>' if self.eat('=') => TokenKind::Operator(Operator::GreaterOrEqual),
            '>' => TokenKind::Operator(Operator::Greater),
            '{' => {
                self.brace = Some(start);
                TokenKind::LeftBrace
            }
            '}' => return Err(Error::new(self.since(start), "found `}`, but no `{` is open")),
            '[' => {
                if self.bracket.is_some() {
                    return Err(Error::new(self.since(start), "found `[`, expected `]`")
                        .with_help("a range holds one duration: `[5m]`, or a duration and a step: `[5m:30s]`"));
                }
                self.bracket = Some(start);
                self.before_range = true;
                TokenKind::LeftBracket
            }
            ']' => {
                if self.bracket.take().is_none() {
                    return Err(Error::new(self.since(start), "found `]`, but no `[` is open"));
                }
                self.before_range = false;
                TokenKind::RightBracket
            }
            '"' | '\'' | '`' => self.string(start, first)?,
            '.' if self.peek().is_some_and(|next| next.is_ascii_digit()) => self.number(start)?,
            '0'..='9' => self.number(start)?,
            ':' | '_' | 'a'..='z' | 'A'..='Z' => {
                if self.bracket.is_none() {
                    self.word(start)
                } else if first == ':' || !self.before_range {
                    // Prometheus up to 3.11 takes any letter here for a colon, and `[5 m]` for `[5s:]`. We agree with it
                    // on what is PromQL; the tree says where the colon stands.
                    TokenKind::Colon
                } else {
                    return Err(self.unexpected(start, "a duration"));
                }
            }
            '#' if self.before_range => {
                return Err(Error::new(self.since(start), "found a comment, expected a duration")
                    .with_help("Prometheus allows none between `[` and the range"));
            }
            '$' => {
                self.eat_while(&is_word);
                return Err(self.unexpected(start, "an expression or an operator"));
            }
            _ => return Err(self.unexpected(start, "an expression or an operator")),
        })
    }

    fn inside_braces(&mut self) -> Result<TokenKind, Error> {
        let start = self.position;
        let first = self.bump().unwrap_or_default();
        Ok(match first {
            '_' | 'a'..='z' | 'A'..='Z' => {
                self.eat_while(&is_word);
                TokenKind::Identifier
            }
            ',' => TokenKind::Comma,
            '"' | '\'' | '`' => self.string(start, first)?,
            '=' if self.eat('~') => TokenKind::EqualRegex,
            '=' => TokenKind::Equal,
            '!' if self.eat('~') => TokenKind::NotEqualRegex,
            '!' if self.eat('=') => TokenKind::Operator(Operator::NotEqual),
            '!' => return Err(Error::new(self.since(start), "found `!`, expected `!=` or `!~`")),
            '}' => {
                self.brace = None;
                TokenKind::RightBrace
            }
            _ => {
                let expected = "a label's name, `,` or `}`";
                let error = self.unexpected(start, expected);
                return Err(match first {
                    '0'..='9' => error.with_help(
                        "a label's name begins with a letter or `_`, and its value stands in quotes: `{status=~\"5..\"}`",
                    ),
                    ':' | '.' => error.with_help("a name with other characters stands in quotes: `{\"a.b\"=\"x\"}`"),
                    _ => error,
                });
            }
        })
    }

    /// A keyword or a name.
    fn word(&mut self, start: usize) -> TokenKind {
        self.eat_while(&|character| is_word(character) || character == ':');
        let word = &self.text[start..self.position];
        match Keyword::of(word) {
            Some(Keyword::Number) => TokenKind::Number,
            Some(keyword) => TokenKind::Keyword(keyword),
            None if word.contains(':') => TokenKind::MetricIdentifier,
            None => TokenKind::Identifier,
        }
    }

    fn number(&mut self, start: usize) -> Result<TokenKind, Error> {
        self.before_range = false;
        let (kind, length) = number::scan(&self.text[start..]);
        self.position = start + length;
        match kind {
            Some(kind) => Ok(kind),
            None => {
                // The whole word, because what follows the wrong character belongs to it.
                self.eat_while(&|character| is_word(character) || character == '.');
                let span = self.since(start);
                let word = &self.text[span.range()];
                Err(Error::new(span, format!("`{word}` is neither a number nor a duration")).with_help(number::ADVICE))
            }
        }
    }

    /// Up to the closing quote; [`unquote`] looks inside.
    fn string(&mut self, start: usize, quote: char) -> Result<TokenKind, Error> {
        loop {
            match self.bump() {
                Some('\\') if quote != '`' => {
                    self.bump();
                }
                Some(character) if character == quote => return Ok(TokenKind::String),
                Some('\n') if quote != '`' => {
                    self.position -= 1;
                    break;
                }
                Some(_) => {}
                None => break,
            }
        }
        let expected = match quote {
            '`' => "a backquote".to_owned(),
            quote => format!("`{quote}`"),
        };
        let error = Error::new(
            self.since(start),
            format!("the string is not closed: expected {expected}"),
        );
        Err(if self.peek().is_some() && self.comments {
            error.with_help("only a string in backquotes may have more than one line")
        } else {
            error
        })
    }

    fn regex_operator_outside(&mut self, start: usize) -> Error {
        self.bump();
        let span = self.since(start);
        let operator = &self.text[span.range()];
        Error::new(span, format!("found `{operator}`, which compares labels inside braces"))
            .with_help(format!("a label is matched by `metric{{label{operator}\"…\"}}`"))
    }

    /// The character before the current position is none that may stand here.
    fn unexpected(&self, start: usize, expected: &str) -> Error {
        let span = self.since(start);
        let character = &self.text[span.range()];
        let error = Error::new(span, format!("found `{character}`, expected {expected}"));
        match character {
            variable if variable.starts_with('$') => error.with_help(
                "Grafana's variables are not PromQL: put a value in their place, as `[5m]` for `[$__rate_interval]`",
            ),
            "#" if !self.comments => error.with_help("a comment between Rust tokens begins with `//`"),
            "“" | "”" | "„" | "‘" | "’" => error.with_help("strings stand in straight quotes: `\"` or `'`"),
            "&" => error.with_help("both conditions: `and`"),
            "|" => error.with_help("either condition: `or`"),
            "–" | "−" => error.with_help("minus is `-`"),
            _ => error,
        }
    }

    // --- characters ---

    fn skip_blanks(&mut self) {
        loop {
            self.eat_while(&is_space);
            let comment = self.comments && !self.before_range && self.peek() == Some('#');
            if !comment {
                return;
            }
            self.eat_while(&|character| !matches!(character, '\n' | '\r'));
        }
    }

    fn peek(&self) -> Option<char> {
        self.text[self.position..].chars().next()
    }

    fn bump(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.position += next.len_utf8();
        Some(next)
    }

    fn eat(&mut self, character: char) -> bool {
        let found = self.peek() == Some(character);
        if found {
            self.bump();
        }
        found
    }

    fn eat_while(&mut self, matches: &dyn Fn(char) -> bool) {
        let rest = &self.text[self.position..];
        let length = rest.find(|character| !matches(character)).unwrap_or(rest.len());
        self.position += length;
    }

    fn since(&self, start: usize) -> Span {
        Span::new(start, self.position)
    }
}

/// Not Unicode's spaces: Prometheus refuses those.
fn is_space(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\n' | '\r')
}

pub(crate) fn is_word(character: char) -> bool {
    character == '_' || character.is_ascii_alphanumeric()
}

/// Whether `text` is a name that needs no quotes inside braces.
pub(crate) fn is_name(text: &str) -> bool {
    !text.starts_with(|character: char| character.is_ascii_digit()) && !text.is_empty() && text.chars().all(is_word)
}

#[cfg(test)]
mod tests {
    use super::Lexer;
    use crate::token::TokenKind;

    fn words(text: &str) -> Result<Vec<(TokenKind, &str)>, String> {
        let mut lexer = Lexer::new(text, true);
        let mut words = Vec::new();
        loop {
            let token = lexer.next().map_err(|error| error.message().to_owned())?;
            if token.kind == TokenKind::End {
                return Ok(words);
            }
            words.push((token.kind, &text[token.span.range()]));
        }
    }

    fn texts(text: &str) -> Vec<&str> {
        words(text).unwrap().into_iter().map(|(_, text)| text).collect()
    }

    #[test]
    fn the_brackets_around_it_say_what_a_word_is() {
        use TokenKind::{Colon, Identifier, MetricIdentifier};
        assert_eq!(words("a:b").unwrap(), [(MetricIdentifier, "a:b")]);
        assert_eq!(words("{by}").unwrap()[1], (Identifier, "by"));
        assert_eq!(words("a[5m:1m]").unwrap()[3], (Colon, ":"));
        assert_eq!(words(":").unwrap(), [(MetricIdentifier, ":")]);
    }

    #[test]
    fn operators_need_no_spaces() {
        assert_eq!(texts("a>=-1"), ["a", ">=", "-", "1"]);
        assert_eq!(texts("a==b!=c"), ["a", "==", "b", "!=", "c"]);
        assert_eq!(
            texts("{a=~\"x\",b!~'y'}"),
            ["{", "a", "=~", "\"x\"", ",", "b", "!~", "'y'", "}"]
        );
    }

    #[test]
    fn comments_end_with_the_line() {
        assert_eq!(texts("a # b\n+ c # d"), ["a", "+", "c"]);
        assert_eq!(texts("a{# }\nb=\"#\"}"), ["a", "{", "b", "=", "\"#\"", "}"]);
        assert!(words("a[# c\n5m]").is_err());
        assert_eq!(texts("a[5m # c\n]"), ["a", "[", "5m", "]"]);
    }

    #[test]
    fn strings_end_at_their_own_quote() {
        assert_eq!(texts(r#""a\"b'`" 'c"' `d\`"#), [r#""a\"b'`""#, "'c\"'", "`d\\`"]);
        assert!(words("\"a\nb\"").is_err());
        assert_eq!(texts("`a\nb`"), ["`a\nb`"]);
    }
}
