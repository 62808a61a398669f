//! The lines before a family's samples.

use super::escape::write_escaped_help;
use super::format::Format;
use super::openmetrics;
use crate::descriptor::Kind;

/// The type of a family, our own or another's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    Known(Kind),
    /// OpenMetrics calls it unknown.
    Untyped,
}

impl Type {
    /// The word after `# TYPE` in Prometheus' text formats.
    pub(crate) fn as_text_type(self) -> &'static str {
        match self {
            Self::Known(kind) => kind.as_text_type(),
            Self::Untyped => "untyped",
        }
    }
}

/// What is said of a family before its samples.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Head<'a> {
    /// As the samples have it, without the suffixes of a histogram's.
    pub(crate) name: &'a str,
    /// In pieces. Where it is empty, there is no line of it.
    pub(crate) help: &'a [&'a str],
    pub(crate) kind: Type,
    pub(crate) unit: Option<&'static str>,
}

impl Head<'_> {
    /// Appends it in a format.
    pub(crate) fn write(&self, out: &mut Vec<u8>, format: Format) {
        match format {
            Format::Text | Format::Text1 => self.write_text(out),
            Format::OpenMetrics => openmetrics::write_head(self, out),
            #[cfg(feature = "protobuf")]
            Format::Protobuf => super::protobuf::write_head(self, out),
        }
    }

    fn write_text(&self, out: &mut Vec<u8>) {
        self.write_help(out, self.name, write_escaped_help);
        write_line(out, "TYPE", self.name, |out| {
            out.extend_from_slice(self.kind.as_text_type().as_bytes());
        });
    }

    /// Appends the line of the help text, of which each piece is escaped.
    pub(super) fn write_help(&self, out: &mut Vec<u8>, name: &str, write_escaped: impl Fn(&mut Vec<u8>, &str)) {
        if self.help.iter().any(|piece| !piece.is_empty()) {
            write_line(out, "HELP", name, |out| {
                self.help.iter().for_each(|piece| write_escaped(out, piece))
            });
        }
    }
}

/// Appends a line such as `# TYPE name gauge`.
pub(super) fn write_line(out: &mut Vec<u8>, word: &str, name: &str, write_rest: impl FnOnce(&mut Vec<u8>)) {
    for part in ["# ", word, " ", name, " "] {
        out.extend_from_slice(part.as_bytes());
    }
    write_rest(out);
    out.push(b'\n');
}
