//! Exposition formats: a file each, and what they share.

pub(crate) mod escape;
mod format;
mod head;
mod lines;
pub(crate) mod number;
pub(crate) mod openmetrics;
mod page;
pub(crate) mod text;

pub use self::format::Format;
#[cfg(all(feature = "exporter", feature = "prometheus"))]
pub(crate) use self::head::{Head, Type};

/// How much of a scrape is written at once where it goes out in pages: whoever sends it holds one, and the lines that
/// began before it was full.
pub(crate) const PAGE: usize = 256 * 1024;
