//! The machine code of a recording, held against the promise: a thread that has recorded into a metric before adds to a
//! cell of its own, without an atomic operation and without a call.
//!
//! It reads x86-64 assembly, and so exists on that architecture only.
#![cfg(target_arch = "x86_64")]

use std::path::Path;
use std::process::Command;

/// The optimised assembly of `tests/assembly/program.rs`.
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
            "--bins",
            "--",
        ])
        .args(["-C", "codegen-units=1", "-C", "debuginfo=0"])
        .arg(format!("--emit=asm={}", output.display()))
        .status()
        .expect("cargo runs");
    assert!(status.success(), "the fixture compiles");
    std::fs::read_to_string(&output).expect("cargo wrote the assembly")
}

/// The instructions of one function up to its first return: what follows is for the first recording of a thread.
fn hot_path<'a>(assembly: &'a str, function: &str) -> Vec<&'a str> {
    let mut returned = false;
    let body: Vec<_> = instructions(assembly, function)
        .take_while(|line| !std::mem::replace(&mut returned, line.starts_with("ret")))
        .collect();
    assert!(
        body.last().is_some_and(|last| last.starts_with("ret")),
        "no function {function}: {body:#?}"
    );
    body
}

/// All instructions of one function.
fn instructions<'a>(assembly: &'a str, function: &str) -> impl Iterator<Item = &'a str> {
    let label = format!("{function}:");
    assembly
        .lines()
        .skip_while(move |line| *line != label)
        .skip(1)
        .take_while(|line| !line.starts_with(".Lfunc_end"))
        .map(str::trim)
        .filter(|line| !line.starts_with('.') && !line.starts_with('#') && !line.ends_with(':') && !line.is_empty())
}

fn has(instructions: &[&str], mnemonic: &str) -> bool {
    instructions.iter().any(|line| line.starts_with(mnemonic))
}

#[test]
fn a_recording_is_a_plain_addition_without_a_call() {
    let assembly = assembly();
    for (function, most) in [
        ("constant_label", 10),
        ("label_of_a_variable", 11),
        ("three_labels", 20),
        ("observation", 40),
        ("enter", 13),
        ("leave", 14),
    ] {
        let code = hot_path(&assembly, function);
        for slow in ["lock", "xchg", "call", "ud2"] {
            assert!(!has(&code, slow), "{function} has {slow}: {code:#?}");
        }
        assert!(
            code.len() <= most,
            "{function} has {} instructions: {code:#?}",
            code.len()
        );
    }
}

#[test]
fn what_all_threads_share_is_one_atomic_addition_behind_the_switch() {
    let assembly = assembly();
    // The switch, the addition and the returns; with a label known at run time its place has to be computed.
    for (function, most) in [("shared", 7), ("shared_with_a_variable", 10), ("gauge", 7)] {
        let code: Vec<_> = instructions(&assembly, function).collect();
        let count = |mnemonic| code.iter().filter(|line| line.starts_with(mnemonic)).count();
        assert_eq!((count("lock"), count("j")), (1, 1), "{function}: {code:#?}");
        for slow in ["xchg", "call", "ud2"] {
            assert!(!has(&code, slow), "{function} has {slow}: {code:#?}");
        }
        assert!(code.len() <= most, "{function}: {code:#?}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_timed_function_reads_the_counter_twice() {
    let assembly = assembly();
    // All of it: where recording is off it returns early.
    let code: Vec<_> = instructions(&assembly, "timed_function").collect();
    let readings = code.iter().filter(|line| line.starts_with("rdtsc")).count();
    assert_eq!(readings, 2, "{code:#?}");
    for slow in ["lock", "xchg", "ud2"] {
        assert!(!has(&code, slow), "{slow}: {code:#?}");
    }
}
