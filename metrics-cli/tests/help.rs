//! `explain`, `completions`, `--help` and `--version`, and what the documentation says of the options.

mod support;

use std::collections::BTreeSet;

use support::run;

const COMMANDS: [&str; 6] = ["lint", "catalogue", "diff", "fmt", "explain", "completions"];

#[test]
fn every_lint_is_explained() {
    let list = run(&["explain"]);
    assert_eq!(list.code, 0);
    let ids: Vec<_> = list.out.lines().filter_map(|line| line.split(' ').next()).collect();
    assert!(ids.len() > 60 && ids.contains(&"hist-no-le"), "{}", list.out);
    for id in ids.into_iter().chain(["syntax"]) {
        let page = run(&["explain", id]);
        assert!(
            page.code == 0 && page.out.starts_with(&format!("{id} (")) && page.out.lines().count() > 2,
            "{id}"
        );
        run(&["lint", "--explain", id]).is_clean(&page.out);
    }
    run(&["explain", "hist-le"]).failed("there is no lint `hist-le`");
    run(&["explain", "hist-no-lee"]).failed("did you mean hist-no-le?");
    run(&["lint", "--explain", "x"]).failed("there is no lint `x`; `enumetrics explain` lists them");
}

#[test]
fn shells_get_their_completions() {
    for (shell, part) in [
        ("bash", "complete -F"),
        ("zsh", "#compdef enumetrics"),
        ("fish", "complete -c enumetrics"),
    ] {
        let script = run(&["completions", shell]);
        assert!(
            script.code == 0 && script.out.contains(part) && script.out.contains("catalogue"),
            "{shell}"
        );
    }
    run(&["completions", "tcsh"]).failed("[possible values:");
}

#[test]
fn help_ends_in_examples() {
    let help = run(&["--help"]);
    assert_eq!(help.code, 0);
    assert!(
        help.out.contains("\nExamples:\n") && help.out.contains("\nExit codes: 0 "),
        "{}",
        help.out
    );
    for command in COMMANDS {
        assert!(help.out.contains(&format!("\n  {command} ")), "{command}");
        assert!(
            command == "explain" || run(&[command, "--help"]).out.contains("\nExamples:\n"),
            "{command}"
        );
    }
    run(&["--version"]).is_clean(concat!("enumetrics ", env!("CARGO_PKG_VERSION"), "\n"));
    run(&[]).failed("Usage: enumetrics <COMMAND>");
    run(&["lnt"]).failed("a similar subcommand exists: 'lint'");
}

/// Where nobody looks there are no colours, whatever the environment says.
#[test]
fn files_have_no_colours() {
    for variables in [&[][..], &[("CLICOLOR_FORCE", "1"), ("TERM", "xterm")]] {
        let mut command = support::command(&["lint", "--query", "x >"]);
        command.envs(variables.iter().copied());
        let run = support::finish(command, "");
        assert!(!run.out.contains('\x1b') && !run.err.contains('\x1b'), "{run:?}");
    }
}

/// The options in a text: `--name`, where it begins a word.
fn options(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
    words
        .filter(|word| word.len() > 2 && word.starts_with("--") && !word.ends_with('-'))
        .map(str::to_owned)
        .collect()
}

/// docs/command-line.md names every option of every subcommand in its section, and no other.
#[test]
fn the_documentation_has_the_options() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/command-line.md");
    let page = std::fs::read_to_string(path).expect("the page is there");
    let sections: Vec<_> = page.split("\n## ").collect();
    let shared = sections
        .iter()
        .find(|section| section.starts_with("Access"))
        .expect("a section on access");
    let mut documented = options(shared);
    for command in COMMANDS {
        let section = sections
            .iter()
            .find(|section| section.starts_with(&format!("`{command}`")));
        let section = section.unwrap_or_else(|| panic!("{command} has no section"));
        let help = run(&[command, "--help"]).out;
        // Examples may be of other subcommands.
        let help = help.split("\nExamples:").next().unwrap_or_default();
        let real: BTreeSet<_> = options(help).into_iter().filter(|option| option != "--help").collect();
        let said = &options(section) | &options(shared);
        let missing: Vec<_> = real.difference(&said).collect();
        assert!(missing.is_empty(), "{command}: not documented: {missing:?}");
        let own = options(section);
        let unknown: Vec<_> = own.difference(&real).collect();
        assert!(unknown.is_empty(), "{command}: no such option: {unknown:?}");
        documented = &documented - &real;
    }
    assert!(documented.is_empty(), "no such option: {documented:?}");
}
