//! The table of lints in the README is complete. With `UPDATE=1` it is written.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use enumetrics_promql::Lint;

#[test]
fn the_readme_lists_every_lint() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = fs::read_to_string(&path).unwrap();
    let (before, _) = readme.split_once("|---|---|---|\n").unwrap();
    let mut expected = format!("{before}|---|---|---|\n");
    for lint in Lint::ALL {
        writeln!(expected, "| `{}` | {} | {} |", lint.id, lint.severity, lint.about).unwrap();
    }
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, &expected).unwrap();
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), expected);
}
