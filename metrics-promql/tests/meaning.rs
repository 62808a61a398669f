//! What the interpretation promises of an expression holds: a real Prometheus evaluates random ones over random series.
//!
//! `MEANING_SEED` and `MEANING_EXPRESSIONS` are for longer runs by hand.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};

use enumetrics_promql::{
    BinaryOp, Details, Domain, Expr, ExprKind, Facts, Family, Finding, Linter, MetricKind, Schema, Usage, ValueType,
    parse,
};
use serde_json::Value;
use support::Server;

/// In seconds. Not so short that a range of five minutes has always the same.
const SCRAPE_INTERVAL: i64 = 15;
const MINUTES: i64 = 50;

/// What is exported: name, kind, labels. Without values, behind `=`, a label has any.
const FAMILIES: &str = "
w_requests_total counter code=200,404,500,503 path
w_jobs_total counter kind=a,b,c done=yes,no
w_queue gauge
w_room_temperature_celsius gauge room=x,y
w_duration_seconds histogram:0.5,1,8 kind=a,b
w_drift_seconds histogram:-1,0,2
w_size_bytes summary:0.5,0.99 code=200,404
w_build_info info version
w_state state w_state=open,closed
w_reading unknown code=200,404
up gauge
";

const TARGETS: [(&str, &str); 3] = [("shop", "i1"), ("shop", "i2"), ("store", "i3")];

struct World;

impl Schema for World {
    fn families(&self) -> Vec<Family> {
        FAMILIES.trim().lines().map(family).collect()
    }

    fn details(&self, family: &str) -> Details {
        let families = self.families();
        let family = families.iter().find(|known| known.name == family).unwrap();
        Details {
            // Paths and versions come while the program runs.
            is_always_exported: family.labels.iter().all(|(_, domain)| *domain != Domain::Open),
            ..Details::default()
        }
    }
}

fn family(line: &str) -> Family {
    let mut words = line.split(' ');
    let name = words.next().unwrap().to_owned();
    let kind = words.next().unwrap();
    let (kind, numbers) = kind.split_once(':').unwrap_or((kind, ""));
    let numbers = numbers.split(',').filter_map(|number| number.parse().ok()).collect();
    let labels = words.map(|word| match word.split_once('=') {
        Some((label, values)) => (label.to_owned(), Domain::of(values.split(','))),
        None => (word.to_owned(), Domain::Open),
    });
    Family {
        name,
        kind: match kind {
            "counter" => MetricKind::Counter,
            "gauge" => MetricKind::Gauge,
            "histogram" => MetricKind::Histogram { bounds: numbers },
            "summary" => MetricKind::Summary { quantiles: numbers },
            "info" => MetricKind::Info,
            "unknown" => MetricKind::Unknown,
            _ => MetricKind::StateSet,
        },
        labels: labels.collect(),
    }
}

#[test]
fn what_is_promised_holds() {
    let number = |name: &str| {
        std::env::var(name)
            .ok()
            .map(|text| text.parse::<u64>().expect("a number"))
    };
    let seed = number("MEANING_SEED").unwrap_or(1);
    let count = number("MEANING_EXPRESSIONS").unwrap_or(4_000);
    let mut random = Random::new(seed);
    let now = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap();
    let start = now - now % 60 - 2 * 3600;
    let samples = samples(&mut random, start);
    let features = "promql-experimental-functions";
    let server = Server::start_with("current", features, &samples);
    let at = start + MINUTES * 60 - 10;
    let mut tally = Tally::default();
    for _ in 0..count {
        let depth = random.below(5);
        let text = random.vector(depth);
        let expr = parse(&text).unwrap_or_else(|error| panic!("seed {seed}\n{}", error.render(&text)));
        if let Err(problem) = judge(&server, at, &expr, &mut tally) {
            // The smallest part that is wrong says most.
            let mut parts = Vec::new();
            expr.walk(&mut |part| parts.push(part));
            let wrong = parts.iter().rev().find_map(|part| {
                let is_vector = matches!(part.value_type(), ValueType::InstantVector | ValueType::Scalar);
                let problem = is_vector.then(|| judge(&server, at, part, &mut Tally::default()).err());
                problem.flatten().map(|problem| format!("{part}\n{problem}"))
            });
            panic!("seed {seed}: {text}\n{}", wrong.unwrap_or(problem));
        }
    }
    println!("{tally:?}");
    // A test of errors and of nothing would pass, too.
    assert!(tally.results * 3 > count && tally.series > 2 * count, "{tally:?}");
    assert!(tally.never_empty * 10 > count, "{tally:?}");
    assert!(
        count < 4_000 || (tally.never > 5 && tally.disjoint > 5 && tally.many > 5),
        "{tally:?}"
    );
}

#[derive(Debug, Default)]
struct Tally {
    /// How many the server evaluated, and gave series for.
    results: u64,
    empty: u64,
    /// Of which it was promised that there is a series.
    never_empty: u64,
    refused: u64,
    series: u64,
    /// How often lints said of a whole expression that nothing comes of it.
    never: u64,
    disjoint: u64,
    many: u64,
}

fn judge(server: &Server, at: i64, expr: &Expr, tally: &mut Tally) -> Result<(), String> {
    let expr = expr.without_parens();
    let linter = Linter::new(Usage::Panel)
        .schema(&World)
        .scrape_interval(SCRAPE_INTERVAL as f64);
    let facts = linter.facts(expr);
    let text = expr.to_string();
    let answer: Value = serde_json::from_str(&server.query(&text, at)).expect("JSON");
    let findings = linter.check(expr);
    let of_all = |id: &str| {
        let ExprKind::Binary(binary) = &expr.kind else {
            return false;
        };
        let places = [binary.op_span, expr.span, binary.rhs.span];
        let found = |finding: &Finding| finding.lint.id == id && places.contains(&finding.span);
        // A filter refuses several series only where it lets several through.
        let filters = binary.op.is_comparison() && !binary.returns_bool;
        findings.iter().any(found) && binary.op != BinaryOp::Unless && !(id == "match-many" && filters)
    };
    let [never, disjoint, many] = [
        of_all("val-never") || of_all("val-top-bucket"),
        of_all("match-disjoint"),
        of_all("match-many"),
    ];
    if answer["status"] != "success" {
        tally.refused += 1;
        tally.many += u64::from(many);
        return Ok(());
    }
    let result = &answer["data"]["result"];
    let series: Vec<(BTreeMap<String, String>, f64)> = match answer["data"]["resultType"].as_str() {
        Some("scalar") => vec![(BTreeMap::new(), value(result))],
        Some("vector") => {
            let one = |series: &Value| {
                let labels = series["metric"].as_object().unwrap().iter();
                let labels = labels.map(|(label, value)| (label.clone(), value.as_str().unwrap().to_owned()));
                (
                    labels.filter(|(label, _)| label != "__name__").collect(),
                    value(&series["value"]),
                )
            };
            result.as_array().unwrap().iter().map(one).collect()
        }
        other => panic!("{other:?}"),
    };
    tally.results += 1;
    tally.series += series.len() as u64;
    tally.empty += u64::from(series.is_empty());
    tally.never_empty += u64::from(!facts.may_be_empty && expr.value_type() == ValueType::InstantVector);
    for (claimed, count) in [
        (never, &mut tally.never),
        (disjoint, &mut tally.disjoint),
        (many, &mut tally.many),
    ] {
        *count += u64::from(claimed);
        if claimed && !series.is_empty() {
            return Err(format!("there is {:?} in spite of {findings:?}", series[0]));
        }
    }
    if series.is_empty() && !facts.may_be_empty {
        return Err(format!("nothing came of it: {facts:?}"));
    }
    series.iter().try_for_each(|(labels, value)| {
        let problem = possible(&facts, labels, *value);
        problem.map_err(|problem| format!("{labels:?} {value}: {problem}: {facts:?}"))
    })
}

fn value(pair: &Value) -> f64 {
    match pair[1].as_str().unwrap() {
        "+Inf" => f64::INFINITY,
        "-Inf" => f64::NEG_INFINITY,
        text => text.parse().unwrap(),
    }
}

fn possible(facts: &Facts, labels: &BTreeMap<String, String>, value: f64) -> Result<(), String> {
    for (label, value) in labels {
        if !facts.labels.may_have(label) {
            return Err(format!("it has {label}"));
        }
        if let Some(mut values) = facts.labels.values(label)
            && !values.any(|known| known == value)
        {
            return Err(format!("{label} has another value"));
        }
    }
    let lacks = |label: &&str| facts.labels.must_have(label) && !labels.contains_key(*label);
    let all: BTreeSet<&str> = [
        "code", "path", "kind", "done", "room", "version", "w_state", "le", "quantile", "job", "instance", "zone",
    ]
    .into();
    if let Some(label) = all.iter().find(|label| lacks(label)) {
        return Err(format!("it has no {label}"));
    }
    if value.is_nan() {
        return if facts.may_be_nan {
            Ok(())
        } else {
            Err("it is no number".to_owned())
        };
    }
    if value.is_infinite() && !facts.may_be_infinite {
        return Err("it is infinite".to_owned());
    }
    // Sums are rounded.
    let tolerance = if value.is_finite() {
        1e-9 * value.abs().max(1e-3)
    } else {
        0.0
    };
    match facts.interval.least - tolerance <= value && value <= facts.interval.most + tolerance {
        true => Ok(()),
        false => Err("it is outside".to_owned()),
    }
}

/// Random series of all families, and for each a value every [`SCRAPE_INTERVAL`].
fn samples(random: &mut Random, start: i64) -> String {
    let mut out = String::new();
    let times: Vec<i64> = (0..MINUTES * 60 / SCRAPE_INTERVAL)
        .map(|at| start + at * SCRAPE_INTERVAL)
        .collect();
    for family in World.families() {
        let kind = match family.kind {
            MetricKind::Counter => "counter",
            MetricKind::Histogram { .. } => "histogram",
            MetricKind::Summary { .. } => "summary",
            MetricKind::Unknown => "unknown",
            _ => "gauge",
        };
        writeln!(out, "# TYPE {} {kind}", family.name.trim_end_matches("_total")).unwrap();
        for (job, instance) in TARGETS {
            for labels in combinations(&family, random) {
                let labels = format!("job=\"{job}\",instance=\"{instance}\"{labels}");
                for (suffix, extra, values) in series(&family, &labels, random, times.len()) {
                    for (time, value) in times.iter().zip(values) {
                        let value = match value {
                            f64::INFINITY => "+Inf".to_owned(),
                            f64::NEG_INFINITY => "-Inf".to_owned(),
                            value => value.to_string(),
                        };
                        writeln!(out, "{}{suffix}{{{labels}{extra}}} {value} {time}", family.name).unwrap();
                    }
                }
            }
        }
    }
    out + "# EOF\n"
}

/// The labels of a family's series: all combinations of values that are known, some of those that are not.
fn combinations(family: &Family, random: &mut Random) -> Vec<String> {
    let mut all = vec![String::new()];
    for (label, domain) in &family.labels {
        let values = match domain {
            Domain::Values(values) => values.clone(),
            Domain::Open => (0..random.below(3)).map(|at| format!("v{at}")).collect(),
        };
        let extended = |labels: &String| {
            values
                .iter()
                .map(move |value| format!("{labels},{label}=\"{value}\""))
                .collect::<Vec<_>>()
        };
        all = all.iter().flat_map(extended).collect();
    }
    all
}

type OneSeries = (&'static str, String, Vec<f64>);

fn series(family: &Family, labels: &str, random: &mut Random, count: usize) -> Vec<OneSeries> {
    let single = |values| vec![("", String::new(), values)];
    match &family.kind {
        MetricKind::Counter => single(random.counter(count)),
        MetricKind::Gauge if family.name == "up" => single((0..count).map(|_| random.below(2) as f64).collect()),
        MetricKind::Gauge | MetricKind::Unknown => single(random.gauge(count)),
        MetricKind::Info => single(vec![1.0; count]),
        MetricKind::StateSet => {
            let is_open = labels.contains("open");
            single(
                (0..count)
                    .map(|at| f64::from(u8::from((at / 10 % 2 == 0) == is_open)))
                    .collect(),
            )
        }
        // The classic buckets of a native one: promtool's series are of floats.
        MetricKind::Histogram { bounds } | MetricKind::NativeHistogram { bounds } => {
            let mut all: Vec<OneSeries> = Vec::new();
            let mut below = vec![0.0; count];
            let bounds = bounds
                .iter()
                .map(|bound| format!("{bound:?}"))
                .chain(["+Inf".to_owned()]);
            for bound in bounds {
                below = below
                    .iter()
                    .zip(random.counter(count))
                    .map(|(below, more)| below + more)
                    .collect();
                all.push(("_bucket", format!(",le=\"{bound}\""), below.clone()));
            }
            let sums = match family.name.as_str() {
                "w_drift_seconds" => random.gauge_of_numbers(count),
                _ => random.counter(count),
            };
            all.push(("_sum", String::new(), sums));
            all.push(("_count", String::new(), below));
            all
        }
        MetricKind::Summary { quantiles } => {
            let mut all: Vec<OneSeries> = Vec::new();
            for quantile in quantiles {
                all.push(("", format!(",quantile=\"{quantile:?}\""), random.gauge(count)));
            }
            all.push(("_sum", String::new(), random.counter(count)));
            all.push(("_count", String::new(), random.counter(count)));
            all
        }
    }
}

/// A small generator of numbers that anybody can repeat (splitmix64).
struct Random(u64);

impl Random {
    fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    fn of<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices[self.below(choices.len())]
    }

    /// It rises, stands, and begins again now and then.
    fn counter(&mut self, count: usize) -> Vec<f64> {
        let idle = self.below(4) == 0;
        let mut value = 0.0;
        let mut next = || {
            if self.below(60) == 0 {
                value = 0.0;
            }
            if !idle {
                value += self.below(4) as f64;
            }
            value
        };
        (0..count).map(|_| next()).collect()
    }

    fn gauge_of_numbers(&mut self, count: usize) -> Vec<f64> {
        let scale = if self.below(2) == 0 { 0.25 } else { 3.0 };
        (0..count).map(|_| (self.below(21) as f64 - 10.0) * scale).collect()
    }

    fn gauge(&mut self, count: usize) -> Vec<f64> {
        let mut values = self.gauge_of_numbers(count);
        match self.below(6) {
            0 => values.iter_mut().step_by(7).for_each(|value| *value = f64::NAN),
            1 => values.iter_mut().step_by(5).for_each(|value| *value = f64::INFINITY),
            2 => values.fill(f64::NAN),
            3 => values.fill(0.0),
            _ => {}
        }
        values
    }

    fn labels(&mut self) -> String {
        let all = [
            "code", "path", "kind", "done", "room", "le", "job", "instance", "zone", "w_state", "quantile",
        ];
        let count = self.below(4);
        (0..count).map(|_| self.of(&all)).collect::<Vec<_>>().join(", ")
    }

    fn selector(&mut self) -> String {
        let name = self.of(&[
            "w_requests_total",
            "w_requests_total",
            "w_jobs_total",
            "w_jobs_total",
            "w_queue",
            "w_room_temperature_celsius",
            "w_duration_seconds_bucket",
            "w_duration_seconds_sum",
            "w_duration_seconds_count",
            "w_drift_seconds_bucket",
            "w_drift_seconds_sum",
            "w_drift_seconds_count",
            "w_size_bytes",
            "w_size_bytes_sum",
            "w_size_bytes_count",
            "w_build_info",
            "w_state",
            "w_reading",
            "up",
        ]);
        let matchers = [
            "",
            "",
            "",
            "",
            "code=\"500\"",
            "code=~\"5..\"",
            "code!~\"2..|404\"",
            "code=~\"200|404\"",
            "kind=\"a\"",
            "kind!=\"a\"",
            "kind=\"nothing\"",
            "done=\"yes\"",
            "done=~\"y.*\"",
            "path=\"v0\"",
            "path=~\"v0|v1\"",
            "path=\"\"",
            "path!=\"\"",
            "job=\"shop\"",
            "job=~\"s.*\"",
            "instance=\"i1\"",
            "le=\"1.0\"",
            "le!=\"+Inf\"",
            "le=~\"0.5|8.0\"",
            "w_state=\"open\"",
            "room=\"x\"",
            "zone=\"\"",
            "zone!=\"a\"",
            "quantile=\"0.5\"",
        ];
        let matchers = (0..self.below(3))
            .map(|_| self.of(&matchers))
            .filter(|matcher| !matcher.is_empty());
        let matchers: Vec<_> = matchers.collect();
        let modifier = match self.below(12) {
            0 => " offset 2m",
            1 => " offset 2h",
            2 => " @ end()",
            _ => "",
        };
        let braces = if matchers.is_empty() {
            String::new()
        } else {
            format!("{{{}}}", matchers.join(", "))
        };
        format!("{name}{braces}|{modifier}")
    }

    fn instant(&mut self) -> String {
        // The bar stands where a range would.
        let selector = self.selector();
        let (selector, modifier) = selector.rsplit_once('|').unwrap();
        format!("{selector}{modifier}")
    }

    fn range(&mut self, depth: usize) -> String {
        if depth > 0 && self.below(5) == 0 {
            let step = self.of(&["[5m:1m]", "[10m:30s]", "[2m:]", "[1m:10m]"]);
            return format!("({}){step}", self.vector(depth - 1));
        }
        let range = self.of(&["[5m]", "[5m]", "[1m]", "[30s]", "[20s]", "[10s]"]);
        // Regular expressions have bars, too.
        let selector = self.selector();
        let (selector, modifier) = selector.rsplit_once('|').unwrap();
        format!("{selector}{range}{modifier}")
    }

    fn scalar(&mut self, depth: usize) -> String {
        match self.below(if depth == 0 { 3 } else { 5 }) {
            0..=2 => self
                .of(&[
                    "0", "1", "-1", "0.5", "2", "100", "8", "NaN", "Inf", "-2.5", "1e3", "time()", "pi()", "5m",
                ])
                .to_owned(),
            3 => format!("scalar({})", self.vector(depth - 1)),
            _ => {
                let op = self.of(&["+", "-", "*", "/", "%", "^", "> bool", "== bool", "atan2"]);
                format!("({} {op} {})", self.scalar(depth - 1), self.scalar(depth - 1))
            }
        }
    }

    fn matching(&mut self, is_set: bool) -> String {
        let kind = self.of(&["", "", "", "on", "ignoring"]);
        if kind.is_empty() {
            return String::new();
        }
        let labels = self.labels();
        let group = match self.below(4) {
            0 if !is_set => "group_left ()".to_owned(),
            1 if !is_set && kind == "ignoring" => "group_right ()".to_owned(),
            2 if !is_set && kind == "on" && !labels.contains("code") => "group_left (code)".to_owned(),
            _ => String::new(),
        };
        format!("{kind} ({labels}) {group}")
    }

    fn vector(&mut self, depth: usize) -> String {
        if depth == 0 {
            return self.instant();
        }
        match self.below(17) {
            0 => self.instant(),
            16 => {
                let bounded = self.of(&[
                    "w_state",
                    "rate(w_jobs_total[5m])",
                    "-sum by (kind) (w_jobs_total)",
                    "histogram_quantile(0.9, sum by (le) (rate(w_duration_seconds_bucket[5m])))",
                    "hour()",
                    "clamp(w_queue, -1, 2)",
                    "sum(rate(w_jobs_total{kind=\"a\"}[5m])) / sum(rate(w_jobs_total[5m]))",
                ]);
                let op = self.of(&[">", "<", ">=", "<=", "==", "!="]);
                let number = self.of(&["0", "1", "-1", "8", "0.5", "24"]);
                format!("({bounded} {op} {number})")
            }
            1..=3 => {
                let function = self.of(&[
                    "rate",
                    "rate",
                    "rate",
                    "increase",
                    "irate",
                    "delta",
                    "idelta",
                    "deriv",
                    "resets",
                    "changes",
                    "avg_over_time",
                    "min_over_time",
                    "max_over_time",
                    "sum_over_time",
                    "count_over_time",
                    "last_over_time",
                    "stddev_over_time",
                    "stdvar_over_time",
                    "present_over_time",
                    "absent_over_time",
                    "mad_over_time",
                    "ts_of_last_over_time",
                ]);
                format!("{function}({})", self.range(depth))
            }
            4 => {
                let range = self.range(depth);
                match self.below(3) {
                    0 => format!("quantile_over_time({}, {range})", self.scalar(0)),
                    1 => format!("predict_linear({range}, 60)"),
                    _ => format!("double_exponential_smoothing({range}, 0.5, 0.5)"),
                }
            }
            5..=7 => {
                let op = self.of(&[
                    "sum",
                    "sum",
                    "avg",
                    "min",
                    "max",
                    "count",
                    "group",
                    "stddev",
                    "stdvar",
                    "topk",
                    "bottomk",
                    "quantile",
                    "count_values",
                    "limitk",
                    "limit_ratio",
                ]);
                let by = self.of(&["", "by", "by", "without"]);
                let by = if by.is_empty() {
                    String::new()
                } else {
                    format!("{by} ({})", self.labels())
                };
                let parameter = match op {
                    "topk" | "bottomk" | "limitk" => self.of(&["1, ", "3, ", "0, "]).to_owned(),
                    "limit_ratio" => "0.5, ".to_owned(),
                    "quantile" => format!("{}, ", self.scalar(0)),
                    "count_values" => self.of(&["\"zone\", ", "\"code\", "]).to_owned(),
                    _ => String::new(),
                };
                format!("{op} {by} ({parameter}{})", self.vector(depth - 1))
            }
            8 => {
                let quantile = self.of(&["0.9", "0.5", "0", "1", "1.5", "-1", "scalar(up)"]);
                let name = self.of(&["w_duration_seconds_bucket", "w_drift_seconds_bucket"]);
                let buckets = match self.below(4) {
                    0 => self.vector(depth - 1),
                    1 => format!("rate({name}[5m])"),
                    2 => format!("sum by (le) (rate({name}[5m]))"),
                    _ => format!("sum by (le, job) (rate({name}[5m]))"),
                };
                format!("histogram_quantile({quantile}, {buckets})")
            }
            9 | 10 => {
                let op = self.of(&[
                    "+", "-", "*", "/", "/", "%", "^", "atan2", ">", "<", ">=", "<=", "==", "!=", "> bool", "and",
                    "or", "unless",
                ]);
                let matching = self.matching(matches!(op, "and" | "or" | "unless"));
                // Sides that are alike match more often.
                let left = self.vector(depth - 1);
                let right = if self.below(3) == 0 {
                    left.clone()
                } else {
                    self.vector(depth - 1)
                };
                format!("({left} {op} {matching} {right})")
            }
            11 => {
                let selector = self.of(&[
                    "w_jobs_total",
                    "w_requests_total",
                    "w_duration_seconds_count",
                    "w_drift_seconds_sum",
                ]);
                let part = self.of(&["{kind=\"a\"}", "{code=~\"5..\"}", "{job=\"shop\"}", ""]);
                let by = self.of(&["", "by (job)", "by (kind)", "without (instance, code)"]);
                let function = self.of(&["rate", "increase"]);
                format!("(sum {by} ({function}({selector}{part}[5m])) / sum {by} ({function}({selector}[5m])))")
            }
            12 => {
                let op = self.of(&["+", "-", "*", "/", "%", "^", ">", "<", ">=", "<=", "==", "!=", "< bool"]);
                match self.below(2) {
                    0 => format!("({} {op} {})", self.vector(depth - 1), self.scalar(depth - 1)),
                    _ => format!("({} {op} {})", self.scalar(depth - 1), self.vector(depth - 1)),
                }
            }
            13 => {
                let function = self.of(&[
                    "abs",
                    "ceil",
                    "floor",
                    "round",
                    "exp",
                    "ln",
                    "sqrt",
                    "sgn",
                    "sort",
                    "absent",
                    "timestamp",
                    "hour",
                    "day_of_week",
                    "minute",
                    "month",
                    "days_in_month",
                    "year",
                    "sin",
                    "cos",
                    "acos",
                    "tanh",
                    "deg",
                    "-",
                    "+",
                    "sort_desc",
                    "histogram_count",
                ]);
                format!("{function}({})", self.vector(depth - 1))
            }
            14 => {
                let inner = self.vector(depth - 1);
                match self.below(4) {
                    0 => format!("clamp({inner}, {}, {})", self.scalar(0), self.scalar(0)),
                    1 => format!("clamp_min({inner}, {})", self.scalar(0)),
                    2 => format!("clamp_max({inner}, {})", self.scalar(0)),
                    _ => format!("round({inner}, {})", self.scalar(0)),
                }
            }
            _ => {
                let inner = self.vector(depth - 1);
                match self.below(5) {
                    0 => format!("vector({})", self.scalar(depth - 1)),
                    1 => format!("({inner} or vector(0))"),
                    2 => format!("label_join({inner}, \"zone\", \"-\", \"job\", \"path\")"),
                    _ => {
                        let [label, source] = [
                            self.of(&["zone", "code", "le", "kind"]),
                            self.of(&["path", "job", "code", "le"]),
                        ];
                        let replacement = self.of(&["$1", "x", "", "${1}-y", "$2"]);
                        let pattern = self.of(&["(.*)", ".*", "(.+)", "s(.*)", "5.."]);
                        format!("label_replace({inner}, \"{label}\", \"{replacement}\", \"{source}\", \"{pattern}\")")
                    }
                }
            }
        }
    }
}
