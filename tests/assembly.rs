//! The machine code of a recording: the promise of one atomic addition and no call, held against the compiler's output.
//!
//! It reads x86-64 assembly, and so exists on that architecture only.
#![cfg(target_arch = "x86_64")]

use std::path::Path;
use std::process::Command;

/// The optimised assembly of `tests/assembly/lib.rs`.
fn assembly() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = Path::new(env!("CARGO_TARGET_TMPDIR")).join("recording.s");
    let status = Command::new(env!("CARGO"))
        .current_dir(root)
        .args([
            "rustc",
            "--quiet",
            "--release",
            "--package",
            "enumetrics-assembly",
            "--lib",
            "--",
        ])
        .args(["-C", "codegen-units=1", "-C", "debuginfo=0"])
        .arg(format!("--emit=asm={}", output.display()))
        .status()
        .expect("cargo runs");
    assert!(status.success(), "the fixture compiles");
    std::fs::read_to_string(&output).expect("cargo wrote the assembly")
}

/// The instructions of one function.
fn instructions<'a>(assembly: &'a str, function: &str) -> Vec<&'a str> {
    let label = format!("{function}:");
    let body: Vec<_> = assembly
        .lines()
        .skip_while(|line| *line != label)
        .skip(1)
        .take_while(|line| !line.starts_with(".Lfunc_end"))
        .map(str::trim)
        .filter(|line| !line.starts_with('.') && !line.starts_with('#') && !line.ends_with(':') && !line.is_empty())
        .collect();
    assert!(!body.is_empty(), "no function {function} in the assembly");
    body
}

fn count(instructions: &[&str], mnemonic: &str) -> usize {
    instructions
        .iter()
        .filter(|line| line.split_whitespace().next() == Some(mnemonic))
        .count()
}

/// Whether control leaves the function other than by its return: calls, tail calls, panics.
fn leaves(instructions: &[&str]) -> bool {
    instructions.iter().any(|line| {
        let mut words = line.split_whitespace();
        let (mnemonic, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        mnemonic.starts_with("call") || (mnemonic.starts_with('j') && !target.starts_with(".L")) || mnemonic == "ud2"
    })
}

#[test]
fn a_recording_is_one_atomic_addition_and_no_call() {
    let assembly = assembly();
    for (function, most) in [
        ("constant_label", 3),
        ("gauge", 3),
        ("label_of_a_variable", 5),
        ("three_labels", 14),
    ] {
        let code = instructions(&assembly, function);
        assert_eq!(count(&code, "lock"), 1, "{function}: {code:#?}");
        assert!(!leaves(&code), "{function}: {code:#?}");
        assert!(
            code.len() <= most,
            "{function} has {} instructions: {code:#?}",
            code.len()
        );
    }
}

#[test]
fn an_observation_has_no_call_and_no_panic() {
    let assembly = assembly();
    let code = instructions(&assembly, "observation");
    // Bucket, sum (compare and exchange), completion.
    assert_eq!(count(&code, "lock"), 3, "{code:#?}");
    assert!(!leaves(&code), "{code:#?}");
}

#[test]
fn a_timed_function_calls_the_clock_and_nothing_else() {
    let assembly = assembly();
    let code = instructions(&assembly, "timed_function");
    let calls: Vec<_> = code.iter().filter(|line| line.starts_with("call")).collect();
    assert!(
        calls
            .iter()
            .all(|call| ["Instant", "elapsed", "now"].iter().any(|name| call.contains(name))),
        "{calls:#?}"
    );
    assert_eq!(calls.len(), 2, "{calls:#?}");
}
