//! Regular expressions for handlers.

use std::fmt;

use regex_lite::Regex;

/// Regular expressions, of which one suffices; they match anywhere unless they say `^` and `$`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Patterns(Vec<Regex>);

impl Patterns {
    /// Adds some; none where one is no regular expression.
    pub(crate) fn add<P: AsRef<str>>(&mut self, patterns: impl IntoIterator<Item = P>) -> Result<(), PatternError> {
        let patterns = patterns.into_iter().map(|pattern| {
            let pattern = pattern.as_ref();
            Regex::new(pattern).map_err(|source| PatternError {
                pattern: pattern.to_owned(),
                source,
            })
        });
        self.0.extend(patterns.collect::<Result<Vec<_>, _>>()?);
        Ok(())
    }

    #[cfg(feature = "exporter")]
    pub(super) fn extend(&mut self, others: &Self) {
        self.0.extend(others.0.iter().cloned());
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn match_some_of(&self, handler: &str) -> bool {
        self.0.iter().any(|pattern| pattern.is_match(handler))
    }
}

/// A pattern of handlers is no regular expression.
#[derive(Clone, Debug)]
pub struct PatternError {
    pattern: String,
    source: regex_lite::Error,
}

impl PatternError {
    /// The pattern.
    #[must_use]
    pub fn pattern(&self) -> &str {
        &self.pattern
    }
}

impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` is no regular expression: {}; write one such as `.*admin.*` or `^/health$`",
            self.pattern, self.source
        )
    }
}

impl std::error::Error for PatternError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_anywhere() {
        let mut patterns = Patterns::default();
        patterns.add([".*admin.*", "^/health$", "metrics"]).unwrap();
        for (handler, matches) in [
            ("/admin/users", true),
            ("/v1/admin", true),
            ("/health", true),
            ("/health/live", false),
            ("/internal/metrics", true),
            ("/users", false),
        ] {
            assert_eq!(patterns.match_some_of(handler), matches, "{handler}");
        }
    }

    #[test]
    fn what_is_no_pattern_is_named_and_adds_nothing() {
        let mut patterns = Patterns::default();
        let error = patterns.add(["/users", "(unclosed"]).unwrap_err();
        assert_eq!(error.pattern(), "(unclosed");
        assert!(
            error.to_string().starts_with("`(unclosed` is no regular expression: "),
            "{error}"
        );
        assert!(patterns.is_empty());
    }
}
