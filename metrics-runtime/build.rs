//! Does nothing; Cargo wants it beside `links`.
fn main() {
    println!("cargo::rerun-if-changed=build.rs");
}
