//! The samples of a catalog as text, straight from the cells.
//!
//! Source: "Text-based format" in Prometheus' documentation of exposition formats
//! (<https://prometheus.io/docs/instrumenting/exposition_formats/>).

use super::escape::write_escaped_label_value;
use super::format::Format;
use super::head::{Head, Type};
use super::hidden::Hidden;
use super::lines::{Lines, Touched};
use super::number::write_canonical_f64;
use super::openmetrics::Ambiguous;
use super::page::{Page, Piece, Pieces, Room, Short};
use crate::descriptor::{Descriptor, Kind, LabelDescriptor};
use crate::metric::{CounterCells, CounterValue, HistogramCells, Reading};
use crate::start;

/// The memory of a scrape, for [`Catalog::render_into`](crate::Catalog::render_into) and
/// [`Catalog::write_to`](crate::Catalog::write_to). Kept from one scrape to the next, it soon allocates nothing more.
#[derive(Debug, Default)]
pub struct Scrape {
    /// What is written so far.
    pub(crate) text: Vec<u8>,
    pub(crate) ambiguous: Ambiguous,
    scratch: Scratch,
}

/// What a scrape needs besides its text.
#[derive(Debug, Default)]
struct Scratch {
    page: Page,
    /// How the lines that are being written begin.
    beginning: Vec<u8>,
    /// How they end before their value, one after the other: made once for all series of a family.
    endings: Pieces<32>,
    /// The same of a histogram's buckets: `0.005"} `.
    bounds: Vec<Short<LONGEST_BOUND>>,
    /// The names of a histogram's sum and count, and the labels behind them.
    sum: Vec<u8>,
    count: Vec<u8>,
    labels: Vec<u8>,
    /// A piece in the making.
    bytes: Vec<u8>,
    /// The observations in each bucket of one series.
    buckets: Vec<u64>,
    /// The quantiles of one series.
    quantiles: Vec<f64>,
    #[cfg(feature = "protobuf")]
    messages: super::protobuf::Scratch,
}

impl Scrape {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Writes over what is there.
    pub(crate) fn write(
        &mut self,
        format: Format,
        created: bool,
        full: usize,
        write: impl FnOnce(&mut TextEncoder<'_>),
    ) {
        self.scratch.page.begin(std::mem::take(&mut self.text));
        write(&mut TextEncoder {
            scratch: &mut self.scratch,
            format,
            created,
            ambiguous: &self.ambiguous,
            full,
        });
        self.text = self.scratch.page.finish();
    }

    /// How many time series were written since this was last asked, of what is written in one format.
    #[cfg(feature = "exporter")]
    pub(crate) fn take_series(&mut self, format: Format) -> usize {
        match format {
            #[cfg(feature = "protobuf")]
            Format::Protobuf => std::mem::take(&mut self.scratch.messages.samples),
            _ => samples(&self.text),
        }
    }
}

/// How many lines are samples: those that do not begin with `#`.
#[cfg(feature = "exporter")]
fn samples(text: &[u8]) -> usize {
    let lines = text.iter().filter(|byte| **byte == b'\n').count();
    let comments = text.windows(2).filter(|pair| *pair == b"\n#").count();
    lines - comments - usize::from(text.starts_with(b"#"))
}

/// Writes families, in any format: their heads differ, their samples hardly do.
///
/// It writes a page at a time. A family of very many series takes several: each begins with the series with which the
/// last one ended.
pub(crate) struct TextEncoder<'a> {
    scratch: &'a mut Scratch,
    format: Format,
    /// Whether it says when each series started, if the format has a place for it.
    created: bool,
    ambiguous: &'a Ambiguous,
    /// How many bytes are enough.
    full: usize,
}

impl TextEncoder<'_> {
    /// Whether the page has as much as it should.
    #[inline]
    pub(crate) fn is_full(&self) -> bool {
        self.scratch.page.len() >= self.full
    }

    /// Appends one family from a series on, with its help and its type before the first one, until the page is full.
    /// Says which series is next: as many as there are where the family is whole.
    pub(crate) fn family(&mut self, family: &'static Descriptor, reading: &Reading<'_>, from: usize) -> usize {
        #[cfg(feature = "protobuf")]
        if self.format == Format::Protobuf {
            return self.messages(family, reading, from);
        }
        let is_absent = matches!(reading, Reading::Absent);
        // The first of several instances has the head for all.
        if from == 0 && !family.is_repeated() && (!is_absent || family.instance.is_some()) {
            self.head(family);
        }
        if is_absent {
            return family.combinations();
        }
        let hidden = Hidden::of(reading);
        let is_counted = self.is_counted(family);
        let exemplars = reading.exemplars().filter(|_| is_counted);
        let created = self.created && (is_counted || self.is_summary(family));
        if !hidden.is_none() || exemplars.is_some() || created || !family.is_dense() {
            let (mut lines, quantiles, buckets) = self.lines(family, hidden);
            lines.exemplars = exemplars;
            lines.created = created.then(|| (start::of_process(), reading.past()));
            return lines.some(from, reading, quantiles, buckets);
        }
        match reading {
            Reading::Counter(cells) => self.counter(family, from, *cells, |room, count| room.put_u64(count)),
            Reading::FloatCounter(cells) => self.counter(family, from, *cells, |room, count| room.put_f64(count)),
            Reading::Int(cells, _) => self.scalars(family, from, |room, index| room.put_i64(cells[index].get())),
            Reading::Float(cells, _) => self.scalars(family, from, |room, index| room.put_f64(cells[index].get())),
            Reading::Histogram(cells) => self.histogram(family, from, *cells),
            Reading::InFlight(cells) => self.scalars(family, from, |room, index| room.put_i64(cells.get(index))),
            Reading::Summary(cells) => {
                let (mut lines, quantiles, _) = self.lines(family, Hidden::default());
                lines.summary(from, &mut Touched::of(family, reading), *cells, quantiles)
            }
            Reading::Info(texts) => self.lines(family, Hidden::default()).0.info(texts),
            Reading::States { cells, count, .. } => {
                // Read once for all its lines, so that exactly one is 1.
                let mut current = None;
                self.scalars(family, from, |room, index| {
                    if index == from || index % count == 0 {
                        current = cells[index / count].get();
                    }
                    room.put_u64((current == Some(index % count)).into());
                })
            }
            Reading::Computed(computation) => self.lines(family, Hidden::default()).0.computed(from, computation),
            Reading::Absent => family.combinations(),
        }
    }

    /// The same as messages.
    #[cfg(feature = "protobuf")]
    fn messages(&mut self, family: &'static Descriptor, reading: &Reading<'_>, from: usize) -> usize {
        let Scratch {
            page, bytes, messages, ..
        } = &mut *self.scratch;
        bytes.clear();
        let full = self.full.saturating_sub(page.len());
        let next = super::protobuf::write_family(bytes, family, reading, from, full, messages);
        page.extend(bytes);
        next
    }

    /// For what is written line by line, and the room for its quantiles or buckets.
    fn lines<'s>(
        &'s mut self,
        family: &'static Descriptor,
        hidden: Hidden<'s>,
    ) -> (Lines<'s>, &'s mut Vec<f64>, &'s mut Vec<u64>) {
        let Scratch {
            page,
            bytes,
            quantiles,
            buckets,
            ..
        } = &mut *self.scratch;
        let lines = Lines {
            family,
            hidden,
            exemplars: None,
            created: None,
            format: self.format,
            full: self.full,
            page,
            bytes,
        };
        (lines, quantiles, buckets)
    }

    /// Whether OpenMetrics' samples of the family may have exemplars: those of histograms, and of what is a counter there.
    fn is_counted(&self, family: &Descriptor) -> bool {
        self.format == Format::OpenMetrics
            && match family.kind {
                Kind::Counter => family.name.ends_with("_total") && !self.ambiguous.contains(family.name),
                kind => kind == Kind::Histogram,
            }
    }

    fn is_summary(&self, family: &Descriptor) -> bool {
        self.format == Format::OpenMetrics && family.kind == Kind::Summary
    }

    fn head(&mut self, family: &'static Descriptor) {
        let bytes = emptied(&mut self.scratch.bytes);
        let head = Head {
            name: family.name,
            help: &family.help_parts(),
            unit: family.unit,
            kind: if self.ambiguous.contains(family.name) {
                self.format.ambiguous(family.kind)
            } else {
                Type::Known(family.kind)
            },
        };
        head.write(bytes, self.format);
        self.scratch.page.extend(bytes);
    }

    /// Some series at a time, so that each lane is read in one go and the counts stay in the processor's first cache.
    fn counter<V: CounterValue>(
        &mut self,
        family: &'static Descriptor,
        from: usize,
        cells: &dyn CounterCells<V>,
        put_count: impl Fn(&mut Room<'_>, V),
    ) -> usize {
        let mut counts = [V::ZERO; AT_ONCE];
        let total = family.combinations();
        let (mut first, mut end) = (from, from);
        self.scalars(family, from, |room, index| {
            if index == end {
                first = index;
                end = total.min(index + AT_ONCE);
                cells.sum(first, &mut counts[..end - first]);
            }
            put_count(room, counts[index - first]);
        })
    }

    /// One line for each series; `put_value` is called with `from` and those that follow, and has room for a number.
    fn scalars(
        &mut self,
        family: &'static Descriptor,
        from: usize,
        mut put_value: impl FnMut(&mut Room<'_>, usize),
    ) -> usize {
        let Scratch {
            page,
            beginning,
            endings,
            bytes,
            ..
        } = &mut *self.scratch;
        let row = Row::of(family);
        // Which of the row's values the endings are of. A row that is longer than what is written at once has others
        // each time.
        let mut made = 0..0;
        let mut index = from;
        while index < family.combinations() {
            let first = index % row.values.len();
            let values = first - first % AT_ONCE..row.values.len().min(first - first % AT_ONCE + AT_ONCE);
            if made != values {
                endings.clear();
                endings.reserve(values.len());
                for value in &row.values[values.clone()] {
                    bytes.clear();
                    row.write_ending(bytes, value, b"\"} ", b" ");
                    endings.push(bytes);
                }
                made = values.clone();
            }
            let beginning = emptied(beginning);
            beginning.extend_from_slice(family.name.as_bytes());
            row.write_beginning(beginning, family, index);
            let beginning = Piece::<64>::of(beginning);
            let longest = beginning.len() + endings.longest() + Room::LONGEST_VALUE + 1;
            page.write(values.len() * longest, |room| {
                for ending in endings.iter().skip(first - values.start) {
                    room.put(beginning);
                    room.put(ending);
                    put_value(room, index);
                    room.put_byte(b'\n');
                    index += 1;
                }
            });
            if page.len() >= self.full {
                break;
            }
        }
        index
    }

    fn histogram(&mut self, family: &'static Descriptor, from: usize, cells: &dyn HistogramCells) -> usize {
        let Scratch {
            page,
            beginning,
            bounds,
            sum,
            count,
            labels,
            bytes,
            buckets,
            ..
        } = &mut *self.scratch;
        bounds.clear();
        bounds.reserve(family.buckets.len() + 1);
        emptied(bytes);
        for bound in family.buckets.iter().copied().chain([f64::INFINITY]) {
            bytes.clear();
            write_canonical_f64(bytes, bound);
            bytes.extend_from_slice(b"\"} ");
            bounds.push(Short::of(bytes));
        }
        for (name, suffix) in [(&mut *sum, "_sum"), (&mut *count, "_count")] {
            emptied(name).extend_from_slice(family.name.as_bytes());
            name.extend_from_slice(suffix.as_bytes());
        }
        let (sum_name, count_name) = (Piece::<64>::of(sum), Piece::<64>::of(count));
        let has_totals = self
            .format
            .has_totals(family.buckets.first().copied().unwrap_or_default());
        buckets.clear();
        buckets.resize(cells.buckets(), 0);

        let at_once = (AT_ONCE / (buckets.len() + 2)).max(1);
        let row = Row::of(family);
        // Where the last label's value stands: what is before it changes once a row.
        let (mut value_in_beginning, mut value_in_labels) = (0, 0);
        let mut index = from;
        while index < family.combinations() {
            let end = family.combinations().min(index + at_once);
            cells.read(index..end, buckets, &mut |buckets, observations, observed| {
                let value = index % row.values.len();
                if value == 0 || index == from {
                    row.write_beginning(emptied(labels), family, index);
                    value_in_labels = labels.len();
                    emptied(beginning).extend_from_slice(family.name.as_bytes());
                    beginning.extend_from_slice(b"_bucket");
                    beginning.extend_from_slice(labels);
                    value_in_beginning = beginning.len();
                }
                let value = row.values[value];
                labels.truncate(value_in_labels);
                row.write_ending(labels, value, b"\"} ", b" ");
                beginning.truncate(value_in_beginning);
                row.write_ending(beginning, value, b"\",le=\"", b"{le=\"");
                let (labels, beginning) = (Piece::<64>::of(labels), Piece::<128>::of(beginning));

                let longest = beginning.len() + LONGEST_BOUND + Room::LONGEST_VALUE + 1;
                page.write((buckets.len() + 2) * longest, |room| {
                    let mut total = 0_u64;
                    for (bound, bucket) in bounds.iter().zip(buckets) {
                        room.put(beginning);
                        room.put_short(bound);
                        total = total.wrapping_add(*bucket);
                        room.put_u64(total);
                        room.put_byte(b'\n');
                    }
                    if has_totals {
                        room.put(sum_name);
                        room.put(labels);
                        room.put_f64(observed);
                        room.put_byte(b'\n');
                        room.put(count_name);
                        room.put(labels);
                        room.put_u64(observations);
                        room.put_byte(b'\n');
                    }
                });
                index += 1;
            });
            if page.len() >= self.full {
                break;
            }
        }
        index
    }
}

/// Memory for a text in the making: the first time, as much as most lines need.
fn emptied(bytes: &mut Vec<u8>) -> &mut Vec<u8> {
    bytes.clear();
    bytes.reserve(256);
    bytes
}

/// The longest bound of a bucket, with what follows it: `-2.2250738585072014e-308"} `.
const LONGEST_BOUND: usize = 32;

/// How many lines are written, and how many counts are read, at once.
const AT_ONCE: usize = 256;

/// Series that differ in the value of their last label only. A metric without labels is one row of one series.
struct Row {
    label: Option<&'static LabelDescriptor>,
    values: &'static [&'static str],
    has_constant_labels: bool,
}

impl Row {
    fn of(family: &'static Descriptor) -> Self {
        let label = family.labels.last();
        Self {
            label,
            values: label.map_or(&[""], |label| label.values),
            has_constant_labels: family.given_labels().next().is_some(),
        }
    }

    /// Appends `{endpoint="verify",reason="`: what all series have that are in a row with this one.
    fn write_beginning(&self, bytes: &mut Vec<u8>, family: &'static Descriptor, index: usize) {
        let mut before = b'{';
        for (name, value) in family.given_labels() {
            bytes.push(std::mem::replace(&mut before, b','));
            bytes.extend_from_slice(name.as_bytes());
            bytes.extend_from_slice(b"=\"");
            write_escaped_label_value(bytes, value);
            bytes.push(b'"');
        }
        for (label, position, _) in family.combination(index).positions() {
            bytes.push(std::mem::replace(&mut before, b','));
            bytes.extend_from_slice(label.name.as_bytes());
            bytes.extend_from_slice(b"=\"");
            if !self.label.is_some_and(|last| std::ptr::eq(last, label)) {
                write_label_value(bytes, label, label.value(position).unwrap_or_default());
                bytes.push(b'"');
            }
        }
    }

    /// Appends the last label's value and `after`, which begins with the quote that ends it; `bare` where there are no
    /// labels at all.
    fn write_ending(&self, bytes: &mut Vec<u8>, value: &str, after: &[u8], bare: &[u8]) {
        match self.label {
            Some(label) => {
                write_label_value(bytes, label, value);
                bytes.extend_from_slice(after);
            }
            // Their own quotes are there.
            None if self.has_constant_labels => bytes.extend_from_slice(&after[1..]),
            None => bytes.extend_from_slice(bare),
        }
    }
}

/// Appends the labels of a series, with the brace before them and without the one behind: nothing where there are none.
pub(super) fn write_labels(bytes: &mut Vec<u8>, family: &'static Descriptor, index: usize) {
    let row = Row::of(family);
    row.write_beginning(bytes, family, index);
    let last = family.combination(index).pairs().last();
    row.write_ending(bytes, last.map_or("", |(_, value)| value), b"\"", b"");
}

/// Appends a label's value without its quotes.
fn write_label_value(out: &mut Vec<u8>, label: &LabelDescriptor, value: &str) {
    if label.escape {
        write_escaped_label_value(out, value);
    } else {
        out.extend_from_slice(value.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use std::ops::Range;

    use super::*;
    use crate::catalog::{Catalog, Cursor};
    use crate::family::Export;

    /// A family of any shape, of which each series tells its number.
    struct Numbered(&'static [Descriptor]);

    impl Numbered {
        fn new(name: &'static str, kind: Kind, labels: &[(&'static str, usize)]) -> Self {
            let labels = labels.iter().map(|&(name, values)| {
                let values = (0..values).map(|value| &*format!("{name} \"{value}\"").leak());
                LabelDescriptor::new(name, values.collect::<Vec<_>>().leak())
            });
            let labels = labels.collect::<Vec<_>>().leak();
            let family = Descriptor::new(name, "Numbered.", kind, labels).with_buckets(&[0.5, 2.0]);
            Self(vec![family].leak())
        }

        fn with_constant_labels(self) -> Self {
            let family = self.0[0].with_constant_labels(&[("always", "the \"same\""), ("here", "")]);
            Self(vec![family].leak())
        }

        /// The same, written as simply as it can be.
        fn written_simply(&self) -> String {
            let family = &self.0[0];
            let name = family.name;
            let mut text = format!("# HELP {name} Numbered.\n# TYPE {name} {}\n", family.kind.as_str());
            for index in 0..family.combinations() {
                let combination = family.combination(index);
                let constant = family.constant_labels.iter().copied();
                let labels: Vec<_> = constant
                    .chain(combination.pairs().map(|(label, value)| (label.name, value)))
                    .map(|(name, value)| format!("{name}={value:?}"))
                    .collect();
                let labels = labels.join(",");
                let braced = if labels.is_empty() {
                    String::new()
                } else {
                    format!("{{{labels}}}")
                };
                let comma = if labels.is_empty() { "" } else { "," };
                text += &match family.kind {
                    Kind::Histogram => format!(
                        "{name}_bucket{{{labels}{comma}le=\"0.5\"}} {index}\n\
                         {name}_bucket{{{labels}{comma}le=\"2.0\"}} {index}\n\
                         {name}_bucket{{{labels}{comma}le=\"+Inf\"}} {}\n\
                         {name}_sum{braced} {}\n{name}_count{braced} {}\n",
                        index + 1,
                        index as f64 / 4.0,
                        index + 1,
                    ),
                    _ => format!("{name}{braced} {index}\n"),
                };
            }
            text
        }
    }

    impl Export for Numbered {
        fn descriptors(&self) -> &'static [Descriptor] {
            self.0
        }

        fn read(&self, visit: &mut dyn FnMut(&'static Descriptor, Reading<'_>)) {
            let reading = match self.0[0].kind {
                Kind::Histogram => Reading::Histogram(self),
                _ => Reading::Counter(self),
            };
            visit(&self.0[0], reading);
        }
    }

    impl CounterCells for Numbered {
        fn add(&self, _: usize, _: u64) {}

        fn sum(&self, first: usize, counts: &mut [u64]) {
            for (index, count) in (first..).zip(counts) {
                *count = index as u64;
            }
        }
    }

    impl HistogramCells for Numbered {
        fn observe(&self, _: usize, _: f64) {}

        fn buckets(&self) -> usize {
            3
        }

        fn read(&self, series: Range<usize>, buckets: &mut [u64], each: &mut dyn FnMut(&[u64], u64, f64)) {
            for index in series {
                buckets.copy_from_slice(&[index as u64, 0, 1]);
                each(buckets, index as u64 + 1, index as f64 / 4.0);
            }
        }
    }

    #[cfg(feature = "exporter")]
    #[test]
    fn samples_are_the_lines_without_comments() {
        for (text, count) in [
            ("", 0),
            ("# TYPE a gauge\n", 0),
            ("a 1\n", 1),
            ("# TYPE a gauge\na 1\nb{c=\"#\"} 2\n# TYPE d gauge\nd 3\n", 3),
        ] {
            assert_eq!(samples(text.as_bytes()), count, "{text}");
        }
    }

    #[test]
    fn pages_of_whatever_size_are_the_whole_text() {
        let families = [
            Numbered::new("none_total", Kind::Counter, &[]),
            Numbered::new("short_total", Kind::Counter, &[("a", 3)]),
            Numbered::new("long_total", Kind::Counter, &[("a", 2 * AT_ONCE + 1)]),
            Numbered::new("rows_total", Kind::Counter, &[("a", 3), ("b", AT_ONCE + 44)]),
            Numbered::new("short_rows_total", Kind::Counter, &[("a", 10), ("b", 3), ("c", 7)]),
            Numbered::new("constant_total", Kind::Counter, &[]).with_constant_labels(),
            Numbered::new("constant_and_row_total", Kind::Counter, &[("a", 3)]).with_constant_labels(),
            Numbered::new("one_seconds", Kind::Histogram, &[]),
            Numbered::new("constant_seconds", Kind::Histogram, &[]).with_constant_labels(),
            Numbered::new("constant_and_rows_seconds", Kind::Histogram, &[("a", 5), ("b", 3)]).with_constant_labels(),
            Numbered::new("row_seconds", Kind::Histogram, &[("a", 120)]),
            Numbered::new("rows_seconds", Kind::Histogram, &[("a", 11), ("b", 13)]),
        ];
        let expected: String = families.iter().map(Numbered::written_simply).collect();
        let exports: Vec<&dyn Export> = families.iter().map(|family| family as &dyn Export).collect();
        let catalog = Catalog::new(&exports).unwrap();
        let mut scrape = Scrape::new();
        for full in [1, 100, 1_000, 5_000, 20_000, expected.len(), usize::MAX] {
            let (mut text, mut pages, mut cursor) = (String::new(), 0, Cursor::default());
            while !cursor.is_at_end() {
                catalog.page(&mut scrape, Format::Text, full, &mut cursor);
                text += std::str::from_utf8(&scrape.text).unwrap();
                pages += 1;
            }
            assert!(text == expected, "pages of {full} bytes");
            assert!(
                full == usize::MAX || pages > expected.len() / (full + AT_ONCE * 60),
                "{pages} pages"
            );
        }
    }
}
