//! Findings that are known: a pipeline stops at new ones only.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};

use super::Finding;
use crate::files::{name_of, read_text, replace};
use crate::outcome::{Done, Failure, Outcome};

/// What a finding is known by, wherever in its file it stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) file: String,
    pub(super) subject: String,
    pub(super) id: String,
    pub(super) message: String,
}

/// How many of each are known.
pub(super) struct Baseline(BTreeMap<Key, u64>);

/// Of the file.
const VERSION: u64 = 1;

impl Key {
    pub(super) fn of(finding: &Finding) -> Self {
        Self {
            file: finding.file.clone(),
            subject: finding.subject.clone(),
            id: finding.id.to_owned(),
            message: finding.message.clone(),
        }
    }
}

impl Baseline {
    pub(super) fn of(findings: &[Finding]) -> Self {
        let mut known = BTreeMap::new();
        for finding in findings {
            *known.entry(Key::of(finding)).or_default() += 1;
        }
        Self(known)
    }

    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let failed = |problem: &str| Failure::of(name_of(path), format!("not a baseline: {problem}"));
        let value: Value = serde_json::from_str(&read_text(path)?).map_err(|error| failed(&error.to_string()))?;
        match value["version"].as_u64() {
            Some(VERSION) => {}
            Some(newer) if newer > VERSION => {
                return Err(failed(&format!(
                    "its version is {newer}, and this program reads up to {VERSION}: use a newer enumetrics"
                )));
            }
            _ => return Err(failed("`version` is not 1")),
        }
        let findings = value["findings"]
            .as_array()
            .ok_or_else(|| failed("`findings` is not a list"))?;
        let mut known = BTreeMap::new();
        for finding in findings {
            let text = |field: &str| {
                let text = finding[field].as_str().map(str::to_owned);
                text.ok_or_else(|| failed(&format!("`{field}` of a finding is not a text")))
            };
            let key = Key {
                file: text("file")?,
                subject: text("subject")?,
                id: text("id")?,
                message: text("message")?,
            };
            let count = finding["count"].as_u64();
            *known.entry(key).or_default() +=
                count.ok_or_else(|| failed("`count` of a finding is not a whole number"))?;
        }
        Ok(Self(known))
    }

    pub(super) fn write(&self, path: &Path) -> Outcome {
        let findings = self.0.iter().map(|(key, count)| {
            json!({
                "file": key.file,
                "subject": key.subject,
                "id": key.id,
                "message": key.message,
                "count": count,
            })
        });
        let text = format!(
            "{:#}\n",
            json!({ "version": VERSION, "findings": findings.collect::<Vec<_>>() })
        );
        match path.exists() {
            true => replace(path, &text)?,
            false => std::fs::write(path, text).map_err(|error| Failure::of(name_of(path), error))?,
        }
        let count: u64 = self.0.values().sum();
        Ok(Done {
            note: format!("{}: {count} findings are known now", name_of(path)),
            ..Done::default()
        })
    }

    /// Leaves the findings that are new; says which known ones are no more.
    pub(super) fn remove_known(mut self, findings: &mut Vec<Finding>) -> String {
        findings.retain(|finding| match self.0.get_mut(&Key::of(finding)) {
            Some(count) if *count > 0 => {
                *count -= 1;
                false
            }
            _ => true,
        });
        match self.0.values().sum::<u64>() {
            0 => String::new(),
            gone => format!("{gone} known findings are gone: --write-baseline forgets them\n"),
        }
    }
}
