//! Prometheus' text format, version 0.0.4, straight from the cells.
//!
//! Source: "Text-based format" in Prometheus' documentation of exposition formats
//! (<https://prometheus.io/docs/instrumenting/exposition_formats/>).

use super::escape::{write_escaped_help, write_escaped_label_value};
use super::number::{write_canonical_f64, write_f64, write_i64};
use super::page::{Page, Piece, Pieces};
use crate::descriptor::{Combination, Descriptor, LabelDescriptor};
use crate::metric::{CounterCells, HistogramCells, Reading};

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
        let Scratch { page, bytes, .. } = &mut *self.0;
        bytes.clear();
        write_head(bytes, family.name, &family.help_parts(), family.kind.as_str());
        page.extend(bytes);
        match reading {
            Reading::Counter(cells) => self.counter(family, *cells),
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
            Reading::InFlight(cells) => self.scalars(family, |page, bytes, index| {
                let mut value = [0];
                cells.sum(index, &mut value);
                bytes.clear();
                write_i64(bytes, value[0]);
                page.extend(bytes);
            }),
        }
    }

    /// Some series at a time, so that each lane is read in one go and the counts stay in the processor's first cache.
    fn counter(&mut self, family: &'static Descriptor, cells: &dyn CounterCells) {
        const AT_ONCE: usize = 256;
        let mut counts = [0_u64; AT_ONCE];
        let total = family.combinations();
        self.scalars(family, |page, _, index| {
            let at = index % AT_ONCE;
            if at == 0 {
                cells.sum(index, &mut counts[..AT_ONCE.min(total - index)]);
            }
            page.put_u64(counts[at]);
        });
    }

    /// One line for each series; `put_value` is called with 0, 1, 2, … and has room for a number.
    fn scalars(&mut self, family: &'static Descriptor, mut put_value: impl FnMut(&mut Page, &mut Vec<u8>, usize)) {
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

    fn histogram(&mut self, family: &'static Descriptor, cells: &dyn HistogramCells) {
        let Scratch {
            page,
            beginning,
            endings,
            totals,
            bytes,
            buckets,
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
        let mut index = 0;
        cells.read(0..family.combinations(), buckets, &mut |buckets, count, sum| {
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
            index += 1;
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
fn write_labels(
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
    let combination = Combination {
        labels: family.labels,
        index,
    };
    for (label, value) in combination.pairs() {
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
