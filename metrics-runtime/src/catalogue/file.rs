//! Committed files that must say what the program says.

use std::path::Path;

/// The environment variable that makes a test write what it would compare.
const UPDATE: &str = "ENUMETRICS_UPDATE";

/// Compares the file with `text`, or writes it if [`UPDATE`] is set. `changes` says what is new since the old text.
pub(crate) fn assert_current(path: &Path, text: &str, changes: impl FnOnce(&str) -> String) -> Result<(), String> {
    let name = path.display();
    if std::env::var_os(UPDATE).is_some_and(|value| !value.is_empty() && value != "0") {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        }
        return std::fs::write(path, text).map_err(|error| format!("{name}: {error}"));
    }
    let advice = format!("run the test again with {UPDATE}=1, and commit the file");
    match std::fs::read_to_string(path) {
        // Some checkouts have other line ends.
        Ok(old) if old.lines().eq(text.lines()) => Ok(()),
        Ok(old) => Err(format!(
            "{name} is not what the program declares; {advice}{}{}",
            changes(&old),
            first_difference(&old, text)
        )),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(format!("{name} is not there; {advice}")),
        Err(error) => Err(format!("{name}: {error}")),
    }
}

fn first_difference(old: &str, new: &str) -> String {
    let same = old.lines().zip(new.lines()).take_while(|(old, new)| old == new).count();
    let line = |text: &str| text.lines().nth(same).unwrap_or("(end)").to_owned();
    format!(
        "\nfirst difference, line {}:\n- {}\n+ {}",
        same + 1,
        line(old),
        line(new)
    )
}
