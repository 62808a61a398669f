//! The samples of a catalog as Prometheus' protobuf format: `MetricFamily` messages, each with its length before it.
//!
//! Source: `io/prometheus/client/metrics.proto` of <https://github.com/prometheus/client_model>, whose numbers these are.
//!
//! A family that is longer than a page is several messages of its name, which a reader takes for one after the other.

use std::io::Write as _;
use std::time::Duration;

use super::Format;
use super::head::{Head, Type};
use super::hidden::Hidden;
use super::lines::Touched;
use super::wire::{delimited, double, message, packed_sint, sint, string, uint};
use crate::descriptor::{Descriptor, Kind, without_suffix};
use crate::metric::{
    Computation, CounterCells, CounterValue, Exemplars, HistogramCells, InfoTexts, NATIVE_EXEMPLARS, NativeSnapshot,
    Past, Reading, Recorded, SummaryCells,
};
use crate::start;
use crate::storage::StateCell;

/// Memory that is used again.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    buckets: Vec<u64>,
    quantiles: Vec<f64>,
    read: Vec<(i32, u64)>,
    native: NativeSnapshot,
    /// How many time series were written, as Prometheus counts them.
    pub(super) samples: usize,
}

/// Appends what is said of a family before its series.
pub(super) fn write_head(head: &Head<'_>, out: &mut Vec<u8>) {
    string(out, 1, &[head.name]);
    if head.help.iter().any(|piece| !piece.is_empty()) {
        string(out, 2, head.help);
    }
    let kind = match head.kind {
        Type::Known(Kind::Counter) => 0,
        Type::Known(Kind::Gauge | Kind::Info | Kind::StateSet) => 1,
        Type::Known(Kind::Summary) => 2,
        Type::Untyped | Type::Known(Kind::Unknown) => 3,
        Type::Known(Kind::Histogram) => 4,
    };
    uint(out, 3, kind);
    let counted = head.name.strip_suffix("_total").unwrap_or(head.name);
    // As in OpenMetrics: a name that ends in something else has no unit here, whatever its numbers are.
    if let Some(unit) = head.unit.filter(|unit| without_suffix(counted, unit).is_some()) {
        string(out, 5, &[unit]);
    }
}

/// Appends a series of a family.
pub(crate) fn metric(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    message(out, 4, write);
}

pub(crate) fn label(out: &mut Vec<u8>, name: &str, value: &str) {
    message(out, 1, |out| {
        string(out, 1, &[name]);
        string(out, 2, &[value]);
    });
}

pub(crate) fn gauge(out: &mut Vec<u8>, value: f64) {
    message(out, 2, |out| double(out, 1, value));
}

pub(crate) fn counter(out: &mut Vec<u8>, value: f64, more: impl FnOnce(&mut Vec<u8>)) {
    message(out, 3, |out| {
        double(out, 1, value);
        more(out);
    });
}

pub(crate) fn summary(
    out: &mut Vec<u8>,
    count: u64,
    sum: f64,
    quantiles: impl Iterator<Item = (f64, f64)>,
    more: impl FnOnce(&mut Vec<u8>),
) {
    message(out, 4, |out| {
        uint(out, 1, count);
        double(out, 2, sum);
        for (quantile, value) in quantiles {
            message(out, 3, |out| {
                double(out, 1, quantile);
                double(out, 2, value);
            });
        }
        more(out);
    });
}

#[cfg(all(feature = "exporter", feature = "prometheus"))]
pub(crate) fn untyped(out: &mut Vec<u8>, value: f64) {
    message(out, 5, |out| double(out, 1, value));
}

/// In milliseconds since the Unix epoch.
#[cfg(all(feature = "exporter", feature = "prometheus"))]
pub(crate) fn timestamp(out: &mut Vec<u8>, milliseconds: i64) {
    uint(out, 6, milliseconds.cast_unsigned());
}

/// `more` has its buckets.
pub(crate) fn histogram(out: &mut Vec<u8>, count: u64, sum: f64, more: impl FnOnce(&mut Vec<u8>)) {
    message(out, 7, |out| {
        uint(out, 1, count);
        double(out, 2, sum);
        more(out);
    });
}

pub(crate) fn bucket(out: &mut Vec<u8>, total: u64, bound: f64, more: impl FnOnce(&mut Vec<u8>)) {
    message(out, 3, |out| {
        uint(out, 1, total);
        double(out, 2, bound);
        more(out);
    });
}

/// Appends a family from a series on, until there are so many bytes or it is whole; says which series is next.
pub(super) fn write_family(
    out: &mut Vec<u8>,
    family: &'static Descriptor,
    reading: &Reading<'_>,
    from: usize,
    full: usize,
    scratch: &mut Scratch,
) -> usize {
    // What continues a family does not explain it again.
    let is_first = from == 0 && !family.is_repeated();
    let help = family.help_parts();
    let head = Head {
        name: family.name,
        help: if is_first { &help } else { &[] },
        unit: family.unit,
        kind: Type::Known(family.kind),
    };
    let mut next = from;
    let start = out.len();
    let mut is_empty = true;
    delimited(out, |out| {
        head.write(out, Format::Protobuf);
        let series = out.len();
        let mut messages = Messages {
            family,
            hidden: Hidden::of(reading),
            past: reading.past(),
            exemplars: reading.exemplars(),
            of_process: start::of_process(),
            full,
            count: 0,
            out,
        };
        next = messages.series(from, reading, scratch);
        scratch.samples += messages.count * family.samples();
        is_empty = out.len() == series;
    });
    // Such a family is not there.
    if is_empty {
        out.truncate(start);
    }
    next
}

/// Where the series of a family go.
struct Messages<'a> {
    family: &'static Descriptor,
    /// Which series were removed.
    hidden: Hidden<'a>,
    /// Which series started again, if any can.
    past: Option<&'a Past>,
    exemplars: Option<&'a Exemplars>,
    /// When the others started.
    of_process: Duration,
    full: usize,
    /// How many there are so far.
    count: usize,
    out: &'a mut Vec<u8>,
}

impl Messages<'_> {
    fn series(&mut self, from: usize, reading: &Reading<'_>, scratch: &mut Scratch) -> usize {
        let first_states = |count: usize| from.div_ceil(count) * count;
        match reading {
            Reading::Absent => self.family.combinations(),
            Reading::Info(texts) => self.info(texts),
            Reading::States { cells, count, .. } => self.states(first_states(*count), cells, *count),
            Reading::Computed(computation) => self.each(from, reading, |this, index| this.computed(index, computation)),
            Reading::Counter(cells) => self.each(from, reading, |this, index| {
                let count = sum(*cells, index);
                #[allow(clippy::cast_precision_loss, reason = "a sample is a float, whoever rounds it")]
                this.counter(index, count as f64);
            }),
            Reading::FloatCounter(cells) => {
                self.each(from, reading, |this, index| this.counter(index, sum(*cells, index)))
            }
            #[allow(clippy::cast_precision_loss, reason = "a sample is a float, whoever rounds it")]
            Reading::Int(cells, _) => self.each(from, reading, |this, index| {
                this.gauge(index, cells[index].get() as f64)
            }),
            Reading::Float(cells, _) => self.each(from, reading, |this, index| this.gauge(index, cells[index].get())),
            #[allow(clippy::cast_precision_loss, reason = "a sample is a float, whoever rounds it")]
            Reading::InFlight(cells) => {
                self.each(from, reading, |this, index| this.gauge(index, cells.get(index) as f64))
            }
            Reading::Histogram(cells) => {
                scratch.buckets.clear();
                scratch.buckets.resize(cells.buckets(), 0);
                self.each(from, reading, |this, index| this.histogram(index, *cells, scratch))
            }
            Reading::Summary(cells) => {
                scratch.quantiles.clear();
                scratch.quantiles.resize(cells.quantiles(), 0.0);
                self.each(from, reading, |this, index| {
                    this.summary(index, *cells, &mut scratch.quantiles)
                })
            }
        }
    }

    /// Each series that may be exported, until there are enough bytes.
    fn each(&mut self, from: usize, reading: &Reading<'_>, mut write: impl FnMut(&mut Self, usize)) -> usize {
        let mut touched = Touched::of(self.family, reading);
        let mut index = from;
        while index < self.family.combinations() && !self.is_full(index > from) {
            let next = touched.next(self.family.combination(index).next_present());
            if next > index {
                index = next;
                continue;
            }
            write(self, index);
            index += 1;
        }
        index
    }

    fn counter(&mut self, index: usize, value: f64) {
        if self.hidden.exports(self.family, index, value == 0.0) {
            let created = self.created(index);
            let exemplar = self.exemplar(index, 0);
            self.metric(index, |out| {
                counter(out, value, |out| {
                    exemplar.iter().for_each(|recorded| write_exemplar(out, 2, recorded));
                    write_time(out, 3, created);
                });
            });
        }
    }

    fn gauge(&mut self, index: usize, value: f64) {
        if self.hidden.exports(self.family, index, value == 0.0) {
            self.metric(index, |out| gauge(out, value));
        }
    }

    fn computed(&mut self, index: usize, computation: &Computation<'_>) {
        // What is impossible has no value to compute.
        if !self.family.combination(index).is_exported(true) {
            return;
        }
        // Text formats say in a comment that it panicked.
        let Some(value) = computation.value(index) else { return };
        let kind = self.family.kind;
        self.metric(index, |out| match kind {
            Kind::Counter => counter(out, value, |_| {}),
            _ => gauge(out, value),
        });
    }

    fn histogram(&mut self, index: usize, cells: &dyn HistogramCells, scratch: &mut Scratch) {
        let Scratch {
            buckets, read, native, ..
        } = scratch;
        let (count, sum) = cells.read_native(index, buckets, read, native);
        if !self.hidden.exports(self.family, index, count == 0) {
            return;
        }
        let (family, exemplars) = (self.family, self.exemplars);
        let exemplar = |slot| exemplars.and_then(|exemplars| exemplars.get(index, slot));
        let created = self.created(index);
        self.metric(index, |out| {
            histogram(out, count, sum, |out| {
                let mut total = 0_u64;
                let bounds = family.buckets.iter().copied().chain([f64::INFINITY]);
                for (position, (bound, observations)) in bounds.zip(&*buckets).enumerate() {
                    total = total.wrapping_add(*observations);
                    let exemplar = exemplar(position);
                    // The last bucket is the count, and needs to be there for its exemplar only.
                    if bound.is_finite() || exemplar.is_some() {
                        bucket(out, total, bound, |out| {
                            exemplar.iter().for_each(|recorded| write_exemplar(out, 3, recorded));
                        });
                    }
                }
                if family.native.is_some() {
                    write_native(out, native);
                }
                write_time(out, 15, created);
                if family.native.is_some() {
                    let slots = buckets.len()..buckets.len() + NATIVE_EXEMPLARS;
                    slots
                        .filter_map(exemplar)
                        .for_each(|recorded| write_exemplar(out, 16, &recorded));
                }
            });
        });
    }

    fn summary(&mut self, index: usize, cells: &dyn SummaryCells, quantiles: &mut [f64]) {
        let (mut count, mut sum) = (0, 0.0);
        cells.read(index..index + 1, &mut [0], &mut |_, read_count, read_sum| {
            (count, sum) = (read_count, read_sum);
        });
        if self.hidden.exports(self.family, index, count == 0) {
            cells.read_quantiles(index, quantiles);
            let quantiles = self.family.quantiles.iter().copied().zip(quantiles.iter().copied());
            let created = self.created(index);
            self.metric(index, |out| {
                summary(out, count, sum, quantiles, |out| write_time(out, 4, created));
            });
        }
    }

    /// The only series, whose labels are these texts.
    fn info(&mut self, texts: &InfoTexts) -> usize {
        let family = self.family;
        self.count += 1;
        metric(self.out, |out| {
            let names = family.labels.iter().map(|label| label.name);
            let labels = names.zip(texts.iter().map(AsRef::as_ref));
            family
                .given_labels()
                .chain(labels)
                .for_each(|(name, value)| label(out, name, value));
            gauge(out, 1.0);
        });
        family.combinations()
    }

    /// Each state of those series that are exported. A message ends after all states of one.
    fn states(&mut self, from: usize, cells: &[StateCell], count: usize) -> usize {
        let mut index = from;
        while index < self.family.combinations() && !self.is_full(index > from) {
            // Read once for all its series, so that exactly one is 1.
            let current = cells[index / count].get();
            let is_hidden = self.hidden.hides(index / count, current.is_none());
            for state in 0..count {
                if !is_hidden && self.family.combination(index + state).is_exported(current.is_none()) {
                    let value = f64::from(current == Some(state));
                    self.metric(index + state, |out| gauge(out, value));
                }
            }
            index += count;
        }
        index
    }

    /// A series with its labels.
    fn metric(&mut self, index: usize, write: impl FnOnce(&mut Vec<u8>)) {
        let family = self.family;
        self.count += 1;
        metric(self.out, |out| {
            family.given_labels().for_each(|(name, value)| label(out, name, value));
            let own = family.combination(index).pairs();
            own.for_each(|(named, value)| label(out, named.name, value));
            write(out);
        });
    }

    fn exemplar(&self, index: usize, slot: usize) -> Option<Recorded> {
        self.exemplars?.get(index, slot)
    }

    /// When a series started.
    fn created(&self, index: usize) -> Duration {
        self.past.and_then(|past| past.start(index)).unwrap_or(self.of_process)
    }

    /// Whether there are enough bytes. Something must have been written first, or there would be no end.
    fn is_full(&self, began: bool) -> bool {
        began && self.out.len() >= self.full
    }
}

fn sum<V: CounterValue>(cells: &dyn CounterCells<V>, index: usize) -> V {
    let mut sum = [V::ZERO];
    cells.sum(index, &mut sum);
    sum[0]
}

/// Appends the native buckets of a histogram.
fn write_native(out: &mut Vec<u8>, native: &NativeSnapshot) {
    sint(out, 5, native.schema.into());
    double(out, 6, native.zero_threshold);
    uint(out, 7, native.zero_count);
    write_side(out, (9, 10), &native.negative);
    write_side(out, (12, 13), &native.positive);
    let is_nothing = native.zero_threshold == 0.0 && native.count() == 0;
    if is_nothing {
        // Otherwise it would look as if it had no native buckets.
        write_span(out, 12, 0, 0);
    }
}

/// Appends the buckets of a side: spans of such that follow each other, and how much each has more than the one before.
fn write_side(out: &mut Vec<u8>, (spans, deltas): (u32, u32), buckets: &[(i32, u64)]) {
    // An empty bucket or two cost less than a new span.
    let is_near = |(before, _): &(i32, u64), (next, _): &(i32, u64)| next - before <= 3;
    let mut end = 0;
    for span in buckets.chunk_by(is_near) {
        let (first, last) = (span[0].0, span[span.len() - 1].0);
        write_span(out, spans, first - end, (last - first + 1).unsigned_abs());
        end = last + 1;
    }
    if buckets.is_empty() {
        return;
    }
    message(out, deltas, |out| {
        let mut before = 0;
        let mut put = |count: u64| {
            packed_sint(out, count.wrapping_sub(before).cast_signed());
            before = count;
        };
        for span in buckets.chunk_by(is_near) {
            let mut next = span[0].0;
            for (index, count) in span {
                (next..*index).for_each(|_| put(0));
                put(*count);
                next = index + 1;
            }
        }
    });
}

fn write_span(out: &mut Vec<u8>, field: u32, offset: i32, length: u32) {
    message(out, field, |out| {
        sint(out, 1, offset.into());
        uint(out, 2, length.into());
    });
}

fn write_exemplar(out: &mut Vec<u8>, field: u32, recorded: &Recorded) {
    let Recorded { exemplar, value, time } = recorded;
    message(out, field, |out| {
        write_id(out, "trace_id", exemplar.trace_id(), 32);
        write_id(out, "span_id", exemplar.span_id().into(), 16);
        double(out, 2, *value);
        write_time(out, 3, *time);
    });
}

/// Appends a label whose value is so many hexadecimal digits.
fn write_id(out: &mut Vec<u8>, name: &str, id: u128, digits: usize) {
    message(out, 1, |out| {
        string(out, 1, &[name]);
        // A string is a message to those who count bytes. A vector takes everything.
        message(out, 2, |out| _ = write!(out, "{id:0digits$x}"));
    });
}

/// Appends a `google.protobuf.Timestamp`.
fn write_time(out: &mut Vec<u8>, field: u32, since_epoch: Duration) {
    message(out, field, |out| {
        uint(out, 1, since_epoch.as_secs());
        uint(out, 2, since_epoch.subsec_nanos().into());
    });
}
