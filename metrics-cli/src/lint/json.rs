//! Findings for programs.

use serde_json::json;

use super::Finding;

pub(super) fn write(findings: &[Finding]) -> String {
    let findings = findings.iter().map(|finding| {
        json!({
            "file": finding.file,
            "line": finding.line,
            "column": finding.column,
            "severity": finding.severity.to_string(),
            "id": finding.id,
            "subject": finding.subject,
            "message": finding.message,
            "help": finding.help,
        })
    });
    format!(
        "{:#}\n",
        json!({ "version": 1, "findings": findings.collect::<Vec<_>>() })
    )
}
