//! The panels of the example gateway's dashboard, as a reader sees them: the gateway does its work, real Prometheus servers
//! have what it exported, each panel's query is asked as Grafana asks it, and the answer is computed once more from the
//! numbers themselves.
//!
//! Nothing here depends on when a test runs. What the gateway exported is written into the servers' storage with times of its
//! own, and all questions are asked for the same moment of that past.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::gateway::Gateway;
use support::http;
use support::prometheus::{Prometheus, Release, backfill};

/// The beginning of 2026; any time that is past.
const BEGIN: u64 = 1_767_225_600;
/// From one scrape, and one evaluation of rules, to the next.
const STEP: u64 = 15;
/// How many scrapes find the gateway at rest: more than the ten minutes that a panel looks back.
const AT_REST: usize = 48;
/// How long after a scrape rules are evaluated and panels look: no range begins or ends with a sample, where the releases
/// differ.
const AFTER: u64 = 7;
/// `$__rate_interval`, of who looks at six hours with a scrape every 15 s.
const MINUTE: u64 = 60;
const FIVE_MINUTES: u64 = 300;
const HOUR: u64 = 3600;

/// What all series have that Prometheus scraped.
const TARGET: &str = "instance=\"kyc-gateway:8000\",job=\"kyc-gateway\"";

/// A series' name, its labels, and its value.
struct Series {
    name: String,
    labels: BTreeMap<String, String>,
    value: f64,
}

impl Series {
    /// The values of some labels.
    fn key(&self, by: &[&str]) -> String {
        let label = |name: &&str| self.labels.get(*name).map_or("", String::as_str);
        by.iter().map(label).collect::<Vec<_>>().join(" ")
    }
}

/// What the gateway exported, at one time.
struct Snapshot {
    text: String,
    series: Vec<Series>,
}

/// The values of a query by what tells its series apart.
type Values = BTreeMap<String, f64>;

impl Snapshot {
    fn new(scrape: &str) -> Self {
        let is_own = |line: &&str| line.starts_with("kyc_") || line.starts_with("http_");
        let text: String = scrape.lines().filter(is_own).map(|line| format!("{line}\n")).collect();
        let series = text.lines().map(|line| {
            let (series, value) = line.rsplit_once(' ').expect("a sample has a value");
            let (name, labels) = series.split_once('{').unwrap_or((series, ""));
            let labels = labels.trim_end_matches('}').split_terminator("\",");
            let labels = labels.map(|label| {
                let (name, value) = label.split_once("=\"").expect("a label has a value");
                (name.to_owned(), value.trim_end_matches('"').to_owned())
            });
            Series {
                name: name.to_owned(),
                labels: labels.collect(),
                value: value.parse().expect("a value is a number"),
            }
        });
        Self {
            series: series.collect(),
            text,
        }
    }

    fn of<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'s Series> {
        let found = self.series.iter().filter(move |series| series.name == name);
        assert!(found.clone().count() > 0, "{name} in\n{}", self.text);
        found
    }

    /// `sum by (…) (name)`
    fn sums(&self, name: &str, by: &[&str]) -> Values {
        let mut sums = Values::new();
        for series in self.of(name) {
            *sums.entry(series.key(by)).or_default() += series.value;
        }
        sums
    }

    fn one(&self, name: &str, label: &str, value: &str) -> f64 {
        self.sums(name, &[label])[value]
    }
}

/// All scrapes: the first snapshot again and again, the others once.
struct Past(Vec<Snapshot>);

impl Past {
    fn scrapes(&self) -> usize {
        AT_REST + self.0.len() - 1
    }

    fn scrape(&self, at: usize) -> &Snapshot {
        &self.0[(at + 1).saturating_sub(AT_REST)]
    }

    fn last(&self) -> usize {
        self.scrapes() - 1
    }

    /// `increase` of one series over so many seconds, [`AFTER`] a scrape, as Prometheus documents it: what was counted between
    /// the samples goes on to the range's end, and from its beginning where there is a sample near to it, but from no time
    /// at which the counter would have been less than 0.
    fn increase(&self, at: usize, name: &str, place: usize, range: u64) -> f64 {
        let value = |at: usize| {
            self.scrape(at)
                .of(name)
                .nth(place)
                .expect("no series comes or goes")
                .value
        };
        let samples = at.min(((range - AFTER) / STEP) as usize);
        let (first, last) = (value(at - samples), value(at));
        let counted = last - first;
        if counted == 0.0 {
            return 0.0;
        }
        let (step, sampled) = (STEP as f64, (STEP * samples as u64) as f64);
        let since_zero = sampled * first / counted;
        let missing = (range - AFTER) as f64 - sampled;
        let before = if missing < 1.1 * step {
            missing.min(since_zero)
        } else {
            // The releases differ where a counter was 0 a little before its first sample.
            assert!(
                since_zero <= step / 2.0 || since_zero >= 1.1 * step,
                "{name}: {since_zero}"
            );
            since_zero.min(step / 2.0)
        };
        counted * (sampled + before + AFTER as f64) / sampled
    }

    /// `sum by (…) (increase(name[range]))`
    fn increases(&self, at: usize, name: &str, by: &[&str], range: u64) -> Values {
        let mut sums = Values::new();
        for (place, series) in self.scrape(at).of(name).enumerate() {
            *sums.entry(series.key(by)).or_default() += self.increase(at, name, place, range);
        }
        sums
    }

    /// `sum by (…) (rate(name[range]))`
    fn rates(&self, at: usize, name: &str, by: &[&str], range: u64) -> Values {
        let increases = self.increases(at, name, by, range).into_iter();
        increases
            .map(|(key, increase)| (key, increase / range as f64))
            .collect()
    }

    fn means(&self, name: &str, by: &[&str]) -> Values {
        let counts = self.rates(self.last(), &format!("{name}_count"), by, MINUTE);
        let sums = self.rates(self.last(), &format!("{name}_sum"), by, MINUTE).into_iter();
        sums.map(|(key, sum)| (key.clone(), sum / counts[&key])).collect()
    }

    /// The rate of observations up to each bound, by another label.
    fn buckets(&self, histogram: &str, by: &str) -> BTreeMap<String, Vec<(f64, f64)>> {
        let by: &[&str] = if by.is_empty() { &["le"] } else { &["le", by] };
        let mut all: BTreeMap<String, Vec<(f64, f64)>> = BTreeMap::new();
        for (key, rate) in self.rates(self.last(), &format!("{histogram}_bucket"), by, MINUTE) {
            let (bound, key) = key.split_once(' ').unwrap_or((&key, ""));
            let bound = bound.parse().expect("a bound is a number");
            all.entry(key.to_owned()).or_default().push((bound, rate));
        }
        for buckets in all.values_mut() {
            buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
        }
        all
    }

    /// What a quantile is, at least and at most: where it lies at a bucket's end, rounding decides which of the two buckets
    /// it is in.
    fn quantiles(&self, quantile: f64, histogram: &str, by: &str) -> Shown {
        let all = self.buckets(histogram, by).into_iter();
        Shown::Between(
            all.map(|(key, buckets)| {
                let [least, most] = [1.0 - 1e-9, 1.0 + 1e-9].map(|nearly| within(quantile * nearly, &buckets));
                (key, least, most)
            })
            .collect(),
        )
    }
}

/// As Prometheus documents `histogram_quantile`: a straight line within a bucket, and the last finite bound above it.
fn within(quantile: f64, buckets: &[(f64, f64)]) -> f64 {
    let total = buckets.last().expect("a histogram has buckets").1;
    let rank = quantile * total;
    let at = buckets
        .iter()
        .position(|(_, count)| *count >= rank)
        .unwrap_or(buckets.len() - 1);
    if total == 0.0 {
        return f64::NAN;
    }
    if at == buckets.len() - 1 {
        return buckets[at - 1].0;
    }
    let (from, before) = if at == 0 { (0.0, 0.0) } else { buckets[at - 1] };
    from + (buckets[at].0 - from) * (rank - before) / (buckets[at].1 - before)
}

/// What a panel's query must answer.
enum Shown {
    Are(Values),
    /// One value, whatever its labels are.
    Is(f64),
    Between(Vec<(String, f64, f64)>),
}

impl Shown {
    #[track_caller]
    fn check(&self, what: &str, found: &[(BTreeMap<String, String>, f64)]) {
        let named = |(labels, value): &(BTreeMap<String, String>, f64)| {
            let labels = labels.iter().filter(|(name, _)| *name != "__name__");
            (
                labels.map(|(_, value)| value.as_str()).collect::<Vec<_>>().join(" "),
                *value,
            )
        };
        let values: Values = match self {
            Self::Is(_) => found.iter().map(|(_, value)| (String::new(), *value)).collect(),
            _ => found.iter().map(named).collect(),
        };
        let expected: Vec<(String, f64, f64)> = match self {
            Self::Are(values) => values
                .iter()
                .map(|(key, value)| (key.clone(), *value, *value))
                .collect(),
            Self::Is(value) => vec![(String::new(), *value, *value)],
            Self::Between(all) => all.clone(),
        };
        let is_near = |((name, value), (expected, least, most)): ((&String, &f64), &(String, f64, f64))| {
            let rounding = 1e-9 * most.abs().max(1e-3);
            let is_between = *value >= least - rounding && *value <= most + rounding;
            name == expected && (is_between || (value.is_nan() && least.is_nan()))
        };
        let is_same = found.len() == expected.len() && values.iter().zip(&expected).all(is_near);
        assert!(is_same, "{what}\nfound {values:?}\nexpected {expected:?}");
    }
}

/// A gateway's work, in what it exported before and after each part.
fn worked() -> Past {
    let gateway = Gateway::start();
    let mut snapshots = Vec::new();
    // Who is answered may be counted a moment later.
    let mut settle = |counted: &[(&str, &str, &str, f64)]| {
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            let now = Snapshot::new(&gateway.scrape());
            let is_there =
                |(name, label, value, count): &(&str, &str, &str, f64)| now.one(name, label, value) == *count;
            if counted.iter().all(is_there) && now.one("http_requests_inprogress", "", "") == 0.0 {
                return snapshots.push(now);
            }
            assert!(Instant::now() < deadline, "not yet counted: {counted:?}\n{}", now.text);
            thread::sleep(Duration::from_millis(20));
        }
    };
    // Each from an address of their own, which may send only so much.
    let mut person = 0;
    let mut visits = |all: &[(Value, u16)]| {
        for (changed, status) in all {
            person += 1;
            let from = format!("198.51.100.{person}");
            let answer = gateway.verify_from([&from, &from], &format!("phone-{person}"), changed.clone());
            assert_eq!(answer.status, *status, "{}", answer.text());
        }
    };
    let accepted = || (json!({}), 200);
    let attack = json!({ "liveness": { "motion": 0.8, "moire": 0.1, "mask": 0.9, "synthesis": 0.1 } });
    let masked = || (attack.clone(), 200);
    let fails = || (json!({ "simulate": { "module": "ocr", "behaviour": "fail" } }), 502);
    let hangs = || {
        (
            json!({ "simulate": { "module": "antifraud", "behaviour": "hang" } }),
            504,
        )
    };
    // Nobody's request, and somebody who sends more than they may. How many get through depends on the clock.
    let odd = |address| {
        assert_eq!(http::get(gateway.address, "/nothing/here", &[]).status, 404);
        let hasty: Vec<_> = (0..20)
            .map(|_| gateway.post(address, "/verify", &json!({})).status)
            .collect();
        assert!(hasty.contains(&429), "{hasty:?}");
    };
    let (verifications, requests) = ("kyc_verifications_total", "http_requests_total");
    let attacks = "kyc_liveness_failures_total";

    // One of each kind, so that no series comes later.
    visits(&[accepted(), masked(), fails(), hangs()]);
    odd("203.0.113.4");
    settle(&[
        (verifications, "status", "VERIFIED", 1.0),
        (verifications, "status", "REJECTED", 1.0),
        (verifications, "status", "ERROR", 2.0),
        (attacks, "attack_type", "mask", 1.0),
        (requests, "handler", "/verify", 24.0),
        (requests, "handler", "/sessions", 4.0),
        (requests, "handler", "other", 1.0),
    ]);

    visits(&[accepted(), accepted(), accepted()]);
    settle(&[
        (verifications, "status", "VERIFIED", 4.0),
        (requests, "handler", "/verify", 27.0),
        (requests, "handler", "/sessions", 7.0),
    ]);

    visits(&[masked(), masked(), masked(), masked(), fails()]);
    settle(&[
        (verifications, "status", "REJECTED", 5.0),
        (verifications, "status", "ERROR", 3.0),
        (attacks, "attack_type", "mask", 5.0),
        (requests, "handler", "/verify", 32.0),
    ]);

    visits(&[hangs()]);
    odd("203.0.113.5");
    // Left open, so that the gauge has something to show.
    let opened = gateway.post("203.0.113.3", "/sessions", &json!({ "device_id": "n" }));
    assert_eq!(opened.status, 201);
    settle(&[
        (verifications, "status", "ERROR", 4.0),
        (requests, "handler", "/verify", 53.0),
        (requests, "handler", "/sessions", 14.0),
        (requests, "handler", "other", 2.0),
        // The one that is open, and those of the four errors, which may be tried again.
        ("kyc_active_sessions", "", "", 5.0),
    ]);
    Past(snapshots)
}

/// What each query of a panel must answer.
fn expected(title: &str, past: &Past) -> Vec<Shown> {
    let last = past.last();
    let now = past.scrape(last);
    let rate = |at, name, range| past.rates(at, name, &[], range)[""];
    let (verifications, duration) = ("kyc_verifications_total", "kyc_verification_duration_seconds");
    // What is bad of how much.
    let errors = |at, range| {
        let bad = past.rates(at, verifications, &["status"], range)["ERROR"];
        (bad, rate(at, verifications, range))
    };
    let slow = |at, range| {
        let all = rate(at, "kyc_verification_duration_seconds_count", range);
        let quick = past.rates(at, "kyc_verification_duration_seconds_bucket", &["le"], range)["8.0"];
        (all - quick, all)
    };
    let share = |(part, whole): (f64, f64)| part / whole;
    // Of a month in which nothing else happened.
    let left = |of: &dyn Fn(usize, u64) -> (f64, f64), budget: f64| {
        let all: Vec<_> = (AT_REST..=last).map(|at| of(at, FIVE_MINUTES)).collect();
        let (bad, total) = all.iter().fold((0.0, 0.0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
        vec![Shown::Is(1.0 - bad / total / budget)]
    };
    let quantiles = |histogram| {
        [0.5, 0.95, 0.99]
            .map(|quantile| past.quantiles(quantile, histogram, ""))
            .into()
    };
    let p95 = |histogram, by| vec![past.quantiles(0.95, histogram, by)];
    let rates = |name: &str, by: &[&str]| vec![Shown::Are(past.rates(last, name, by, MINUTE))];
    let distribution = |histogram: &str| rates(&format!("{histogram}_bucket"), &["le"]);
    let (module, request) = ("kyc_module_duration_seconds", "http_request_duration_seconds");
    let (attacks, requests) = ("kyc_liveness_failures_total", "http_requests_total");
    match title {
        "Verifications are decided: budget left" => left(&errors, 0.001),
        "Verifications are decided: bad events" => vec![Shown::Is(share(errors(last, FIVE_MINUTES)))],
        "Verifications are decided: times too fast" => vec![Shown::Is(share(errors(last, HOUR)) / 0.001)],
        "Verifications are quick: budget left" => left(&slow, 0.05),
        "Verifications are quick: bad events" => vec![Shown::Is(share(slow(last, FIVE_MINUTES)))],
        "Verifications are quick: times too fast" => vec![Shown::Is(share(slow(last, HOUR)) / 0.05)],
        "Gateway down" => vec![Shown::Is(1.0)],
        "Verification duration, quantiles" => quantiles(duration),
        "Verification duration, distribution" => distribution(duration),
        "Module duration, quantiles" => quantiles(module),
        "Module duration, distribution" => distribution(module),
        "Module duration, p95 by module" => p95(module, "module"),
        "Verifications by status" => rates(verifications, &["status"]),
        "Liveness failures by attack type" => rates(attacks, &["attack_type"]),
        "Active sessions" => vec![Shown::Is(now.one("kyc_active_sessions", "", ""))],
        "Rate limit hits by endpoint and reason" => rates("kyc_rate_limit_hits_total", &["endpoint", "reason"]),
        "High error rate" => vec![Shown::Is(share(errors(last, FIVE_MINUTES)))],
        "Spoofing spike" => vec![Shown::Are(past.increases(last, attacks, &["attack_type"], 600))],
        "Attacks per verification" => vec![Shown::Is(
            rate(last, attacks, MINUTE) / rate(last, verifications, MINUTE),
        )],
        "Requests by handler" => rates(requests, &["handler"]),
        "Requests by method" => rates(requests, &["method"]),
        "Requests by status" => rates(requests, &["status"]),
        "Request duration, quantiles" => quantiles(request),
        "Request duration, distribution" => distribution(request),
        "Request duration, p95 by handler" => p95(request, "handler"),
        "Request duration, p95 by method" => p95(request, "method"),
        "Request size bytes, mean by handler" => vec![Shown::Are(past.means("http_request_size_bytes", &["handler"]))],
        "Response size bytes, mean by handler" => {
            vec![Shown::Are(past.means("http_response_size_bytes", &["handler"]))]
        }
        "Requests inprogress" => vec![Shown::Is(now.one("http_requests_inprogress", "", ""))],
        "Requests incomplete by handler" => rates("http_requests_incomplete_total", &["handler"]),
        "Requests incomplete by reason" => rates("http_requests_incomplete_total", &["reason"]),
        "Http errors" => {
            let of_ours = past.rates(last, requests, &["status"], FIVE_MINUTES)["5xx"];
            vec![Shown::Is(of_ours / rate(last, requests, FIVE_MINUTES))]
        }
        other => panic!("the panel {other:?} is new: say what it must show"),
    }
}

/// What Grafana puts in where everything is chosen.
fn rendered(query: &str) -> String {
    let mut text = query.replace("$__rate_interval", "1m");
    while let Some(start) = text.find("\"$") {
        let end = start + 1 + text[start + 1..].find('"').expect("a text has an end");
        text.replace_range(start..=end, "\".*\"");
    }
    text
}

/// The scrapes, with their times, for Prometheus.
fn written(past: &Past) -> String {
    let mut text = String::new();
    for at in 0..past.scrapes() {
        let time = BEGIN + STEP * at as u64;
        for line in past.scrape(at).text.lines() {
            let (series, value) = line.rsplit_once(' ').expect("a sample has a value");
            let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
            let comma = if labels == "}" { "" } else { "," };
            writeln!(text, "{name}{{{TARGET}{comma}{labels} {value} {time}").expect("a text takes everything");
        }
        writeln!(text, "up{{{TARGET}}} 1 {time}").expect("a text takes everything");
    }
    text
}

/// A server that knows this past and these rules, and sees nothing new.
fn server(release: Release, rules: &str, past: &str) -> Prometheus {
    Prometheus::start_in(release, 0, &[], |directory: &Path| {
        backfill(release, directory, &format!("{past}# EOF\n"));
        fs::write(directory.join("rules.yml"), rules).unwrap();
        // They are read here, and asked for the times of the past.
        let configuration =
            json!({ "global": { "evaluation_interval": "1d" }, "rule_files": [directory.join("rules.yml")] });
        fs::write(directory.join("prometheus.yml"), configuration.to_string()).unwrap();
    })
}

/// A server that has what the rules record of this past, too, as if it had evaluated them with each scrape.
fn with_records(release: Release, rules: &str, mut past: String, end: u64) -> Prometheus {
    let first = server(release, rules, &past);
    let groups = first.rule_groups();
    let all = groups.as_array().into_iter().flatten();
    let all = all.flat_map(|group| group["rules"].as_array().expect("a group has rules"));
    let mut waiting: Vec<_> = all.filter(|rule| rule["type"] == "recording").collect();
    assert!(waiting.len() > 20, "{groups:#}");
    let mut prometheus = first;
    while !waiting.is_empty() {
        let names: BTreeSet<_> = waiting.iter().filter_map(|rule| rule["name"].as_str()).collect();
        let text = |rule: &Value| rule["query"].as_str().expect("a rule has an expression").to_owned();
        let is_ready = |rule: &&Value| !names.iter().any(|name| text(rule).contains(name));
        let (ready, later): (Vec<_>, Vec<_>) = waiting.iter().copied().partition(is_ready);
        assert!(!ready.is_empty(), "rules that need each other: {later:#?}");
        for rule in ready {
            for (labels, values) in prometheus.query_range(&text(rule), [BEGIN + AFTER, end, STEP]) {
                let own = rule["labels"].as_object().into_iter().flatten();
                let own = own.map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned()));
                let labels: BTreeMap<_, _> = labels
                    .into_iter()
                    .filter(|(name, _)| name != "__name__")
                    .chain(own)
                    .collect();
                let labels: Vec<_> = labels.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
                let name = rule["name"].as_str().expect("a rule has a name");
                for (time, value) in values {
                    writeln!(past, "{name}{{{}}} {value} {time}", labels.join(",")).expect("a text takes everything");
                }
            }
        }
        waiting = later;
        prometheus = server(release, rules, &past);
    }
    prometheus
}

#[test]
fn every_panel_shows_what_was_recorded() {
    let past = worked();
    let names = |snapshot: &Snapshot| {
        snapshot
            .series
            .iter()
            .map(|series| series.name.clone())
            .collect::<Vec<_>>()
    };
    assert!(
        past.0.iter().all(|snapshot| names(snapshot) == names(&past.0[0])),
        "a series came later"
    );
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/kyc_gateway/ops");
    let read = |path: &str| fs::read_to_string(folder.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    let rules = read("prometheus/rules/kyc-gateway.yml");
    let dashboard: Value = serde_json::from_str(&read("grafana/dashboards/kyc-gateway.json")).expect("it is JSON");
    let end = BEGIN + STEP * past.last() as u64 + AFTER;
    for release in Release::ALL {
        let prometheus = with_records(release, &rules, written(&past), end);
        let mut asked = 0;
        for panel in dashboard["panels"].as_array().expect("panels are a list") {
            let Some(targets) = panel["targets"].as_array() else {
                continue;
            };
            let title = panel["title"].as_str().expect("a panel has a title");
            let expected = expected(title, &past);
            assert_eq!(targets.len(), expected.len(), "{title}");
            for (target, expected) in targets.iter().zip(expected) {
                let query = rendered(target["expr"].as_str().expect("a query is a text"));
                let found = prometheus.query_at(&query, end as f64);
                assert!(!found.is_empty(), "{release:?}: {title} shows nothing: {query}");
                expected.check(&format!("{release:?}: {title}: {query}"), &found);
                asked += 1;
            }
        }
        assert!(asked > 35, "{asked}");
    }
}
