//! Templates in summaries and descriptions: `{{ $labels.status }} is {{ $value | humanize }}`.

use crate::names::joined;
use crate::nearest::nearest;

/// What Prometheus and Go's package `text/template` know.
const FUNCTIONS: &[&str] = &[
    "and",
    "args",
    "block",
    "break",
    "call",
    "continue",
    "define",
    "else",
    "end",
    "eq",
    "externalURL",
    "false",
    "first",
    "ge",
    "graphLink",
    "gt",
    "html",
    "humanize",
    "humanize1024",
    "humanizeDuration",
    "humanizePercentage",
    "humanizeTimestamp",
    "if",
    "index",
    "js",
    "label",
    "le",
    "len",
    "lt",
    "match",
    "ne",
    "nil",
    "not",
    "now",
    "or",
    "parseDuration",
    "pathPrefix",
    "print",
    "printf",
    "println",
    "query",
    "range",
    "reReplaceAll",
    "safeHtml",
    "slice",
    "sortByLabel",
    "stripDomain",
    "stripPort",
    "strvalue",
    "tableLink",
    "template",
    "title",
    "tmpl",
    "toDuration",
    "toLower",
    "toTime",
    "toUpper",
    "true",
    "urlQueryEscape",
    "urlquery",
    "value",
    "with",
];

const VARIABLES: &[&str] = &["externalLabels", "externalURL", "labels", "value"];

/// What a template of an alert uses.
///
/// ```
/// use enumetrics_promql::Template;
///
/// let template = Template::parse("{{ $labels.job }} answers with {{ $value | humanizePercentage }} errors")?;
/// assert_eq!(template.labels, ["job"]);
/// assert!(Template::parse("{{ $value | humanise }}").is_err());
/// # Ok::<(), String>(())
/// ```
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Template {
    /// The labels that it shows.
    pub labels: Vec<String>,
    /// Whether it shows the alert's value.
    pub uses_value: bool,
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    ///
    /// What Prometheus would not know: a function, a variable, a bracket that is not closed; as a sentence.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut template = Self::default();
        let mut declared: Vec<String> = VARIABLES.iter().copied().map(str::to_owned).collect();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{{") {
            if before.contains("}}") {
                return Err("`}}` without `{{` before it".to_owned());
            }
            let Some((action, after)) = after.split_once("}}") else {
                return Err("`{{` without `}}` behind it".to_owned());
            };
            if !action.trim_start_matches('-').trim_start().starts_with("/*") {
                template.action(action, &mut declared)?;
            }
            rest = after;
        }
        match rest.contains("}}") {
            true => Err("`}}` without `{{` before it".to_owned()),
            false => Ok(template),
        }
    }

    fn action(&mut self, action: &str, declared: &mut Vec<String>) -> Result<(), String> {
        for (name, _) in action.match_indices('$').map(|(at, _)| (word(&action[at + 1..]), at)) {
            // `{{ $x := … }}`, `{{ range $i, $x := … }}`
            if action.contains(":=") && !name.is_empty() && !declared.iter().any(|known| known == name) {
                declared.push(name.to_owned());
            }
        }
        let mut rest = action;
        while let Some(first) = rest.chars().next() {
            let after = &rest[first.len_utf8()..];
            rest = match first {
                '"' | '`' | '\'' => after_quote(after, first)?,
                '$' => {
                    let name = word(after);
                    if !name.is_empty() && !declared.iter().any(|known| known == name) {
                        let known: Vec<_> = declared.iter().map(String::as_str).collect();
                        return Err(match nearest(name, &known) {
                            Some(near) => format!("unknown variable `{name}`; did you mean `{near}`?"),
                            None => format!("unknown variable `{name}`; there are: {}", joined(&known, ", ")),
                        });
                    }
                    self.uses_value |= name == "value";
                    let after = &after[name.len()..];
                    match after.strip_prefix('.').filter(|_| name == "labels") {
                        Some(label) => self.label(label),
                        // Of what the template declares itself.
                        None => skip_path(after),
                    }
                }
                '.' => {
                    let field = word(after);
                    self.uses_value |= field == "Value";
                    let after = &after[field.len()..];
                    match after.strip_prefix('.').filter(|_| field == "Labels") {
                        Some(label) => self.label(label),
                        // Fields of what a query finds: `.Labels`, `.Value`, and what `with` and `range` are about.
                        None => skip_path(after),
                    }
                }
                c if c.is_alphabetic() => {
                    let name = word(rest);
                    if !FUNCTIONS.contains(&name) {
                        return Err(match nearest(name, FUNCTIONS) {
                            Some(near) => format!("unknown function '{name}'; did you mean '{near}'?"),
                            None => format!("unknown function '{name}'"),
                        });
                    }
                    &rest[name.len()..]
                }
                c if c.is_ascii_digit() => rest.trim_start_matches(|c: char| c.is_alphanumeric() || c == '.'),
                _ => after,
            };
        }
        Ok(())
    }

    fn label<'t>(&mut self, after: &'t str) -> &'t str {
        let label = word(after);
        self.labels.push(label.to_owned());
        &after[label.len()..]
    }
}

fn word(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_');
    &text[..end.unwrap_or(text.len())]
}

fn skip_path(text: &str) -> &str {
    text.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_' || c == '.')
}

fn after_quote(text: &str, quote: char) -> Result<&str, String> {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quote != '`' => escaped = true,
            c if c == quote => return Ok(&text[at + 1..]),
            _ => {}
        }
    }
    Err(format!("a text that begins with `{quote}` has no end"))
}

#[cfg(test)]
mod tests {
    use super::Template;

    #[test]
    fn labels_and_the_value_are_found() {
        for (text, labels, uses_value) in [
            ("none", &[][..], false),
            (
                "{{ $labels.status }} and {{$labels.job|toUpper}}",
                &["status", "job"],
                false,
            ),
            (
                "{{ $value | humanizePercentage }} of {{ .Labels.path }}",
                &["path"],
                true,
            ),
            (
                "{{ with query \"up{job='x'}\" }}{{ . | first | value }}{{ end }}",
                &[],
                false,
            ),
            (
                "{{ range $i, $x := query \"up\" }}{{ $x.Labels.job }}{{ $i }}{{ end }}",
                &[],
                false,
            ),
            (
                "{{- if gt $value 0.5 -}}high{{ else }}{{ printf \"%.2f\" .Value }}{{ end }}",
                &[],
                true,
            ),
            ("{{/* $nothing */}}", &[], false),
        ] {
            let template = Template::parse(text).unwrap_or_else(|problem| panic!("{text}: {problem}"));
            assert_eq!(template.labels, labels, "{text}");
            assert_eq!(template.uses_value, uses_value, "{text}");
        }
    }

    #[test]
    fn what_is_no_template_says_why() {
        for (text, problem) in [
            ("{{ $value", "`{{` without `}}` behind it"),
            ("value }} {{ $value }}", "`}}` without `{{` before it"),
            ("{{ $lables.x }}", "did you mean `labels`?"),
            (
                "{{ $value | humanise }}",
                "unknown function 'humanise'; did you mean 'humanize'?",
            ),
            ("{{ \"open }}", "has no end"),
        ] {
            let said = Template::parse(text).unwrap_err();
            assert!(said.contains(problem), "{text}: {said}");
        }
    }
}
