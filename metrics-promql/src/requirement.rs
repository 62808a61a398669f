//! Which Prometheus an expression needs.

use std::fmt;

use crate::ast::{
    Aggregation, At, AtKind, Binary, Duration, DurationKind, Expr, ExprKind, Label, Modifiers, Number, Selector,
};
use crate::span::Span;

/// A version of Prometheus, without the patch number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// 3 of 3.5
    pub major: u16,
    /// 5 of 3.5
    pub minor: u16,
}

impl Version {
    /// 2.42, the oldest that is told apart.
    pub const OLDEST: Self = Self::new(2, 42);
    /// 3.5, whose language this is.
    pub const CURRENT: Self = Self::new(3, 5);

    /// The version `major.minor`.
    #[must_use]
    pub const fn new(major: u16, minor: u16) -> Self {
        Self { major, minor }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// What a Prometheus server allows only when it is started with `--enable-feature=…`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Flag {
    /// `promql-experimental-functions`
    ExperimentalFunctions,
    /// `promql-duration-expr`: arithmetic in ranges, steps and offsets.
    DurationExpressions,
}

impl Flag {
    /// Every flag that changes what an expression may be.
    pub const ALL: [Self; 2] = [Self::ExperimentalFunctions, Self::DurationExpressions];

    /// As `--enable-feature` takes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ExperimentalFunctions => "promql-experimental-functions",
            Self::DurationExpressions => "promql-duration-expr",
        }
    }
}

impl fmt::Display for Flag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A part of the language that not every Prometheus since 2.42 has.
///
/// | feature | example | since | flag |
/// |---|---|---|---|
/// | `Function` | `histogram_avg(x)` | [its own](field@crate::Function::since) | [its own](field@crate::Function::is_experimental) |
/// | `ExperimentalAggregation` | `limitk(5, x)` | 2.54 | `promql-experimental-functions` |
/// | `DurationAsNumber` | `x > 5m` | 2.54 | |
/// | `NumberAsDuration` | `x[300]` | 2.54 | |
/// | `QuotedName` | `{"http.requests"}` | 3.0 | |
/// | `LabelWithColon` | `sum by (a:b) (x)` | 3.0 | |
/// | `DurationExpression` | `x[5m * 2]` | 3.4 | `promql-duration-expr` |
///
/// Two things need a newer version and don't show in the tree, which has only values, nor in what is printed: underscores
/// in numbers, `1_000`, need 2.54, and a plus sign before a duration, `x[+5m]`, needs 3.4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Feature {
    /// A function that is newer than 2.42 or experimental.
    Function(&'static str, Version, Option<Flag>),
    /// `limitk` and `limit_ratio`.
    ExperimentalAggregation,
    /// A duration where a number is expected.
    DurationAsNumber,
    /// A number where a duration is expected: seconds.
    NumberAsDuration,
    /// A metric's or label's name in quotes.
    QuotedName,
    /// A label of a grouping with a colon in its name.
    LabelWithColon,
    /// Arithmetic with durations.
    DurationExpression,
}

impl Feature {
    /// The first version that has it.
    #[must_use]
    pub const fn since(self) -> Version {
        match self {
            Self::Function(_, since, _) => since,
            Self::ExperimentalAggregation | Self::DurationAsNumber | Self::NumberAsDuration => Version::new(2, 54),
            Self::QuotedName | Self::LabelWithColon => Version::new(3, 0),
            Self::DurationExpression => Version::new(3, 4),
        }
    }

    /// The flag that it is behind, in 3.5.
    #[must_use]
    pub const fn flag(self) -> Option<Flag> {
        match self {
            Self::Function(_, _, flag) => flag,
            Self::ExperimentalAggregation => Some(Flag::ExperimentalFunctions),
            Self::DurationExpression => Some(Flag::DurationExpressions),
            Self::DurationAsNumber | Self::NumberAsDuration | Self::QuotedName | Self::LabelWithColon => None,
        }
    }
}

/// What an expression needs; from [`Expr::requirements`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Requirements {
    /// Each use of something that not every Prometheus has, with its place, in the order of the tree.
    pub uses: Vec<(Feature, Span)>,
}

impl Requirements {
    /// The first version that understands the expression, and at least [`Version::OLDEST`].
    #[must_use]
    pub fn version(&self) -> Version {
        let since = self.uses.iter().map(|(feature, _)| feature.since());
        since.max().unwrap_or(Version::OLDEST)
    }

    /// The flags that Prometheus 3.5 is to be started with, each once.
    #[must_use]
    pub fn flags(&self) -> Vec<Flag> {
        let used = |flag: &Flag| self.uses.iter().any(|(feature, _)| feature.flag() == Some(*flag));
        Flag::ALL.into_iter().filter(used).collect()
    }
}

impl Expr {
    /// What of the expression is newer than Prometheus 2.42 or behind a flag.
    ///
    /// ```
    /// use enumetrics_promql::{Feature, parse};
    ///
    /// let requirements = parse("time() - started > 5m")?.requirements();
    /// assert_eq!(requirements.version().to_string(), "2.54");
    /// assert_eq!(requirements.uses[0].0, Feature::DurationAsNumber);
    /// # Ok::<(), enumetrics_promql::Error>(())
    /// ```
    #[must_use]
    pub fn requirements(&self) -> Requirements {
        let mut requirements = Requirements::default();
        self.walk(&mut |expr| requirements.expr(expr));
        requirements
    }

    /// The first Prometheus that understands it, and at least 2.42: [`Requirements::version`].
    #[must_use]
    pub fn minimum_version(&self) -> Version {
        self.requirements().version()
    }

    /// The flags that it needs in Prometheus 3.5: [`Requirements::flags`].
    #[must_use]
    pub fn needs_flags(&self) -> Vec<Flag> {
        self.requirements().flags()
    }
}

impl Requirements {
    fn needs(&mut self, feature: Feature, span: Span) {
        self.uses.push((feature, span));
    }

    fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Number(number) => self.number(number, expr.span),
            ExprKind::Selector(selector) => self.selector(selector),
            ExprKind::Range(range) => {
                self.selector(&range.selector);
                self.duration(&range.range);
            }
            ExprKind::Subquery(subquery) => {
                self.duration(&subquery.range);
                if let Some(step) = &subquery.step {
                    self.duration(step);
                }
                self.modifiers(&subquery.modifiers);
            }
            ExprKind::Binary(binary) => self.binary(binary),
            ExprKind::Aggregation(aggregation) => self.aggregation(aggregation),
            ExprKind::Call(call) => {
                let function = call.function;
                if function.since > Version::OLDEST || function.is_experimental {
                    let flag = function.is_experimental.then_some(Flag::ExperimentalFunctions);
                    self.needs(Feature::Function(function.name, function.since, flag), call.name_span);
                }
            }
            ExprKind::String(_) | ExprKind::Paren(_) | ExprKind::Unary(..) => {}
        }
    }

    fn number(&mut self, number: &Number, span: Span) {
        if number.is_duration {
            self.needs(Feature::DurationAsNumber, span);
        }
    }

    fn selector(&mut self, selector: &Selector) {
        for matcher in &selector.matchers {
            if matcher.label.quoted {
                self.needs(Feature::QuotedName, matcher.label.span);
            }
        }
        self.modifiers(&selector.modifiers);
    }

    fn modifiers(&mut self, modifiers: &Modifiers) {
        if let Some(offset) = &modifiers.offset {
            self.duration(offset);
        }
        if let Some(At {
            kind: AtKind::Time(time),
            span,
        }) = &modifiers.at
        {
            self.number(time, *span);
        }
    }

    fn duration(&mut self, duration: &Duration) {
        match &duration.kind {
            DurationKind::Literal(number) => {
                // So does a duration of nothing, `offset 0s`.
                if !number.is_duration || number.value == 0.0 {
                    self.needs(Feature::NumberAsDuration, duration.span);
                }
            }
            DurationKind::Unary(..) | DurationKind::Binary(..) | DurationKind::Paren(_) => {
                self.needs(Feature::DurationExpression, duration.span);
            }
        }
    }

    fn binary(&mut self, binary: &Binary) {
        if let Some(matching) = &binary.matching {
            self.labels(&matching.labels);
            if let Some(group) = &matching.group {
                self.labels(&group.labels);
            }
        }
    }

    fn aggregation(&mut self, aggregation: &Aggregation) {
        if aggregation.op.is_experimental() {
            self.needs(Feature::ExperimentalAggregation, aggregation.op_span);
        }
        if let Some(grouping) = &aggregation.grouping {
            self.labels(&grouping.labels);
        }
    }

    fn labels(&mut self, labels: &[Label]) {
        for label in labels {
            if label.quoted {
                self.needs(Feature::QuotedName, label.span);
            } else if label.name.contains(':') {
                self.needs(Feature::LabelWithColon, label.span);
            }
        }
    }
}
