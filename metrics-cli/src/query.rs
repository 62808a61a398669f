//! Expressions of files as trees, with what stands where Grafana puts something in.

use enumetrics_promql::{DocumentKind, Error, Expr, parse, variable_length};

/// An expression of a file, with something that is PromQL in the place of each of Grafana's variables, so that it can be
/// read, and printed with the variables again.
pub struct Query {
    /// What is parsed.
    pub text: String,
    /// For each byte of it, which one of the original it stands for.
    places: Vec<usize>,
    variables: Vec<(String, String)>,
    /// Whether a variable stands in a text in backticks, whose quotes the printer changes.
    is_raw: bool,
}

impl Query {
    /// Only dashboards have variables: in a rule, `$` is a mistake.
    pub fn new(kind: DocumentKind, original: &str) -> Self {
        let mut query = Self {
            text: String::new(),
            places: Vec::new(),
            variables: Vec::new(),
            is_raw: false,
        };
        let mut quote = None;
        let mut in_range = false;
        let mut at = 0;
        while let Some(character) = original[at..].chars().next() {
            let rest = &original[at..];
            // In a regular expression `\\$` is the sign itself.
            let is_escaped = quote.is_some() && original[..at].ends_with('\\');
            if kind == DocumentKind::Dashboard
                && !is_escaped
                && let Some(length) = variable_length(rest)
            {
                query.is_raw |= quote == Some('`');
                let is_duration = quote.is_none() && (in_range || original[..at].trim_end().ends_with("offset"));
                let number = query.variables.len();
                let stand_in = match is_duration {
                    // The printer writes it as it is, and nobody else writes it. Of the length that Grafana mostly puts in.
                    true => format!("4m59s{}ms", 101 + number % 800),
                    false => format!("enumetrics_variable_{number}_"),
                };
                query.push(&stand_in, at, 0);
                query.variables.push((stand_in, rest[..length].to_owned()));
                at += length;
                continue;
            }
            let mut length = character.len_utf8();
            match (quote, character) {
                (Some(open), _) if character == open => quote = None,
                (Some('"' | '\''), '\\') => length += rest[1..].chars().next().map_or(0, char::len_utf8),
                (Some(_), _) => {}
                // A comment's apostrophe begins no text.
                (None, '#') => length = rest.find('\n').unwrap_or(rest.len()),
                (None, '"' | '\'' | '`') => quote = Some(character),
                (None, '[') => in_range = true,
                (None, ']') => in_range = false,
                (None, _) => {}
            }
            query.push(&rest[..length], at, 1);
            at += length;
        }
        query.places.push(original.len());
        query
    }

    fn push(&mut self, text: &str, place: usize, step: usize) {
        self.text += text;
        self.places.extend((0..text.len()).map(|at| place + at * step));
    }

    pub fn parse(&self) -> Result<Expr, Error> {
        parse(&self.text)
    }

    /// Which byte of the original a byte of the text stands for.
    pub fn place(&self, at: usize) -> usize {
        self.places[at.min(self.places.len() - 1)]
    }

    pub fn has_variables(&self) -> bool {
        !self.variables.is_empty()
    }

    /// What was printed of its tree, with the variables again; nothing where that could mean something else.
    pub fn with_variables(&self, printed: &str) -> Option<String> {
        let mut text = printed.to_owned();
        for (stand_in, variable) in &self.variables {
            // One that is not there once has been taken for a part of something else.
            if self.is_raw || text.matches(stand_in.as_str()).count() != 1 {
                return None;
            }
            text = text.replace(stand_in, variable);
        }
        Some(text)
    }

    /// Whether there are comments in it, which no tree has.
    pub fn has_comments(&self) -> bool {
        let mut quote = None;
        let mut is_escaped = false;
        for character in self.text.chars() {
            match quote {
                Some(_) if is_escaped => is_escaped = false,
                Some('"' | '\'') if character == '\\' => is_escaped = true,
                Some(open) if character == open => quote = None,
                Some(_) => {}
                None if character == '#' => return true,
                None if matches!(character, '"' | '\'' | '`') => quote = Some(character),
                None => {}
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use enumetrics_promql::DocumentKind;

    use super::Query;

    #[test]
    fn variables_come_back_and_have_places() {
        for text in [
            "sum by ($by) (rate(hits_total{code=~\"$code\", job=\"[[job]]\"}[$__rate_interval] offset $o)) / $n",
            "max_over_time(x{a=\"${a:regex}\", b=~\"\\\\$SYS\"}[$__range:$step])",
        ] {
            let query = Query::new(DocumentKind::Dashboard, text);
            let printed = query.parse().expect("stand-ins are PromQL").to_string();
            assert_eq!(query.with_variables(&printed).as_deref(), Some(text));
            let at = query.text.rfind('[').expect("a range");
            assert_eq!(query.place(at), text.replace("[[", "((").rfind('[').expect("a range"));
            assert_eq!(query.place(query.text.len()), text.len());
        }
    }

    #[test]
    fn what_might_change_does_not_come_back() {
        let raw = Query::new(DocumentKind::Dashboard, "x{a=~`$a`}");
        assert_eq!(
            raw.with_variables(&raw.parse().expect("it is PromQL").to_string()),
            None
        );
        assert!(Query::new(DocumentKind::Rules, "x{a=\"$a\"}").parse().is_ok());
        assert!(Query::new(DocumentKind::Rules, "rate(x[$a])").parse().is_err());
    }

    #[test]
    fn comments_are_seen_outside_of_texts_only() {
        for (text, expected) in [
            ("a # b", true),
            ("a{b=\"#\"}", false),
            ("a{b=\"\\\"#\"}", false),
            ("a{b='\"'} # c", true),
            ("a # it's\n + b", true),
        ] {
            assert_eq!(Query::new(DocumentKind::Rules, text).has_comments(), expected, "{text}");
        }
    }
}
