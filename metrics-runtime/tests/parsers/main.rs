//! Expositions of whatever can be declared, read by the parsers of Prometheus' Python client.
//!
//! Families are made up: names, labels, help texts and values of every kind that is legal, the same in every run. What
//! the parsers of both formats see must be what was put in.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use enumetrics_macros::LabelValue;
use enumetrics_runtime::__private::{Block, InfoTexts, Reading};
use enumetrics_runtime::{
    Catalog, ComputedCounter, ComputedGauge, Counter, Descriptor, Exemplar, Export, Format, Gauge, Histogram, InFlight,
    Info, InfoLabels, Kind, LabelDescriptor, LabelSet, LabelValue as _, Metric, StateSet, Summary,
};

const EXPOSITIONS: u64 = 300;

#[test]
fn everything_that_can_be_declared_survives_the_way_through_the_parsers() {
    let (mut input, mut expected) = (Vec::new(), String::new());
    for seed in 0..EXPOSITIONS {
        let mut random = Random(seed);
        let families: Vec<_> = (0..1 + random.below(5)).map(|n| Made::up(&mut random, n)).collect();
        let exports: Vec<&dyn Export> = families.iter().map(|family| family as &dyn Export).collect();
        let mut catalog = Catalog::new(&exports).unwrap();
        let has_created = random.below(2) == 0;
        if has_created {
            catalog = catalog.with_created_timestamps();
        }
        for (format, name) in [(Format::Text, "text"), (Format::OpenMetrics, "openmetrics")] {
            let text = catalog.render_as(format);
            write!(input, "{name} {}\n{text}", text.len()).unwrap();
            for family in &families {
                family.describe(format, has_created, &mut expected);
            }
        }
    }
    let seen = parsed(&input);
    for (number, (seen, expected)) in seen.lines().zip(expected.lines()).enumerate() {
        assert_eq!(
            seen,
            expected,
            "line {number}: {} and {}",
            readable(seen),
            readable(expected)
        );
    }
    assert_eq!(seen.lines().count(), expected.lines().count());
}

#[test]
fn the_parsers_would_find_something() {
    for wrong in [
        "# TYPE x gauge\nx 1\nx{\n# EOF\n",
        "# TYPE x gauge\nx 1\n",
        "# TYPE x counter\nx_total NaN\n# EOF\n",
    ] {
        let input = format!("openmetrics {}\n{wrong}", wrong.len());
        let output = parse(input.as_bytes());
        assert!(!output.status.success(), "{wrong}");
    }
}

/// What the parsers see, a line for each family and sample.
fn parsed(input: &[u8]) -> String {
    let output = parse(input);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn parse(input: &[u8]) -> std::process::Output {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let python = root.join("../target/python/bin/python");
    assert!(python.is_file(), "there is no {}: run tests/tools", python.display());
    let mut child = Command::new(python)
        .arg(root.join("tests/parsers/parse.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut pipe = child.stdin.take().unwrap();
    std::thread::scope(|scope| {
        // It ends early where it fails.
        scope.spawn(move || pipe.write_all(input));
        child.wait_with_output().unwrap()
    })
}

/// A family that is made up.
struct Made {
    descriptors: &'static [Descriptor],
    /// What its name ends in, if that is a base unit.
    unit: &'static str,
    metric: Box<dyn Readable>,
    /// What a parser must see.
    samples: Vec<Sample>,
}

/// Any metric.
trait Readable: Sync {
    fn reading(&self) -> Reading<'_>;
}

impl<M: Metric> Readable for M {
    fn reading(&self) -> Reading<'_> {
        self.read()
    }
}

/// A sample that a parser must see.
struct Sample {
    suffix: &'static str,
    /// The labels of the series, and the one that the kind adds.
    labels: Vec<String>,
    /// Nothing for the time at which the series started.
    value: Option<f64>,
    exemplar: Option<(Exemplar, f64)>,
}

/// As many series as a family here has at most, without the states of a state set.
const SERIES: usize = 16;

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

/// The states of a state set, whose names are in the descriptor, too.
#[derive(LabelValue, Clone, Copy)]
#[label(crate = enumetrics_runtime)]
enum State {
    One,
    Two,
    Three,
}

/// The texts of an info metric.
struct Texts(Vec<String>);

impl InfoLabels for Texts {
    const LABELS: &'static [LabelDescriptor] = &[];

    fn into_texts(self) -> InfoTexts {
        self.0.into_iter().map(Cow::Owned).collect()
    }
}

/// What names end in, be it right for the kind or not.
const ENDS: [&str; 7] = ["", "_total", "_info", "_created", "_bucket", "_sum", "_count"];

const QUANTILES: [f64; 2] = [0.5, 0.999];
const HOUR: Duration = Duration::from_secs(3_600);

impl Made {
    fn up(random: &mut Random, number: u64) -> Self {
        let variety = random.below(12);
        let kind = match variety {
            0..=2 => Kind::Counter,
            3..=6 => Kind::Gauge,
            7 | 8 => Kind::Histogram,
            9 => Kind::Summary,
            10 => Kind::StateSet,
            _ => Kind::Info,
        };
        let unit = match kind {
            // They are no numbers of anything.
            Kind::StateSet | Kind::Info => "",
            _ => ["", "", "seconds", "bytes", "ratio", "celsius", "meters"][random.below(7) as usize],
        };
        // The label of a state set is called like it, and no label's name has a colon.
        let others: &[u8] = if kind == Kind::StateSet { b"_" } else { b"_:" };
        let mut name = format!("{}{number}x", random.name(others));
        if !unit.is_empty() {
            name = format!("{name}_{unit}");
        }
        // Most names are usual, and the others what an exception allows.
        let end = match (kind, random.below(4)) {
            (_, 0) => ENDS[random.below(ENDS.len() as u64) as usize],
            (Kind::Counter, _) => "_total",
            (Kind::Info, _) => "_info",
            _ => "",
        };
        let unit = match (kind, end) {
            (Kind::Counter, "_total") | (_, "") => unit,
            _ => "",
        };
        name += end;
        let name: &'static str = name.leak();
        let bounds: &'static [f64; 3] = Box::leak(Box::new(random.bounds()));
        let mut labels = random.labels();
        match kind {
            Kind::StateSet => {
                let states = (0..3).map(|state| &*format!("{state}{}", random.text(20)).leak());
                labels.push(LabelDescriptor::new(name, states.collect::<Vec<_>>().leak()));
            }
            // Its values are not known to a descriptor.
            Kind::Info => {
                labels = labels
                    .iter()
                    .map(|label| LabelDescriptor::new(label.name, &[]))
                    .collect()
            }
            _ => {}
        }
        let descriptor = Descriptor::new(name, random.help().leak(), kind, labels.leak())
            .with_buckets(if kind == Kind::Histogram { bounds } else { &[] })
            .with_quantiles(if kind == Kind::Summary { &QUANTILES } else { &[] })
            .with_constant_labels(random.constant_labels());
        let mut samples = Samples {
            descriptor,
            series: Vec::new(),
        };
        let metric = match variety {
            0 => counter(random, &mut samples),
            1 => float_counter(random, &mut samples),
            2 => computed(random, &mut samples, true),
            3 => gauge(random, &mut samples),
            4 => float_gauge(random, &mut samples),
            5 => in_flight(random, &mut samples),
            6 => computed(random, &mut samples, false),
            7 | 8 => histogram(random, &mut samples, bounds),
            9 => summary(random, &mut samples),
            10 => state_set(random, &mut samples),
            _ => info(random, &mut samples),
        };
        Self {
            descriptors: vec![descriptor].leak(),
            unit,
            metric,
            samples: samples.series,
        }
    }

    /// Appends what a parser must see.
    fn describe(&self, format: Format, has_created: bool, out: &mut String) {
        let Descriptor {
            name,
            help,
            kind,
            buckets,
            ..
        } = self.descriptors[0];
        // An info metric that was never set is not there at all.
        if kind == Kind::Info && self.samples.is_empty() {
            return;
        }
        let is_text = format == Format::Text;
        // The parser of the text format shortens a counter's name too, and knows no units.
        let (stem, kind_name) = match kind {
            Kind::Counter => (name.strip_suffix("_total"), "counter"),
            Kind::Info | Kind::StateSet if is_text => (Some(name), "gauge"),
            Kind::Info => (name.strip_suffix("_info"), "info"),
            _ => (Some(name), kind.as_str()),
        };
        let (family, kind_name, unit) = match stem {
            Some(family) => (family, kind_name, self.unit),
            // There is no such counter in its model: it adds what is missing.
            None if is_text => (name, kind_name, ""),
            None => (name, "unknown", self.unit),
        };
        let is_known = kind_name != "unknown";
        let unit = if is_text { "" } else { unit };
        let strings = [family, kind_name, unit, help].map(hexadecimal);
        writeln!(out, "family {}", strings.concat()).unwrap();
        let has_totals = is_text || kind != Kind::Histogram || buckets[0] >= 0.0;
        for sample in &self.samples {
            let is_there = match sample.suffix {
                "_sum" | "_count" => has_totals,
                "_created" => has_totals && has_created && !is_text && is_known,
                _ => true,
            };
            if !is_there {
                continue;
            }
            let sample_name = match sample.suffix {
                "_created" => format!("{family}_created"),
                _ if kind == Kind::Counter && is_text => format!("{family}_total"),
                suffix => format!("{name}{suffix}"),
            };
            let labels: String = sample.labels.iter().map(|text| hexadecimal(text)).collect();
            let value = sample.value.map_or_else(|| "started".to_owned(), bits);
            write!(out, "sample {}{labels}{value} ", hexadecimal(&sample_name)).unwrap();
            if let Some((exemplar, value)) = sample.exemplar.filter(|_| !is_text && is_known) {
                let ids = [
                    "trace_id",
                    &format!("{:032x}", exemplar.trace_id()),
                    "span_id",
                    &format!("{:016x}", exemplar.span_id()),
                ];
                write!(out, "exemplar {}{} ", ids.map(hexadecimal).concat(), bits(value)).unwrap();
            }
            out.push('\n');
        }
    }
}

/// What a family shall have, series by series.
struct Samples {
    descriptor: Descriptor,
    series: Vec<Sample>,
}

impl Samples {
    /// All positions of series.
    fn indices(&self) -> impl Iterator<Item = Index> + use<> {
        (0..self.descriptor.combinations()).map(Index)
    }

    fn add(&mut self, index: Index, value: f64) {
        self.push(index, "", None, Some(value), None);
    }

    fn push(
        &mut self,
        index: Index,
        suffix: &'static str,
        added: Option<(&str, f64)>,
        value: Option<f64>,
        exemplar: Option<(Exemplar, f64)>,
    ) {
        let mut labels = self.labels(index.0);
        labels.extend(
            added
                .into_iter()
                .flat_map(|(name, value)| [name.to_owned(), spelled(value)]),
        );
        self.series.push(Sample {
            suffix,
            labels,
            value,
            exemplar,
        });
    }

    /// Names and values of the labels of a series.
    fn labels(&self, index: usize) -> Vec<String> {
        let Descriptor {
            labels,
            constant_labels,
            ..
        } = self.descriptor;
        let mut pairs: Vec<_> = constant_labels.iter().map(|&(name, value)| [name, value]).collect();
        let mut rest = index;
        for label in labels.iter().rev() {
            let value = label.values[rest % label.values.len()];
            pairs.insert(constant_labels.len(), [label.name, value]);
            rest /= label.values.len();
        }
        pairs.concat().into_iter().map(str::to_owned).collect()
    }
}

fn counter(random: &mut Random, samples: &mut Samples) -> Box<dyn Readable> {
    let counter = Counter::<Index>::new();
    for index in samples.indices() {
        let count = random.next() >> random.below(64);
        let exemplar = random.exemplar();
        counter.with(index).inc_by_with(count, exemplar);
        let exemplar = exemplar.map(|exemplar| (exemplar, count as f64));
        samples.push(index, "", None, Some(count as f64), exemplar);
        samples.push(index, "_created", None, None, None);
    }
    Box::new(counter)
}

fn float_counter(random: &mut Random, samples: &mut Samples) -> Box<dyn Readable> {
    let counter = Counter::<Index, f64>::new();
    for index in samples.indices() {
        let sum = random.float().abs();
        let sum = if sum.is_finite() { sum } else { 0.0 };
        let exemplar = random.exemplar();
        counter.with(index).inc_by_with(sum, exemplar);
        let exemplar = exemplar.map(|exemplar| (exemplar, sum));
        samples.push(index, "", None, Some(sum), exemplar);
        samples.push(index, "_created", None, None, None);
    }
    Box::new(counter)
}

fn computed(random: &mut Random, samples: &mut Samples, is_counter: bool) -> Box<dyn Readable> {
    let values: Vec<f64> = samples
        .indices()
        .map(|_| match is_counter {
            true => random.positive(),
            false => random.float(),
        })
        .collect();
    for (index, value) in samples.indices().zip(&values) {
        samples.add(index, *value);
    }
    let compute = move |index: Index| values[index.0];
    if is_counter {
        let counter = ComputedCounter::<Index>::new();
        counter.compute_with(compute);
        Box::new(counter)
    } else {
        let gauge = ComputedGauge::<Index>::new();
        gauge.compute_with(compute);
        Box::new(gauge)
    }
}

fn gauge(random: &mut Random, samples: &mut Samples) -> Box<dyn Readable> {
    let gauge = Gauge::<Index>::new();
    for index in samples.indices() {
        let value = random.next() as i64 >> random.below(64);
        gauge.with(index).set(value);
        samples.add(index, value as f64);
    }
    Box::new(gauge)
}

fn float_gauge(random: &mut Random, samples: &mut Samples) -> Box<dyn Readable> {
    let gauge = Gauge::<Index, f64>::new();
    for index in samples.indices() {
        let value = random.float();
        gauge.with(index).set(value);
        samples.add(index, value);
    }
    Box::new(gauge)
}

fn in_flight(random: &mut Random, samples: &mut Samples) -> Box<dyn Readable> {
    let in_flight = InFlight::<Index>::new();
    for index in samples.indices() {
        let count = random.below(4);
        for _ in 0..count {
            // It does not end before it is read.
            std::mem::forget(in_flight.with(index).track());
        }
        samples.add(index, count as f64);
    }
    Box::new(in_flight)
}

fn histogram(random: &mut Random, samples: &mut Samples, bounds: &'static [f64; 3]) -> Box<dyn Readable> {
    let histogram = Histogram::<Index, 3>::with_buckets(bounds);
    for index in samples.indices() {
        let observed: Vec<_> = (0..random.below(6))
            .map(|_| (random.positive(), random.exemplar()))
            .collect();
        for (value, exemplar) in &observed {
            histogram.with(index).observe_with(*value, *exemplar);
        }
        let mut below = f64::NEG_INFINITY;
        for bound in bounds.iter().copied().chain([f64::INFINITY]) {
            let count = observed.iter().filter(|(value, _)| *value <= bound).count();
            let in_bucket = observed.iter().filter(|(value, _)| *value > below && *value <= bound);
            let mut exemplars = in_bucket.filter_map(|(value, exemplar)| Some((exemplar.as_ref().copied()?, *value)));
            let (le, exemplar) = (Some(("le", bound)), exemplars.next_back());
            samples.push(index, "_bucket", le, Some(count as f64), exemplar);
            below = bound;
        }
        let sum = observed.iter().fold(0.0, |sum, (value, _)| sum + value);
        samples.push(index, "_sum", None, Some(sum), None);
        samples.push(index, "_count", None, Some(observed.len() as f64), None);
        samples.push(index, "_created", None, None, None);
    }
    Box::new(histogram)
}

fn summary(random: &mut Random, samples: &mut Samples) -> Box<dyn Readable> {
    let summary = Summary::<Index, 2>::with_quantiles(&QUANTILES, HOUR);
    for index in samples.indices() {
        for _ in 0..random.below(6) {
            summary.with(index).observe(random.positive());
        }
        // How good they are is shown elsewhere.
        let now = summary.with(index).snapshot();
        for (quantile, value) in QUANTILES.iter().zip(&now.quantiles) {
            samples.push(index, "", Some(("quantile", *quantile)), Some(*value), None);
        }
        samples.push(index, "_sum", None, Some(now.sum), None);
        samples.push(index, "_count", None, Some(now.count as f64), None);
        samples.push(index, "_created", None, None, None);
    }
    Box::new(summary)
}

fn state_set(random: &mut Random, samples: &mut Samples) -> Box<dyn Readable> {
    let states = StateSet::<State, Index>::new();
    let indices: Vec<_> = samples.indices().collect();
    for (series, of_one) in indices.chunks(State::VARIANTS.len()).enumerate() {
        let current = random.below(4) as usize;
        // Before the first `set` no state is the current one.
        if let Some(state) = State::VARIANTS.get(current) {
            states.with(Index(series)).set(*state);
        }
        for (state, index) in of_one.iter().enumerate() {
            samples.add(*index, if state == current { 1.0 } else { 0.0 });
        }
    }
    Box::new(states)
}

fn info(random: &mut Random, samples: &mut Samples) -> Box<dyn Readable> {
    let info = Info::<Texts>::new();
    // What is not set is not there.
    if random.below(4) > 0 {
        let texts: Vec<String> = samples.descriptor.labels.iter().map(|_| random.text(20)).collect();
        let constant = samples.descriptor.constant_labels.iter().copied();
        let own = samples
            .descriptor
            .labels
            .iter()
            .map(|label| label.name)
            .zip(texts.iter());
        let labels = constant.chain(own.map(|(name, text)| (name, text.as_str())));
        let labels = labels
            .flat_map(|(name, text)| [name.to_owned(), text.to_owned()])
            .collect();
        samples.series.push(Sample {
            suffix: "",
            labels,
            value: Some(1.0),
            exemplar: None,
        });
        info.set(Texts(texts));
    }
    Box::new(info)
}

/// A value as the parser's answer has it.
fn bits(value: f64) -> String {
    let value = if value.is_nan() { f64::NAN } else { value };
    format!("{:016x}", value.to_bits())
}

/// As OpenMetrics wants it. The bounds here are of a size that needs no exponent.
fn spelled(bound: f64) -> String {
    if bound.is_infinite() {
        "+Inf".to_owned()
    } else {
        format!("{bound:?}")
    }
}

impl Export for Made {
    fn descriptors(&self) -> &'static [Descriptor] {
        self.descriptors
    }

    fn read(&self, visit: &mut dyn FnMut(&'static Descriptor, Reading<'_>)) {
        visit(&self.descriptors[0], self.metric.reading());
    }
}

fn hexadecimal(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect::<String>() + " "
}

/// A line as people read it.
fn readable(line: &str) -> String {
    let bytes = |word: &str| {
        (0..word.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(word.get(at..at + 2)?, 16).ok())
            .collect()
    };
    let words = line.split(' ').map(|word| match bytes(word) {
        Some::<Vec<u8>>(bytes) => String::from_utf8(bytes).map_or_else(|_| word.to_owned(), |text| format!("{text:?}")),
        None => word.to_owned(),
    });
    words.collect::<Vec<_>>().join(" ")
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

    /// A letter, sometimes with an underscore before it, and then letters, digits and `others`.
    fn name(&mut self, others: &[u8]) -> String {
        let letters = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
        let all = [letters, &b"0123456789"[..], others].concat();
        let mut name = String::from(if self.below(8) == 0 { "_" } else { "" });
        name.push(char::from(letters[self.below(52) as usize]));
        for _ in 0..self.below(12) {
            name.push(char::from(all[self.below(all.len() as u64) as usize]));
        }
        name
    }

    /// What formats escape, what they give a meaning to, and any character at all.
    fn text(&mut self, longest: u64) -> String {
        let special = [
            '\\', '"', '\n', '{', '}', ',', '=', '#', ' ', '\t', '\r', '\0', 'n', 'é', '日', '🦀', '\u{2028}',
        ];
        let length = self.below(longest);
        let characters = (0..length).map(|_| match self.below(3) {
            0 => char::from(b'!' + self.below(94) as u8),
            1 => special[self.below(special.len() as u64) as usize],
            // Surrogates are no characters.
            _ => char::from_u32(self.below(0x11_0000) as u32).unwrap_or('a'),
        });
        characters.collect()
    }

    /// A help text is there, and is trimmed: so does who reads it.
    fn help(&mut self) -> String {
        format!("A{}.", self.text(40))
    }

    /// Of a trace and span that are whatever they are.
    fn exemplar(&mut self) -> Option<Exemplar> {
        let trace = u128::from(self.next()) << 64 | u128::from(self.next());
        (self.below(2) == 0).then(|| Exemplar::new(trace, self.next()))
    }

    fn labels(&mut self) -> Vec<LabelDescriptor> {
        let label = |position: u64, random: &mut Self| {
            let name = format!("{}{position}", random.name(b"_")).leak();
            // A value is there once.
            let values = (0..1 + random.below(2)).map(|value| &*format!("{value}{}", random.text(20)).leak());
            LabelDescriptor::new(name, values.collect::<Vec<_>>().leak())
        };
        (0..self.below(5)).map(|position| label(position, self)).collect()
    }

    fn constant_labels(&mut self) -> &'static [(&'static str, &'static str)] {
        let label = |random: &mut Self| (&*format!("{}_", random.name(b"_")).leak(), &*random.text(20).leak());
        match self.below(3) {
            0 => vec![label(self)].leak(),
            _ => &[],
        }
    }

    /// Bounds that increase, the first of them sometimes below zero.
    fn bounds(&mut self) -> [f64; 3] {
        let first = self.below(1_000) as f64 / 100.0 - if self.below(4) == 0 { 20.0 } else { 0.0 };
        [first, first + 0.125, first + 1.0 + self.below(1_000) as f64]
    }

    /// What histograms observe here: sums are exact, in whatever order.
    fn positive(&mut self) -> f64 {
        self.below(4_000) as f64 / 4.0
    }

    fn float(&mut self) -> f64 {
        match self.below(6) {
            0 => f64::from_bits(self.next()),
            1 => [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.0, -0.0, f64::MAX][self.below(6) as usize],
            2 => self.below(1_000_000) as f64 / 1_000.0,
            3 => -(self.below(1_000) as f64),
            4 => f64::from_bits(self.next() >> 12),
            _ => self.next() as f64,
        }
    }
}
