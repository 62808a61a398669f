//! Each rule for declarations is documented, and has a test that shows its message; and each message names its rule.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use enumetrics_promql::Lint;

/// The id of what is not understood at all, in a declaration and in an expression.
const SYNTAX: &str = "syntax";

/// An id such as `name-total`.
fn is_id(text: &str) -> bool {
    text == SYNTAX || text.contains('-') && text.chars().all(|c| c.is_ascii_lowercase() || c == '-')
}

/// What stands between `start` and `end` in the text, as far as it is an id.
fn ids(text: &str, start: &str, end: &str) -> BTreeSet<String> {
    text.split(start)
        .skip(1)
        .filter_map(|rest| rest.split(end).next())
        .filter(|id| is_id(id))
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

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn documented() -> BTreeSet<String> {
    ids(&read(&root().join("docs/rules.md")), "\n## ", "\n")
}

/// The sections, each with its text on one line.
fn sections() -> Vec<(String, String)> {
    let text = read(&root().join("docs/rules.md"));
    let sections = text.split("\n## ").skip(1);
    let sections = sections.filter_map(|section| section.split_once('\n'));
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    sections.map(|(id, text)| (id.to_owned(), words(text))).collect()
}

/// The rules that the compiler lists where another one is allowed.
fn listed(case: &str) -> BTreeSet<String> {
    let message = read(&root().join("tests/ui").join(case));
    let list = message.split_once("'? (").and_then(|(_, rest)| rest.split_once(')'));
    let (list, _) = list.unwrap_or_else(|| panic!("{case}: no list"));
    list.split(", ").map(str::to_owned).collect()
}

#[test]
fn the_documentation_says_of_each_rule_whether_it_can_be_allowed() {
    let of_metrics = listed("family/allow_unknown.stderr");
    let of_structs = listed("family/allow_unknown_for_the_struct.stderr");
    let of_labels = listed("label/allow_unknown.stderr");
    assert!(
        of_structs.is_superset(&of_metrics),
        "all metrics of a struct are excepted as one is"
    );
    // Why a rule cannot be allowed, in the words of the compiler.
    let refused = read(&root().join("metrics-macros/src/rule/refused.rs"));
    let texts: Vec<_> = refused.split('"').skip(1).step_by(2).collect();
    let refused: BTreeSet<_> = texts.chunks(2).map(|pair| (pair[0], pair[1])).collect();
    for (id, text) in sections() {
        let is_said = |words: &str| text.contains(words);
        let (of_label, of_struct) = (of_labels.contains(&id), of_structs.contains(&id));
        assert_eq!(
            is_said("*Can be allowed*") || is_said("*Can be allowed.*"),
            of_label || of_struct,
            "{id}"
        );
        assert_eq!(is_said("where the label is declared"), of_label, "{id}");
        assert_eq!(
            is_said("for the struct"),
            of_struct && !of_metrics.contains(&id),
            "{id}"
        );
        let reason = refused.iter().find(|(refused, _)| *refused == id);
        assert_eq!(reason.is_some(), !of_label && !of_struct, "{id}");
        if let Some((_, reason)) = reason {
            assert!(is_said(&format!("*Cannot be allowed: {reason}.*")), "{id}: {reason}");
        }
    }
}

fn is_of_promql(id: &str) -> bool {
    Lint::named(id).is_some()
}

#[test]
fn each_rule_is_documented_and_tested() {
    let mut stated = ids(&read(&root().join("metrics-macros/src/rule.rs")), "&str = \"", "\"");
    // What is found while a program runs, of its files for those who operate it, is no rule for declarations.
    let operations = root().join("metrics-runtime/src/operations");
    let sources = files(&root().join("metrics-runtime/src"), "rs").into_iter();
    for file in sources.filter(|file| !file.starts_with(&operations)) {
        let text = read(&file);
        stated.extend(ids(&text, ".rule(\"", "\""));
        stated.extend(ids(&text, " [", "]"));
    }
    // Those for expressions are in docs/alerting.md.
    stated.retain(|id| !is_of_promql(id));
    assert_eq!(
        documented(),
        stated,
        "docs/rules.md has a section for each rule, and for nothing else"
    );

    let messages = files(&root().join("tests/ui"), "stderr");
    let shown: BTreeSet<_> = messages.iter().flat_map(|file| ids(&read(file), " [", "]")).collect();
    let untested: Vec<_> = stated.difference(&shown).collect();
    assert!(untested.is_empty(), "no case in tests/ui breaks {untested:?}");
}

/// What the compiler finds by itself, in its own words: it has a number of its own, but for its lints and its syntax.
fn is_of_the_compiler(error: &str) -> bool {
    // A constant that does not hold and a trait that is not implemented are checks of ours.
    let is_ours = ["error[E0080]", "error[E0277]"]
        .iter()
        .any(|code| error.starts_with(code));
    let is_lint = ["use of deprecated field", "unused "]
        .iter()
        .any(|lint| error.contains(lint));
    let is_syntax = error.starts_with("error: expected `") && error.contains("`, found `");
    is_lint || is_syntax || error.starts_with("error[") && !is_ours
}

#[test]
fn each_message_names_its_rule() {
    let documented = documented();
    let mut read_so_far = 0;
    for file in files(&root().join("tests/ui"), "stderr") {
        let text = read(&file);
        for error in text
            .lines()
            .filter(|line| line.starts_with("error") && !is_of_the_compiler(line))
        {
            let id = error.strip_suffix(']').and_then(|error| error.rsplit_once(" ["));
            let names = id.is_some_and(|(_, id)| documented.contains(id) || is_of_promql(id));
            assert!(names, "{}: {error}", file.display());
            read_so_far += 1;
        }
    }
    assert!(read_so_far > 300, "only {read_so_far} messages");
}

/// What a type must be able to do is a rule, too, wherever a declaration or a recording asks for it.
#[test]
fn each_trait_that_a_user_can_miss_names_its_rule() {
    let mut found = 0;
    for file in files(&root().join("metrics-runtime/src"), "rs") {
        for message in read(&file).split("#[diagnostic::on_unimplemented(").skip(1) {
            let message = message
                .split("message = \"")
                .nth(1)
                .and_then(|text| text.split('"').next());
            let message = message.unwrap_or_default();
            assert!(!ids(message, " [", "]").is_empty(), "{}: {message}", file.display());
            found += 1;
        }
    }
    assert!(found > 15, "only {found} traits");
}
