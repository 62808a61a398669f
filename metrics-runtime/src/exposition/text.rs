//! Prometheus' text format, version 0.0.4, straight from the cells.
//!
//! Source: "Text-based format" in Prometheus' documentation of exposition formats
//! (<https://prometheus.io/docs/instrumenting/exposition_formats/>).

use super::escape::{write_escaped_help, write_escaped_label_value};
use super::number::{write_canonical_f64, write_f64, write_i64, write_u64};
use crate::descriptor::{Combination, Descriptor};
use crate::metric::{CounterCells, HistogramCells, Reading};

/// Appends families to a buffer.
pub(crate) struct TextEncoder<'a> {
    out: &'a mut Vec<u8>,
    /// What a family computes once for all its series; kept, so that a scrape allocates it once.
    scratch: Scratch,
}

#[derive(Default)]
struct Scratch {
    /// The `le` values of a histogram's buckets, one after the other.
    bounds: Vec<u8>,
    /// Where each of them ends.
    bound_ends: Vec<usize>,
    /// The observations in each bucket of one series.
    buckets: Vec<u64>,
}

impl<'a> TextEncoder<'a> {
    pub(crate) fn new(out: &'a mut Vec<u8>) -> Self {
        Self {
            out,
            scratch: Scratch::default(),
        }
    }

    /// Appends one family: its help, its type and every series.
    pub(crate) fn family(&mut self, family: &'static Descriptor, reading: &Reading<'_>) {
        write_head(self.out, family.name, family.help, family.kind.as_str());
        match reading {
            Reading::Counter(cells) => self.counter(family, *cells),
            Reading::Int(cells) => self.scalars(family, 0, cells, |out, cell| write_i64(out, cell.get())),
            Reading::Float(cells) => self.scalars(family, 0, cells, |out, cell| write_f64(out, cell.get())),
            Reading::Histogram(cells) => self.histogram(family, *cells),
        }
    }

    /// Some series at a time: their counts fit the processor's first cache.
    fn counter(&mut self, family: &'static Descriptor, cells: &dyn CounterCells) {
        let mut counts = [0_u64; 256];
        let mut first = 0;
        while first < family.combinations() {
            let some = counts.len().min(family.combinations() - first);
            cells.sum(first, &mut counts[..some]);
            self.scalars(family, first, &counts[..some], |out, count| write_u64(out, *count));
            first += some;
        }
    }

    fn scalars<C>(
        &mut self,
        family: &'static Descriptor,
        first: usize,
        cells: &[C],
        write_value: impl Fn(&mut Vec<u8>, &C),
    ) {
        let out = &mut *self.out;
        for (index, cell) in (first..).zip(cells) {
            out.extend_from_slice(family.name.as_bytes());
            if !family.labels.is_empty() {
                out.push(b'{');
                write_labels(out, family, index);
                out.push(b'}');
            }
            out.push(b' ');
            write_value(out, cell);
            out.push(b'\n');
        }
    }

    fn histogram(&mut self, family: &'static Descriptor, cells: &dyn HistogramCells) {
        let Scratch {
            bounds,
            bound_ends,
            buckets,
        } = &mut self.scratch;
        bounds.clear();
        bound_ends.clear();
        for bound in family.buckets {
            write_canonical_f64(bounds, *bound);
            bound_ends.push(bounds.len());
        }
        bounds.extend_from_slice(b"+Inf");
        bound_ends.push(bounds.len());
        buckets.clear();
        buckets.resize(bound_ends.len(), 0);

        let out = &mut *self.out;
        for index in 0..family.combinations() {
            let (count, sum) = cells.read(index, buckets);
            // Written once; the other lines of the series copy them.
            let mut labels = 0..0;
            let mut bound_start = 0;
            let mut total = 0_u64;
            for (at, (bucket, bound_end)) in buckets.iter().zip(&*bound_ends).enumerate() {
                out.extend_from_slice(family.name.as_bytes());
                out.extend_from_slice(b"_bucket{");
                if at == 0 {
                    let start = out.len();
                    write_labels(out, family, index);
                    labels = start..out.len();
                } else {
                    out.extend_from_within(labels.clone());
                }
                if !labels.is_empty() {
                    out.push(b',');
                }
                out.extend_from_slice(b"le=\"");
                out.extend_from_slice(&bounds[bound_start..*bound_end]);
                out.extend_from_slice(b"\"} ");
                total = total.wrapping_add(*bucket);
                write_u64(out, total);
                out.push(b'\n');
                bound_start = *bound_end;
            }
            for suffix in ["_sum", "_count"] {
                out.extend_from_slice(family.name.as_bytes());
                out.extend_from_slice(suffix.as_bytes());
                if !labels.is_empty() {
                    out.push(b'{');
                    out.extend_from_within(labels.clone());
                    out.push(b'}');
                }
                out.push(b' ');
                if suffix == "_sum" {
                    write_f64(out, sum);
                } else {
                    write_u64(out, count);
                }
                out.push(b'\n');
            }
        }
    }
}

/// Appends the `# HELP` and `# TYPE` lines of a family.
pub(crate) fn write_head(out: &mut Vec<u8>, name: &str, help: &str, kind: &str) {
    out.extend_from_slice(b"# HELP ");
    out.extend_from_slice(name.as_bytes());
    out.push(b' ');
    write_escaped_help(out, help);
    out.extend_from_slice(b"\n# TYPE ");
    out.extend_from_slice(name.as_bytes());
    out.push(b' ');
    out.extend_from_slice(kind.as_bytes());
    out.push(b'\n');
}

/// Appends `endpoint="verify",reason="ip_limit"`.
fn write_labels(out: &mut Vec<u8>, family: &'static Descriptor, index: usize) {
    for (position, (label, value)) in (Combination {
        labels: family.labels,
        index,
    })
    .pairs()
    .enumerate()
    {
        if position > 0 {
            out.push(b',');
        }
        out.extend_from_slice(label.name.as_bytes());
        out.extend_from_slice(b"=\"");
        if label.escape {
            write_escaped_label_value(out, value);
        } else {
            out.extend_from_slice(value.as_bytes());
        }
        out.push(b'"');
    }
}
