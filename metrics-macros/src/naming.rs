//! Names: what Prometheus accepts, and how Rust's become its.
//!
//! Source: "Metric names and labels" in Prometheus' data model
//! (<https://prometheus.io/docs/concepts/data_model/#metric-names-and-labels>).

use heck::{ToKebabCase, ToLowerCamelCase, ToShoutyKebabCase, ToShoutySnakeCase, ToSnakeCase, ToUpperCamelCase};

use crate::rule::{self, Problem};

/// Why this text cannot be (a part of) a metric's name.
pub(crate) fn metric_name_problem(part: &str) -> Option<Problem> {
    grammar_problem(part, "metric")
}

/// What is unusual about (a part of) a metric's name: the rules of promlint, which everyone runs later.
pub(crate) fn metric_name_style(part: &str) -> Option<Problem> {
    let name = part.to_snake_case();
    let message = if is_camel_case(part) {
        format!("metric names are in snake_case: '{part}' would be '{name}'")
    } else if part.contains("__") || part.ends_with('_') {
        format!("'{part}' has an underscore too many: the parts of a name are joined by one; '{name}' would do")
    } else {
        return None;
    };
    Some(Problem::new(rule::NAME_SNAKE_CASE, message))
}

/// A metric's kind does not belong into its name.
pub(crate) fn kind_in_name(name: &str) -> Option<Problem> {
    let is_kind = |word: &&str| ["counter", "gauge", "histogram", "summary"].contains(word);
    let kind = name.split('_').skip(1).find(is_kind)?;
    let without = name
        .split('_')
        .filter(|word| *word != kind)
        .collect::<Vec<_>>()
        .join("_");
    let message =
        format!("the name '{name}' says that it is a {kind}, which its type says already; '{without}' would do");
    Some(Problem::new(rule::NAME_KIND, message))
}

/// What is unusual about a metric's unit: a base unit says itself what it is, and another is stated.
pub(crate) fn unit_problem(name: &str, stated: Option<&str>) -> Option<Problem> {
    let message = if let Some(unit) = stated {
        let (stem, end) = match name.strip_suffix("_total") {
            Some(stem) => (stem, "_total"),
            None => (name, ""),
        };
        if stem.strip_suffix(unit).is_some_and(|stem| stem.ends_with('_')) {
            return None;
        }
        format!("the unit of `{name}` is {unit}, so its name must end in `_{unit}{end}`")
    } else {
        let words = name.split('_').enumerate();
        let other = |(at, word): (usize, &str)| Some((at, base_unit(word, at > 0)?));
        let (at, base) = words.clone().find_map(other)?;
        let in_base = words.map(|(other, word)| if other == at { base } else { word });
        let in_base = in_base.collect::<Vec<_>>().join("_");
        format!(
            "`{name}` is in a unit that Prometheus' conventions do not use: record in {base}, and call it `{in_base}`"
        )
    };
    Some(Problem::new(rule::NAME_UNIT, message))
}

/// The base unit of what this word of a name is a unit of, if it is another one.
///
/// The lists are those of promlint, and some of the same kind. An abbreviation may begin a name, which is a namespace.
fn base_unit(word: &str, is_abbreviated: bool) -> Option<&'static str> {
    const BASE: [&str; 10] = [
        "amperes", "bytes", "celsius", "grams", "joules", "kelvin", "meters", "metres", "seconds", "volts",
    ];
    const OTHER: [(&str, &str); 18] = [
        ("second", "seconds"),
        ("minutes", "seconds"),
        ("hours", "seconds"),
        ("days", "seconds"),
        ("weeks", "seconds"),
        ("kelvins", "celsius"),
        ("fahrenheit", "celsius"),
        ("rankine", "celsius"),
        ("inches", "meters"),
        ("yards", "meters"),
        ("miles", "meters"),
        ("byte", "bytes"),
        ("bit", "bytes"),
        ("bits", "bytes"),
        ("calories", "joules"),
        ("pounds", "grams"),
        ("ounces", "grams"),
        ("percent", "ratio"),
    ];
    const PREFIXES: [&str; 19] = [
        "pico", "nano", "micro", "milli", "centi", "deci", "deca", "hecto", "kilo", "kibi", "mega", "mebi", "mibi",
        "giga", "gibi", "tera", "tebi", "peta", "pebi",
    ];
    const ABBREVIATIONS: [(&str, &str); 15] = [
        ("s", "seconds"),
        ("sec", "seconds"),
        ("secs", "seconds"),
        ("ms", "seconds"),
        ("us", "seconds"),
        ("ns", "seconds"),
        ("m", "seconds"),
        ("h", "seconds"),
        ("d", "seconds"),
        ("b", "bytes"),
        ("kb", "bytes"),
        ("mb", "bytes"),
        ("gb", "bytes"),
        ("tb", "bytes"),
        ("pb", "bytes"),
    ];
    let find = |list: &[(&str, &'static str)], word: &str| {
        let found = list.iter().find(|(unit, _)| *unit == word);
        found.map(|(_, base)| *base)
    };
    if word == "kelvin" {
        return Some("celsius");
    }
    if is_abbreviated && let Some(base) = find(&ABBREVIATIONS, &word.to_ascii_lowercase()) {
        return Some(base);
    }
    find(&OTHER, word).or_else(|| {
        let units = PREFIXES.iter().filter_map(|prefix| word.strip_prefix(prefix));
        let mut bases = units.filter_map(|unit| {
            let base = BASE.iter().find(|base| **base == unit).copied();
            base.or_else(|| find(&OTHER, unit))
        });
        bases.next()
    })
}

/// What is unusual about a label's name.
fn label_name_style(name: &str) -> Option<Problem> {
    let message = || {
        let usual = name.to_snake_case();
        format!("label names are in snake_case: '{name}' would be '{usual}'")
    };
    is_camel_case(name).then(|| Problem::new(rule::LABEL_SNAKE_CASE, message()))
}

fn is_camel_case(name: &str) -> bool {
    let mut pairs = name.as_bytes().windows(2);
    pairs.any(|pair| pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase())
}

/// Why this text cannot be a label's name, or should not be.
pub(crate) fn label_name_problem(name: &str) -> Option<Problem> {
    if let Some(problem) = grammar_problem(name, "label") {
        return Some(problem);
    }
    let owner = match name {
        "le" => "the buckets of histograms",
        "quantile" => "the quantiles of summaries",
        _ if name.starts_with("__") => "Prometheus itself, like every name that begins with `__`",
        "job" | "instance" => {
            let message = format!(
                "Prometheus gives every target the label '{name}', so that this one would arrive as 'exported_{name}': \
                 choose another name"
            );
            return Some(Problem::new(rule::LABEL_TARGET, message));
        }
        _ => return label_name_style(name),
    };
    let message = format!("the label name '{name}' is reserved for {owner}: choose another");
    Some(Problem::new(rule::LABEL_RESERVED, message))
}

fn grammar_problem(name: &str, what: &str) -> Option<Problem> {
    let message = if let Some(first) = name.chars().next() {
        let wrong = name.chars().find(|c| !c.is_ascii_alphanumeric() && *c != '_');
        if first.is_ascii_digit() {
            format!("a {what} name cannot begin with a digit, as '{name}' does")
        } else if wrong? == ':' {
            format!("'{name}' has a ':', which is for the names of recording rules")
        } else {
            let wrong = wrong?;
            let allowed: String = name
                .chars()
                .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
                .collect();
            format!(
                "'{name}' is no {what} name: '{wrong}' is not a letter (a-z, A-Z), a digit or '_'; \
                 '{allowed}' would be one"
            )
        }
    } else {
        format!("a {what} name cannot be empty")
    };
    Some(Problem::new(rule::NAME_GRAMMAR, message))
}

/// How the names of variants become label values.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) enum RenameRule {
    Lowercase,
    Uppercase,
    Pascal,
    Camel,
    #[default]
    Snake,
    ScreamingSnake,
    Kebab,
    ScreamingKebab,
}

impl RenameRule {
    /// The rules by the names that serde gives them.
    pub(crate) const ALL: [(&'static str, Self); 8] = [
        ("lowercase", Self::Lowercase),
        ("UPPERCASE", Self::Uppercase),
        ("PascalCase", Self::Pascal),
        ("camelCase", Self::Camel),
        ("snake_case", Self::Snake),
        ("SCREAMING_SNAKE_CASE", Self::ScreamingSnake),
        ("kebab-case", Self::Kebab),
        ("SCREAMING-KEBAB-CASE", Self::ScreamingKebab),
    ];

    /// The name of a variant or type after this rule.
    pub(crate) fn apply(self, name: &str) -> String {
        match self {
            Self::Lowercase => name.to_lowercase(),
            Self::Uppercase => name.to_uppercase(),
            Self::Pascal => name.to_upper_camel_case(),
            Self::Camel => name.to_lower_camel_case(),
            Self::Snake => name.to_snake_case(),
            Self::ScreamingSnake => name.to_shouty_snake_case(),
            Self::Kebab => name.to_kebab_case(),
            Self::ScreamingKebab => name.to_shouty_kebab_case(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{RenameRule, kind_in_name, label_name_problem, metric_name_problem, metric_name_style, unit_problem};
    use crate::rule;

    #[test]
    fn variants_are_renamed_as_serde_names_the_rules() {
        for (rule, expected) in RenameRule::ALL.map(|(_, rule)| rule).into_iter().zip([
            "facematch",
            "FACEMATCH",
            "FaceMatch",
            "faceMatch",
            "face_match",
            "FACE_MATCH",
            "face-match",
            "FACE-MATCH",
        ]) {
            assert_eq!(rule.apply("FaceMatch"), expected);
        }
        assert_eq!(RenameRule::Snake.apply("HTTPError"), "http_error");
    }

    #[test]
    fn names_follow_the_data_model() {
        for good in ["kyc", "_x", "http2_requests", "A"] {
            assert_eq!(metric_name_problem(good), None, "{good}");
            assert_eq!(label_name_problem(good), None, "{good}");
        }
        for unusual in ["camelCase", "kyc_", "a__b"] {
            assert_eq!(metric_name_problem(unusual), None, "{unusual}");
            assert!(metric_name_style(unusual).is_some(), "{unusual}");
            let problem = label_name_problem(unusual);
            assert_eq!(
                problem.is_some_and(|problem| problem.rule == rule::LABEL_SNAKE_CASE),
                unusual == "camelCase",
                "{unusual}"
            );
        }
        for (kind, without) in [("x_gauge", "'x'"), ("x_counter_total", "'x_total'")] {
            assert!(
                kind_in_name(kind).is_some_and(|problem| problem.message.contains(without)),
                "{kind}"
            );
        }
        // A word of the domain, not a kind.
        assert_eq!(kind_in_name("counter_sales_total"), None);
        for bad in ["", "2fa", "kyc-gateway", "größe", "a b", "job:rate"] {
            assert!(metric_name_problem(bad).is_some(), "{bad}");
            assert!(label_name_problem(bad).is_some(), "{bad}");
        }
        for reserved in ["le", "quantile", "__name__", "__x"] {
            assert!(label_name_problem(reserved).is_some_and(|problem| problem.rule == rule::LABEL_RESERVED));
        }
        for target in ["job", "instance"] {
            assert!(label_name_problem(target).is_some_and(|problem| problem.rule == rule::LABEL_TARGET));
        }
    }

    /// Each unit of promlint, wherever it stands in the name.
    #[test]
    fn a_name_in_another_unit_comes_with_one_in_the_base_unit() {
        for (name, base) in [
            ("cache_age_minutes", "cache_age_seconds"),
            ("cache_days_left", "cache_seconds_left"),
            ("wait_ms_total", "wait_seconds_total"),
            ("wait_h_max", "wait_seconds_max"),
            ("x_milliseconds_sum_of_all", "x_seconds_sum_of_all"),
            ("hours_total", "seconds_total"),
            ("x_kibibytes", "x_bytes"),
            ("x_megabits", "x_bytes"),
            ("x_kelvin", "x_celsius"),
            ("room_fahrenheit", "room_celsius"),
            ("x_micrograms", "x_grams"),
            ("x_percent", "x_ratio"),
            ("x_MB", "x_bytes"),
        ] {
            let problem = unit_problem(name, None);
            let names = |name: &str| format!("call it `{name}`");
            assert!(
                problem.is_some_and(|problem| problem.message.contains(&names(base))),
                "{name}"
            );
        }
        for name in [
            "ms_requests_total",
            "wait_seconds",
            "x_metres",
            "items",
            "kilo_total",
            "x_ratio",
        ] {
            assert_eq!(unit_problem(name, None), None, "{name}");
        }
        // What is stated stands at the end of the name.
        for name in ["price_euros", "price_euros_total"] {
            assert_eq!(unit_problem(name, Some("euros")), None);
        }
        for name in ["euros", "price", "price_euros_now", "price_totaleuros"] {
            assert!(unit_problem(name, Some("euros")).is_some(), "{name}");
        }
    }

    #[test]
    fn a_bad_name_comes_with_a_good_one() {
        let problem = metric_name_problem("kyc-gateway");
        assert!(problem.is_some_and(|problem| problem.message.contains("'kyc_gateway' would be one")));
    }
}
