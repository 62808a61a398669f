//! Each rule for declarations is documented, and has a test that shows its message.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// What stands between `start` and `end` in the text, as far as it is an id such as `name-total`.
fn ids(text: &str, start: &str, end: &str) -> BTreeSet<String> {
    text.split(start)
        .skip(1)
        .filter_map(|rest| rest.split(end).next())
        .filter(|id| id.contains('-') && id.chars().all(|c| c.is_ascii_lowercase() || c == '-'))
        .map(str::to_owned)
        .collect()
}

fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths
        .flat_map(|path| match path.is_dir() {
            true => files(&path, extension),
            false => vec![path],
        })
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .collect()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn each_rule_is_documented_and_tested() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let documented = ids(&read(&root.join("docs/rules.md")), "\n## ", "\n");

    let mut stated = ids(&read(&root.join("metrics-macros/src/rule.rs")), "&str = \"", "\"");
    // Those for expressions are in docs/alerting.md.
    let for_expressions = root.join("metrics-runtime/src/check/rule");
    let of_the_runtime = ["check", "timed"].map(|folder| files(&root.join("metrics-runtime/src").join(folder), "rs"));
    let checks = of_the_runtime.iter().flatten();
    for file in checks.filter(|file| !file.starts_with(&for_expressions)) {
        let text = read(file);
        stated.extend(ids(&text, ".rule(\"", "\""));
        stated.extend(ids(&text, " [", "]"));
    }
    assert_eq!(
        documented, stated,
        "docs/rules.md has a section for each rule, and for nothing else"
    );

    let messages = files(&root.join("tests/ui"), "stderr");
    let shown: BTreeSet<_> = messages.iter().flat_map(|file| ids(&read(file), " [", "]")).collect();
    let untested: Vec<_> = stated.difference(&shown).collect();
    assert!(untested.is_empty(), "no case in tests/ui breaks {untested:?}");
}
