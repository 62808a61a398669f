//! Rule files that exist as text: the rules in them, with their places.
//!
//! Read is what rule files are made of, which is a small part of YAML: lists and maps in block style, and scalars of every
//! style.

use std::path::Path;
use std::{fs, io};

use enumetrics_promql::{Labels, Linter, Severity, Span, Usage};

use super::Rules;
use super::check::{Exported, RuleFinding, check_text};
use crate::catalog::Catalog;

/// What Prometheus gives to every series that it scrapes.
const TARGET_LABELS: &[&str] = &["job", "instance"];

impl Catalog<'_> {
    /// What is wrong with the rules in a file for Prometheus, which may name what this catalog exports, what the file's rules
    /// record, and what Prometheus itself says of targets (`up`). [`Rules::check_file`] knows external metrics, too.
    ///
    /// # Errors
    ///
    /// When the file cannot be read.
    ///
    /// ```no_run
    /// # use enumetrics_runtime::Catalog;
    /// # static METRICS: Catalog<'static> = Catalog::__new(&[], &[]);
    /// // In a test:
    /// let found = METRICS.check_rules("deploy/rules.yml")?;
    /// assert!(found.is_empty(), "{}", found[0]);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn check_rules(&self, path: impl AsRef<Path>) -> io::Result<Vec<RuleFinding>> {
        let exported = Exported::new(self.descriptors().copied(), TARGET_LABELS);
        check_file(path.as_ref(), exported)
    }
}

impl Rules {
    /// What is wrong with the rules in a file for Prometheus, which may name what these rules may name, and what they
    /// record.
    ///
    /// # Errors
    ///
    /// When the file cannot be read.
    pub fn check_file(&self, path: impl AsRef<Path>) -> io::Result<Vec<RuleFinding>> {
        check_file(path.as_ref(), Exported::of(self))
    }
}

fn check_file(path: &Path, exported: Exported) -> io::Result<Vec<RuleFinding>> {
    let text = fs::read_to_string(path)?;
    Ok(check_rules(&path.display().to_string(), &text, exported))
}

fn check_rules(file: &str, text: &str, mut exported: Exported) -> Vec<RuleFinding> {
    let rules = rules(text);
    if rules.is_empty() {
        return vec![RuleFinding {
            file: file.to_owned(),
            line: 1,
            column: 1,
            rule: String::new(),
            lint: None,
            severity: Severity::Error,
            report: "no rule was found: expected `groups:` with `- alert:` or `- record:`, each on a line of its own"
                .to_owned(),
        }];
    }
    // Groups are evaluated at the same time, so that a rule may name one that stands behind it.
    let records = || rules.iter().filter(|rule| rule.usage == Usage::Record);
    let unknown = records().map(|record| (record.name.clone(), Labels::default()));
    exported.recorded.extend(unknown);
    for record in records() {
        exported.recorded.retain(|(name, _)| *name != record.name);
        exported.record(
            &record.name,
            &record.expression.text,
            record.labels.iter().map(String::as_str),
        );
    }
    let check = |rule: &Rule| {
        let linter = Linter::new(rule.usage).schema(&exported);
        let place = |span| rule.expression.place(span);
        check_text(file, &rule.name, &rule.expression.text, &linter, place)
    };
    rules.iter().flat_map(check).collect()
}

struct Rule {
    name: String,
    usage: Usage,
    expression: Scalar,
    /// The names of those that it adds.
    labels: Vec<String>,
}

/// A text, and where in the file each of its bytes stands.
#[derive(Default)]
struct Scalar {
    text: String,
    places: Vec<(usize, usize)>,
}

impl Scalar {
    fn push(&mut self, character: char, place: (usize, usize)) {
        self.text.push(character);
        self.places.extend(std::iter::repeat_n(place, character.len_utf8()));
    }

    fn place(&self, span: Span) -> (usize, usize) {
        let after_last = || self.places.last().map(|&(line, column)| (line, column + 1));
        self.places
            .get(span.start)
            .copied()
            .or_else(after_last)
            .unwrap_or((1, 1))
    }

    /// What quotes and escapes stand for.
    fn unquoted(self) -> Self {
        let first = self.text.chars().next();
        let Some(quote @ ('\'' | '"')) = first else {
            let mut plain = self;
            if let Some(comment) = plain.text.find(" #") {
                plain.text.truncate(comment);
            }
            return plain;
        };
        let mut out = Self::default();
        let mut rest = self.text.char_indices().skip(1).peekable();
        while let Some((at, character)) = rest.next() {
            let place = self.places[at];
            match character {
                '\'' if quote == '\'' => match rest.next_if(|&(_, next)| next == '\'') {
                    Some(_) => out.push('\'', place),
                    None => break,
                },
                '"' if quote == '"' => break,
                '\\' if quote == '"' => match rest.next() {
                    Some((_, 'n')) => out.push('\n', place),
                    Some((_, 't')) => out.push('\t', place),
                    Some((_, other)) => out.push(other, place),
                    None => {}
                },
                other => out.push(other, place),
            }
        }
        out
    }
}

/// One line: how far it is indented, where its key begins, and what stands there.
struct Line<'a> {
    number: usize,
    indent: usize,
    /// Whether `- ` stands before the key.
    is_item: bool,
    text: &'a str,
}

impl<'a> Line<'a> {
    fn new((number, line): (usize, &'a str)) -> Self {
        let mut text = line.trim_start_matches(' ');
        let mut is_item = false;
        while let Some(rest) = text.strip_prefix("- ") {
            is_item = true;
            text = rest.trim_start_matches(' ');
        }
        Self {
            number: number + 1,
            indent: line.len() - text.len(),
            is_item,
            text: text.trim_end(),
        }
    }

    fn says_nothing(&self) -> bool {
        self.text.is_empty() || self.text.starts_with('#')
    }

    /// `key: value`, with the column of the value.
    fn entry(&self) -> Option<(&'a str, &'a str, usize)> {
        let (key, value) = self.text.split_once(':')?;
        if !(value.is_empty() || value.starts_with(' ')) {
            return None;
        }
        let value = value.trim_start_matches(' ');
        Some((
            key.trim_matches(['"', '\'']),
            value,
            self.indent + self.text.len() - value.len() + 1,
        ))
    }

    fn add_to(&self, scalar: &mut Scalar, text: &str, column: usize) {
        for (at, character) in text.chars().enumerate() {
            scalar.push(character, (self.number, column + at));
        }
    }
}

fn rules(text: &str) -> Vec<Rule> {
    let mut lines = text.lines().enumerate().map(Line::new).peekable();
    let mut rules = Vec::new();
    let mut item = Item::default();
    // In what the entries that are further in stand.
    let mut inside: Option<(usize, String)> = None;
    while let Some(line) = lines.next() {
        if line.says_nothing() {
            continue;
        }
        if line.is_item {
            rules.extend(std::mem::take(&mut item).finish());
            item.indent = line.indent;
            inside = None;
        }
        let Some((key, value, column)) = line.entry() else {
            continue;
        };
        if line.indent > item.indent {
            if inside
                .as_ref()
                .is_some_and(|(indent, key)| line.indent > *indent && key == "labels")
            {
                item.labels.push(key.to_owned());
            }
            continue;
        }
        inside = Some((line.indent, key.to_owned()));
        let mut scalar = Scalar::default();
        let is_block = value.starts_with(['|', '>']);
        if !is_block {
            line.add_to(&mut scalar, value, column);
        }
        while let Some(next) = lines.next_if(|next| {
            let continues = next.indent > line.indent && !next.is_item;
            // Within quotes and blocks everything belongs to the text, and else what is no entry.
            let takes = is_block || value.starts_with(['"', '\'']) || (!value.is_empty() && next.entry().is_none());
            (continues && takes) || (is_block && next.text.is_empty())
        }) {
            if !scalar.text.is_empty() {
                scalar.push('\n', (next.number, 1));
            }
            next.add_to(&mut scalar, next.text, next.indent + 1);
        }
        let scalar = if is_block { scalar } else { scalar.unquoted() };
        match key {
            "alert" => item.name = Some((Usage::Alert, scalar.text)),
            "record" => item.name = Some((Usage::Record, scalar.text)),
            "expr" => item.expression = Some(scalar),
            _ => {}
        }
    }
    rules.extend(item.finish());
    rules
}

/// A rule that is being read.
#[derive(Default)]
struct Item {
    indent: usize,
    name: Option<(Usage, String)>,
    expression: Option<Scalar>,
    labels: Vec<String>,
}

impl Item {
    fn finish(self) -> Option<Rule> {
        let (usage, name) = self.name?;
        Some(Rule {
            name,
            usage,
            expression: self.expression.unwrap_or_default(),
            labels: self.labels,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::descriptor::{Descriptor, Kind};

    const FILE: &str = r#"
# Comment
groups:
  - name: shop
    interval: 30s
    rules:
      - record: shop:sold:rate5m
        expr: sum by (kind) (rate(shop_sold_total[5m]))   # per second
        labels:
          tier: gold
      - alert: TooMany
        expr: 'sum(rate(shop_sold_total{job=''x''}[5m])) > 5'
        for: 5m
        labels: {severity: page}
        annotations:
          summary: "an expr: of words"
      - expr: |-
          sum by (kind) (shop:sold:rate5m)
            > 5
        alert: AlsoTooMany
      - alert: Misspelt
        expr: sum(rate(shop_sodl_total[5m]))
          / sum(rate(shop_sold_total[5m])) > 5
      - alert: NoKind
        expr: "sum by (knd) (shop:sold:rate5m) > 5"
      - alert: Broken
        expr: sum(rate(shop_sold_total[5m]) > 5
"#;

    fn check(text: &str) -> Vec<String> {
        let kinds = &[crate::descriptor::LabelDescriptor::new("kind", &["a", "b"])];
        let labels: &'static [_] = Vec::leak(kinds.to_vec());
        let sold = Descriptor::new("shop_sold_total", "", Kind::Counter, labels);
        let found = check_rules("rules.yml", text, Exported::new([sold], TARGET_LABELS));
        let line = |finding: &RuleFinding| {
            let id = finding.lint.map_or("syntax", |lint| lint.id);
            format!("{}:{} {} {id}", finding.line, finding.column, finding.rule)
        };
        found.iter().map(line).collect()
    }

    #[test]
    fn findings_have_their_places_in_the_file() {
        assert_eq!(
            check(FILE),
            [
                "12:60 TooMany val-rate-threshold",
                "22:24 Misspelt ref-metric",
                "25:24 NoKind ref-label",
                "27:48 Broken syntax",
            ]
        );
    }

    #[test]
    fn a_file_without_rules_says_so() {
        assert_eq!(check("{\"groups\": []}"), ["1:1  syntax"]);
    }
}
