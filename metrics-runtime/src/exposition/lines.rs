//! The kinds whose lines are written one by one: there are few of them, or what they say takes longer than writing it.

use super::escape::write_escaped_label_value;
use super::number::{write_canonical_f64, write_f64, write_u64};
use super::page::Page;
use super::text::write_labels;
use crate::descriptor::Descriptor;
use crate::metric::{Computation, InfoTexts, SummaryCells};
use crate::storage::StateCell;

/// Where the lines of a family go.
pub(super) struct Lines<'a> {
    pub(super) family: &'static Descriptor,
    pub(super) page: &'a mut Page,
    /// A line in the making.
    pub(super) bytes: &'a mut Vec<u8>,
}

impl Lines<'_> {
    /// The quantiles, the sum and the count of each series.
    pub(super) fn summary(&mut self, cells: &dyn SummaryCells, quantiles: &mut Vec<f64>) {
        quantiles.clear();
        quantiles.resize(cells.quantiles(), 0.0);
        let is_dense = self.family.is_dense();
        let mut next = 0;
        cells.read(0..self.family.combinations(), &mut [0], &mut |_, count, sum| {
            let index = next;
            next += 1;
            if !is_dense && !self.family.combination(index).is_exported(count == 0) {
                return;
            }
            cells.read_quantiles(index, quantiles);
            for (quantile, value) in self.family.quantiles.iter().zip(&*quantiles) {
                self.line("", index, Some(*quantile), |bytes| write_f64(bytes, *value));
            }
            self.line("_sum", index, None, |bytes| write_f64(bytes, sum));
            self.line("_count", index, None, |bytes| write_u64(bytes, count));
        });
    }

    /// The only series, whose labels are these texts.
    pub(super) fn info(&mut self, texts: &InfoTexts) {
        let Self { family, page, bytes } = self;
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
    }

    /// Each state of those series that are exported.
    pub(super) fn states(&mut self, cells: &[StateCell], count: usize) {
        for (combination, cell) in cells.iter().enumerate() {
            // Read once for all its lines, so that exactly one is 1.
            let current = cell.get();
            for state in 0..count {
                let index = combination * count + state;
                if self.family.combination(index).is_exported(current.is_none()) {
                    let value = u64::from(current == Some(state));
                    self.line("", index, None, |bytes| write_u64(bytes, value));
                }
            }
        }
    }

    /// Each series whose computation does not panic; a comment says how many do.
    pub(super) fn computed(&mut self, computation: &Computation<'_>) {
        let mut left_out = 0;
        for index in 0..self.family.combinations() {
            // What is impossible has no value to compute.
            if !self.family.combination(index).is_exported(true) {
                continue;
            }
            match computation.value(index) {
                Some(value) => self.line("", index, None, |bytes| write_f64(bytes, value)),
                None => left_out += 1,
            }
        }
        if left_out > 0 {
            let Self { family, page, bytes } = self;
            bytes.clear();
            bytes.extend_from_slice(b"# enumetrics: left out ");
            write_u64(bytes, left_out);
            bytes.extend_from_slice(b" series of ");
            bytes.extend_from_slice(family.name.as_bytes());
            bytes.extend_from_slice(b": computing them panicked\n");
            page.extend(bytes);
        }
    }

    fn line(&mut self, suffix: &str, index: usize, quantile: Option<f64>, write_value: impl FnOnce(&mut Vec<u8>)) {
        let Self { family, page, bytes } = self;
        bytes.clear();
        bytes.extend_from_slice(family.name.as_bytes());
        bytes.extend_from_slice(suffix.as_bytes());
        let without_labels = bytes.len();
        write_labels(bytes, family, index, b'{', None);
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
