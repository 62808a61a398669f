//! Rules as Prometheus reads them.

use std::fmt::Write as _;

use super::{Common, Rules};

impl Rules {
    /// A rule file with this group, in YAML: what stands behind `rule_files` in Prometheus' configuration. It is the same
    /// text each time.
    ///
    /// ```
    /// # use enumetrics_runtime::Rules;
    /// # fn write(rules: &Rules) -> std::io::Result<()> {
    /// std::fs::write("rules.yml", rules.to_yaml())?;
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn to_yaml(&self) -> String {
        let mut out = self.adapted.map_or_else(String::new, |stamp| format!("# {stamp}\n"));
        out += &format!("groups:\n  - name: {}\n", scalar(self.name));
        if let Some(interval) = self.interval {
            line(&mut out, 4, "interval", interval);
        }
        out += "    rules:\n";
        for record in self.records {
            head(&mut out, "record", &record.common);
            map(&mut out, "labels", record.labels());
        }
        for alert in self.alerts {
            head(&mut out, "alert", &alert.common);
            for (key, duration) in [("for", alert.hold), ("keep_firing_for", alert.keep_firing_for)] {
                if let Some(duration) = duration {
                    line(&mut out, 8, key, duration);
                }
            }
            map(&mut out, "labels", alert.labels());
            map(&mut out, "annotations", alert.annotations.iter().copied());
        }
        out
    }
}

fn head(out: &mut String, kind: &str, rule: &Common) {
    *out += "      - ";
    line(out, 0, kind, rule.name);
    line(out, 8, "expr", rule.expression);
}

fn map(out: &mut String, name: &str, entries: impl Iterator<Item = (&'static str, &'static str)>) {
    let mut entries = entries.peekable();
    if entries.peek().is_some() {
        *out += &format!("        {name}:\n");
    }
    for (key, value) in entries {
        line(out, 10, key, value);
    }
}

fn line(out: &mut String, indent: usize, key: &str, value: &str) {
    // Writing to a String cannot fail.
    let _ = writeln!(out, "{:indent$}{}: {}", "", scalar(key), scalar(value));
}

/// A text in one line, with quotes where YAML would take it for something else.
fn scalar(text: &str) -> String {
    const WORDS: [&str; 8] = ["true", "false", "yes", "no", "on", "off", "null", "y"];
    let plain = text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !WORDS.contains(&text.to_ascii_lowercase().as_str())
        && text.len() > 1;
    if plain || is_duration(text) {
        text.to_owned()
    } else if text.chars().any(char::is_control) {
        let escape = |c: char| match c {
            '"' => "\\\"".to_owned(),
            '\\' => "\\\\".to_owned(),
            '\n' => "\\n".to_owned(),
            c if c.is_control() => format!("\\u{:04x}", u32::from(c)),
            c => c.to_string(),
        };
        format!("\"{}\"", text.chars().map(escape).collect::<String>())
    } else {
        format!("'{}'", text.replace('\'', "''"))
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
    use super::scalar;

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
            assert_eq!(scalar(text), written);
        }
    }
}
