//! Every mistake that a user can make, one file each, with the message that the compiler gives.
//!
//! After a wanted change of a message: `TRYBUILD=overwrite cargo test --test ui`, then read the difference.

#[test]
fn mistakes() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/ui/*/*.rs");
}

/// A mistake is one error, however often what it is about is used.
#[test]
fn a_mistake_is_one_error() {
    let mistakes = std::fs::read_dir("tests/ui/cascade").expect("mistakes that are used");
    let messages = mistakes
        .map(|file| file.expect("a file").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "stderr"));
    let mut read = 0;
    for path in messages {
        let message = std::fs::read_to_string(&path).expect("what the compiler says");
        let errors = message.lines().filter(|line| line.starts_with("error")).count();
        assert_eq!(errors, 1, "{}:\n{message}", path.display());
        read += 1;
    }
    assert!(read > 20, "only {read} mistakes");
}
