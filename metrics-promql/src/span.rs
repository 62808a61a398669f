//! Where something stands in a text.

use std::fmt;
use std::ops::Range;

/// A range of bytes of the text that was parsed: every node of a tree and every [`Error`](crate::Error) has one.
///
/// `&text[span.range()]` is what stands there.
///
/// ```
/// use enumetrics_promql::{ExprKind, parse};
///
/// let text = "rate(errors_total[5m]) > 1";
/// let expr = parse(text)?;
/// let ExprKind::Binary(comparison) = expr.kind else { panic!() };
/// assert_eq!(&text[comparison.lhs.span.range()], "rate(errors_total[5m])");
/// # Ok::<(), enumetrics_promql::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// The byte after the last one.
    pub end: usize,
}

impl Span {
    /// The bytes from `start` up to, and without, `end`.
    #[must_use]
    pub const fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }

    /// As a range that can index a `str`.
    #[must_use]
    pub const fn range(self) -> Range<usize> {
        self.start..self.end
    }

    /// From the start of this span to the end of `other`.
    #[must_use]
    pub const fn to(self, other: Self) -> Self {
        Self::new(self.start, other.end)
    }

    /// The line and column of its start in `text`, both counted from 1.
    ///
    /// ```
    /// use enumetrics_promql::{LineColumn, Span};
    ///
    /// assert_eq!(Span::new(5, 6).line_column("sum(\n x)"), LineColumn { line: 2, column: 1 });
    /// ```
    #[must_use]
    pub fn line_column(self, text: &str) -> LineColumn {
        let (before, _) = text.split_at(text.floor_char_boundary(self.start));
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        LineColumn {
            line: 1 + before.matches('\n').count(),
            column: 1 + before[line_start..].chars().count(),
        }
    }
}

/// A place as people count it; displayed as `line:column`, which is how promtool writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LineColumn {
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
}

impl fmt::Display for LineColumn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// The line of `text` that `span` starts on, with carets under the span.
///
/// ```text
///   |
/// 1 | rate(x[5m]) by (job)
///   |             ^^
/// ```
pub(crate) struct Snippet<'a> {
    pub(crate) text: &'a str,
    pub(crate) span: Span,
}

impl fmt::Display for Snippet<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { text, span } = *self;
        let LineColumn { line, column } = span.line_column(text);
        let source = text.split('\n').nth(line - 1).unwrap_or_default();
        let margin = line.to_string().len();
        // A tab stays one, so that the carets stand under what they mean however wide it is shown.
        let indent: String = source
            .chars()
            .take(column - 1)
            .map(|character| if character == '\t' { '\t' } else { ' ' })
            .collect();
        let marked = text.get(span.range()).unwrap_or_default();
        let carets = marked.split('\n').next().unwrap_or_default().chars().count().max(1);
        writeln!(f, "{:margin$} |", "")?;
        writeln!(f, "{line} | {}", source.trim_end_matches('\r'))?;
        write!(f, "{:margin$} | {indent}{}", "", "^".repeat(carets))
    }
}

#[cfg(test)]
mod tests {
    use super::{LineColumn, Snippet, Span};

    #[test]
    fn counts_lines_and_characters() {
        let text = "a +\n\té + b";
        let at = text.find('b').unwrap();
        assert_eq!(
            Span::new(at, at + 1).line_column(text),
            LineColumn { line: 2, column: 6 }
        );
        assert_eq!(Span::new(99, 99).line_column(text).to_string(), "2:7");
    }

    #[test]
    fn points_below_the_text() {
        let text = "a +\n\té + bcd";
        let at = text.find("bcd").unwrap();
        assert_eq!(
            Snippet {
                text,
                span: Span::new(at, at + 3)
            }
            .to_string(),
            "  |\n2 | \té + bcd\n  | \t    ^^^"
        );
    }

    #[test]
    fn the_end_of_the_text_has_a_caret_too() {
        let snippet = Snippet {
            text: "sum(",
            span: Span::new(4, 4),
        };
        assert_eq!(snippet.to_string(), "  |\n1 | sum(\n  |     ^");
    }
}
