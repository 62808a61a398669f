//! The functions of Prometheus 3.5.

use crate::nearest::nearest;
use crate::operator::AggregationOp;
use crate::requirement::Version;
use crate::types::ValueType;

/// What PromQL knows about a function.
#[derive(Debug)]
#[non_exhaustive]
pub struct Function {
    /// As it is called; functions are written in lower case.
    pub name: &'static str,
    /// The types of its arguments. The last one may be [optional](Self::least_arguments).
    pub arguments: &'static [ValueType],
    /// What it gives.
    pub returns: ValueType,
    /// The first version that has it; 2.42 for all that are older.
    pub since: Version,
    /// Whether Prometheus 3.5 wants [`Flag::ExperimentalFunctions`](crate::Flag::ExperimentalFunctions) for it.
    pub is_experimental: bool,
    last: Last,
}

/// How often the last argument is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Last {
    Once,
    Optional,
    Repeated,
}

impl Function {
    /// Every function, sorted by name.
    pub const ALL: &'static [Self] = FUNCTIONS;

    /// The function of that name.
    ///
    /// ```
    /// use enumetrics_promql::{Function, ValueType};
    ///
    /// let round = Function::named("round").unwrap();
    /// assert_eq!(round.arguments, [ValueType::InstantVector, ValueType::Scalar]);
    /// assert_eq!((round.least_arguments(), round.most_arguments()), (1, Some(2)));
    /// ```
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        let at = FUNCTIONS.binary_search_by(|function| function.name.cmp(name)).ok()?;
        Some(&FUNCTIONS[at])
    }

    /// How many arguments it needs.
    #[must_use]
    pub const fn least_arguments(&self) -> usize {
        match self.last {
            Last::Once => self.arguments.len(),
            Last::Optional | Last::Repeated => self.arguments.len() - 1,
        }
    }

    /// How many arguments it takes; `None` for as many as one likes.
    #[must_use]
    pub const fn most_arguments(&self) -> Option<usize> {
        match self.last {
            Last::Once | Last::Optional => Some(self.arguments.len()),
            Last::Repeated => None,
        }
    }

    /// The type of the argument at that position, from 0.
    #[must_use]
    pub fn argument(&self, at: usize) -> Option<ValueType> {
        match self.last {
            Last::Repeated => self.arguments.get(at).or(self.arguments.last()).copied(),
            Last::Once | Last::Optional => self.arguments.get(at).copied(),
        }
    }

    const fn last_optional(mut self) -> Self {
        self.last = Last::Optional;
        self
    }

    const fn last_repeated(mut self) -> Self {
        self.last = Last::Repeated;
        self
    }

    const fn since(mut self, major: u16, minor: u16) -> Self {
        self.since = Version::new(major, minor);
        self
    }

    const fn experimental(mut self) -> Self {
        self.is_experimental = true;
        self
    }
}

/// There is one of each name.
impl PartialEq for Function {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Function {}

/// What to say about a name that is no function of Prometheus 3.5.
pub(crate) fn advice(name: &str, argument: &str) -> Option<String> {
    if let Some(&(_, since)) = NEWER.iter().find(|&&(newer, _)| newer == name) {
        return Some(format!("it came with Prometheus {since}"));
    }
    Some(match name {
        "holt_winters" => "Prometheus 3.0 renamed it to `double_exponential_smoothing`".to_owned(),
        "label_values" | "label_names" | "metrics" | "query_result" => {
            "it is a query for Grafana's variables, which Grafana answers itself".to_owned()
        }
        _ => {
            let mut known = Vec::new();
            for op in &AggregationOp::ALL {
                known.push(op.as_str());
            }
            for function in FUNCTIONS {
                known.push(function.name);
            }
            match nearest(name, &known) {
                Some(near) => format!("did you mean `{near}`?"),
                // A metric whose labels stand in the wrong brackets.
                None if name.contains('_') && crate::lex::is_name(argument) => {
                    format!("labels stand in braces: `{name}{{{argument}=\"…\"}}`")
                }
                None => return None,
            }
        }
    })
}

/// Functions that came after 3.5, for the message.
const NEWER: [(&str, Version); 10] = [
    ("end", Version::new(3, 12)),
    ("first_over_time", Version::new(3, 7)),
    ("histogram_quantiles", Version::new(3, 11)),
    ("max_of", Version::new(3, 13)),
    ("min_of", Version::new(3, 13)),
    ("range", Version::new(3, 12)),
    ("start", Version::new(3, 12)),
    ("start_timestamp", Version::new(3, 14)),
    ("step", Version::new(3, 12)),
    ("ts_of_first_over_time", Version::new(3, 7)),
];

use ValueType::{InstantVector as V, RangeVector as R, Scalar as S, String as T};

const fn function(name: &'static str, arguments: &'static [ValueType], returns: ValueType) -> Function {
    Function {
        name,
        arguments,
        returns,
        since: Version::OLDEST,
        is_experimental: false,
        last: Last::Once,
    }
}

#[rustfmt::skip]
static FUNCTIONS: &[Function] = &[
    function("abs", &[V], V),
    function("absent", &[V], V),
    function("absent_over_time", &[R], V),
    function("acos", &[V], V),
    function("acosh", &[V], V),
    function("asin", &[V], V),
    function("asinh", &[V], V),
    function("atan", &[V], V),
    function("atanh", &[V], V),
    function("avg_over_time", &[R], V),
    function("ceil", &[V], V),
    function("changes", &[R], V),
    function("clamp", &[V, S, S], V),
    function("clamp_max", &[V, S], V),
    function("clamp_min", &[V, S], V),
    function("cos", &[V], V),
    function("cosh", &[V], V),
    function("count_over_time", &[R], V),
    function("day_of_month", &[V], V).last_optional(),
    function("day_of_week", &[V], V).last_optional(),
    function("day_of_year", &[V], V).last_optional(),
    function("days_in_month", &[V], V).last_optional(),
    function("deg", &[V], V),
    function("delta", &[R], V),
    function("deriv", &[R], V),
    function("double_exponential_smoothing", &[R, S, S], V).since(3, 0).experimental(),
    function("exp", &[V], V),
    function("floor", &[V], V),
    function("histogram_avg", &[V], V).since(2, 51),
    function("histogram_count", &[V], V),
    function("histogram_fraction", &[S, S, V], V),
    function("histogram_quantile", &[S, V], V),
    function("histogram_stddev", &[V], V).since(2, 47),
    function("histogram_stdvar", &[V], V).since(2, 47),
    function("histogram_sum", &[V], V),
    function("hour", &[V], V).last_optional(),
    function("idelta", &[R], V),
    function("increase", &[R], V),
    function("info", &[V, V], V).last_optional().since(2, 55).experimental(),
    function("irate", &[R], V),
    function("label_join", &[V, T, T, T], V).last_repeated(),
    function("label_replace", &[V, T, T, T, T], V),
    function("last_over_time", &[R], V),
    function("ln", &[V], V),
    function("log10", &[V], V),
    function("log2", &[V], V),
    function("mad_over_time", &[R], V).since(2, 49).experimental(),
    function("max_over_time", &[R], V),
    function("min_over_time", &[R], V),
    function("minute", &[V], V).last_optional(),
    function("month", &[V], V).last_optional(),
    function("pi", &[], S),
    function("predict_linear", &[R, S], V),
    function("present_over_time", &[R], V),
    function("quantile_over_time", &[S, R], V),
    function("rad", &[V], V),
    function("rate", &[R], V),
    function("resets", &[R], V),
    function("round", &[V, S], V).last_optional(),
    function("scalar", &[V], S),
    function("sgn", &[V], V),
    function("sin", &[V], V),
    function("sinh", &[V], V),
    function("sort", &[V], V),
    function("sort_by_label", &[V, T], V).last_repeated().since(2, 49).experimental(),
    function("sort_by_label_desc", &[V, T], V).last_repeated().since(2, 49).experimental(),
    function("sort_desc", &[V], V),
    function("sqrt", &[V], V),
    function("stddev_over_time", &[R], V),
    function("stdvar_over_time", &[R], V),
    function("sum_over_time", &[R], V),
    function("tan", &[V], V),
    function("tanh", &[V], V),
    function("time", &[], S),
    function("timestamp", &[V], V),
    function("ts_of_last_over_time", &[R], V).since(3, 5).experimental(),
    function("ts_of_max_over_time", &[R], V).since(3, 5).experimental(),
    function("ts_of_min_over_time", &[R], V).since(3, 5).experimental(),
    function("vector", &[S], V),
    function("year", &[V], V).last_optional(),
];

#[cfg(test)]
mod tests {
    use super::{FUNCTIONS, Function, NEWER, advice};

    #[test]
    fn functions_are_sorted_by_name() {
        assert!(FUNCTIONS.is_sorted_by(|a, b| a.name < b.name));
        assert!(
            FUNCTIONS
                .iter()
                .all(|function| Function::named(function.name) == Some(function))
        );
    }

    #[test]
    fn an_unknown_name_gets_advice() {
        assert!(NEWER.iter().all(|&(name, _)| Function::named(name).is_none()));
        for (name, expected) in [
            ("raet", "did you mean `rate`?"),
            ("countt", "did you mean `count`?"),
            ("first_over_time", "it came with Prometheus 3.7"),
            (
                "holt_winters",
                "Prometheus 3.0 renamed it to `double_exponential_smoothing`",
            ),
            (
                "node_cpu_seconds_total",
                "labels stand in braces: `node_cpu_seconds_total{mode=\"…\"}`",
            ),
        ] {
            assert_eq!(advice(name, "mode").as_deref(), Some(expected), "{name}");
        }
        assert_eq!(advice("zzzzzz", "1"), None);
    }
}
