//! PromQL, the query language of Prometheus, with a place for every node and every error.
//!
//! [`parse`] makes a typed tree of a text, or says what is wrong, where, and what was expected:
//!
//! ```
//! use enumetrics_promql::{ValueType, parse};
//!
//! let text = "sum by (job) (rate(http_requests_total{status=~\"5..\"}[5m])) > 0.5";
//! let expr = parse(text)?;
//! assert_eq!(expr.value_type(), ValueType::InstantVector);
//! assert_eq!(expr.to_string(), text);
//!
//! let error = parse("sum by (job) (rat(http_requests_total[5m]))").unwrap_err();
//! assert_eq!(error.to_string(), "unknown function `rat` (help: did you mean `rate`?)");
//! # Ok::<(), enumetrics_promql::Error>(())
//! ```
//!
//! - The tree: [`Expr`] and what it is made of ([`ExprKind`]); [`Expr::walk`] visits every expression.
//! - The printer: an expression displays as one line; [`Expr::pretty`] breaks long ones. What is printed parses to the
//!   same tree.
//! - Which Prometheus it needs: [`Expr::requirements`], [`Feature`].
//! - What is PromQL and wrong nevertheless: [`Linter`], with or without a [`Schema`] of what is exported; the labels of
//!   a result: [`Expr::labels`].
//! - Files (feature `files`): `Linter::check_rules`, `Linter::check_dashboard` and `Linter::check_scrapes` read rule files,
//!   Grafana's dashboards and scrape jobs, and say line and column; `Document` has the expressions, with their places.
//! - Grafana's durations in expressions of dashboards: [`with_durations`].
//! - Macros: [`TokenText`] puts tokens together as a text and remembers which bytes are whose, so that an error can be
//!   shown on the token that is wrong.
//!
//! # Which language
//!
//! That of Prometheus 3.5, all of it, and nothing else: what the parser accepts, a server of that version accepts, when
//! it is started with the flags that [`Requirements::flags`] names; and what it refuses, that server refuses.
//! [`Feature`] lists what older servers lack and what needs a flag.
//!
//! Newer, and refused with a note of the version that brought it: the functions `first_over_time` and
//! `ts_of_first_over_time` (3.7), `histogram_quantiles` (3.11), `start`, `end`, `step` and `range` (3.12), `min_of` and
//! `max_of` (3.13), `start_timestamp` (3.14); not understood: the modifiers `anchored` and `smoothed` (3.8),
//! `fill(…)` (3.10) and the durations `step()`, `min(…)` and `max(…)` (3.6).
//!
//! Two limits are ours: an expression may be nested [`MAX_NESTING`] deep, and a chain of operators may be
//! [`MAX_HEIGHT`] long, so that no text overflows the stack of whoever parses it.

mod ast;
mod both;
mod error;
#[cfg(feature = "files")]
mod files;
mod function;
mod interpolation;
mod interval;
mod lex;
mod lint;
mod meaning;
mod names;
mod nearest;
mod operator;
mod parse;
mod print;
mod regex;
mod requirement;
#[cfg(feature = "schema")]
mod schema;
mod span;
mod template;
mod token;
mod token_text;
mod types;

pub use self::ast::{
    Aggregation, At, AtKind, Binary, Call, Duration, DurationKind, Expr, ExprKind, Group, Grouping, GroupingKind,
    Label, Matcher, Matching, MatchingKind, Modifiers, Name, Number, RangeSelector, Selector, Side, Subquery,
};
pub use self::error::{Error, Report};
#[cfg(feature = "files")]
pub use self::files::{Document, DocumentKind, Edit, FileExpression, FileFinding, variable_length};
pub use self::function::Function;
pub use self::interpolation::{with_durations, with_variables};
pub use self::interval::Interval;
pub use self::lint::{
    Asks, Finding, LabelSource, Lint, Linter, Meaning, Measure, Operand, Origin, Outline, Question, Severity, Step,
    Usage, evaluate,
};
pub use self::meaning::{Facts, Labels, Nature, Unit};
pub use self::names::Names;
pub use self::operator::{AggregationOp, AggregationParameter, BinaryOp, MatchOp, Sign};
pub use self::parse::{MAX_HEIGHT, MAX_NESTING, parse};
pub use self::print::Pretty;
pub use self::regex::{Instruction, InvalidRegex, Regex, matches};
pub use self::requirement::{Feature, Flag, Requirements, Version};
#[cfg(feature = "schema")]
pub use self::schema::{Details, Domain, Family, MetricKind, Schema};
pub use self::span::{LineColumn, Span};
pub use self::template::Template;
pub use self::token_text::{Spacing, TokenText};
pub use self::types::ValueType;

#[doc = include_str!("../README.md")]
#[cfg(doctest)]
struct Readme;
