//! Names: what Prometheus accepts, and how Rust's become its.
//!
//! Source: "Metric names and labels" in Prometheus' data model
//! (<https://prometheus.io/docs/concepts/data_model/#metric-names-and-labels>).

use heck::{ToKebabCase, ToLowerCamelCase, ToShoutyKebabCase, ToShoutySnakeCase, ToSnakeCase, ToUpperCamelCase};

/// Why this text cannot be (a part of) a metric's name.
pub(crate) fn metric_name_problem(part: &str) -> Option<String> {
    if let Some(problem) = grammar_problem(part, "metric") {
        return Some(problem);
    }
    // The rules of promlint, which everyone runs later.
    let is_camel_case = part
        .as_bytes()
        .windows(2)
        .any(|pair| pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase());
    let name = part.to_snake_case();
    if is_camel_case {
        Some(format!("metric names are in snake_case: '{part}' would be '{name}'"))
    } else if part.contains("__") || part.ends_with('_') {
        Some(format!(
            "'{part}' has an underscore too many: the parts of a name are joined by one; '{name}' would do"
        ))
    } else {
        None
    }
}

/// Why this text cannot be a label's name.
pub(crate) fn label_name_problem(name: &str) -> Option<String> {
    if let Some(problem) = grammar_problem(name, "label") {
        return Some(problem);
    }
    let owner = match name {
        "le" => "the buckets of histograms",
        "quantile" => "the quantiles of summaries",
        _ if name.starts_with("__") => "Prometheus itself, like every name that begins with `__`",
        _ => return None,
    };
    Some(format!(
        "the label name '{name}' is reserved for {owner}: choose another"
    ))
}

fn grammar_problem(name: &str, what: &str) -> Option<String> {
    let Some(first) = name.chars().next() else {
        return Some(format!("a {what} name cannot be empty"));
    };
    if first.is_ascii_digit() {
        return Some(format!("a {what} name cannot begin with a digit, as '{name}' does"));
    }
    let wrong = name.chars().find(|c| !c.is_ascii_alphanumeric() && *c != '_')?;
    if wrong == ':' {
        return Some(format!("'{name}' has a ':', which is for the names of recording rules"));
    }
    let allowed: String = name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .collect();
    Some(format!(
        "'{name}' is no {what} name: '{wrong}' is not a letter (a-z, A-Z), a digit or '_'; '{allowed}' would be one"
    ))
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
    use super::{RenameRule, label_name_problem, metric_name_problem};

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
            assert!(metric_name_problem(unusual).is_some(), "{unusual}");
            assert_eq!(label_name_problem(unusual), None, "{unusual}");
        }
        for bad in ["", "2fa", "kyc-gateway", "größe", "a b", "job:rate"] {
            assert!(metric_name_problem(bad).is_some(), "{bad}");
            assert!(label_name_problem(bad).is_some(), "{bad}");
        }
        for reserved in ["le", "quantile", "__name__", "__x"] {
            assert!(label_name_problem(reserved).is_some_and(|problem| problem.contains("reserved")));
        }
    }

    #[test]
    fn a_bad_name_comes_with_a_good_one() {
        let problem = metric_name_problem("kyc-gateway");
        assert!(problem.is_some_and(|problem| problem.contains("'kyc_gateway' would be one")));
    }
}
