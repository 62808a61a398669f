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
    let is_camel_case = part
        .as_bytes()
        .windows(2)
        .any(|pair| pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase());
    let name = part.to_snake_case();
    let message = if is_camel_case {
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

/// Why this text cannot be a label's name.
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
        _ => return None,
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
    use super::{RenameRule, kind_in_name, label_name_problem, metric_name_problem, metric_name_style};
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
            assert_eq!(label_name_problem(unusual), None, "{unusual}");
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

    #[test]
    fn a_bad_name_comes_with_a_good_one() {
        let problem = metric_name_problem("kyc-gateway");
        assert!(problem.is_some_and(|problem| problem.message.contains("'kyc_gateway' would be one")));
    }
}
