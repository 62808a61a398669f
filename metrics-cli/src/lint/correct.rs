//! `--fix`: what can be corrected without changing a result.

use std::fmt::Write as _;

use super::Finding;
use crate::files::{File, replace};
use crate::outcome::Failure;

/// What was corrected, or would be.
#[derive(Default)]
pub(super) struct Corrected {
    pub(super) count: usize,
    pub(super) note: String,
    /// Each line that changes, before and after.
    pub(super) difference: String,
}

pub(super) fn correct(files: &mut [File], findings: &[Finding], is_dry: bool) -> Result<Corrected, Failure> {
    let mut corrected = Corrected::default();
    for file in files {
        let of_file = findings.iter().filter(|finding| finding.file == file.name);
        let mut edits: Vec<_> = of_file.clone().flat_map(|finding| &finding.corrections).collect();
        let count = of_file.filter(|finding| !finding.corrections.is_empty()).count();
        // From the end, so that places before stay.
        edits.sort_by_key(|edit| std::cmp::Reverse(edit.span.start));
        edits.dedup();
        let mut text = file.text.clone();
        for edit in edits {
            text.replace_range(edit.span.range(), edit.text);
        }
        if text == file.text {
            continue;
        }
        corrected.count += count;
        difference(&file.name, &file.text, &text, &mut corrected.difference);
        if is_dry {
            continue;
        }
        let Some(path) = &file.path else {
            return Err(Failure::of(&file.name, "there is no file to correct"));
        };
        replace(path, &text)?;
        file.text = text;
    }
    if corrected.count > 0 {
        let (count, verb) = (corrected.count, if is_dry { "can be" } else { "were" });
        corrected.note = format!("{count} {verb} corrected\n");
    }
    Ok(corrected)
}

/// Corrections stay on their lines.
fn difference(name: &str, old: &str, new: &str, out: &mut String) {
    let lines = old.lines().zip(new.lines()).enumerate();
    for (at, (old, new)) in lines.filter(|(_, (old, new))| old != new) {
        // Writing to a `String` cannot fail.
        _ = writeln!(out, "{name}:{}:\n- {old}\n+ {new}", at + 1);
    }
}
