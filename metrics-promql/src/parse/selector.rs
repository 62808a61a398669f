//! Selectors, and what may stand behind an expression: ranges, `offset` and `@`.

use super::Parser;
use crate::ast::{
    At, AtKind, Duration, Expr, ExprKind, Label, Matcher, Modifiers, Name, RangeSelector, Selector, Subquery,
};
use crate::error::Error;
use crate::lex::unquote;
use crate::operator::MatchOp;
use crate::regex::Regex;
use crate::span::Span;
use crate::token::{Keyword, Operator, TokenKind};

impl Parser<'_> {
    /// The name has been taken, if there is one.
    pub(super) fn selector(&mut self, name: Option<Name>) -> Result<ExprKind, Error> {
        let start = name.as_ref().map_or(self.token.span.start, |name| name.span.start);
        let mut matchers = Vec::new();
        if self.token.kind == TokenKind::LeftBrace {
            let open = self.advance()?;
            while self.token.kind != TokenKind::RightBrace {
                matchers.push(self.matcher()?);
                if self.token.kind != TokenKind::Comma {
                    break;
                }
                self.advance()?;
            }
            self.expect_closing(TokenKind::RightBrace, open, "`,` or `}`")?;
        }
        Ok(ExprKind::Selector(Box::new(Selector {
            span: Span::new(start, self.end),
            name,
            matchers,
            modifiers: Modifiers::default(),
        })))
    }

    fn matcher(&mut self) -> Result<Matcher, Error> {
        let token = self.token;
        let text = self.text_of(token);
        let (name, quoted) = match token.kind {
            TokenKind::Identifier => (text.to_owned(), false),
            TokenKind::String => (unquote(text, token.span.start)?.text, true),
            TokenKind::Comma => return Err(self.expected("a label's name or `}`")),
            _ => return Err(self.expected("a label's name, a metric's name in quotes, or `}`")),
        };
        self.advance()?;
        let op = match self.token.kind {
            TokenKind::Equal => MatchOp::Equal,
            TokenKind::Operator(Operator::NotEqual) => MatchOp::NotEqual,
            TokenKind::EqualRegex => MatchOp::Regex,
            TokenKind::NotEqualRegex => MatchOp::NotRegex,
            // A metric's name in quotes.
            _ if quoted => {
                return Ok(Matcher {
                    span: token.span,
                    label: Label {
                        span: token.span,
                        name: Matcher::METRIC.to_owned(),
                        quoted,
                    },
                    op: MatchOp::Equal,
                    value: name,
                    value_span: token.span,
                    name_only: true,
                });
            }
            _ => {
                let error = self.expected("`=`, `!=`, `=~` or `!~`");
                return Err(match self.token.kind {
                    TokenKind::RightBrace | TokenKind::Comma => {
                        error.with_help(format!("a label is compared with a value: `{name}=\"…\"`"))
                    }
                    _ => error,
                });
            }
        };
        self.advance()?;
        let (value, value_span) = self.matcher_value(&name, op)?;
        Ok(Matcher {
            span: token.span.to(value_span),
            label: Label {
                span: token.span,
                name,
                quoted,
            },
            op,
            value,
            value_span,
            name_only: false,
        })
    }

    fn matcher_value(&mut self, label: &str, op: MatchOp) -> Result<(String, Span), Error> {
        let token = self.token;
        let text = self.text_of(token);
        if token.kind != TokenKind::String {
            let error = self.expected("a string");
            return Err(match token.kind {
                TokenKind::Identifier => error.with_help(format!("values stand in quotes: `{label}{op}\"{text}\"`")),
                TokenKind::Equal => error.with_help(format!("labels are compared with one `=`: `{label}=\"…\"`")),
                _ => error,
            });
        }
        let value = unquote(text, token.span.start)?;
        if matches!(op, MatchOp::Regex | MatchOp::NotRegex) {
            Regex::check(&value.text, value.is_utf8).map_err(|invalid| {
                // Between the quotes, where no escape shifts it.
                let inside = text.len() == value.text.len() + 2;
                let span = match inside {
                    true => Span::new(
                        token.span.start + 1 + invalid.span().start,
                        token.span.start + 1 + invalid.span().end,
                    ),
                    false => token.span,
                };
                Error::new(span, format!("this is no regular expression: {invalid}")).with_help_if(invalid.help())
            })?;
        }
        self.advance()?;
        Ok((value.text, token.span))
    }

    /// `[5m]`, `[1h:1m]`, `offset 5m` and `@ 0` behind an expression, in any number.
    pub(super) fn postfixed(&mut self, mut expr: Expr) -> Result<Expr, Error> {
        loop {
            match self.token.kind {
                TokenKind::LeftBracket => expr = self.bracketed(expr)?,
                TokenKind::Keyword(Keyword::Offset) => self.offset(&mut expr)?,
                TokenKind::At => self.at(&mut expr)?,
                _ => return Ok(expr),
            }
        }
    }

    fn bracketed(&mut self, operand: Expr) -> Result<Expr, Error> {
        let open = self.advance()?;
        if self.token.kind == TokenKind::RightBracket {
            return Err(self.expected("a duration such as `5m`"));
        }
        let range = self.positive_duration()?;
        if self.token.kind == TokenKind::Colon {
            return self.subquery(operand, range, open);
        }
        self.expect_closing(TokenKind::RightBracket, open, "`]` or `:`")?;
        let brackets = Span::new(open.span.start, self.end);
        let span = Span::new(operand.span.start, self.end);
        let mut selector = match operand.kind {
            ExprKind::Selector(selector) => *selector,
            ExprKind::Range(_) => return Err(Error::new(brackets, "this has a range already")),
            _ => {
                let inside = &self.lexer.text()[range.span.range()];
                return Err(
                    Error::new(brackets, "a range belongs to a selector: `metric{label=\"value\"}[5m]`").with_help(
                        format!("the values of an expression over time are a subquery: `[{inside}:]`"),
                    ),
                );
            }
        };
        // Prometheus overlooks `@ start()`, arithmetic, and an offset that says nothing, which it forgets.
        let modifiers = &mut selector.modifiers;
        let refused = |word: &str| {
            Error::new(brackets, format!("the range stands before `{word}`"))
                .with_help(format!("as in `metric[5m] {word} …`"))
        };
        if modifiers.offset.as_ref().is_some_and(Duration::is_no_offset) {
            modifiers.offset = None;
        }
        if modifiers
            .offset
            .as_ref()
            .is_some_and(|offset| offset.literal().is_some())
        {
            return Err(refused("offset"));
        }
        if matches!(
            &modifiers.at,
            Some(At {
                kind: AtKind::Time(_),
                ..
            })
        ) {
            return Err(refused("@"));
        }
        self.grow(0)?;
        Ok(Expr {
            span,
            kind: ExprKind::Range(Box::new(RangeSelector { selector, range })),
        })
    }

    fn subquery(&mut self, operand: Expr, range: Duration, open: crate::token::Token) -> Result<Expr, Error> {
        let colon = self.advance()?.span;
        let step = match self.token.kind {
            TokenKind::RightBracket => None,
            _ => Some(self.positive_duration()?),
        };
        self.expect_closing(TokenKind::RightBracket, open, "`]`")?;
        self.grow(0)?;
        Ok(Expr {
            span: Span::new(operand.span.start, self.end),
            kind: ExprKind::Subquery(Box::new(Subquery {
                operand,
                range,
                step,
                colon,
                modifiers: Modifiers::default(),
            })),
        })
    }

    fn offset(&mut self, expr: &mut Expr) -> Result<(), Error> {
        let word = self.advance()?.span;
        let duration = self.offset_duration()?;
        let modifiers = self.modifiers_of(expr, word, "offset 5m")?;
        if modifiers.offset.as_ref().is_some_and(|offset| !offset.is_no_offset()) {
            return Err(Error::new(word, "`offset` stands here twice"));
        }
        modifiers.offset = Some(duration);
        Ok(())
    }

    fn at(&mut self, expr: &mut Expr) -> Result<(), Error> {
        let word = self.advance()?.span;
        let kind = match self.token.kind {
            TokenKind::Keyword(Keyword::Start) => self.preprocessor(AtKind::Start)?,
            TokenKind::Keyword(Keyword::End) => self.preprocessor(AtKind::End)?,
            _ => AtKind::Time(self.timestamp()?),
        };
        let span = Span::new(word.start, self.end);
        let modifiers = self.modifiers_of(expr, word, "@ 0")?;
        if modifiers.at.is_some() {
            return Err(Error::new(span, "`@` stands here twice"));
        }
        modifiers.at = Some(At { span, kind });
        Ok(())
    }

    /// `start()`
    fn preprocessor(&mut self, kind: AtKind) -> Result<AtKind, Error> {
        self.advance()?;
        for parenthesis in [TokenKind::LeftParen, TokenKind::RightParen] {
            if self.token.kind != parenthesis {
                return Err(self
                    .expected(parenthesis.expected())
                    .with_help("`@ start()` and `@ end()` are written with empty parentheses"));
            }
            self.advance()?;
        }
        Ok(kind)
    }

    fn timestamp(&mut self) -> Result<crate::ast::Number, Error> {
        /// Where Prometheus' own milliseconds end.
        const LIMIT: f64 = 9_223_372_036_854_775_807.0;
        let start = self.token.span.start;
        let sign = self.sign();
        if sign.is_some() {
            self.advance()?;
        }
        if !matches!(self.token.kind, TokenKind::Number | TokenKind::Duration) {
            return Err(self.expected("a time in seconds since 1970, `start()` or `end()`"));
        }
        let number = self.number()?;
        let number = sign.map_or(number, |sign| number.signed(sign));
        if number.value.is_nan() || number.value.abs() >= LIMIT {
            let span = Span::new(start, self.end);
            return Err(Error::new(span, "this time is out of range").with_help("`@` takes seconds since 1970"));
        }
        Ok(number)
    }

    /// The modifiers of what `word` stands behind; the expression then reaches up to here.
    fn modifiers_of<'e>(&self, expr: &'e mut Expr, word: Span, example: &str) -> Result<&'e mut Modifiers, Error> {
        let Expr { span, kind } = expr;
        span.end = self.end;
        match kind {
            ExprKind::Selector(selector) => Ok(&mut selector.modifiers),
            ExprKind::Range(range) => Ok(&mut range.selector.modifiers),
            ExprKind::Subquery(subquery) => Ok(&mut subquery.modifiers),
            _ => {
                let found = &self.lexer.text()[word.range()];
                let message = format!("`{found}` belongs to a selector or a subquery, and before it is neither");
                let help = format!("it stands inside, directly behind the selector: `sum(rate(x[5m] {example}))`");
                Err(Error::new(word, message).with_help(help))
            }
        }
    }
}
