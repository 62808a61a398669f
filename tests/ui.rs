//! Every mistake that a user can make, one file each, with the message that the compiler gives.
//!
//! After a wanted change of a message: `TRYBUILD=overwrite cargo test --test ui`, then read the difference.

#[test]
fn mistakes() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/ui/*/*.rs");
}
