//! Escaping of the text format 0.0.4.
//!
//! Source: <https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format>: in a
//! label value, backslash, double quote and line feed are escaped; in a help text, backslash and
//! line feed. Everything else, all of Unicode included, is written as it is.

/// Appends a label value, without the quotes around it.
pub(crate) fn write_escaped_label_value(out: &mut Vec<u8>, value: &str) {
    write_escaped(out, value, |byte| matches!(byte, b'\\' | b'\n' | b'"'));
}

/// Appends the text of a `# HELP` line, without the line feed that ends it.
pub(crate) fn write_escaped_help(out: &mut Vec<u8>, help: &str) {
    write_escaped(out, help, |byte| matches!(byte, b'\\' | b'\n'));
}

/// Copies runs of plain bytes whole. The escaped bytes are ASCII, so no character is ever cut.
fn write_escaped(out: &mut Vec<u8>, text: &str, special: impl Fn(u8) -> bool) {
    let mut rest = text.as_bytes();
    while let Some(at) = rest.iter().position(|&byte| special(byte)) {
        let (plain, tail) = rest.split_at(at);
        out.extend_from_slice(plain);
        if let Some((&byte, after)) = tail.split_first() {
            out.push(b'\\');
            out.push(if byte == b'\n' { b'n' } else { byte });
            rest = after;
        }
    }
    out.extend_from_slice(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label_value(text: &str) -> String {
        let mut out = Vec::new();
        write_escaped_label_value(&mut out, text);
        String::from_utf8(out).unwrap()
    }

    fn help(text: &str) -> String {
        let mut out = Vec::new();
        write_escaped_help(&mut out, text);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_label_value_escapes_backslash_quote_and_line_feed() {
        // The example of the format's own documentation.
        assert_eq!(label_value("C:\\DIR\\FILE.TXT"), r"C:\\DIR\\FILE.TXT");
        assert_eq!(
            label_value("Cannot find file:\n\"FILE.TXT\""),
            r#"Cannot find file:\n\"FILE.TXT\""#
        );
        assert_eq!(label_value("\\\n\""), r#"\\\n\""#);
        assert_eq!(label_value("\n"), r"\n");
        assert_eq!(label_value(""), "");
    }

    #[test]
    fn a_help_text_keeps_its_quotes() {
        assert_eq!(help("a \"b\" \\ c\nd"), r#"a "b" \\ c\nd"#);
    }

    #[test]
    fn other_characters_stay_as_they_are() {
        for text in ["/straße/日本?x=1&y=🦀", "tab\there", "carriage\rreturn", "{le=\u{0}}"] {
            assert_eq!(label_value(text), text);
            assert_eq!(help(text), text);
        }
    }
}
