//! Reads a scrape in whatever format, and panics at whatever that forbids.
//!
//! Sources: <https://prometheus.io/docs/instrumenting/exposition_formats/> for text,
//! <https://prometheus.io/docs/specs/om/open_metrics_spec/> for OpenMetrics. Where both forbid something that a real
//! Prometheus accepts, it is forbidden here.

use std::collections::{BTreeMap, BTreeSet};

use crate::client_model::{Exemplar, Metric, MetricFamily, MetricType, decode_joined};

/// A sample as it is read.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    pub name: String,
    pub labels: BTreeMap<String, String>,
    pub value: f64,
    /// Labels and value of its exemplar.
    pub exemplar: Option<(BTreeMap<String, String>, f64)>,
}

#[derive(Debug)]
struct Family<'a> {
    name: &'a str,
    kind: &'a str,
    samples: Vec<Sample>,
}

/// All samples of a scrape, whose `Content-Type` says its format. With `SHOW` in the environment it is shown, for whoever
/// looks at what was found.
pub fn read(content_type: &str, text: &str) -> Vec<Sample> {
    if std::env::var_os("SHOW").is_some() {
        eprintln!("{content_type}\n{text}");
    }
    let is_openmetrics = content_type.starts_with("application/openmetrics-text");
    assert!(
        is_openmetrics || content_type.starts_with("text/plain"),
        "{content_type}"
    );
    let mut families: Vec<Family<'_>> = Vec::new();
    let mut helped: BTreeSet<&str> = BTreeSet::new();
    let mut is_over = false;
    assert!(text.is_empty() || text.ends_with('\n'), "the last line has no end");
    for line in text.split_terminator('\n') {
        assert!(!is_over, "something stands behind # EOF: {line}");
        let Some(comment) = line.strip_prefix('#') else {
            let sample = sample(line, is_openmetrics);
            let family = families.last_mut();
            let family = family.unwrap_or_else(|| panic!("a sample before any # TYPE: {line}"));
            check_name(family, &sample, is_openmetrics);
            family.samples.push(sample);
            continue;
        };
        if comment == " EOF" {
            is_over = true;
            continue;
        }
        if let Some(help) = comment.strip_prefix(" HELP ") {
            let (name, help) = help.split_once(' ').unwrap_or((help, ""));
            assert!(is_metric_name(name), "{line}");
            assert!(helped.insert(name), "two helps: {line}");
            unescaped(help, is_openmetrics);
        } else if let Some(kind) = comment.strip_prefix(" TYPE ") {
            let (name, kind) = kind.split_once(' ').unwrap_or_else(|| panic!("no type: {line}"));
            assert!(is_metric_name(name), "{line}");
            let kinds: &[&str] = match is_openmetrics {
                true => &[
                    "counter",
                    "gauge",
                    "histogram",
                    "summary",
                    "info",
                    "stateset",
                    "unknown",
                ],
                false => &["counter", "gauge", "histogram", "summary", "untyped"],
            };
            assert!(kinds.contains(&kind), "{line}");
            assert!(families.iter().all(|family| family.name != name), "twice: {line}");
            families.push(Family {
                name,
                kind,
                samples: Vec::new(),
            });
        } else if let Some(unit) = comment.strip_prefix(" UNIT ") {
            assert!(is_openmetrics, "{line}");
            let (name, unit) = unit.split_once(' ').unwrap_or_else(|| panic!("no unit: {line}"));
            assert!(name.ends_with(&format!("_{unit}")), "{line}");
        } else {
            assert!(!is_openmetrics && comment.starts_with(" enumetrics: "), "{line}");
        }
    }
    assert_eq!(is_over, is_openmetrics, "# EOF");
    checked(families, is_openmetrics)
}

/// All samples of a scrape in protobuf, as text would have them: `a_bucket{le="8.0"}`.
pub fn read_protobuf(scrape: &[u8]) -> Vec<Sample> {
    let messages = decode_joined(scrape);
    if std::env::var_os("SHOW").is_some() {
        eprintln!("{messages:#?}");
    }
    let families = messages.iter().map(|message| {
        assert!(is_metric_name(message.name()), "{message:?}");
        Family {
            name: message.name(),
            kind: match message.r#type() {
                MetricType::Counter => "counter",
                MetricType::Gauge => "gauge",
                MetricType::Summary => "summary",
                MetricType::Untyped => "untyped",
                MetricType::Histogram => "histogram",
            },
            samples: message
                .metric
                .iter()
                .flat_map(|metric| samples_of(message, metric))
                .collect(),
        }
    });
    checked(families.collect(), false)
}

fn samples_of(family: &MetricFamily, metric: &Metric) -> Vec<Sample> {
    let mut samples = Vec::new();
    let mut push = |suffix: &str, numbered: Option<(&str, f64)>, value: f64, exemplar: Option<&Exemplar>| {
        let mut labels = BTreeMap::new();
        for (name, value) in metric.labels() {
            assert!(is_label_name(name), "{metric:?}");
            let twice = labels.insert(name.to_owned(), value.to_owned());
            assert_eq!(twice, None, "a label twice: {metric:?}");
        }
        labels.extend(numbered.map(|(name, number)| (name.to_owned(), written(number))));
        let exemplar = exemplar.map(|exemplar| {
            let labels = exemplar
                .label
                .iter()
                .map(|pair| (pair.name().to_owned(), pair.value().to_owned()));
            (labels.collect(), exemplar.value())
        });
        samples.push(Sample {
            name: format!("{}{suffix}", family.name()),
            labels,
            value,
            exemplar,
        });
    };
    match family.r#type() {
        MetricType::Counter => {
            let counter = metric.counter.as_ref().expect("a counter");
            push("", None, counter.value(), counter.exemplar.as_ref());
        }
        MetricType::Gauge => push("", None, metric.gauge.as_ref().expect("a gauge").value(), None),
        MetricType::Untyped => push("", None, metric.untyped.as_ref().expect("a number").value(), None),
        MetricType::Summary => {
            let summary = metric.summary.as_ref().expect("a summary");
            for quantile in &summary.quantile {
                push("", Some(("quantile", quantile.quantile())), quantile.value(), None);
            }
            push("_sum", None, summary.sample_sum(), None);
            push("_count", None, summary.sample_count() as f64, None);
        }
        MetricType::Histogram => {
            let histogram = metric.histogram.as_ref().expect("a histogram");
            for bucket in &histogram.bucket {
                let (bound, count) = (bucket.upper_bound(), bucket.cumulative_count() as f64);
                push("_bucket", Some(("le", bound)), count, bucket.exemplar.as_ref());
            }
            // It may be left out, because the count says the same.
            if histogram
                .bucket
                .last()
                .is_none_or(|bucket| bucket.upper_bound() < f64::INFINITY)
            {
                let bound = Some(("le", f64::INFINITY));
                push("_bucket", bound, histogram.sample_count() as f64, None);
            }
            push("_sum", None, histogram.sample_sum(), None);
            push("_count", None, histogram.sample_count() as f64, None);
        }
    }
    samples
}

/// A number as text has it, more or less: what is read again is the same.
fn written(number: f64) -> String {
    match number {
        f64::INFINITY => "+Inf".to_owned(),
        f64::NEG_INFINITY => "-Inf".to_owned(),
        _ => format!("{number:?}"),
    }
}

/// The samples of families that no format forbids.
fn checked(families: Vec<Family<'_>>, is_openmetrics: bool) -> Vec<Sample> {
    check_names_are_of_one_family(&families, is_openmetrics);
    families.iter().for_each(|family| check_family(family, is_openmetrics));
    let samples: Vec<_> = families.into_iter().flat_map(|family| family.samples).collect();
    let mut seen = BTreeSet::new();
    for sample in &samples {
        assert!(seen.insert((&sample.name, &sample.labels)), "twice: {sample:?}");
    }
    samples
}

fn suffixes(kind: &str, is_openmetrics: bool) -> &'static [&'static str] {
    match (kind, is_openmetrics) {
        ("counter", true) => &["_total", "_created"],
        ("histogram", true) => &["_bucket", "_sum", "_count", "_created"],
        ("histogram", false) => &["_bucket", "_sum", "_count"],
        ("summary", true) => &["", "_sum", "_count", "_created"],
        ("summary", false) => &["", "_sum", "_count"],
        ("info", true) => &["_info"],
        _ => &[""],
    }
}

fn check_name(family: &Family<'_>, sample: &Sample, is_openmetrics: bool) {
    let suffix = sample.name.strip_prefix(family.name);
    assert!(
        suffix.is_some_and(|suffix| suffixes(family.kind, is_openmetrics).contains(&suffix)),
        "{sample:?} in {} {}",
        family.kind,
        family.name
    );
}

/// No sample of one family could be another's.
fn check_names_are_of_one_family(families: &[Family<'_>], is_openmetrics: bool) {
    let mut claimed = BTreeSet::new();
    for family in families {
        let mut names: Vec<String> = suffixes(family.kind, is_openmetrics)
            .iter()
            .filter(|suffix| **suffix != "_created")
            .map(|suffix| format!("{}{suffix}", family.name))
            .collect();
        names.push(family.name.to_owned());
        names.sort();
        names.dedup();
        for name in names {
            assert!(claimed.insert(name.clone()), "two families claim {name}");
        }
    }
}

fn check_family(family: &Family<'_>, is_openmetrics: bool) {
    let mut series: BTreeMap<Vec<(&str, &str)>, Vec<&Sample>> = BTreeMap::new();
    let numbered = match family.kind {
        "histogram" => "le",
        "summary" => "quantile",
        _ => "",
    };
    for sample in &family.samples {
        let labels = sample.labels.iter().filter(|(name, _)| *name != numbered);
        let labels = labels.map(|(name, value)| (name.as_str(), value.as_str()));
        series.entry(labels.collect()).or_default().push(sample);
        if is_openmetrics && family.kind == "counter" {
            assert!(sample.value >= 0.0, "{sample:?}");
        }
    }
    if family.kind == "histogram" {
        series
            .values()
            .for_each(|samples| check_histogram(family.name, samples));
    }
}

fn check_histogram(name: &str, samples: &[&Sample]) {
    let of = |suffix: &str| -> Vec<&Sample> {
        let name = format!("{name}{suffix}");
        samples.iter().copied().filter(|sample| sample.name == name).collect()
    };
    let buckets = of("_bucket");
    let bounds: Vec<f64> = buckets.iter().map(|bucket| number(&bucket.labels["le"])).collect();
    assert!(bounds.windows(2).all(|pair| pair[0] < pair[1]), "{buckets:?}");
    assert_eq!(bounds.last(), Some(&f64::INFINITY), "{name} has no +Inf bucket");
    let counts: Vec<f64> = buckets.iter().map(|bucket| bucket.value).collect();
    assert!(counts.windows(2).all(|pair| pair[0] <= pair[1]), "{buckets:?}");
    for count in of("_count") {
        assert_eq!(Some(&count.value), counts.last(), "{name}");
    }
}

fn is_metric_name(name: &str) -> bool {
    let is_first = |c: char| c.is_ascii_alphabetic() || c == '_' || c == ':';
    name.starts_with(is_first) && name.chars().all(|c| is_first(c) || c.is_ascii_digit())
}

fn is_label_name(name: &str) -> bool {
    is_metric_name(name) && !name.contains(':')
}

fn sample(line: &str, is_openmetrics: bool) -> Sample {
    let end = line.find(['{', ' ']).unwrap_or_else(|| panic!("no value: {line}"));
    let name = &line[..end];
    assert!(is_metric_name(name), "{line}");
    let mut rest = &line[end..];
    let mut labels = BTreeMap::new();
    if rest.starts_with('{') {
        (labels, rest) = read_labels(&rest[1..], line);
    }
    let rest = rest.strip_prefix(' ').unwrap_or_else(|| panic!("no value: {line}"));
    let (value, exemplar) = match rest.split_once(" # ") {
        Some((value, exemplar)) => (value, Some(exemplar)),
        None => (rest, None),
    };
    let exemplar = exemplar.map(|exemplar| {
        assert!(is_openmetrics, "an exemplar: {line}");
        let exemplar = exemplar.strip_prefix('{').unwrap_or_else(|| panic!("{line}"));
        let (labels, rest) = read_labels(exemplar, line);
        let length: usize = labels
            .iter()
            .map(|(name, value)| name.chars().count() + value.chars().count())
            .sum();
        assert!(length <= 128, "{line}");
        (
            labels,
            numbers(rest.strip_prefix(' ').unwrap_or_else(|| panic!("{line}"))),
        )
    });
    Sample {
        name: name.to_owned(),
        labels,
        value: numbers(value),
        exemplar,
    }
}

/// A value, behind which a time may stand.
fn numbers(text: &str) -> f64 {
    match text.split_once(' ') {
        Some((value, time)) => {
            assert!(number(time).is_finite(), "{text}");
            number(value)
        }
        None => number(text),
    }
}

/// As Go and OpenMetrics write numbers.
fn number(text: &str) -> f64 {
    let digits = text.trim_start_matches(['+', '-']);
    match digits {
        "Inf" | "NaN" => {}
        _ => assert!(
            digits.starts_with(|c: char| c.is_ascii_digit())
                && digits.chars().all(|c| c.is_ascii_digit() || ".e+-".contains(c)),
            "no number: {text:?}"
        ),
    }
    text.parse().unwrap_or_else(|_| panic!("no number: {text:?}"))
}

/// What stands between braces, and what comes after them.
fn read_labels<'a>(text: &'a str, line: &str) -> (BTreeMap<String, String>, &'a str) {
    let mut labels = BTreeMap::new();
    let mut rest = text;
    loop {
        if let Some(after) = rest.strip_prefix('}') {
            return (labels, after);
        }
        if !labels.is_empty() {
            rest = rest.strip_prefix(',').unwrap_or_else(|| panic!("no comma: {line}"));
        }
        let (name, quoted) = rest.split_once("=\"").unwrap_or_else(|| panic!("no label: {line}"));
        assert!(is_label_name(name), "{line}");
        let mut is_escaped = false;
        let end = quoted.find(|c| {
            let is_end = c == '"' && !is_escaped;
            is_escaped = c == '\\' && !is_escaped;
            is_end
        });
        let end = end.unwrap_or_else(|| panic!("no end of a value: {line}"));
        let value = unescaped(&quoted[..end], true);
        assert!(labels.insert(name.to_owned(), value).is_none(), "a label twice: {line}");
        rest = &quoted[end + 1..];
    }
}

/// The text that was escaped.
fn unescaped(text: &str, quotes: bool) -> String {
    let mut out = String::new();
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        if c != '\\' {
            assert!(!quotes || c != '"', "a quote: {text}");
            out.push(c);
            continue;
        }
        out.push(match characters.next() {
            Some('\\') => '\\',
            Some('n') => '\n',
            Some('"') if quotes => '"',
            other => panic!("an escape of {other:?}: {text}"),
        });
    }
    out
}
