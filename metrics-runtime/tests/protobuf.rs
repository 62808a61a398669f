//! Protobuf expositions of whatever can be declared and observed, read back by `prost`.

#[path = "../../tests/support/client_model.rs"]
mod client_model;

use std::time::{SystemTime, UNIX_EPOCH};

use client_model::{Histogram as Read, MetricFamily, MetricType, decode, decode_joined};
use enumetrics_runtime::__private::{Block, Reading};
use enumetrics_runtime::{
    Catalog, Counter, Descriptor, Exemplar, Export, Format, Gauge, Histogram, Kind, LabelDescriptor, LabelSet,
    Metric as _, Native, NativeBuckets, PerThread, Scrape, Summary,
};

/// A family with as many series as its labels have combinations.
struct Family {
    descriptors: &'static [Descriptor],
    metric: Recorded,
}

#[allow(clippy::large_enum_variant, reason = "there are a handful")]
enum Recorded {
    Counter(Counter<Index>),
    FloatCounter(Counter<Index, f64>),
    Int(Gauge<Index>),
    Float(Gauge<Index, f64>),
    Classic(Histogram<Index, 3>),
    Native(Histogram<Index, 0, Native<PerThread>>),
    Both(Histogram<Index, 3, Native<PerThread>>),
    Summary(Summary<Index>),
}

/// As many series as a family here has at most.
const SERIES: usize = 8_000;

/// A position among them: which labels it stands for is in the descriptor only.
#[derive(Clone, Copy)]
struct Index(usize);

impl LabelSet for Index {
    const LABELS: &'static [LabelDescriptor] = &[];
    const COMBINATIONS: usize = SERIES;
    type Cells<T: Block> = [T; SERIES];

    fn index(&self) -> usize {
        self.0
    }

    fn at(index: usize) -> Self {
        Self(index)
    }
}

impl Export for Family {
    fn descriptors(&self) -> &'static [Descriptor] {
        self.descriptors
    }

    fn read(&self, visit: &mut dyn FnMut(&'static Descriptor, Reading<'_>)) {
        let reading = match &self.metric {
            Recorded::Counter(counter) => counter.read(),
            Recorded::FloatCounter(counter) => counter.read(),
            Recorded::Int(gauge) => gauge.read(),
            Recorded::Float(gauge) => gauge.read(),
            Recorded::Classic(histogram) => histogram.read(),
            Recorded::Native(histogram) => histogram.read(),
            Recorded::Both(histogram) => histogram.read(),
            Recorded::Summary(summary) => summary.read(),
        };
        visit(&self.descriptors[0], reading);
    }
}

const BOUNDS: &[f64; 3] = &[-0.5, 0.25, 8.0];

impl Family {
    fn new(descriptor: Descriptor, metric: Recorded) -> Self {
        let descriptors = vec![descriptor].leak();
        Self { descriptors, metric }
    }

    /// Of any kind, with any name, help text and labels that are legal.
    fn up(random: &mut Random, number: u64) -> Self {
        let (kind, metric) = match random.below(8) {
            0 => (Kind::Counter, Recorded::Counter(Counter::new())),
            1 => (Kind::Counter, Recorded::FloatCounter(Counter::new())),
            2 => (Kind::Gauge, Recorded::Int(Gauge::new())),
            3 => (Kind::Gauge, Recorded::Float(Gauge::new())),
            4 => (Kind::Histogram, Recorded::Classic(Histogram::with_buckets(BOUNDS))),
            5 => (
                Kind::Histogram,
                Recorded::Native(Histogram::with_native_buckets(NativeBuckets::new())),
            ),
            6 => (Kind::Histogram, Recorded::Both(Histogram::with_buckets(BOUNDS))),
            _ => (Kind::Summary, Recorded::Summary(Summary::new())),
        };
        let labels = (0..random.below(4)).map(|position| {
            let values = (0..1 + random.below(3)).map(|value| &*format!("{value}{}", random.text(20)).leak());
            LabelDescriptor::new(format!("label_{position}").leak(), values.collect::<Vec<_>>().leak())
        });
        let labels = labels.collect::<Vec<_>>().leak();
        let unit = ["", "_seconds", "_bytes"][random.below(3) as usize];
        let suffix = if kind == Kind::Counter { "_total" } else { "" };
        let name = format!("family_{number}{unit}{suffix}").leak();
        let mut descriptor = Descriptor::new(name, random.text(60).leak(), kind, labels);
        if random.below(3) == 0 {
            descriptor = descriptor.with_constant_labels(vec![("constant", &*random.text(20).leak())].leak());
        }
        if matches!(metric, Recorded::Classic(_) | Recorded::Both(_)) {
            descriptor = descriptor.with_buckets(BOUNDS);
        }
        if matches!(metric, Recorded::Native(_) | Recorded::Both(_)) {
            descriptor = descriptor.with_native(NativeBuckets::new());
        }
        Self::new(descriptor, metric)
    }

    /// Records something into a series, and says what must be read of it.
    fn record(&self, random: &mut Random, index: usize) -> Expected {
        let index = Index(index);
        let observed: Vec<f64> = (0..random.below(6)).map(|_| random.observation()).collect();
        match &self.metric {
            Recorded::Counter(counter) => {
                let count = random.next() >> random.below(64);
                counter.with(index).inc_by(count);
                Expected::Value(count as f64)
            }
            Recorded::FloatCounter(counter) => {
                let amount = random.below(1_000) as f64 / 8.0;
                counter.with(index).inc_by(amount);
                Expected::Value(amount)
            }
            Recorded::Int(gauge) => {
                let value = random.next() as i64 >> random.below(64);
                gauge.with(index).set(value);
                Expected::Value(value as f64)
            }
            Recorded::Float(gauge) => {
                let value = f64::from_bits(random.next());
                gauge.with(index).set(value);
                Expected::Value(value)
            }
            Recorded::Classic(histogram) => {
                observed.iter().for_each(|value| histogram.with(index).observe(*value));
                Expected::Histogram(observed)
            }
            Recorded::Native(histogram) => {
                observed.iter().for_each(|value| histogram.with(index).observe(*value));
                Expected::Histogram(observed)
            }
            Recorded::Both(histogram) => {
                observed.iter().for_each(|value| histogram.with(index).observe(*value));
                Expected::Histogram(observed)
            }
            Recorded::Summary(summary) => {
                observed.iter().for_each(|value| summary.with(index).observe(*value));
                Expected::Histogram(observed)
            }
        }
    }
}

enum Expected {
    Value(f64),
    /// The observations of a histogram or a summary.
    Histogram(Vec<f64>),
}

fn written(families: &[&dyn Export]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let catalog = Catalog::new(families).unwrap();
    catalog
        .write_to(&mut bytes, Format::Protobuf, &mut Scrape::new())
        .unwrap();
    bytes
}

#[test]
fn everything_that_can_be_declared_is_read_back() {
    for seed in 0..60 {
        let mut random = Random(seed);
        let families: Vec<_> = (0..1 + random.below(5))
            .map(|number| Family::up(&mut random, number))
            .collect();
        let expected: Vec<Vec<_>> = families
            .iter()
            .map(|family| {
                let series = 0..family.descriptors[0].combinations();
                series.map(|index| family.record(&mut random, index)).collect()
            })
            .collect();
        let exports: Vec<&dyn Export> = families.iter().map(|family| family as &dyn Export).collect();
        let read = decode(&written(&exports));
        assert_eq!(read.len(), families.len(), "seed {seed}");
        for ((family, expected), read) in families.iter().zip(&expected).zip(&read) {
            assert_is(family, expected, read);
        }
    }
}

fn assert_is(family: &Family, expected: &[Expected], read: &MetricFamily) {
    let descriptor = &family.descriptors[0];
    assert_eq!((read.name(), read.help()), (descriptor.name, descriptor.help));
    assert_eq!(read.unit.as_deref(), descriptor.unit, "{}", descriptor.name);
    let kind = match descriptor.kind {
        Kind::Counter => MetricType::Counter,
        Kind::Histogram => MetricType::Histogram,
        Kind::Summary => MetricType::Summary,
        _ => MetricType::Gauge,
    };
    assert_eq!(read.r#type(), kind);
    assert_eq!(read.metric.len(), expected.len());
    for (index, (read, expected)) in read.metric.iter().zip(expected).enumerate() {
        let mut labels: Vec<_> = descriptor.constant_labels.to_vec();
        let mut rest = index;
        for label in descriptor.labels.iter().rev() {
            labels.insert(
                descriptor.constant_labels.len(),
                (label.name, label.values[rest % label.values.len()]),
            );
            rest /= label.values.len();
        }
        assert_eq!(read.labels(), labels);
        match expected {
            Expected::Value(value) => {
                let gauge = read.gauge.as_ref().map(|gauge| gauge.value());
                let seen = gauge.or(read.counter.as_ref().map(|counter| counter.value())).unwrap();
                assert!(
                    seen.to_bits() == value.to_bits() || seen == *value,
                    "{seen} for {value}"
                );
            }
            Expected::Histogram(observed) => {
                let sum: f64 = observed.iter().filter(|value| value.is_finite()).sum();
                if let Some(summary) = &read.summary {
                    assert_eq!(
                        (summary.sample_count(), summary.sample_sum()),
                        (observed.len() as u64, sum)
                    );
                    continue;
                }
                let histogram = read.histogram.as_ref().unwrap();
                assert_eq!(
                    (histogram.sample_count(), histogram.sample_sum()),
                    (observed.len() as u64, sum)
                );
                let bounds: Vec<f64> = histogram.bucket.iter().map(|bucket| bucket.upper_bound()).collect();
                assert_eq!(bounds, descriptor.buckets);
                for bucket in &histogram.bucket {
                    let below = observed.iter().filter(|value| **value <= bucket.upper_bound()).count();
                    assert_eq!(bucket.cumulative_count(), below as u64);
                }
                assert_eq!(histogram.schema.is_some(), descriptor.native.is_some());
                if descriptor.native.is_some() {
                    assert_holds(histogram, observed);
                }
            }
        }
    }
}

/// Each observation must be in the bucket whose bounds it lies between, as the standard library computes them.
fn assert_holds(histogram: &Read, observed: &[f64]) {
    let powers = (-f64::from(histogram.schema())).exp2();
    let is_zero = |value: &f64| value.abs() <= histogram.zero_threshold();
    assert_eq!(
        histogram.zero_count(),
        observed.iter().copied().filter(|value| is_zero(value)).count() as u64
    );
    for (side, sign) in [(histogram.positive(), 1.0), (histogram.negative(), -1.0)] {
        let mut of_side: Vec<f64> = observed.iter().map(|value| value * sign).collect();
        // `NaN` is with what is infinite.
        if sign > 0.0 {
            of_side
                .iter_mut()
                .filter(|value| value.is_nan())
                .for_each(|value| *value = f64::INFINITY);
        }
        of_side.retain(|value| *value > 0.0 && !is_zero(value));
        assert_eq!(of_side.len() as u64, side.iter().map(|(_, count)| count).sum::<u64>());
        for (index, count) in side {
            let bound = |index: i32| (f64::from(index) * powers).exp2();
            // The last two end at the largest number, and at infinity.
            let (low, high) = match bound(index - 1).is_finite() {
                true => (bound(index - 1), bound(index)),
                false => (f64::MAX, f64::INFINITY),
            };
            let within = of_side.iter().filter(|value| low < **value && **value <= high).count();
            assert_eq!(count, within as u64, "{index} of {observed:?}");
        }
    }
}

#[test]
fn native_buckets_of_any_layout_hold_what_was_observed() {
    let mut random = Random(7);
    for round in 0..300 {
        let schema = random.below(13) as i8 - 4;
        let most = 1 + random.below(400) as usize;
        let threshold = [0.0, 2_f64.powi(-128), 1e-9, 0.1][random.below(4) as usize];
        let layout = NativeBuckets::new()
            .with_schema(schema)
            .with_max_buckets(most)
            .with_zero_threshold(threshold);
        let histogram: Histogram<Index, 0, Native<PerThread>> = Histogram::with_native_buckets(layout);
        let observed: Vec<f64> = (0..random.below(400)).map(|_| random.observation()).collect();
        observed
            .iter()
            .for_each(|value| histogram.with(Index(0)).observe(*value));
        let descriptor = Descriptor::new("x", "X.", Kind::Histogram, &[]).with_native(layout);
        let family = Family::new(descriptor, Recorded::Native(histogram));
        let read = decode(&written(&[&family]))
            .remove(0)
            .metric
            .remove(0)
            .histogram
            .unwrap();
        assert_eq!(read.zero_threshold(), threshold);
        assert_holds(&read, &observed);
        let buckets = read.positive().len() + read.negative().len();
        assert!(
            read.schema() <= schema.into() && (buckets <= most || read.schema() == -4),
            "round {round}"
        );
        // No lower than it takes.
        if read.schema() < schema.into() {
            let finer = |value: &f64| (value.abs().log2() * f64::from(read.schema() + 1).exp2()).ceil() as i64;
            let mut finer: Vec<_> = observed
                .iter()
                .filter(|value| value.abs() > threshold)
                .map(|value| (*value < 0.0, finer(value)))
                .collect();
            finer.sort_unstable();
            finer.dedup();
            assert!(
                finer.len() + 3 > most,
                "round {round}: {} buckets were allowed, and {} there",
                most,
                finer.len()
            );
        }
    }
}

#[test]
fn a_native_histogram_without_observations_is_seen_to_be_one() {
    for (threshold, spans) in [(0.0, 1), (1e-9, 0)] {
        let layout = NativeBuckets::new().with_zero_threshold(threshold);
        let descriptor = Descriptor::new("x", "X.", Kind::Histogram, &[]).with_native(layout);
        let family = Family::new(descriptor, Recorded::Native(Histogram::with_native_buckets(layout)));
        let read = decode(&written(&[&family]))
            .remove(0)
            .metric
            .remove(0)
            .histogram
            .unwrap();
        assert_eq!((read.sample_count(), read.schema()), (0, 3));
        assert_eq!((read.positive_span.len(), read.positive().len()), (spans, 0));
    }
}

#[test]
fn a_family_that_is_longer_than_a_page_goes_on_in_the_next_message() {
    let values: Vec<&str> = (0..SERIES).map(|value| &*format!("value {value}").leak()).collect();
    let labels = vec![LabelDescriptor::new("label", values.leak())].leak();
    let counter = Counter::<Index>::new();
    for index in 0..SERIES {
        counter.with(Index(index)).inc_by(index as u64);
    }
    let wide = Family::new(
        Descriptor::new("wide_total", "Wide.", Kind::Counter, labels),
        Recorded::Counter(counter),
    );
    let next = Family::new(
        Descriptor::new("next", "Next.", Kind::Gauge, &[]),
        Recorded::Int(Gauge::new()),
    );
    let bytes = written(&[&wide, &next]);
    assert!(decode(&bytes).len() > 2);
    let read = decode_joined(&bytes);
    assert_eq!((read.len(), read[0].help()), (2, "Wide."));
    for (index, metric) in read[0].metric.iter().enumerate() {
        assert_eq!(metric.labels(), [("label", &*format!("value {index}"))]);
        assert_eq!(metric.counter.as_ref().unwrap().value(), index as f64);
    }
    assert_eq!(read[0].metric.len(), SERIES);
}

#[test]
fn exemplars_and_starts_are_there_with_their_times() {
    let counter = Counter::<Index>::new();
    let (trace, span) = (0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736, 0x00f0_67aa_0ba9_02b7);
    counter.with(Index(0)).inc_by_with(7, Exemplar::new(trace, span));
    let both = Histogram::with_buckets(BOUNDS);
    for (value, span) in [(0.1, 1), (0.12, 2), (3.0, 3), (100.0, 4), (f64::NAN, 5)] {
        both.with(Index(0)).observe_with(value, Exemplar::new(9, span));
    }
    let families = [
        Family::new(
            Descriptor::new("x_total", "X.", Kind::Counter, &[]),
            Recorded::Counter(counter),
        ),
        Family::new(
            Descriptor::new("y", "Y.", Kind::Histogram, &[])
                .with_buckets(BOUNDS)
                .with_native(NativeBuckets::new()),
            Recorded::Both(both),
        ),
        Family::new(
            Descriptor::new("z", "Z.", Kind::Summary, &[]),
            Recorded::Summary(Summary::new()),
        ),
    ];
    let exports: Vec<&dyn Export> = families.iter().map(|family| family as &dyn Export).collect();
    let now = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64();
    let read = decode(&written(&exports));
    let seconds = |time: &Option<client_model::Timestamp>| {
        let time = time.as_ref().unwrap();
        time.seconds as f64 + f64::from(time.nanos) / 1e9
    };

    let counter = read[0].metric[0].counter.as_ref().unwrap();
    let exemplar = counter.exemplar.as_ref().unwrap();
    let labels: Vec<_> = exemplar.label.iter().map(|pair| (pair.name(), pair.value())).collect();
    let ids = [
        ("trace_id", "4bf92f3577b34da6a3ce929d0e0e4736"),
        ("span_id", "00f067aa0ba902b7"),
    ];
    assert_eq!((labels.as_slice(), exemplar.value()), (&ids[..], 7.0));
    assert!((now() - seconds(&exemplar.timestamp)).abs() < 600.0);

    let histogram = read[1].metric[0].histogram.as_ref().unwrap();
    let of_bucket = |bucket: &client_model::Bucket| {
        let exemplar = bucket.exemplar.as_ref();
        (
            bucket.upper_bound(),
            bucket.cumulative_count(),
            exemplar.map(|exemplar| exemplar.value()),
        )
    };
    let buckets: Vec<_> = histogram.bucket.iter().map(of_bucket).collect();
    assert_eq!(
        buckets,
        [
            (-0.5, 0, None),
            (0.25, 2, Some(0.12)),
            (8.0, 3, Some(3.0)),
            (f64::INFINITY, 5, Some(100.0))
        ]
    );
    // The last one between two powers of two.
    let mut values: Vec<f64> = histogram.exemplars.iter().map(|exemplar| exemplar.value()).collect();
    values.sort_by(f64::total_cmp);
    assert_eq!(values, [0.12, 3.0, 100.0]);
    assert!(histogram.exemplars.iter().all(|exemplar| exemplar.timestamp.is_some()));

    let created = [
        &counter.created_timestamp,
        &histogram.created_timestamp,
        &read[2].metric[0].summary.as_ref().unwrap().created_timestamp,
    ];
    assert!(
        created
            .iter()
            .all(|created| (0.0..600.0).contains(&(now() - seconds(created)))),
        "{created:?}"
    );
}

/// The same numbers in every run (splitmix64), and what is made of them.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// Any characters at all.
    fn text(&mut self, longest: u64) -> String {
        let length = self.below(longest);
        // Surrogates are no characters.
        let characters = (0..length).map(|_| char::from_u32(self.below(0x11_0000) as u32).unwrap_or('\n'));
        characters.collect()
    }

    /// Mostly what one would observe; sums are exact, in whatever order.
    fn observation(&mut self) -> f64 {
        match self.below(20) {
            0 => [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.0, -0.0][self.below(5) as usize],
            1 => -(self.below(1_000) as f64) / 8.0,
            2 => 2_f64.powi(self.below(40) as i32 - 20),
            _ => self.below(1 << 20) as f64 / 1_024.0,
        }
    }
}
