//! Findings as SARIF 2.1.0, which code scanning reads.

use std::collections::BTreeMap;

use enumetrics_promql::{Lint, Severity};
use serde_json::{Value, json};

use super::Finding;
use super::baseline::Key;
use crate::explain::{SYNTAX, page};

pub(super) fn write(findings: &[Finding]) -> String {
    let rules: Vec<&str> = Lint::ALL.iter().map(|lint| lint.id).chain([SYNTAX]).collect();
    let mut repeated: BTreeMap<Key, usize> = BTreeMap::new();
    let results = findings.iter().map(|finding| {
        let seen = repeated.entry(Key::of(finding)).or_default();
        *seen += 1;
        result(finding, rules.iter().position(|id| *id == finding.id), *seen)
    });
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "results": results.collect::<Vec<_>>(),
            "tool": { "driver": {
                "name": "enumetrics",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules.iter().map(|id| rule(id)).collect::<Vec<_>>(),
            } },
            // Those of columns.
            "columnKind": "unicodeCodePoints",
        }],
    });
    format!("{log:#}\n")
}

fn rule(id: &str) -> Value {
    let lint = Lint::named(id);
    let about = lint.map_or("The expression is not PromQL.", |lint| lint.about);
    let explanation = page(id).unwrap_or_default();
    json!({
        "id": id,
        "shortDescription": { "text": about },
        "help": { "text": explanation, "markdown": explanation },
        "defaultConfiguration": { "level": level(lint.map_or(Severity::Error, |lint| lint.severity)) },
    })
}

fn result(finding: &Finding, rule: Option<usize>, seen: usize) -> Value {
    let mut message = match finding.subject.is_empty() {
        true => finding.message.clone(),
        false => format!("{}: {}", finding.subject, finding.message),
    };
    if let Some(help) = &finding.help {
        message += &format!(" (help: {help})");
    }
    let Key {
        file,
        id,
        subject,
        message: key,
    } = Key::of(finding);
    json!({
        "ruleId": finding.id,
        "ruleIndex": rule,
        "level": level(finding.severity),
        "message": { "text": message },
        "locations": [{ "physicalLocation": {
            "artifactLocation": { "uri": uri(&finding.file) },
            "region": { "startLine": finding.line, "startColumn": finding.column },
        } }],
        // The same finding after lines have moved.
        "partialFingerprints": { "finding/v1": format!("{file}|{id}|{subject}|{key}|{seen}") },
    })
}

const fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

/// A path as a relative reference.
fn uri(path: &str) -> String {
    let escaped = path.bytes().map(|byte| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' | b'~' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    });
    escaped.collect()
}
