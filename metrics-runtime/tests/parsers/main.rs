//! Expositions of whatever can be declared, read by the parsers of Prometheus' Python client.
//!
//! Families are made up: names, labels, help texts and values of every kind that is legal, the same in every run. What
//! the parsers of both formats see must be what was put in.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use enumetrics_runtime::__private::{Block, Reading};
use enumetrics_runtime::{
    Catalog, Counter, Descriptor, Export, Format, Gauge, Histogram, Kind, LabelDescriptor, LabelSet, Metric as _,
};

const EXPOSITIONS: u64 = 150;

#[test]
fn everything_that_can_be_declared_survives_the_way_through_the_parsers() {
    let (mut input, mut expected) = (Vec::new(), String::new());
    for seed in 0..EXPOSITIONS {
        let mut random = Random(seed);
        let families: Vec<_> = (0..1 + random.below(5)).map(|n| Made::up(&mut random, n)).collect();
        let exports: Vec<&dyn Export> = families.iter().map(|family| family as &dyn Export).collect();
        let catalog = Catalog::new(&exports).unwrap();
        for (format, name) in [(Format::Text, "text"), (Format::OpenMetrics, "openmetrics")] {
            let text = catalog.render_as(format);
            write!(input, "{name} {}\n{text}", text.len()).unwrap();
            for family in &families {
                family.describe(format, &mut expected);
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
    metric: Recorded,
    /// What was recorded, by series.
    values: Vec<f64>,
    observations: Vec<Vec<f64>>,
}

enum Recorded {
    Counter(Counter<Index>),
    Int(Gauge<Index>),
    Float(Gauge<Index, f64>),
    Histogram(Histogram<Index, 3>),
}

/// As many series as a family here has at most.
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

impl Made {
    fn up(random: &mut Random, number: u64) -> Self {
        let kind = [Kind::Counter, Kind::Gauge, Kind::Gauge, Kind::Histogram][random.below(4) as usize];
        let unit = ["", "", "seconds", "bytes", "ratio", "celsius", "meters"][random.below(7) as usize];
        // What a name may not end in it does not end in: a macro sees to that elsewhere.
        let mut name = format!("{}{number}x", random.name(b"_:"));
        if !unit.is_empty() {
            name = format!("{name}_{unit}");
        }
        if kind == Kind::Counter {
            name += "_total";
        }
        let bounds: &'static [f64; 3] = Box::leak(Box::new(random.bounds()));
        let labels = random.labels();
        let buckets: &[f64] = if kind == Kind::Histogram { bounds } else { &[] };
        let descriptor = Descriptor::new(name.leak(), random.help().leak(), kind, labels.leak())
            .with_buckets(buckets)
            .with_constant_labels(random.constant_labels());
        let series = (0..descriptor.combinations()).map(Index);
        let (mut values, mut observations) = (Vec::new(), Vec::new());
        let metric = match kind {
            Kind::Counter => {
                let counter = Counter::<Index>::new();
                for index in series {
                    let count = random.next() >> random.below(64);
                    counter.with(index).inc_by(count);
                    values.push(count as f64);
                }
                Recorded::Counter(counter)
            }
            Kind::Histogram => {
                let histogram = Histogram::with_buckets(bounds);
                for index in series {
                    let observed: Vec<f64> = (0..random.below(6)).map(|_| random.positive()).collect();
                    observed.iter().for_each(|value| histogram.with(index).observe(*value));
                    observations.push(observed);
                }
                Recorded::Histogram(histogram)
            }
            _ if random.below(2) == 0 => {
                let gauge = Gauge::<Index>::new();
                for index in series {
                    let value = random.next() as i64 >> random.below(64);
                    gauge.with(index).set(value);
                    values.push(value as f64);
                }
                Recorded::Int(gauge)
            }
            _ => {
                let gauge = Gauge::<Index, f64>::new();
                for index in series {
                    let value = random.float();
                    gauge.with(index).set(value);
                    values.push(value);
                }
                Recorded::Float(gauge)
            }
        };
        Self {
            descriptors: vec![descriptor].leak(),
            unit,
            metric,
            values,
            observations,
        }
    }

    /// Appends what a parser must see.
    fn describe(&self, format: Format, out: &mut String) {
        let Descriptor {
            name,
            help,
            kind,
            buckets,
            ..
        } = self.descriptors[0];
        // The parser of the text format shortens a counter's name too, and knows no units.
        let family = name.strip_suffix("_total").unwrap_or(name);
        let unit = if format == Format::OpenMetrics { self.unit } else { "" };
        let strings = [family, kind.as_str(), unit, help].map(hexadecimal);
        writeln!(out, "family {}", strings.concat()).unwrap();
        for index in 0..self.descriptors[0].combinations() {
            let labels: String = self.labels(index).into_iter().map(hexadecimal).collect();
            let mut sample = |suffix: &str, le: Option<String>, value: f64| {
                let name = hexadecimal(&format!("{name}{suffix}"));
                let le = le.map_or_else(String::new, |bound| hexadecimal("le") + &hexadecimal(&bound));
                let value = if value.is_nan() { f64::NAN } else { value };
                writeln!(out, "sample {name}{labels}{le}{:016x} ", value.to_bits()).unwrap();
            };
            if kind != Kind::Histogram {
                sample("", None, self.values[index]);
                continue;
            }
            let observed = &self.observations[index];
            for bound in buckets.iter().copied().chain([f64::INFINITY]) {
                let count = observed.iter().filter(|value| **value <= bound).count();
                sample("_bucket", Some(spelled(bound)), count as f64);
            }
            if format != Format::OpenMetrics || buckets[0] >= 0.0 {
                sample("_sum", None, observed.iter().fold(0.0, |sum, value| sum + value));
                sample("_count", None, observed.len() as f64);
            }
        }
    }

    /// Names and values of the labels of a series.
    fn labels(&self, index: usize) -> Vec<&'static str> {
        let Descriptor {
            labels,
            constant_labels,
            ..
        } = self.descriptors[0];
        let mut pairs: Vec<_> = constant_labels.iter().map(|&(name, value)| [name, value]).collect();
        let mut rest = index;
        for label in labels.iter().rev() {
            pairs.insert(
                constant_labels.len(),
                [label.name, label.values[rest % label.values.len()]],
            );
            rest /= label.values.len();
        }
        pairs.concat()
    }
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
        let reading = match &self.metric {
            Recorded::Counter(counter) => counter.read(),
            Recorded::Int(gauge) => gauge.read(),
            Recorded::Float(gauge) => gauge.read(),
            Recorded::Histogram(histogram) => histogram.read(),
        };
        visit(&self.descriptors[0], reading);
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

    /// A letter, and then letters, digits and `others`.
    fn name(&mut self, others: &[u8]) -> String {
        let letters = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
        let all = [letters, &b"0123456789"[..], others].concat();
        let mut name = String::from(char::from(letters[self.below(52) as usize]));
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
