//! From words to a tree, by recursive descent.
//!
//! What is accepted is what Prometheus' own grammar accepts, oddities included; a comment says where that is surprising.

mod aggregation;
mod duration;
mod selector;

use crate::ast::{Binary, Call, Expr, ExprKind, Group, Label, Matching, MatchingKind, Name, Number, Side};
use crate::error::Error;
use crate::function::{self, Function};
use crate::lex::{Lexer, parse_duration, parse_number, unquote};
use crate::nearest::nearest;
use crate::operator::{BinaryOp, Precedence, Sign};
use crate::span::Span;
use crate::token::{Found, Keyword, Operator, Token, TokenKind};
use crate::types;

/// How deep an expression may be nested: in parentheses, arguments, and operators to the right of others.
pub const MAX_NESTING: usize = 100;

/// How many operators and brackets may apply to one another's results, as in a chain of so many `or`.
pub const MAX_HEIGHT: usize = 1000;

/// Parses one expression and checks its types.
///
/// ```
/// use enumetrics_promql::{ExprKind, parse};
///
/// let expr = parse("rate(errors_total[5m])")?;
/// let ExprKind::Call(call) = &expr.kind else { panic!() };
/// assert_eq!(call.function.name, "rate");
/// # Ok::<(), enumetrics_promql::Error>(())
/// ```
///
/// # Errors
///
/// What is wrong first, where, and what was expected, if the text is no expression of Prometheus 3.5 (with every flag
/// that adds to the language).
pub fn parse(text: &str) -> Result<Expr, Error> {
    Parser::new(text, true)?.whole()
}

/// The same for text that was put together from Rust tokens, which contain no comments.
pub(crate) fn parse_tokens(text: &str) -> Result<Expr, Error> {
    Parser::new(text, false)?.whole()
}

struct Parser<'a> {
    lexer: Lexer<'a>,
    /// The next word.
    token: Token,
    /// Where the last word ended.
    end: usize,
    nesting: usize,
    /// How high the expression is that was parsed last.
    height: usize,
    /// How many operators there were in durations, which none of the above counts.
    duration_operators: usize,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str, comments: bool) -> Result<Self, Error> {
        let mut lexer = Lexer::new(text, comments);
        let token = lexer.next()?;
        Ok(Self {
            lexer,
            token,
            end: 0,
            nesting: 0,
            height: 0,
            duration_operators: 0,
        })
    }

    fn whole(mut self) -> Result<Expr, Error> {
        if self.token.kind == TokenKind::End {
            let error = Error::new(self.token.span, "there is no expression");
            return Err(error);
        }
        let expr = self.expression(Precedence::LOWEST)?;
        if self.token.kind != TokenKind::End {
            return Err(self.unexpected_after(&expr));
        }
        types::check(&expr)?;
        Ok(expr)
    }

    /// Operands with the operators between them that bind at least as tightly as `least`.
    fn expression(&mut self, least: Precedence) -> Result<Expr, Error> {
        let mut lhs = self.operand()?;
        while let Some(op) = self.binary_operator()
            && op.precedence() >= least
        {
            let lhs_height = self.height;
            let op_span = self.advance()?.span;
            let (returns_bool, matching) = self.matching()?;
            let rhs = self.nested(|parser| parser.expression(op.right_precedence()))?;
            self.grow(lhs_height)?;
            lhs = Expr {
                span: lhs.span.to(rhs.span),
                kind: ExprKind::Binary(Box::new(Binary {
                    op,
                    op_span,
                    returns_bool,
                    matching,
                    lhs,
                    rhs,
                })),
            };
        }
        Ok(lhs)
    }

    fn operand(&mut self) -> Result<Expr, Error> {
        let Some(sign) = self.sign() else {
            self.height = 0;
            return self.primary();
        };
        let start = self.advance()?.span;
        let operand = self.nested(|parser| parser.expression(Precedence::POWER))?;
        let span = start.to(operand.span);
        Ok(match operand.kind {
            ExprKind::Number(number) => Expr {
                span,
                kind: ExprKind::Number(number.signed(sign)),
            },
            _ => {
                self.grow(0)?;
                Expr {
                    span,
                    kind: ExprKind::Unary(sign, Box::new(operand)),
                }
            }
        })
    }

    fn primary(&mut self) -> Result<Expr, Error> {
        let token = self.token;
        let kind = match token.kind {
            TokenKind::Number | TokenKind::Duration => ExprKind::Number(self.number()?),
            TokenKind::String => {
                let value = unquote(self.text_of(token), token.span.start)?.text;
                self.advance()?;
                ExprKind::String(value)
            }
            TokenKind::LeftParen => {
                self.advance()?;
                let inner = self.nested(|parser| parser.expression(Precedence::LOWEST))?;
                self.expect_closing(TokenKind::RightParen, token, "`)` or an operator")?;
                self.grow(0)?;
                ExprKind::Paren(Box::new(inner))
            }
            TokenKind::LeftBrace => self.selector(None)?,
            TokenKind::Identifier => {
                self.advance()?;
                match self.token.kind {
                    TokenKind::LeftParen => self.call(token)?,
                    _ => self.selector(Some(self.name(token)))?,
                }
            }
            TokenKind::MetricIdentifier => {
                self.advance()?;
                self.selector(Some(self.name(token)))?
            }
            TokenKind::Keyword(Keyword::Aggregation(op)) => {
                self.advance()?;
                match self.token.kind {
                    TokenKind::LeftParen | TokenKind::Keyword(Keyword::By | Keyword::Without) => {
                        self.aggregation(op, token.span)?
                    }
                    _ => self.selector(Some(self.name(token)))?,
                }
            }
            TokenKind::Keyword(keyword) if keyword.may_name_a_metric() => {
                self.advance()?;
                self.selector(Some(self.name(token)))?
            }
            _ => return Err(self.no_operand()),
        };
        let expr = Expr {
            span: Span::new(token.span.start, self.end),
            kind,
        };
        self.postfixed(expr)
    }

    fn number(&mut self) -> Result<Number, Error> {
        let token = self.token;
        let text = self.text_of(token);
        let number = if token.kind == TokenKind::Duration {
            let value = parse_duration(text).map_err(|message| Error::new(token.span, message))?;
            Number {
                value,
                is_duration: true,
            }
        } else {
            let value = parse_number(text).ok_or_else(|| {
                Error::new(token.span, format!("`{text}` is no number")).with_help(
                    "a number is at most 1.7976931348623157e308, a hexadecimal one at most 0x7fffffffffffffff",
                )
            })?;
            Number {
                value,
                is_duration: false,
            }
        };
        self.advance()?;
        Ok(number)
    }

    fn call(&mut self, name: Token) -> Result<ExprKind, Error> {
        let text = self.text_of(name);
        let Some(function) = Function::named(text) else {
            let rest = &self.lexer.text()[self.token.span.end..];
            let argument = rest.split([')', ',']).next().unwrap_or_default().trim();
            return Err(Error::new(name.span, format!("unknown function `{text}`"))
                .with_help_if(function::advice(text, argument)));
        };
        let arguments = self.arguments()?;
        Ok(ExprKind::Call(Call {
            function,
            name_span: name.span,
            arguments,
        }))
    }

    /// `(a, b)`
    fn arguments(&mut self) -> Result<Vec<Expr>, Error> {
        let open = self.advance()?;
        let mut arguments = Vec::new();
        let mut highest = 0;
        if self.token.kind != TokenKind::RightParen {
            loop {
                arguments.push(self.nested(|parser| parser.expression(Precedence::LOWEST))?);
                highest = highest.max(self.height);
                if self.token.kind != TokenKind::Comma {
                    break;
                }
                let comma = self.advance()?;
                if self.token.kind == TokenKind::RightParen {
                    return Err(Error::new(comma.span, "found `)` after `,`, expected another argument")
                        .with_help("PromQL takes no comma after the last argument"));
                }
            }
        }
        self.expect_closing(TokenKind::RightParen, open, "`,`, `)` or an operator")?;
        self.height = highest;
        self.grow(0)?;
        Ok(arguments)
    }

    /// `bool on (job) group_left (version)` behind an operator.
    fn matching(&mut self) -> Result<(bool, Option<Matching>), Error> {
        let returns_bool = self.token.kind == TokenKind::Keyword(Keyword::Bool);
        if returns_bool {
            self.advance()?;
        }
        let start = self.token.span;
        let kind = match self.token.kind {
            TokenKind::Keyword(Keyword::On) => MatchingKind::On,
            TokenKind::Keyword(Keyword::Ignoring) => MatchingKind::Ignoring,
            TokenKind::Keyword(Keyword::GroupLeft | Keyword::GroupRight) => {
                let word = Found(self.token, self.lexer.text());
                return Err(
                    Error::new(start, format!("found {word} without `on` or `ignoring` before it"))
                        .with_help("as in `a * on (instance) group_left (version) b`"),
                );
            }
            _ => return Ok((returns_bool, None)),
        };
        self.advance()?;
        let labels = self.labels()?;
        let group_start = self.token.span;
        let side = match self.token.kind {
            TokenKind::Keyword(Keyword::GroupLeft) => Some(Side::Left),
            TokenKind::Keyword(Keyword::GroupRight) => Some(Side::Right),
            _ => None,
        };
        let group = match side {
            None => None,
            Some(side) => {
                self.advance()?;
                let labels = match self.token.kind {
                    TokenKind::LeftParen => self.labels()?,
                    _ => Vec::new(),
                };
                Some(Group {
                    span: Span::new(group_start.start, self.end),
                    side,
                    labels,
                })
            }
        };
        let matching = Matching {
            span: Span::new(start.start, self.end),
            kind,
            labels,
            group,
        };
        Ok((returns_bool, Some(matching)))
    }

    /// `(job, "http.method")` of a grouping.
    fn labels(&mut self) -> Result<Vec<Label>, Error> {
        let open = self.token;
        if open.kind != TokenKind::LeftParen {
            let error = self.expected("`(`");
            return Err(match open.kind {
                TokenKind::Identifier => {
                    let label = self.text_of(open);
                    error.with_help(format!("labels stand in parentheses: `({label})`"))
                }
                _ => error,
            });
        }
        self.advance()?;
        let mut labels = Vec::new();
        while self.token.kind != TokenKind::RightParen {
            labels.push(self.label()?);
            if self.token.kind != TokenKind::Comma {
                break;
            }
            self.advance()?;
        }
        self.expect_closing(TokenKind::RightParen, open, "`,` or `)`")?;
        Ok(labels)
    }

    fn label(&mut self) -> Result<Label, Error> {
        let token = self.token;
        let text = self.text_of(token);
        let (name, quoted) = match token.kind {
            TokenKind::Identifier | TokenKind::MetricIdentifier => (text.to_owned(), false),
            TokenKind::Keyword(keyword) if keyword.may_name_a_label() => (text.to_owned(), false),
            TokenKind::String => {
                let name = unquote(text, token.span.start)?;
                if name.text.is_empty() || !name.is_utf8 {
                    return Err(Error::new(token.span, format!("{text} is no name of a label"))
                        .with_help("a label's name is not empty and is UTF-8"));
                }
                (name.text, true)
            }
            _ => {
                let error = self.expected("a label's name or `)`");
                return Err(match token.kind {
                    TokenKind::Keyword(Keyword::Without) => {
                        error.with_help("Prometheus takes a label of this name in quotes only")
                    }
                    _ => error,
                });
            }
        };
        self.advance()?;
        Ok(Label {
            span: token.span,
            name,
            quoted,
        })
    }

    // --- words ---

    fn sign(&self) -> Option<Sign> {
        match self.token.kind {
            TokenKind::Operator(Operator::Add) => Some(Sign::Plus),
            TokenKind::Operator(Operator::Sub) => Some(Sign::Minus),
            _ => None,
        }
    }

    fn binary_operator(&self) -> Option<BinaryOp> {
        Some(match self.token.kind {
            TokenKind::Operator(operator) => operator.binary(),
            TokenKind::Keyword(Keyword::And) => BinaryOp::And,
            TokenKind::Keyword(Keyword::Or) => BinaryOp::Or,
            TokenKind::Keyword(Keyword::Unless) => BinaryOp::Unless,
            TokenKind::Keyword(Keyword::Atan2) => BinaryOp::Atan2,
            _ => return None,
        })
    }

    fn name(&self, token: Token) -> Name {
        Name {
            span: token.span,
            name: self.text_of(token).to_owned(),
        }
    }

    fn text_of(&self, token: Token) -> &'a str {
        &self.lexer.text()[token.span.range()]
    }

    /// Takes the next word.
    fn advance(&mut self) -> Result<Token, Error> {
        let token = self.token;
        self.end = token.span.end;
        self.token = self.lexer.next()?;
        Ok(token)
    }

    /// Takes what closes `open`.
    fn expect_closing(&mut self, kind: TokenKind, open: Token, expected: &str) -> Result<(), Error> {
        if self.token.kind == kind {
            self.advance()?;
            return Ok(());
        }
        let error = self.expected(expected);
        if self.token.kind != TokenKind::End {
            let help = match self.token.kind {
                TokenKind::Keyword(Keyword::By | Keyword::Without) => Some(format!(
                    "grouping belongs to an aggregation: `sum {} (…)`",
                    self.grouping_text()
                )),
                _ => self.word_meant(),
            };
            return Err(error.with_help_if(help));
        }
        let text = self.lexer.text();
        let place = open.span.line_column(text);
        let bracket = self.text_of(open);
        Err(error.with_help(format!("the `{bracket}` at {place} is not closed")))
    }

    // --- limits ---

    fn nested<T>(&mut self, inner: impl FnOnce(&mut Self) -> Result<T, Error>) -> Result<T, Error> {
        self.nest()?;
        let result = inner(self);
        self.nesting -= 1;
        result
    }

    fn nest(&mut self) -> Result<(), Error> {
        self.nesting += 1;
        if self.nesting <= MAX_NESTING {
            return Ok(());
        }
        let message = format!("the expression is nested more than {MAX_NESTING} deep here");
        Err(Error::new(self.token.span, message).with_help("a recording rule for a part of it makes it readable, too"))
    }

    /// One more on top of the last expression and of another of height `other`.
    fn grow(&mut self, other: usize) -> Result<(), Error> {
        self.height = 1 + self.height.max(other);
        if self.height <= MAX_HEIGHT {
            return Ok(());
        }
        let message = format!("more than {MAX_HEIGHT} operations apply to one another's results up to here");
        Err(Error::new(Span::new(self.end.saturating_sub(1), self.end), message)
            .with_help("regular expressions select many series at once, and parts can be recording rules"))
    }

    // --- what is wrong ---

    /// The next word is not what was expected.
    fn expected(&self, expected: &str) -> Error {
        let found = Found(self.token, self.lexer.text());
        Error::new(self.token.span, format!("found {found}, expected {expected}"))
    }

    fn no_operand(&self) -> Error {
        let error = self.expected("an expression");
        match self.token.kind {
            TokenKind::Operator(Operator::EqualEqual | Operator::NotEqual) if self.end > 0 => {
                error.with_help("what is compared stands on both sides")
            }
            TokenKind::Operator(Operator::Less) => {
                error.with_help("a placeholder is to be replaced by what it stands for")
            }
            TokenKind::Equal => error.with_help("equal is `==`"),
            TokenKind::Keyword(_) => {
                let word = self.text_of(self.token);
                error.with_help(format!("a metric of that name is written `{{\"{word}\"}}`"))
            }
            _ => error,
        }
    }

    /// The expression is whole, but something follows it.
    fn unexpected_after(&self, expr: &Expr) -> Error {
        let error = self.expected("an operator or the end of the expression");
        let help = match self.token.kind {
            TokenKind::Keyword(Keyword::By | Keyword::Without) => self.misplaced_grouping(expr),
            TokenKind::RightParen => Some("there is no `(` that it closes".to_owned()),
            TokenKind::Equal => Some("equal is `==`".to_owned()),
            TokenKind::Comma => Some("several expressions are joined by `or`".to_owned()),
            TokenKind::LeftBrace => {
                Some("labels stand directly behind the metric's name: `name{label=\"value\"}`".to_owned())
            }
            TokenKind::Duration => {
                Some("a range stands in brackets: `[5m]`; a shift in time is `offset 5m`".to_owned())
            }
            TokenKind::Keyword(Keyword::On | Keyword::Ignoring | Keyword::GroupLeft | Keyword::GroupRight) => {
                Some("it stands directly behind the operator: `a / on (job) b`".to_owned())
            }
            TokenKind::Keyword(Keyword::Bool) => {
                Some("it stands directly behind the comparison: `a > bool b`".to_owned())
            }
            _ => self.word_meant(),
        };
        error.with_help_if(help)
    }

    /// The operator that the next word was probably meant to be.
    fn word_meant(&self) -> Option<String> {
        const WORDS: [&str; 8] = ["and", "or", "unless", "offset", "by", "without", "bool", "atan2"];
        let word = self.text_of(self.token);
        match self.token.kind {
            TokenKind::Identifier if word.len() > 1 => {}
            TokenKind::Duration => return Some("a duration has no spaces inside: `1h30m`".to_owned()),
            _ => return None,
        }
        match word.to_ascii_lowercase().as_str() {
            "not" => Some("what is not there is `unless`, or `absent(…)`".to_owned()),
            "if" | "where" | "when" => Some("a condition is `and`".to_owned()),
            "fill" | "fill_left" | "fill_right" => Some("`fill(…)` came with Prometheus 3.10".to_owned()),
            "anchored" | "smoothed" => Some(format!("`{word}` came with Prometheus 3.8")),
            "default" | "ifnot" | "limit" | "keep_metric_names" => {
                Some("this is MetricsQL, the language of VictoriaMetrics".to_owned())
            }
            _ => nearest(word, &WORDS).map(|near| format!("did you mean `{near}`?")),
        }
    }

    /// `by (job)`, which stands here.
    fn grouping_text(&self) -> &'a str {
        let rest = &self.lexer.text()[self.token.span.start..];
        match rest.find(')') {
            Some(end) => &rest[..=end],
            None => "by (…)",
        }
    }

    /// `rate(x[5m]) by (job)`
    fn misplaced_grouping(&self, expr: &Expr) -> Option<String> {
        let grouping = self.grouping_text();
        // What it is written behind: the last operand of all that stands before.
        let mut operand = expr;
        while let ExprKind::Binary(binary) = &operand.kind {
            operand = &binary.rhs;
        }
        match operand.kind {
            ExprKind::Aggregation(_) => Some("it is grouped already".to_owned()),
            _ => Some(format!(
                "grouping belongs to an aggregation: `sum {grouping} ({})`",
                &self.lexer.text()[operand.span.range()]
            )),
        }
    }
}

impl Number {
    pub(crate) fn signed(self, sign: Sign) -> Self {
        let value = match sign {
            Sign::Plus => self.value,
            Sign::Minus => -self.value,
        };
        Self { value, ..self }
    }
}

impl Operator {
    fn binary(self) -> BinaryOp {
        match self {
            Self::Add => BinaryOp::Add,
            Self::Sub => BinaryOp::Sub,
            Self::Mul => BinaryOp::Mul,
            Self::Div => BinaryOp::Div,
            Self::Mod => BinaryOp::Mod,
            Self::Pow => BinaryOp::Pow,
            Self::EqualEqual => BinaryOp::Equal,
            Self::NotEqual => BinaryOp::NotEqual,
            Self::Greater => BinaryOp::Greater,
            Self::Less => BinaryOp::Less,
            Self::GreaterOrEqual => BinaryOp::GreaterOrEqual,
            Self::LessOrEqual => BinaryOp::LessOrEqual,
        }
    }
}
