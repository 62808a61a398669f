//! Exposition formats: a file each, and what they share.

pub(crate) mod escape;
mod format;
mod head;
mod hidden;
mod lines;
pub(crate) mod number;
pub(crate) mod openmetrics;
mod page;
#[cfg(feature = "protobuf")]
pub(crate) mod protobuf;
pub(crate) mod text;
#[cfg(feature = "protobuf")]
pub(crate) mod wire;

pub use self::format::Format;
#[cfg(all(feature = "exporter", feature = "prometheus"))]
pub(crate) use self::head::{Head, Type};
#[cfg(feature = "prometheus")]
pub(crate) use self::lines::Touched;

/// How much of a scrape is written at once where it goes out in pages: whoever sends it holds one, and the lines that
/// began before it was full.
pub(crate) const PAGE: usize = 256 * 1024;

/// Says something that parsers ignore: never `# HELP` or `# TYPE`, whatever the text is; one line, whatever it holds.
#[cfg(feature = "exporter")]
pub(crate) fn write_comment(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(b"# enumetrics: ");
    out.extend(text.bytes().map(|byte| if byte < b' ' { b' ' } else { byte }));
    out.push(b'\n');
}
