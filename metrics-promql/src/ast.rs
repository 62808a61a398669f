//! What an expression is made of.
//!
//! Two trees are equal when they say the same: spans are not compared.

use crate::function::Function;
use crate::operator::{AggregationOp, BinaryOp, MatchOp, Sign};
use crate::span::Span;
use crate::types::ValueType;

/// Equality of everything but where it stands.
macro_rules! equal_but_for_spans {
    ($($node:ident: $($field:ident),+;)+) => {$(
        impl PartialEq for $node {
            fn eq(&self, other: &Self) -> bool {
                $(self.$field == other.$field)&&+
            }
        }
    )+};
}

equal_but_for_spans! {
    Expr: kind;
    Label: name, quoted;
    Matcher: label, op, value, name_only;
    Selector: name, matchers, modifiers;
    Subquery: operand, range, step, modifiers;
    Binary: op, returns_bool, matching, lhs, rhs;
    Matching: kind, labels, group;
    Group: side, labels;
    Aggregation: op, grouping, parameter, operand;
    Grouping: kind, labels;
    Call: function, arguments;
    At: kind;
    Duration: kind;
}

/// One expression, and where it stands.
#[derive(Clone, Debug)]
pub struct Expr {
    /// All of it: parentheses, modifiers and grouping too.
    pub span: Span,
    /// What it is.
    pub kind: ExprKind,
}

/// What an expression is.
#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    /// `1.5`, `0x1F`, `Inf`, `5m`: a scalar. A sign before a number belongs to it.
    Number(Number),
    /// `"text"`, with U+FFFD for what escapes make that is no UTF-8.
    String(String),
    /// `name{label="value"} offset 5m`: an instant vector.
    Selector(Box<Selector>),
    /// `name[5m]`: the samples of five minutes.
    Range(Box<RangeSelector>),
    /// `expression[1h:1m]`: its values of an hour, one a minute.
    Subquery(Box<Subquery>),
    /// `(expression)`
    Paren(Box<Expr>),
    /// `-expression`
    Unary(Sign, Box<Expr>),
    /// `lhs / on (job) rhs`
    Binary(Box<Binary>),
    /// `sum by (job) (operand)`
    Aggregation(Box<Aggregation>),
    /// `rate(argument)`
    Call(Call),
}

/// A number as it is written.
#[derive(Clone, Copy, Debug)]
pub struct Number {
    /// In seconds, where it is a duration.
    pub value: f64,
    /// Whether it has units: `1h30m`.
    pub is_duration: bool,
}

impl PartialEq for Number {
    /// NaN is written as NaN; zero and minus zero are two things.
    fn eq(&self, other: &Self) -> bool {
        let same = self.value.to_bits() == other.value.to_bits() || (self.value.is_nan() && other.value.is_nan());
        same && self.is_duration == other.is_duration
    }
}

/// The name of a label where it is not compared: in `by`, `without`, `on`, `ignoring`, `group_left` and `group_right`;
/// and the left side of a [`Matcher`].
#[derive(Clone, Debug)]
pub struct Label {
    /// With its quotes.
    pub span: Span,
    /// Without.
    pub name: String,
    /// Whether it stands in quotes, which Prometheus knows since 2.55 (in matchers since 2.51).
    pub quoted: bool,
}

/// The series of a metric, or of several.
#[derive(Clone, Debug)]
pub struct Selector {
    /// Name and braces, without modifiers and range.
    pub span: Span,
    /// What stands before the braces.
    pub name: Option<Name>,
    /// In the order in which they are written.
    pub matchers: Vec<Matcher>,
    /// `offset` and `@`. Where the selector has a range, they may stand behind it.
    pub modifiers: Modifiers,
}

/// A metric's name before the braces.
#[derive(Clone, Debug)]
pub struct Name {
    /// Where it stands.
    pub span: Span,
    /// The name.
    pub name: String,
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Selector {
    /// The name that all series of this selector have: from before the braces, or from `{__name__="…"}` or `{"…"}`.
    #[must_use]
    pub fn metric(&self) -> Option<&str> {
        let named = |matcher: &&Matcher| matcher.op == MatchOp::Equal && matcher.label.name == Matcher::METRIC;
        match &self.name {
            Some(name) => Some(&name.name),
            None => self.matchers.iter().find(named).map(|matcher| matcher.value.as_str()),
        }
    }
}

/// `label="value"` inside braces.
#[derive(Clone, Debug)]
pub struct Matcher {
    /// Label, operator and value.
    pub span: Span,
    /// The label; `__name__` where only a metric's name is written.
    pub label: Label,
    /// How it is compared.
    pub op: MatchOp,
    /// With what, without quotes and escapes, and with U+FFFD for what escapes make that is no UTF-8. A regular
    /// expression has been checked.
    pub value: String,
    /// Where the value stands, with its quotes.
    pub value_span: Span,
    /// Whether it is a metric's name in quotes, `{"http.requests"}`, which means `__name__="http.requests"`.
    pub name_only: bool,
}

impl Matcher {
    /// The label that a metric's name is.
    pub const METRIC: &'static str = "__name__";
}

/// When a selector or subquery looks, if not now.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Modifiers {
    /// `offset 5m`: five minutes ago.
    pub offset: Option<Duration>,
    /// `@ 1700000000`: at a fixed time.
    pub at: Option<At>,
}

/// `@ 1700000000`, `@ start()`, `@ end()`
#[derive(Clone, Debug)]
pub struct At {
    /// From the `@` on.
    pub span: Span,
    /// The time.
    pub kind: AtKind,
}

/// The time of an [`At`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum AtKind {
    /// In seconds since 1970.
    Time(Number),
    /// Where the graph begins.
    Start,
    /// Where the graph ends.
    End,
}

/// A length of time: a range, a step or an offset.
#[derive(Clone, Debug)]
pub struct Duration {
    /// All of it.
    pub span: Span,
    /// What it is.
    pub kind: DurationKind,
}

/// What a [`Duration`] is. All but the first need [`Flag::DurationExpressions`](crate::Flag::DurationExpressions), but
/// for a sign before a number, which belongs to it.
#[derive(Clone, Debug, PartialEq)]
pub enum DurationKind {
    /// `5m`, or `300`, which are seconds.
    Literal(Number),
    /// `-(5m)`
    Unary(Sign, Box<Duration>),
    /// `5m * 2`: `+`, `-`, `*`, `/`, `%` and `^`.
    Binary(BinaryOp, Box<Duration>, Box<Duration>),
    /// `(5m + 30s)`
    Paren(Box<Duration>),
}

impl Duration {
    /// Its length. Prometheus looks at whole nanoseconds, [`nanoseconds`](Self::nanoseconds).
    #[must_use]
    pub fn seconds(&self) -> f64 {
        match &self.kind {
            DurationKind::Literal(number) => number.value,
            DurationKind::Unary(Sign::Plus, operand) | DurationKind::Paren(operand) => operand.seconds(),
            DurationKind::Unary(Sign::Minus, operand) => -operand.seconds(),
            DurationKind::Binary(op, lhs, rhs) => {
                let (lhs, rhs) = (lhs.seconds(), rhs.seconds());
                match op {
                    BinaryOp::Add => lhs + rhs,
                    BinaryOp::Sub => lhs - rhs,
                    BinaryOp::Mul => lhs * rhs,
                    BinaryOp::Div => lhs / rhs,
                    BinaryOp::Mod => lhs % rhs,
                    BinaryOp::Pow => lhs.powf(rhs),
                    _ => f64::NAN,
                }
            }
        }
    }

    /// Its length in nanoseconds, rounded.
    #[must_use]
    pub fn nanoseconds(&self) -> i64 {
        (self.seconds() * 1e9).round() as i64
    }
}

/// A selector with a range.
#[derive(Clone, Debug, PartialEq)]
pub struct RangeSelector {
    /// The series. Its modifiers are those of the range selector.
    pub selector: Selector,
    /// How far back it looks.
    pub range: Duration,
}

/// Values of an expression at several times.
#[derive(Clone, Debug)]
pub struct Subquery {
    /// What is evaluated.
    pub operand: Expr,
    /// How far back it looks.
    pub range: Duration,
    /// From one time to the next; without it, the evaluation interval of the server.
    pub step: Option<Duration>,
    /// Where the colon stands. Up to 3.11 Prometheus reads any one letter there as a colon, `[5 m]` as `[5s:]`, which is
    /// nearly always a mistake.
    pub colon: Span,
    /// `offset` and `@`.
    pub modifiers: Modifiers,
}

/// An operator between two expressions.
#[derive(Clone, Debug)]
pub struct Binary {
    /// The operator.
    pub op: BinaryOp,
    /// Where it stands.
    pub op_span: Span,
    /// Whether `bool` stands behind a comparison: it gives 0 or 1 and filters nothing.
    pub returns_bool: bool,
    /// Which series of both sides belong together, where that is written.
    pub matching: Option<Matching>,
    /// On the left.
    pub lhs: Expr,
    /// On the right.
    pub rhs: Expr,
}

/// `on (job) group_left (version)`
#[derive(Clone, Debug)]
pub struct Matching {
    /// With the group.
    pub span: Span,
    /// `on` or `ignoring`.
    pub kind: MatchingKind,
    /// The labels that are compared, or all but which.
    pub labels: Vec<Label>,
    /// Whether one side may have several series for one of the other's.
    pub group: Option<Group>,
}

/// How the labels of a [`Matching`] are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MatchingKind {
    /// Only these are compared.
    On,
    /// All but these are compared.
    Ignoring,
}

/// `group_left (version)`
#[derive(Clone, Debug)]
pub struct Group {
    /// With the labels.
    pub span: Span,
    /// The side with several series.
    pub side: Side,
    /// Labels that come from the other side.
    pub labels: Vec<Label>,
}

/// A side of a binary expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// Before the operator.
    Left,
    /// Behind it.
    Right,
}

impl Side {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Left => "group_left",
            Self::Right => "group_right",
        }
    }
}

/// Many series made one, or one for each group.
#[derive(Clone, Debug)]
pub struct Aggregation {
    /// How.
    pub op: AggregationOp,
    /// Where the operator stands.
    pub op_span: Span,
    /// The groups; without it all series are one.
    pub grouping: Option<Grouping>,
    /// The number of `topk`, the φ of `quantile`, the label of `count_values`.
    pub parameter: Option<Expr>,
    /// The series.
    pub operand: Expr,
}

/// `by (job)`
#[derive(Clone, Debug)]
pub struct Grouping {
    /// Keyword and labels.
    pub span: Span,
    /// `by` or `without`.
    pub kind: GroupingKind,
    /// The labels.
    pub labels: Vec<Label>,
}

/// How the labels of a [`Grouping`] are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GroupingKind {
    /// These are kept.
    By,
    /// All but these are kept.
    Without,
}

/// A function with its arguments.
#[derive(Clone, Debug)]
pub struct Call {
    /// Which one.
    pub function: &'static Function,
    /// Where its name stands.
    pub name_span: Span,
    /// As many as the function takes.
    pub arguments: Vec<Expr>,
}

impl Expr {
    /// What it gives.
    #[must_use]
    pub fn value_type(&self) -> ValueType {
        match &self.kind {
            ExprKind::Number(_) => ValueType::Scalar,
            ExprKind::String(_) => ValueType::String,
            ExprKind::Selector(_) | ExprKind::Aggregation(_) => ValueType::InstantVector,
            ExprKind::Range(_) | ExprKind::Subquery(_) => ValueType::RangeVector,
            ExprKind::Paren(operand) | ExprKind::Unary(_, operand) => operand.value_type(),
            ExprKind::Binary(binary) => match (binary.lhs.value_type(), binary.rhs.value_type()) {
                (ValueType::Scalar, ValueType::Scalar) => ValueType::Scalar,
                _ => ValueType::InstantVector,
            },
            ExprKind::Call(call) => call.function.returns,
        }
    }

    /// The expressions directly below it, in the order of the text.
    ///
    /// ```
    /// let expr = enumetrics_promql::parse("sum(a) / sum(b)")?;
    /// let operands: Vec<_> = expr.children().map(ToString::to_string).collect();
    /// assert_eq!(operands, ["sum(a)", "sum(b)"]);
    /// # Ok::<(), enumetrics_promql::Error>(())
    /// ```
    pub fn children(&self) -> impl DoubleEndedIterator<Item = &Self> {
        let mut children = Vec::new();
        match &self.kind {
            ExprKind::Number(_) | ExprKind::String(_) | ExprKind::Selector(_) | ExprKind::Range(_) => {}
            ExprKind::Paren(operand) | ExprKind::Unary(_, operand) => children.push(&**operand),
            ExprKind::Subquery(subquery) => children.push(&subquery.operand),
            ExprKind::Binary(binary) => children.extend([&binary.lhs, &binary.rhs]),
            ExprKind::Aggregation(aggregation) => {
                children.extend(&aggregation.parameter);
                children.push(&aggregation.operand);
            }
            ExprKind::Call(call) => children.extend(&call.arguments),
        }
        children.into_iter()
    }

    /// Calls `visit` for it and for every expression below it, from the top down and from left to right.
    ///
    /// ```
    /// use enumetrics_promql::{ExprKind, parse};
    ///
    /// let mut metrics = Vec::new();
    /// parse("sum(rate(hits_total[5m])) / sum(rate(calls_total[5m]))")?.walk(&mut |expr| match &expr.kind {
    ///     ExprKind::Selector(selector) => metrics.extend(selector.metric().map(str::to_owned)),
    ///     ExprKind::Range(range) => metrics.extend(range.selector.metric().map(str::to_owned)),
    ///     _ => {}
    /// });
    /// assert_eq!(metrics, ["hits_total", "calls_total"]);
    /// # Ok::<(), enumetrics_promql::Error>(())
    /// ```
    pub fn walk<'a>(&'a self, visit: &mut dyn FnMut(&'a Self)) {
        // Chains of operators may be longer than the stack is deep.
        let mut todo = vec![self];
        while let Some(next) = todo.pop() {
            visit(next);
            todo.extend(next.children().rev());
        }
    }

    /// Without the parentheses around it.
    #[must_use]
    pub fn without_parens(&self) -> &Self {
        let mut expr = self;
        while let ExprKind::Paren(inner) = &expr.kind {
            expr = inner;
        }
        expr
    }
}
