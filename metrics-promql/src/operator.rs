//! Operators and what they bind.

use std::fmt;

/// `+` or `-` before an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sign {
    /// `+`, which changes nothing.
    Plus,
    /// `-`
    Minus,
}

impl fmt::Display for Sign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Plus => "+",
            Self::Minus => "-",
        })
    }
}

/// What stands between two expressions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BinaryOp {
    /// `+`
    Add,
    /// `-`
    Sub,
    /// `*`
    Mul,
    /// `/`
    Div,
    /// `%`
    Mod,
    /// `^`, the only one that groups to the right.
    Pow,
    /// `atan2`
    Atan2,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `>`
    Greater,
    /// `<`
    Less,
    /// `>=`
    GreaterOrEqual,
    /// `<=`
    LessOrEqual,
    /// `and`
    And,
    /// `or`
    Or,
    /// `unless`
    Unless,
}

impl BinaryOp {
    /// Every operator, loosest first.
    pub const ALL: [Self; 16] = [
        Self::Or,
        Self::And,
        Self::Unless,
        Self::Equal,
        Self::NotEqual,
        Self::Greater,
        Self::Less,
        Self::GreaterOrEqual,
        Self::LessOrEqual,
        Self::Add,
        Self::Sub,
        Self::Mul,
        Self::Div,
        Self::Mod,
        Self::Atan2,
        Self::Pow,
    ];

    /// As PromQL writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Sub => "-",
            Self::Mul => "*",
            Self::Div => "/",
            Self::Mod => "%",
            Self::Pow => "^",
            Self::Atan2 => "atan2",
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Greater => ">",
            Self::Less => "<",
            Self::GreaterOrEqual => ">=",
            Self::LessOrEqual => "<=",
            Self::And => "and",
            Self::Or => "or",
            Self::Unless => "unless",
        }
    }

    /// `==`, `!=`, `>`, `<`, `>=` and `<=`: they filter, or with `bool` give 0 or 1.
    #[must_use]
    pub const fn is_comparison(self) -> bool {
        matches!(
            self,
            Self::Equal | Self::NotEqual | Self::Greater | Self::Less | Self::GreaterOrEqual | Self::LessOrEqual
        )
    }

    /// `and`, `or` and `unless`: they combine sets of series.
    #[must_use]
    pub const fn is_set(self) -> bool {
        matches!(self, Self::And | Self::Or | Self::Unless)
    }

    /// `+`, `-`, `*`, `/`, `%` and `^`, which durations have too.
    pub(crate) const fn is_arithmetic(self) -> bool {
        matches!(
            self,
            Self::Add | Self::Sub | Self::Mul | Self::Div | Self::Mod | Self::Pow
        )
    }

    /// How tightly it binds; a sign binds like `*`.
    pub(crate) const fn precedence(self) -> Precedence {
        match self {
            Self::Or => Precedence::OR,
            Self::And | Self::Unless => Precedence::AND,
            Self::Equal | Self::NotEqual | Self::Greater | Self::Less | Self::GreaterOrEqual | Self::LessOrEqual => {
                Precedence::COMPARISON
            }
            Self::Add | Self::Sub => Precedence::SUM,
            Self::Mul | Self::Div | Self::Mod | Self::Atan2 => Precedence::PRODUCT,
            Self::Pow => Precedence::POWER,
        }
    }

    /// What the left operand of this operator must bind at least as tightly as.
    pub(crate) const fn left_precedence(self) -> Precedence {
        match self {
            Self::Pow => Precedence::PRIMARY,
            other => other.precedence(),
        }
    }

    /// What the right operand of this operator must bind at least as tightly as.
    pub(crate) const fn right_precedence(self) -> Precedence {
        match self {
            Self::Pow => Precedence::POWER,
            other => Precedence(other.precedence().0 + 1),
        }
    }
}

impl fmt::Display for BinaryOp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Precedence(u8);

impl Precedence {
    pub(crate) const LOWEST: Self = Self::OR;
    const OR: Self = Self(1);
    const AND: Self = Self(2);
    const COMPARISON: Self = Self(3);
    pub(crate) const SUM: Self = Self(4);
    /// Also that of a sign, whose operand binds tighter: `-a ^ b` is `-(a ^ b)`, `-a * b` is `(-a) * b`.
    pub(crate) const PRODUCT: Self = Self(5);
    pub(crate) const POWER: Self = Self(6);
    /// What no operator takes apart.
    pub(crate) const PRIMARY: Self = Self(7);
}

/// How an aggregation makes one value of many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AggregationOp {
    /// `sum`
    Sum,
    /// `avg`
    Avg,
    /// `count`
    Count,
    /// `min`
    Min,
    /// `max`
    Max,
    /// `group`: 1 for every group.
    Group,
    /// `stddev`
    Stddev,
    /// `stdvar`
    Stdvar,
    /// `topk(k, …)`
    Topk,
    /// `bottomk(k, …)`
    Bottomk,
    /// `count_values("label", …)`
    CountValues,
    /// `quantile(φ, …)`
    Quantile,
    /// `limitk(k, …)`, experimental.
    Limitk,
    /// `limit_ratio(ratio, …)`, experimental.
    LimitRatio,
}

/// What an aggregation takes before the series that it aggregates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AggregationParameter {
    /// `topk(5, …)`
    Scalar,
    /// `count_values("version", …)`
    String,
}

impl AggregationOp {
    /// Every aggregation.
    pub const ALL: [Self; 14] = [
        Self::Sum,
        Self::Avg,
        Self::Count,
        Self::Min,
        Self::Max,
        Self::Group,
        Self::Stddev,
        Self::Stdvar,
        Self::Topk,
        Self::Bottomk,
        Self::CountValues,
        Self::Quantile,
        Self::Limitk,
        Self::LimitRatio,
    ];

    /// As PromQL writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sum => "sum",
            Self::Avg => "avg",
            Self::Count => "count",
            Self::Min => "min",
            Self::Max => "max",
            Self::Group => "group",
            Self::Stddev => "stddev",
            Self::Stdvar => "stdvar",
            Self::Topk => "topk",
            Self::Bottomk => "bottomk",
            Self::CountValues => "count_values",
            Self::Quantile => "quantile",
            Self::Limitk => "limitk",
            Self::LimitRatio => "limit_ratio",
        }
    }

    /// The aggregation of that name, in lower case.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|op| op.as_str() == name)
    }

    /// What it takes before the series, if anything.
    #[must_use]
    pub const fn parameter(self) -> Option<AggregationParameter> {
        match self {
            Self::Topk | Self::Bottomk | Self::Quantile | Self::Limitk | Self::LimitRatio => {
                Some(AggregationParameter::Scalar)
            }
            Self::CountValues => Some(AggregationParameter::String),
            Self::Sum | Self::Avg | Self::Count | Self::Min | Self::Max | Self::Group | Self::Stddev | Self::Stdvar => {
                None
            }
        }
    }

    /// Whether Prometheus 3.5 wants [`Flag::ExperimentalFunctions`](crate::Flag::ExperimentalFunctions) for it.
    #[must_use]
    pub const fn is_experimental(self) -> bool {
        matches!(self, Self::Limitk | Self::LimitRatio)
    }
}

impl fmt::Display for AggregationOp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How a matcher compares a label's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MatchOp {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `=~`: the whole value matches the regular expression.
    Regex,
    /// `!~`: it does not.
    NotRegex,
}

impl MatchOp {
    /// As PromQL writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Regex => "=~",
            Self::NotRegex => "!~",
        }
    }
}

impl fmt::Display for MatchOp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
