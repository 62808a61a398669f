//! Prometheus' text format, version 0.0.4, straight from the cells.
//!
//! Source: "Text-based format" in Prometheus' documentation of exposition formats
//! (<https://prometheus.io/docs/instrumenting/exposition_formats/>).

use super::escape::{write_escaped_help, write_escaped_label_value};
use super::lines::Lines;
use super::number::{write_canonical_f64, write_f64, write_i64};
use super::page::{Page, Piece, Pieces};
use crate::descriptor::{Descriptor, LabelDescriptor};
use crate::metric::{CounterCells, CounterValue, HistogramCells, Reading};

/// The memory of a scrape, for [`Catalog::render_into`](crate::Catalog::render_into). Kept from one scrape to the next,
/// it soon allocates nothing more.
#[derive(Debug, Default)]
pub struct Scrape {
    /// What is written so far.
    pub(crate) text: Vec<u8>,
    scratch: Scratch,
}

/// What a scrape needs besides its text.
#[derive(Debug, Default)]
struct Scratch {
    page: Page,
    /// How the lines that are being written begin.
    beginning: Pieces<64>,
    /// How they end before their value, one after the other: made once for all series of a family.
    endings: Pieces<32>,
    /// The names of a histogram's sum and count.
    totals: Pieces<64>,
    /// A piece in the making, or a number.
    bytes: Vec<u8>,
    /// The observations in each bucket of one series.
    buckets: Vec<u64>,
    /// The quantiles of one series.
    quantiles: Vec<f64>,
}

impl Scrape {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Writes over what is there.
    pub(crate) fn write(&mut self, write: impl FnOnce(&mut TextEncoder<'_>)) {
        self.scratch.page.begin(std::mem::take(&mut self.text));
        write(&mut TextEncoder(&mut self.scratch));
        self.text = self.scratch.page.finish();
    }
}

/// Writes families.
pub(crate) struct TextEncoder<'a>(&'a mut Scratch);

impl TextEncoder<'_> {
    /// Appends one family: its help, its type and every series.
    pub(crate) fn family(&mut self, family: &'static Descriptor, reading: &Reading<'_>) {
        if matches!(reading, Reading::Absent) {
            return;
        }
        let Scratch { page, bytes, .. } = &mut *self.0;
        bytes.clear();
        write_head(bytes, family.name, &family.help_parts(), family.kind.as_text_type());
        page.extend(bytes);
        match reading {
            Reading::Counter(cells) => self.counter(family, *cells, |page, _, count| page.put_u64(count)),
            Reading::FloatCounter(cells) => self.counter(family, *cells, |page, bytes, count| {
                bytes.clear();
                write_f64(bytes, count);
                page.extend(bytes);
            }),
            Reading::Int(cells) => self.scalars(family, |page, bytes, index| {
                bytes.clear();
                write_i64(bytes, cells[index].get());
                page.extend(bytes);
            }),
            Reading::Float(cells) => self.scalars(family, |page, bytes, index| {
                bytes.clear();
                write_f64(bytes, cells[index].get());
                page.extend(bytes);
            }),
            Reading::Histogram(cells) => self.histogram(family, *cells),
            Reading::Summary(cells) => {
                let (mut lines, quantiles) = self.lines(family);
                lines.summary(*cells, quantiles);
            }
            Reading::Info(texts) => self.lines(family).0.info(texts),
            Reading::States { cells, count } if !family.is_dense() => self.lines(family).0.states(cells, *count),
            Reading::States { cells, count } => {
                // Read once for all its lines, so that exactly one is 1.
                let mut current = None;
                self.scalars(family, |page, _, index| {
                    if index % count == 0 {
                        current = cells[index / count].get();
                    }
                    page.put_u64((current == Some(index % count)).into());
                });
            }
            Reading::Computed(computation) => self.lines(family).0.computed(computation),
            Reading::Absent => {}
        }
    }

    /// For what is written line by line, and the room for its quantiles.
    fn lines(&mut self, family: &'static Descriptor) -> (Lines<'_>, &mut Vec<f64>) {
        let Scratch {
            page, bytes, quantiles, ..
        } = &mut *self.0;
        (Lines { family, page, bytes }, quantiles)
    }

    /// Some series at a time, so that each lane is read in one go and the counts stay in the processor's first cache.
    fn counter<V: CounterValue>(
        &mut self,
        family: &'static Descriptor,
        cells: &dyn CounterCells<V>,
        mut put_count: impl FnMut(&mut Page, &mut Vec<u8>, V),
    ) {
        const AT_ONCE: usize = 256;
        let mut counts = [V::ZERO; AT_ONCE];
        let total = family.combinations();
        if !family.is_dense() {
            // One at a time, because some are left out.
            return self.some_scalars(family, |page, bytes, index| {
                cells.sum(index, &mut counts[..1]);
                put_count(page, bytes, counts[0]);
            });
        }
        self.scalars(family, |page, bytes, index| {
            let at = index % AT_ONCE;
            if at == 0 {
                cells.sum(index, &mut counts[..AT_ONCE.min(total - index)]);
            }
            put_count(page, bytes, counts[at]);
        });
    }

    /// One line for each series; `put_value` is called with 0, 1, 2, … and has room for a number.
    fn scalars(&mut self, family: &'static Descriptor, mut put_value: impl FnMut(&mut Page, &mut Vec<u8>, usize)) {
        if !family.is_dense() {
            return self.some_scalars(family, put_value);
        }
        let Scratch {
            page,
            beginning,
            endings,
            bytes,
            ..
        } = &mut *self.0;
        // A metric without labels is one line that begins with its name and ends before its value with nothing.
        let (last, values): (_, &[&str]) = match family.labels.split_last() {
            Some((last, _)) => (Some(last), last.values),
            None => (None, &[""]),
        };
        endings.clear();
        for value in values {
            bytes.clear();
            if let Some(last) = last {
                write_label_value(bytes, last, value);
                bytes.extend_from_slice(b"\"}");
            } else if !family.constant_labels.is_empty() {
                bytes.push(b'}');
            }
            bytes.push(b' ');
            endings.push(bytes);
        }
        for first in (0..family.combinations()).step_by(values.len()) {
            bytes.clear();
            bytes.extend_from_slice(family.name.as_bytes());
            write_labels(bytes, family, first, b'{', last);
            beginning.clear();
            beginning.push(bytes);
            let Some([beginning]) = beginning.all() else { return };
            let longest = beginning.len() + endings.longest() + Page::LONGEST_VALUE + 1;
            page.reserve(values.len() * longest);
            for (index, ending) in (first..).zip(endings.iter()) {
                page.put(beginning);
                page.put(ending);
                put_value(page, bytes, index);
                page.put_byte(b'\n');
            }
        }
    }

    /// The same where a series may not be there: some numbers are left out, and what is impossible is taken back where it
    /// is zero.
    fn some_scalars(&mut self, family: &'static Descriptor, mut put_value: impl FnMut(&mut Page, &mut Vec<u8>, usize)) {
        let Scratch { page, bytes, .. } = &mut *self.0;
        let mut next = 0;
        while next < family.combinations() {
            let combination = family.combination(next);
            let index = next;
            next = combination.next_present();
            if next > index {
                continue;
            }
            next += 1;
            bytes.clear();
            bytes.extend_from_slice(family.name.as_bytes());
            write_labels(bytes, family, index, b'{', None);
            bytes.extend_from_slice(b"} ");
            let line = page.len();
            page.extend(bytes);
            page.reserve(Page::LONGEST_VALUE + 1);
            let value = page.len();
            put_value(page, bytes, index);
            if page.written(value) == b"0" && combination.is_impossible() {
                page.take_back(line);
            } else {
                page.put_byte(b'\n');
            }
        }
    }

    fn histogram(&mut self, family: &'static Descriptor, cells: &dyn HistogramCells) {
        let Scratch {
            page,
            beginning,
            endings,
            totals,
            bytes,
            buckets,
            ..
        } = &mut *self.0;
        endings.clear();
        for bound in family.buckets.iter().copied().chain([f64::INFINITY]) {
            bytes.clear();
            write_canonical_f64(bytes, bound);
            bytes.extend_from_slice(b"\"} ");
            endings.push(bytes);
        }
        totals.clear();
        for suffix in ["_sum", "_count"] {
            bytes.clear();
            bytes.extend_from_slice(family.name.as_bytes());
            bytes.extend_from_slice(suffix.as_bytes());
            totals.push(bytes);
        }
        buckets.clear();
        buckets.resize(cells.buckets(), 0);
        let is_dense = family.is_dense();
        let mut next = 0;
        cells.read(0..family.combinations(), buckets, &mut |buckets, count, sum| {
            let index = next;
            next += 1;
            if !is_dense && !family.combination(index).is_exported(count == 0) {
                return;
            }
            bytes.clear();
            bytes.extend_from_slice(family.name.as_bytes());
            bytes.extend_from_slice(b"_bucket");
            let labels_at = bytes.len();
            write_labels(bytes, family, index, b'{', None);
            let labels_end = bytes.len();
            let has_labels = labels_end > labels_at;
            bytes.extend_from_slice(if has_labels { b",le=\"" } else { b"{le=\"" });
            beginning.clear();
            beginning.push(bytes);
            beginning.push(&bytes[labels_at..labels_end]);
            let (Some([beginning, labels]), Some([sum_name, count_name])) = (beginning.all(), totals.all()) else {
                return;
            };
            let longest = beginning.len() + endings.longest() + Page::LONGEST_VALUE + 1;
            page.reserve((buckets.len() + 2) * longest);
            let mut total = 0_u64;
            for (ending, bucket) in endings.iter().zip(buckets) {
                page.put(beginning);
                page.put(ending);
                total = total.wrapping_add(*bucket);
                page.put_u64(total);
                page.put_byte(b'\n');
            }
            put_total(page, sum_name, labels);
            bytes.clear();
            write_f64(bytes, sum);
            bytes.push(b'\n');
            page.extend(bytes);
            put_total(page, count_name, labels);
            page.put_u64(count);
            page.put_byte(b'\n');
        });
    }
}

/// Writes `name_sum{endpoint="verify"} `, of which the labels are a piece without the brace that closes them.
fn put_total(page: &mut Page, name: Piece<'_, 64>, labels: Piece<'_, 64>) {
    page.put(name);
    page.put(labels);
    if labels.len() > 0 {
        page.put_byte(b'}');
    }
    page.put_byte(b' ');
}

/// Appends `{endpoint="verify",reason="ip_limit"` and, if a label is left `open`, that one as `reason="`, without its
/// value.
pub(super) fn write_labels(
    bytes: &mut Vec<u8>,
    family: &'static Descriptor,
    index: usize,
    mut before: u8,
    open: Option<&LabelDescriptor>,
) {
    for (name, value) in family.constant_labels {
        bytes.push(std::mem::replace(&mut before, b','));
        bytes.extend_from_slice(name.as_bytes());
        bytes.extend_from_slice(b"=\"");
        write_escaped_label_value(bytes, value);
        bytes.push(b'"');
    }
    for (label, value) in family.combination(index).pairs() {
        bytes.push(std::mem::replace(&mut before, b','));
        bytes.extend_from_slice(label.name.as_bytes());
        bytes.extend_from_slice(b"=\"");
        if !open.is_some_and(|open| std::ptr::eq(open, label)) {
            write_label_value(bytes, label, value);
            bytes.push(b'"');
        }
    }
}

/// Appends a label's value without its quotes.
fn write_label_value(out: &mut Vec<u8>, label: &LabelDescriptor, value: &str) {
    if label.escape {
        write_escaped_label_value(out, value);
    } else {
        out.extend_from_slice(value.as_bytes());
    }
}

/// Appends the `# HELP` and `# TYPE` lines of a family.
pub(crate) fn write_head(out: &mut Vec<u8>, name: &str, help: &[&str], kind: &str) {
    out.extend_from_slice(b"# HELP ");
    out.extend_from_slice(name.as_bytes());
    out.push(b' ');
    for part in help {
        write_escaped_help(out, part);
    }
    out.extend_from_slice(b"\n# TYPE ");
    out.extend_from_slice(name.as_bytes());
    out.push(b' ');
    out.extend_from_slice(kind.as_bytes());
    out.push(b'\n');
}
