//! The examples, as programs.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;

/// An example's program, built as it is now.
pub(crate) fn example(name: &str) -> PathBuf {
    let output = Command::new(env!("CARGO"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args([
            "build",
            "--quiet",
            "--all-features",
            "--message-format=json",
            "--example",
            name,
        ])
        .stderr(Stdio::inherit())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "the example compiles");
    let messages = String::from_utf8(output.stdout).expect("cargo's messages are text");
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|message| message["target"]["name"] == name)
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
        .expect("cargo says where the example is")
}
