//! Says which compiler there is, for `build_info!`: what the macro expands to cannot ask.

use std::env;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // Another compiler compiles this anew: Cargo sees to that.
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).arg("--version").output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    // `rustc 1.95.0 (59807616e 2026-04-14)`
    let version = text
        .as_deref()
        .unwrap_or_default()
        .split_whitespace()
        .nth(1)
        .unwrap_or("unknown");
    println!("cargo::rustc-env=ENUMETRICS_RUSTC={version}");
}
