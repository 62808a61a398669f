//! Everything for people: metrics, alerts and objectives, with what to do.

use std::fmt::Write as _;

use super::Operations;
use crate::catalogue::Catalogue;
use crate::rules::{Rules, SloIndicator};

impl Operations {
    pub(super) fn catalogue(&self) -> String {
        let mut text = format!("# {}: alerts, objectives, metrics\n", self.service);
        for rules in &self.rules {
            objectives(&mut text, rules);
            alerts(&mut text, rules);
        }
        text.push('\n');
        // One level below the title of this page.
        for line in Catalogue::of(&self.catalog).to_markdown().lines() {
            let hash = if line.starts_with('#') { "#" } else { "" };
            let _ = writeln!(text, "{hash}{line}");
        }
        text
    }
}

// Writing to a `String` cannot fail.

fn objectives(text: &mut String, rules: &Rules) {
    if rules.slos().is_empty() {
        return;
    }
    let _ = writeln!(text, "\n## Objectives of {}\n", rules.name());
    *text += "| objective | good | over | alerts |\n|---|---|---|---|\n";
    for slo in rules.slos() {
        let mut alerts: Vec<_> = slo.burns().iter().map(|burn| link(burn.alert())).collect();
        alerts.dedup();
        let name = slo.name();
        let _ = writeln!(
            text,
            "| [{name}](#{}) | {} % | {} | {} |",
            name.to_lowercase(),
            slo.objective(),
            slo.windows().join(", "),
            alerts.join(", ")
        );
    }
    for slo in rules.slos() {
        let _ = writeln!(text, "\n### {}\n\n{}\n", slo.name(), slo.about());
        let counted = match slo.indicator() {
            SloIndicator::Bad { bad, total } => format!("bad: `{}` of `{}`", bad, total),
            SloIndicator::Good { good, total } => {
                format!("good: `{}` of `{}`", good, total)
            }
            SloIndicator::Under { histogram, bound } => {
                format!("good: `{}` at or below {bound}", histogram)
            }
        };
        let _ = writeln!(text, "- {counted}");
        if !slo.by().is_empty() {
            let _ = writeln!(text, "- for each: `{}`", slo.by().join("`, `"));
        }
        for burn in slo.burns() {
            let _ = writeln!(
                text,
                "- [{}](#{}): {} times too fast over {} and {}",
                burn.alert(),
                burn.alert().to_lowercase(),
                burn.factor(),
                burn.long(),
                burn.short()
            );
        }
        let _ = writeln!(text, "- declared in: `{}`", file(slo.declared_at().0));
    }
}

fn alerts(text: &mut String, rules: &Rules) {
    if rules.alerts().is_empty() {
        return;
    }
    let _ = writeln!(text, "\n## Alerts of {}\n", rules.name());
    *text += "| alert | severity | for | says |\n|---|---|---|---|\n";
    for alert in rules.alerts() {
        let severity = alert
            .labels()
            .find(|(name, _)| *name == "severity")
            .map_or("", |(_, value)| value);
        let _ = writeln!(
            text,
            "| {} | {severity} | {} | {} |",
            link(alert.name()),
            alert.hold().unwrap_or("at once"),
            annotation(alert.annotations(), "summary").replace('|', "\\|")
        );
    }
    for alert in rules.alerts() {
        let _ = writeln!(text, "\n### {}\n", alert.name());
        for name in ["summary", "description"] {
            let about = annotation(alert.annotations(), name);
            if !about.is_empty() {
                let _ = writeln!(text, "{about}\n");
            }
        }
        let _ = writeln!(text, "```promql\n{}\n```\n", pretty(alert.expression()));
        for (name, value) in alert.labels() {
            let _ = writeln!(text, "- {name}: {value}");
        }
        let runbook = annotation(alert.annotations(), "runbook_url");
        if !runbook.is_empty() {
            let _ = writeln!(text, "- what to do: <{runbook}>");
        }
        let _ = writeln!(text, "- declared in: `{}`", file(alert.declared_at().0));
    }
}

fn link(name: &str) -> String {
    format!("[{name}](#{})", name.to_lowercase())
}

fn annotation<'t>(annotations: &'t [(&str, &str)], name: &str) -> &'t str {
    annotations
        .iter()
        .find(|(known, _)| *known == name)
        .map_or("", |(_, text)| text)
}

fn pretty(expression: &str) -> String {
    enumetrics_promql::parse(expression).map_or_else(|_| expression.to_owned(), |expr| expr.pretty().to_string())
}

/// On Windows the compiler writes the other slash, and a committed file has one.
fn file(path: &str) -> String {
    path.replace('\\', "/")
}
