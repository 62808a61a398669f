//! Exposition formats: a file each, and what they share.

pub(crate) mod escape;
mod lines;
pub(crate) mod number;
mod page;
pub(crate) mod text;
