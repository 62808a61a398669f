//! Two versions of the runtime in one program are noticed: Cargo refuses them.

use std::fs;
use std::path::Path;
use std::process::Command;

#[test]
fn two_versions_in_one_program_are_refused() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("versions");
    let _ = fs::remove_dir_all(&folder);
    let package = |name: &str, manifest: &str| {
        fs::create_dir_all(folder.join(name).join("src")).unwrap();
        fs::write(folder.join(name).join("src/lib.rs"), "").unwrap();
        fs::write(folder.join(name).join("build.rs"), "fn main() {}").unwrap();
        fs::write(folder.join(name).join("Cargo.toml"), manifest).unwrap();
    };
    // The next version, as far as Cargo reads it: its name and what it links.
    let runtime = fs::read_to_string(root.join("metrics-runtime/Cargo.toml")).unwrap();
    let links = runtime
        .lines()
        .find(|line| line.starts_with("links"))
        .expect("`links` in the manifest");
    package(
        "next",
        &format!("[package]\nname = \"enumetrics-runtime\"\nversion = \"99.0.0\"\nedition = \"2024\"\n{links}\n"),
    );
    let current = root.join("metrics-runtime").display().to_string();
    package(
        "program",
        &format!(
            "[package]\nname = \"program\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[workspace]\n[dependencies]\n\
             next = {{ package = \"enumetrics-runtime\", path = \"../next\" }}\n\
             current = {{ package = \"enumetrics-runtime\", path = {current:?} }}\n"
        ),
    );
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--offline", "--format-version=1"])
        .current_dir(folder.join("program"))
        .output()
        .expect("cargo runs");
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "Cargo accepted two versions");
    assert!(
        message.contains("links to the native library `enumetrics`"),
        "{message}"
    );
}
