//! The kinds whose lines are written one by one: there are few of them, or what they say takes longer than writing it.

use std::io::Write as _;
use std::ops::Range;
use std::time::Duration;

use super::Format;
use super::escape::write_escaped_label_value;
use super::hidden::Hidden;
use super::number::{write_canonical_f64, write_f64, write_i64, write_u64};
use super::page::Page;
use super::text::write_labels;
use crate::descriptor::{Descriptor, Kind};
use crate::metric::{
    Computation, CounterCells, CounterValue, Exemplars, HistogramCells, InfoTexts, Past, Reading, SummaryCells,
};
use crate::storage::StateCell;

/// After how many series of a summary or histogram a page may end.
const SERIES_AT_ONCE: usize = 16;

/// Where the lines of a family go.
pub(super) struct Lines<'a> {
    pub(super) family: &'static Descriptor,
    /// Which series were removed.
    pub(super) hidden: Hidden<'a>,
    /// The exemplars, if there are any and the format has them.
    pub(super) exemplars: Option<&'a Exemplars>,
    /// When the series started, but for those that started again, if that is written.
    pub(super) created: Option<(Duration, Option<&'a Past>)>,
    pub(super) format: Format,
    /// How many bytes of the page are enough: all say which series is next, as the encoder does.
    pub(super) full: usize,
    pub(super) page: &'a mut Page,
    /// A line in the making.
    pub(super) bytes: &'a mut Vec<u8>,
}

impl Lines<'_> {
    /// The series of any kind, where some are not exported: they have a value of an open label that is not there, or are
    /// declared impossible or were removed and nothing was recorded, or are exported only once they are touched.
    pub(super) fn some(
        mut self,
        from: usize,
        reading: &Reading<'_>,
        quantiles: &mut Vec<f64>,
        buckets: &mut Vec<u64>,
    ) -> usize {
        let mut touched = Touched::of(self.family, reading);
        let touched = &mut touched;
        match reading {
            Reading::Counter(cells) => {
                self.scalars(from, touched, |bytes, index| write_u64(bytes, count(*cells, index)))
            }
            Reading::FloatCounter(cells) => {
                self.scalars(from, touched, |bytes, index| write_f64(bytes, count(*cells, index)))
            }
            Reading::Int(cells, _) => self.scalars(from, touched, |bytes, index| write_i64(bytes, cells[index].get())),
            Reading::Float(cells, _) => {
                self.scalars(from, touched, |bytes, index| write_f64(bytes, cells[index].get()))
            }
            Reading::InFlight(cells) => self.scalars(from, touched, |bytes, index| write_i64(bytes, cells.get(index))),
            Reading::Histogram(cells) => self.histogram(from, touched, *cells, buckets),
            Reading::Summary(cells) => self.summary(from, touched, *cells, quantiles),
            Reading::Info(texts) => self.info(texts),
            Reading::States { cells, count, .. } => self.states(from, cells, *count),
            Reading::Computed(computation) => self.computed(from, computation),
            Reading::Absent => self.family.combinations(),
        }
    }

    /// A line for each series that is exported.
    fn scalars(&mut self, from: usize, touched: &mut Touched<'_>, write_value: impl Fn(&mut Vec<u8>, usize)) -> usize {
        let mut index = from;
        while index < self.family.combinations() && !self.is_full(index > from) {
            let combination = self.family.combination(index);
            let next = touched.next(combination.next_present());
            if next > index {
                index = next;
                continue;
            }
            self.begin("", index, None);
            let value = self.bytes.len();
            write_value(self.bytes, index);
            let is_zero = self.bytes[value..] == *b"0";
            if !(is_zero && combination.is_impossible() || self.hidden.hides(index, is_zero)) {
                self.exemplar(index, 0);
                self.end();
                self.created(index);
            }
            index += 1;
        }
        index
    }

    /// The buckets, the sum and the count of each series that is exported.
    fn histogram(
        &mut self,
        from: usize,
        touched: &mut Touched<'_>,
        cells: &dyn HistogramCells,
        buckets: &mut Vec<u64>,
    ) -> usize {
        let family = self.family;
        let lowest_bound = family.buckets.first().copied().unwrap_or_default();
        let has_totals = self.format.has_totals(lowest_bound);
        buckets.clear();
        buckets.resize(cells.buckets(), 0);
        let mut next = from;
        while next < family.combinations() && !self.is_full(next > from) {
            let skipped = touched.next(next);
            if skipped > next {
                next = skipped;
                continue;
            }
            let end = family.combinations().min(next + SERIES_AT_ONCE);
            cells.read(next..end, buckets, &mut |buckets, count, sum| {
                let index = next;
                next += 1;
                if !self.hidden.exports(self.family, index, count == 0) || touched.next(index) > index {
                    return;
                }
                let mut total = 0_u64;
                let bounds = family.buckets.iter().copied().chain([f64::INFINITY]);
                for (position, (bound, bucket)) in bounds.zip(buckets).enumerate() {
                    total = total.wrapping_add(*bucket);
                    self.begin("_bucket", index, Some(("le", bound)));
                    write_u64(self.bytes, total);
                    self.exemplar(index, position);
                    self.end();
                }
                if has_totals {
                    self.line("_sum", index, None, |bytes| write_f64(bytes, sum));
                    self.line("_count", index, None, |bytes| write_u64(bytes, count));
                    self.created(index);
                }
            });
        }
        next
    }

    /// Each state of those series that are exported. A page ends after all states of one.
    fn states(&mut self, from: usize, cells: &[StateCell], count: usize) -> usize {
        let mut index = from;
        while index < self.family.combinations() && !self.is_full(index > from) {
            // Read once for all its lines, so that exactly one is 1.
            let current = cells[index / count].get();
            let is_hidden = self.hidden.hides(index / count, current.is_none());
            for state in 0..count {
                if !is_hidden && self.family.combination(index + state).is_exported(current.is_none()) {
                    let value = u64::from(current == Some(state));
                    self.line("", index + state, None, |bytes| write_u64(bytes, value));
                }
            }
            index += count;
        }
        index
    }

    /// The quantiles, the sum and the count of each series.
    pub(super) fn summary(
        &mut self,
        from: usize,
        touched: &mut Touched<'_>,
        cells: &dyn SummaryCells,
        quantiles: &mut Vec<f64>,
    ) -> usize {
        quantiles.clear();
        quantiles.resize(cells.quantiles(), 0.0);
        let is_dense = self.family.is_dense() && self.hidden.is_none();
        let mut next = from;
        while next < self.family.combinations() && !self.is_full(next > from) {
            let skipped = touched.next(next);
            if skipped > next {
                next = skipped;
                continue;
            }
            let end = self.family.combinations().min(next + SERIES_AT_ONCE);
            cells.read(next..end, &mut [0], &mut |_, count, sum| {
                let index = next;
                next += 1;
                if !is_dense && !self.hidden.exports(self.family, index, count == 0) || touched.next(index) > index {
                    return;
                }
                cells.read_quantiles(index, quantiles);
                for (quantile, value) in self.family.quantiles.iter().zip(&*quantiles) {
                    let quantile = Some(("quantile", *quantile));
                    self.line("", index, quantile, |bytes| write_f64(bytes, *value));
                }
                self.line("_sum", index, None, |bytes| write_f64(bytes, sum));
                self.line("_count", index, None, |bytes| write_u64(bytes, count));
                self.created(index);
            });
        }
        next
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
        for (name, text) in family.given_labels().chain(labels) {
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
            // What is impossible has no value to compute.
            if self.family.combination(index).is_exported(true) {
                match computation.value(index) {
                    Some(value) => self.line("", index, None, |bytes| write_f64(bytes, value)),
                    None => left_out += 1,
                }
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

    fn line(&mut self, suffix: &str, index: usize, more: Option<(&str, f64)>, write_value: impl FnOnce(&mut Vec<u8>)) {
        self.begin(suffix, index, more);
        write_value(self.bytes);
        self.end();
    }

    /// Makes the beginning of a line: the name and the labels, with one `more` of the format's own.
    fn begin(&mut self, suffix: &str, index: usize, more: Option<(&str, f64)>) {
        let Self { family, bytes, .. } = self;
        bytes.clear();
        // The family of a counter is called without `_total`, and what is appended stands in its place.
        let name = match (family.kind, suffix) {
            (Kind::Counter, "_created") => family.name.strip_suffix("_total").unwrap_or(family.name),
            _ => family.name,
        };
        bytes.extend_from_slice(name.as_bytes());
        bytes.extend_from_slice(suffix.as_bytes());
        let without_labels = bytes.len();
        write_labels(bytes, family, index);
        let mut has_labels = bytes.len() > without_labels;
        if let Some((name, value)) = more {
            bytes.push(if has_labels { b',' } else { b'{' });
            bytes.extend_from_slice(name.as_bytes());
            bytes.extend_from_slice(b"=\"");
            write_canonical_f64(bytes, value);
            bytes.push(b'"');
            has_labels = true;
        }
        bytes.extend_from_slice(if has_labels { b"} " } else { b" " });
    }

    /// Says when a series started, if that is written: `kyc_verifications_created 1520430000.123`.
    fn created(&mut self, index: usize) {
        let Some((of_process, past)) = self.created else { return };
        let start = past.and_then(|past| past.start(index)).unwrap_or(of_process);
        self.begin("_created", index, None);
        write_f64(self.bytes, start.as_secs_f64());
        self.end();
    }

    /// Makes the end of a line: ` # {trace_id="…",span_id="…"} 0.67 1520879607.789`, where there is an exemplar.
    fn exemplar(&mut self, index: usize, bucket: usize) {
        let Some(recorded) = self.exemplars.and_then(|exemplars| exemplars.get(index, bucket)) else {
            return;
        };
        // A vector takes everything.
        _ = write!(self.bytes, " # {{{}}} ", recorded.exemplar);
        write_f64(self.bytes, recorded.value);
        self.bytes.push(b' ');
        write_f64(self.bytes, recorded.time.as_secs_f64());
    }

    /// Writes the line that was made.
    fn end(&mut self) {
        self.bytes.push(b'\n');
        self.page.extend(self.bytes);
    }
}

/// Finds the series of a family that are exported, where that depends on what was recorded.
pub(crate) struct Touched<'a> {
    family: &'static Descriptor,
    reading: &'a Reading<'a>,
    /// Series of which it is known.
    known: Range<usize>,
}

impl<'a> Touched<'a> {
    pub(crate) fn of(family: &'static Descriptor, reading: &'a Reading<'a>) -> Self {
        Self {
            family,
            reading,
            known: 0..0,
        }
    }

    /// This series, if it is exported; else one after it, before which none is.
    pub(crate) fn next(&mut self, index: usize) -> usize {
        if self.known.contains(&index) {
            return index;
        }
        let end = self.family.combinations();
        let Some(alike) = self.family.touched_with(index).filter(|_| index < end) else {
            return index;
        };
        // Of very many there are long stretches of nothing.
        match self.reading.first_touched(alike.start..end) {
            Some(first) => {
                self.known = self.family.touched_with(first).unwrap_or(alike);
                self.known.start.max(index)
            }
            None => end,
        }
    }
}

fn count<V: CounterValue>(cells: &dyn CounterCells<V>, index: usize) -> V {
    let mut count = [V::ZERO];
    cells.sum(index, &mut count);
    count[0]
}
