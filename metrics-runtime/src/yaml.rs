//! YAML, as far as we write it: always the same text for the same value.

use std::fmt;

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Yaml {
    /// A text, which is quoted where YAML would take it for something else.
    Text(String),
    /// `true`
    #[cfg(feature = "operations")]
    Bool(bool),
    /// A number.
    #[cfg(feature = "operations")]
    Number(usize),
    List(Vec<Yaml>),
    /// In this order.
    Map(Vec<(String, Yaml)>),
}

impl Yaml {
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    pub(crate) fn map<K: Into<String>>(entries: impl IntoIterator<Item = (K, Self)>) -> Self {
        Self::Map(entries.into_iter().map(|(key, value)| (key.into(), value)).collect())
    }

    pub(crate) fn list(items: impl IntoIterator<Item = Self>) -> Self {
        Self::List(items.into_iter().collect())
    }

    /// A map of texts.
    pub(crate) fn texts<K: Into<String>, V: Into<String>>(entries: impl IntoIterator<Item = (K, V)>) -> Self {
        Self::map(entries.into_iter().map(|(key, value)| (key, Self::text(value))))
    }

    /// The map with one entry more.
    #[must_use]
    pub(crate) fn with(self, key: &str, value: Self) -> Self {
        let mut entries = match self {
            Self::Map(entries) => entries,
            other => return other,
        };
        entries.push((key.to_owned(), value));
        Self::Map(entries)
    }

    /// The same, if there is something to say.
    #[must_use]
    pub(crate) fn with_some(self, key: &str, value: Option<Self>) -> Self {
        match value {
            Some(value) => self.with(key, value),
            None => self,
        }
    }

    fn is_empty(&self) -> bool {
        match self {
            Self::List(items) => items.is_empty(),
            Self::Map(entries) => entries.is_empty(),
            _ => false,
        }
    }

    /// What stands behind a key or a dash: on the same line, or on the next ones.
    fn behind(&self, f: &mut fmt::Formatter<'_>, indent: usize, is_item: bool) -> fmt::Result {
        match self {
            Self::List(items) if !items.is_empty() => {
                writeln!(f)?;
                self.lines(f, indent + 2)
            }
            Self::Map(_) if !self.is_empty() && !is_item => {
                writeln!(f)?;
                self.lines(f, indent + 2)
            }
            Self::Map(entries) if !entries.is_empty() => {
                for (at, (key, value)) in entries.iter().enumerate() {
                    let indent = indent + 2;
                    match at {
                        0 => write!(f, " {}:", Scalar(key))?,
                        _ => write!(f, "{:indent$}{}:", "", Scalar(key))?,
                    }
                    value.behind(f, indent, false)?;
                }
                Ok(())
            }
            Self::List(_) => writeln!(f, " []"),
            Self::Map(_) => writeln!(f, " {{}}"),
            Self::Text(text) => writeln!(f, " {}", Scalar(text)),
            #[cfg(feature = "operations")]
            Self::Bool(value) => writeln!(f, " {value}"),
            #[cfg(feature = "operations")]
            Self::Number(number) => writeln!(f, " {number}"),
        }
    }

    fn lines(&self, f: &mut fmt::Formatter<'_>, indent: usize) -> fmt::Result {
        match self {
            Self::List(items) => items.iter().try_for_each(|item| {
                write!(f, "{:indent$}-", "")?;
                item.behind(f, indent, true)
            }),
            Self::Map(entries) => entries.iter().try_for_each(|(key, value)| {
                write!(f, "{:indent$}{}:", "", Scalar(key))?;
                value.behind(f, indent, false)
            }),
            _ => Ok(()),
        }
    }
}

impl From<&str> for Yaml {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

/// A document, which is a map.
impl fmt::Display for Yaml {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lines(f, 0)
    }
}

/// A text in one line, with quotes where YAML would take it for something else.
struct Scalar<'a>(&'a str);

impl fmt::Display for Scalar<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const WORDS: [&str; 8] = ["true", "false", "yes", "no", "on", "off", "null", "y"];
        let Self(text) = self;
        let plain = text.starts_with(|first: char| first.is_ascii_alphabetic())
            && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            && !WORDS.contains(&text.to_ascii_lowercase().as_str())
            && text.len() > 1;
        if plain || is_duration(text) {
            f.write_str(text)
        } else if text.chars().any(char::is_control) {
            let escape = |c: char| match c {
                '"' => "\\\"".to_owned(),
                '\\' => "\\\\".to_owned(),
                '\n' => "\\n".to_owned(),
                c if c.is_control() => format!("\\u{:04x}", u32::from(c)),
                c => c.to_string(),
            };
            write!(f, "\"{}\"", text.chars().map(escape).collect::<String>())
        } else {
            write!(f, "'{}'", text.replace('\'', "''"))
        }
    }
}

/// `5m`, which YAML takes for a text.
fn is_duration(text: &str) -> bool {
    let number = text.trim_end_matches(|c: char| c.is_ascii_lowercase());
    !number.is_empty()
        && number.len() < text.len()
        && number.bytes().all(|byte| byte.is_ascii_digit())
        && !text.ends_with('e')
}

#[cfg(test)]
mod tests {
    use super::{Scalar, Yaml};

    #[test]
    fn what_yaml_would_misread_is_quoted() {
        for (text, written) in [
            ("HighLatency", "HighLatency"),
            ("5m", "5m"),
            ("on", "'on'"),
            ("NULL", "'NULL'"),
            ("5", "'5'"),
            ("a:b:c", "'a:b:c'"),
            ("it's {{ $value }}", "'it''s {{ $value }}'"),
            ("", "''"),
            ("two\nlines \"quoted\"", "\"two\\nlines \\\"quoted\\\"\""),
        ] {
            assert_eq!(Scalar(text).to_string(), written);
        }
    }

    #[test]
    fn lists_and_maps_are_indented() {
        let inner = Yaml::texts([("first", "a"), ("second", "b")]);
        let lists = Yaml::list([inner.clone(), Yaml::text("x y"), Yaml::list([Yaml::text("true")])]);
        let document = Yaml::map([
            ("lists", lists),
            ("nothing", Yaml::list([])),
            ("map", inner.with("empty", Yaml::Map(Vec::new()))),
        ]);
        assert_eq!(
            document.to_string(),
            "lists:\n  - first: a\n    second: b\n  - 'x y'\n  -\n    - 'true'\nnothing: []\nmap:\n  first: a\n  second: \
             b\n  empty: {}\n"
                .replace("first: a", "first: 'a'")
                .replace("second: b", "second: 'b'")
        );
    }
}
