use std::fmt::Write as _;

use super::{Catalogue, Entry};

impl Catalogue {
    /// The catalogue for people: a table of all metrics, and a section for each.
    #[must_use]
    pub fn to_markdown(&self) -> String {
        let series: usize = self.metrics.iter().map(|metric| metric.max_series).sum();
        let mut text = String::from("# Metrics\n\n");
        let count = self.metrics.len();
        // Writing to a `String` cannot fail.
        let _ = writeln!(text, "{count} metrics, at most {series} series.\n");
        text += "| metric | type | labels | series | meaning |\n|---|---|---|---|---|\n";
        for metric in &self.metrics {
            let labels: Vec<_> = metric.labels.iter().map(|(name, _)| format!("`{name}`")).collect();
            let _ = writeln!(
                text,
                "| [`{name}`](#{name}) | {} | {} | {} | {} |",
                metric.kind,
                labels.join(", "),
                metric.max_series,
                cell(&metric.help),
                name = metric.name,
            );
        }
        for metric in &self.metrics {
            section(&mut text, metric);
        }
        text
    }
}

fn section(text: &mut String, metric: &Entry) {
    let _ = writeln!(text, "\n## {}\n\n{}\n", metric.name, metric.help);
    if let Some(name) = &metric.renamed_to {
        let _ = writeln!(text, "**Renamed** to [`{name}`](#{name}); this name will go.\n");
    }
    match metric.deprecated.as_deref() {
        Some("") => *text += "**Deprecated.**\n\n",
        Some(note) => {
            let _ = writeln!(text, "**Deprecated**: {note}\n");
        }
        None => {}
    }
    let _ = writeln!(text, "- type: {}", metric.kind);
    if let Some(unit) = &metric.unit {
        let _ = writeln!(text, "- unit: {unit}");
    }
    for (name, values) in &metric.labels {
        let values = match values.is_empty() {
            true => "set when the program runs".to_owned(),
            false => codes(values),
        };
        let _ = writeln!(text, "- label `{name}`: {values}");
    }
    for (name, value) in &metric.constant_labels {
        let _ = writeln!(text, "- label `{name}`, always {}", code(value));
    }
    if !metric.buckets.is_empty() {
        let _ = writeln!(text, "- buckets: {}", numbers(&metric.buckets));
    }
    if !metric.quantiles.is_empty() {
        let _ = writeln!(text, "- quantiles: {}", numbers(&metric.quantiles));
    }
    if !metric.slo.is_empty() {
        let _ = writeln!(text, "- objective at: {}", numbers(&metric.slo));
    }
    let _ = writeln!(text, "- series: at most {}", metric.max_series);
    if let Some(form) = &metric.form {
        let _ = writeln!(text, "- form: {form}");
    }
    if let Some(file) = &metric.file {
        let _ = writeln!(text, "- declared in: `{file}`");
    }
}

fn numbers(numbers: &[f64]) -> String {
    numbers.iter().map(f64::to_string).collect::<Vec<_>>().join(", ")
}

fn codes(values: &[String]) -> String {
    values.iter().map(|value| code(value)).collect::<Vec<_>>().join(", ")
}

/// A text in backticks, whatever is in it.
fn code(text: &str) -> String {
    let text = text.replace('\n', "\\n");
    if text.contains('`') {
        format!("`` {text} ``")
    } else {
        format!("`{text}`")
    }
}

/// A text in a table's cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}
