//! The kinds whose lines are written one by one: there are few of them, or what they say takes longer than writing it.

use super::Format;
use super::escape::write_escaped_label_value;
use super::number::{write_canonical_f64, write_f64, write_u64};
use super::page::Page;
use super::text::write_labels;
use crate::descriptor::Descriptor;
use crate::metric::{Computation, InfoTexts, SummaryCells};

/// After how many series of a summary a page may end.
const SERIES_AT_ONCE: usize = 16;

/// Where the lines of a family go.
pub(super) struct Lines<'a> {
    pub(super) family: &'static Descriptor,
    pub(super) format: Format,
    /// How many bytes of the page are enough: all say which series is next, as the encoder does.
    pub(super) full: usize,
    pub(super) page: &'a mut Page,
    /// A line in the making.
    pub(super) bytes: &'a mut Vec<u8>,
}

impl Lines<'_> {
    /// The quantiles, the sum and the count of each series.
    pub(super) fn summary(&mut self, from: usize, cells: &dyn SummaryCells, quantiles: &mut Vec<f64>) -> usize {
        quantiles.clear();
        quantiles.resize(cells.quantiles(), 0.0);
        let mut index = from;
        while index < self.family.combinations() && !self.is_full(index > from) {
            let end = self.family.combinations().min(index + SERIES_AT_ONCE);
            cells.read(index..end, &mut [0], &mut |_, count, sum| {
                cells.read_quantiles(index, quantiles);
                for (quantile, value) in self.family.quantiles.iter().zip(&*quantiles) {
                    self.line("", index, Some(*quantile), |bytes| write_f64(bytes, *value));
                }
                self.line("_sum", index, None, |bytes| write_f64(bytes, sum));
                self.line("_count", index, None, |bytes| write_u64(bytes, count));
                index += 1;
            });
        }
        index
    }

    /// The only series, whose labels are these texts.
    pub(super) fn info(&mut self, texts: &InfoTexts) -> usize {
        let Self {
            family, page, bytes, ..
        } = self;
        bytes.clear();
        bytes.extend_from_slice(family.name.as_bytes());
        let names = family.labels.iter().map(|label| label.name);
        let labels = names.zip(texts.iter().map(AsRef::as_ref));
        let mut before = b'{';
        for (name, text) in family.constant_labels.iter().copied().chain(labels) {
            bytes.push(std::mem::replace(&mut before, b','));
            bytes.extend_from_slice(name.as_bytes());
            bytes.extend_from_slice(b"=\"");
            write_escaped_label_value(bytes, text);
            bytes.push(b'"');
        }
        bytes.extend_from_slice(if before == b',' { b"} 1\n" } else { b" 1\n" });
        page.extend(bytes);
        family.combinations()
    }

    /// Each series whose computation does not panic; a comment says how many do.
    pub(super) fn computed(&mut self, from: usize, computation: &Computation<'_>) -> usize {
        let mut left_out = 0;
        let mut index = from;
        while index < self.family.combinations() && !self.is_full(index > from) {
            match computation.value(index) {
                Some(value) => self.line("", index, None, |bytes| write_f64(bytes, value)),
                None => left_out += 1,
            }
            index += 1;
        }
        if left_out > 0 && self.format.has_comments() {
            let Self {
                family, page, bytes, ..
            } = self;
            bytes.clear();
            bytes.extend_from_slice(b"# enumetrics: left out ");
            write_u64(bytes, left_out);
            bytes.extend_from_slice(b" series of ");
            bytes.extend_from_slice(family.name.as_bytes());
            bytes.extend_from_slice(b": computing them panicked\n");
            page.extend(bytes);
        }
        index
    }

    /// Whether the page has enough. Something must have been written first, or there would be no end.
    fn is_full(&self, began: bool) -> bool {
        began && self.page.len() >= self.full
    }

    fn line(&mut self, suffix: &str, index: usize, quantile: Option<f64>, write_value: impl FnOnce(&mut Vec<u8>)) {
        let Self {
            family, page, bytes, ..
        } = self;
        bytes.clear();
        bytes.extend_from_slice(family.name.as_bytes());
        bytes.extend_from_slice(suffix.as_bytes());
        let without_labels = bytes.len();
        write_labels(bytes, family, index);
        let mut has_labels = bytes.len() > without_labels;
        if let Some(quantile) = quantile {
            bytes.push(if has_labels { b',' } else { b'{' });
            bytes.extend_from_slice(b"quantile=\"");
            write_canonical_f64(bytes, quantile);
            bytes.push(b'"');
            has_labels = true;
        }
        bytes.extend_from_slice(if has_labels { b"} " } else { b" " });
        write_value(bytes);
        bytes.push(b'\n');
        page.extend(bytes);
    }
}
