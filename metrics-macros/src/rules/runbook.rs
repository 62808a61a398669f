//! Runbooks must be there when somebody is woken.

use std::path::{Path, PathBuf};
use std::{env, fs};

/// What is wrong with a runbook: a path from the folder of the package, perhaps with the anchor of a heading, or a URL,
/// which is taken as it is. If nothing is, the file.
pub(super) fn check(runbook: &str) -> Result<Option<PathBuf>, String> {
    if runbook.contains("://") {
        return Ok(None);
    }
    let folder = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from).unwrap_or_default();
    check_in(&folder, runbook).map(Some)
}

fn check_in(folder: &Path, runbook: &str) -> Result<PathBuf, String> {
    let (file, anchor) = match runbook.split_once('#') {
        Some((file, anchor)) => (file, Some(anchor)),
        None => (runbook, None),
    };
    let path = folder.join(file);
    let text = fs::read_to_string(&path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => format!("there is no runbook `{file}` in the folder of the package"),
        _ => format!("the runbook `{file}` cannot be read: {error}"),
    })?;
    let Some(anchor) = anchor else { return Ok(path) };
    let anchors: Vec<_> = text
        .lines()
        .filter(|line| line.starts_with('#'))
        .map(|line| anchor_of(line.trim_start_matches('#').trim()))
        .collect();
    if anchors.iter().any(|known| known == anchor) {
        return Ok(path);
    }
    Err(format!(
        "`{file}` has no heading `#{anchor}`; there are: {}",
        anchors.join(", ")
    ))
}

/// As GitHub makes it: lower case, words joined by `-`, without punctuation.
fn anchor_of(heading: &str) -> String {
    heading
        .to_lowercase()
        .chars()
        .filter_map(|c| match c {
            ' ' => Some('-'),
            c if c.is_alphanumeric() || matches!(c, '-' | '_') => Some(c),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::check_in;

    #[test]
    fn files_and_anchors_must_be_there() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let problem = |runbook: &str| check_in(&folder, runbook).err();
        assert_eq!(problem("CHANGELOG.md"), None);
        assert_eq!(problem("CHANGELOG.md#unreleased"), None);
        assert_eq!(
            problem("nowhere.md").unwrap(),
            "there is no runbook `nowhere.md` in the folder of the package"
        );
        let missing = problem("CHANGELOG.md#nowhere").unwrap();
        assert!(missing.starts_with("`CHANGELOG.md` has no heading `#nowhere`; there are: changelog, unreleased"));
    }
}
