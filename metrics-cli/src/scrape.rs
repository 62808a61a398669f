//! What a scrape says of its metrics: the text formats of Prometheus and of OpenMetrics, as a catalogue.

use std::collections::BTreeMap;

use enumetrics_runtime::catalogue::{Catalogue, Entry};

/// A catalogue of what was scraped. Which values a label can have a scrape cannot say: of each there may be more.
///
/// # Errors
///
/// The line that is none of an exposition.
pub fn read(text: &str) -> Result<Catalogue, String> {
    let mut families = Families {
        is_openmetrics: text.trim_end().ends_with("# EOF"),
        ..Families::default()
    };
    for (at, line) in text.lines().enumerate() {
        families.line(line.trim()).map_err(|problem| {
            let start: String = line.trim().chars().take(60).collect();
            format!("line {}: {problem}: {start}", at + 1)
        })?;
    }
    Ok(families.catalogue())
}

#[derive(Default)]
struct Families {
    /// By the name in its `# TYPE` line, or of its samples where it has none.
    entries: BTreeMap<String, Entry>,
    /// Which names families without what their samples end in.
    is_openmetrics: bool,
}

impl Families {
    fn line(&mut self, line: &str) -> Result<(), &'static str> {
        if let Some(comment) = line.strip_prefix('#') {
            self.comment(comment.trim_start());
            return Ok(());
        }
        match line.is_empty() {
            true => Ok(()),
            false => self.sample(line),
        }
    }

    fn comment(&mut self, comment: &str) {
        let mut words = comment.splitn(3, [' ', '\t']);
        let (Some(what), Some(name)) = (words.next(), words.next()) else {
            return;
        };
        let rest = words.next().unwrap_or_default();
        let name = name.trim_matches('"');
        match what {
            "TYPE" => rest.trim().clone_into(&mut self.entry(name).kind),
            "HELP" => self.entry(name).help = rest.replace("\\n", "\n").replace("\\\"", "\"").replace("\\\\", "\\"),
            "UNIT" if !rest.trim().is_empty() => self.entry(name).unit = Some(rest.trim().to_owned()),
            _ => {}
        }
    }

    fn entry(&mut self, name: &str) -> &mut Entry {
        self.entries.entry(name.to_owned()).or_default()
    }

    fn sample(&mut self, line: &str) -> Result<(), &'static str> {
        let Sample { name, labels } = Sample::read(line)?;
        let (family, part) = self.family_of(&name);
        if part == "_created" {
            return Ok(());
        }
        let entry = self.entry(&family);
        entry.max_series += 1;
        for (label, value) in labels {
            let number = || value.parse::<f64>().ok().filter(|number| number.is_finite());
            match (part, label.as_str()) {
                ("_bucket", "le") => insert(&mut entry.buckets, number()),
                ("", "quantile") if entry.kind == "summary" => insert(&mut entry.quantiles, number()),
                _ if entry.labels.iter().any(|(known, _)| *known == label) => {}
                _ => entry.labels.push((label, Vec::new())),
            }
        }
        Ok(())
    }

    /// The family of a sample, and what its name has behind that of the family.
    fn family_of<'n>(&self, name: &'n str) -> (String, &'n str) {
        let is_kind = |family: &str, kinds: &[&str]| {
            let entry = self.entries.get(family);
            entry.is_some_and(|entry| kinds.contains(&entry.kind.as_str()))
        };
        let parts: [(&str, &[&str]); 6] = [
            ("_bucket", &["histogram"]),
            ("_count", &["histogram", "summary"]),
            ("_sum", &["histogram", "summary"]),
            ("_total", &["counter"]),
            ("_info", &["info"]),
            ("_created", &["histogram", "summary", "counter"]),
        ];
        if !self.entries.contains_key(name) {
            for (part, kinds) in parts {
                if let Some(family) = name.strip_suffix(part).filter(|family| is_kind(family, kinds)) {
                    return (family.to_owned(), part);
                }
            }
        }
        (name.to_owned(), "")
    }

    fn catalogue(self) -> Catalogue {
        let mut catalogue = Catalogue::default();
        for (family, mut entry) in self.entries {
            let suffix = match entry.kind.as_str() {
                "counter" if self.is_openmetrics => "_total",
                "info" if self.is_openmetrics => "_info",
                _ => "",
            };
            if entry.kind.is_empty() || entry.kind == "untyped" {
                "unknown".clone_into(&mut entry.kind);
            }
            entry.name = family + suffix;
            entry.buckets.sort_by(f64::total_cmp);
            entry.quantiles.sort_by(f64::total_cmp);
            catalogue.metrics.push(entry);
        }
        catalogue.metrics.sort_by(|a, b| a.name.cmp(&b.name));
        catalogue
    }
}

fn insert(numbers: &mut Vec<f64>, number: Option<f64>) {
    if let Some(number) = number.filter(|number| !numbers.contains(number)) {
        numbers.push(number);
    }
}

/// `name{label="value"} 1`, or `{"a name", label="value"} 1`.
struct Sample {
    name: String,
    labels: Vec<(String, String)>,
}

impl Sample {
    fn read(line: &str) -> Result<Self, &'static str> {
        let end = line.find(|c: char| c == '{' || c.is_whitespace()).unwrap_or(line.len());
        let (name, mut rest) = line.split_at(end);
        let mut sample = Self {
            name: name.to_owned(),
            labels: Vec::new(),
        };
        if let Some(inside) = rest.strip_prefix('{') {
            rest = inside.trim_start();
            while !rest.starts_with('}') {
                rest = sample.label(rest)?.trim_start();
                rest = rest.strip_prefix(',').unwrap_or(rest).trim_start();
            }
            rest = &rest[1..];
        }
        let value = rest.split_whitespace().next().ok_or("expected a value")?;
        if sample.name.is_empty() {
            return Err("expected a metric's name");
        }
        match value.parse::<f64>() {
            Ok(_) => Ok(sample),
            Err(_) => Err("expected a number as the value"),
        }
    }

    /// One label, or the metric's name in quotes; gives what stands behind it.
    fn label<'a>(&mut self, text: &'a str) -> Result<&'a str, &'static str> {
        let (name, rest) = match text.starts_with('"') {
            true => quoted(text)?,
            false => {
                let end = text.find(['=', ',', '}']).ok_or("expected `}`")?;
                (text[..end].trim().to_owned(), &text[end..])
            }
        };
        let Some(value) = rest.trim_start().strip_prefix('=') else {
            if !text.starts_with('"') {
                return Err("expected `label=\"value\"`");
            }
            self.name = name;
            return Ok(rest);
        };
        let (value, rest) = quoted(value.trim_start())?;
        self.labels.push((name, value));
        Ok(rest)
    }
}

/// A text in quotes, without its escapes, and what stands behind it.
fn quoted(text: &str) -> Result<(String, &str), &'static str> {
    let inside = text.strip_prefix('"').ok_or("expected a text in quotes")?;
    let mut value = String::new();
    let mut characters = inside.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Ok((value, &inside[at + 1..])),
            '\\' => match characters.next() {
                Some((_, 'n')) => value.push('\n'),
                Some((_, other)) => value.push(other),
                None => break,
            },
            other => value.push(other),
        }
    }
    Err("expected the closing quote of a label's value")
}

#[cfg(test)]
mod tests {
    use super::read;

    fn shown(text: &str) -> Vec<String> {
        let catalogue = read(text).expect("it is an exposition");
        let entries = catalogue.metrics.iter().map(|entry| {
            let labels: Vec<_> = entry.labels.iter().map(|(name, _)| name.as_str()).collect();
            let numbers = entry.buckets.iter().chain(&entry.quantiles).map(f64::to_string);
            let numbers: Vec<_> = numbers.collect();
            let (labels, numbers) = (labels.join(","), numbers.join(","));
            format!(
                "{} {} [{labels}] [{numbers}] {}",
                entry.name, entry.kind, entry.max_series
            )
        });
        entries.collect()
    }

    #[test]
    fn every_kind_is_read() {
        let text = "# HELP a_total A\\nB.\n# TYPE a_total counter\na_total{b=\"}, \\\"\",c=\"\"} 1 123\na_total{b=\"x\"} 2\n\
                    # TYPE h histogram\nh_bucket{x=\"y\",le=\"0.5\"} 1\nh_bucket{x=\"y\",le=\"+Inf\"} 1\nh_sum{x=\"y\"} 1\nh_count{x=\"y\"} 1\n\
                    # TYPE s summary\ns{quantile=\"0.9\"} NaN\ns_sum 1\ns_count 1\n# TYPE g gauge\ng -Inf\nu_count 1\n{\"a.b\", c=\"d\"} 1e3\n";
        assert_eq!(
            shown(text),
            [
                "a.b unknown [c] [] 1",
                "a_total counter [b,c] [] 2",
                "g gauge [] [] 1",
                "h histogram [x] [0.5] 4",
                "s summary [] [0.9] 3",
                "u_count unknown [] [] 1",
            ]
        );
    }

    #[test]
    fn openmetrics_names_families_without_suffixes() {
        let text = "# TYPE a counter\n# UNIT a seconds\na_total 1 # {trace_id=\"1\"} 1\na_created 1\n# TYPE b info\nb_info{c=\"d\"} 1\n# EOF\n";
        assert_eq!(shown(text), ["a_total counter [] [] 1", "b_info info [c] [] 1"]);
    }

    #[test]
    fn what_is_no_exposition_says_where() {
        for (text, problem) in [
            ("<html>", "line 1: expected a value: <html>"),
            (
                "a 1\nb{c=\"d} 1",
                "line 2: expected the closing quote of a label's value: b{c=\"d} 1",
            ),
            ("a{b} 1", "line 1: expected `label=\"value\"`: a{b} 1"),
            ("a x", "line 1: expected a number as the value: a x"),
            ("{a=\"b\"} 1", "line 1: expected a metric's name: {a=\"b\"} 1"),
            ("a{b", "line 1: expected `}`: a{b"),
        ] {
            assert_eq!(read(text).unwrap_err(), problem);
        }
    }
}
