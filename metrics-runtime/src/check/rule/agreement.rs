//! What the compiler says of a rule is what the linter says at run time.

use std::collections::BTreeSet;

use enumetrics_promql::{Asks, LabelSource, Lint, Linter, Operand, Step, Usage, parse};

use super::{Origin, Part, Problem, Series, Source};
use super::{bucket, compares, count, exists, find, is_buckets, is_counter, is_gauge, is_no_counter, known, label};
use super::{matches, meet, same_unit, single, table, value};
use crate::descriptor::{Descriptor, Kind, LabelDescriptor};
use crate::metric::NativeBuckets;
use crate::rules::Exported;

const CODE: LabelDescriptor = LabelDescriptor::new("code", &["200", "404", "500", "503"]);
const PATH: LabelDescriptor = LabelDescriptor::new("path", &[]);
const FAMILIES: &[Descriptor] = &[
    Descriptor::new("shop_requests_total", "", Kind::Counter, &[CODE, PATH]).with_constant_labels(&[("tier", "gold")]),
    Descriptor::new("shop_queue_length", "", Kind::Gauge, &[]),
    Descriptor::new("shop_price", "", Kind::Gauge, &[]).with_unit("euros"),
    Descriptor::new("shop_weight", "", Kind::Gauge, &[]).with_unit("kilograms"),
    Descriptor::new("shop_earned_total", "", Kind::Counter, &[]).with_unit("euros"),
    Descriptor::new("shop_duration_seconds", "", Kind::Histogram, &[CODE]).with_buckets(&[0.5, 1.0, 8.0]),
    Descriptor::new("shop_wait_seconds", "", Kind::Histogram, &[CODE]).with_native(NativeBuckets::new()),
    Descriptor::new("shop_lag_seconds", "", Kind::Histogram, &[])
        .with_native(NativeBuckets::new())
        .with_buckets(&[0.5, 1.0, 8.0]),
    Descriptor::new("shop_reading", "", Kind::Unknown, &[CODE]),
    Descriptor::new("shop_size_bytes", "", Kind::Summary, &[]),
    Descriptor::new("shop_age_seconds", "", Kind::Summary, &[CODE]).with_quantiles(&[0.5, 0.99]),
    Descriptor::new("shop_build_info", "", Kind::Info, &[PATH]),
    Descriptor::new(
        "shop_state",
        "",
        Kind::StateSet,
        &[LabelDescriptor::new("shop_state", &["open", "closed"])],
    ),
];
const CATALOGS: &[&[&[Descriptor]]] = &[&[FAMILIES], &[]];
const TARGETS: &[&str] = &["job", "instance"];
static TABLE: [Series; count(CATALOGS)] = table(CATALOGS, TARGETS);

/// What the constants would be given, while running.
fn answer(asks: &Asks) -> Problem {
    let leak = |texts: Vec<&str>| -> &'static [&'static str] {
        let texts: Vec<&'static str> = texts.into_iter().map(|text| &*text.to_owned().leak()).collect();
        texts.leak()
    };
    let sources = |sources: &[LabelSource]| -> Vec<Source> {
        let source = |source: &LabelSource| Source {
            origin: match &source.origin {
                enumetrics_promql::Origin::Nothing => Origin::Nothing,
                enumetrics_promql::Origin::Anything => Origin::Anything,
                enumetrics_promql::Origin::Series(name) => Origin::Series(find(&TABLE, name)),
            },
            only: source
                .only
                .as_ref()
                .map(|only| leak(only.iter().map(String::as_str).collect())),
            without: leak(source.without.iter().map(String::as_str).collect()),
            plus: leak(source.plus.iter().map(String::as_str).collect()),
            perhaps: leak(source.perhaps.iter().map(String::as_str).collect()),
        };
        sources.iter().map(source).collect()
    };
    let named = |name: &str| find(&TABLE, name);
    match asks {
        Asks::Exists { series } => exists(&TABLE, named(series), series),
        Asks::Label { series, label: name } => label(named(series), name),
        Asks::Value {
            series,
            label,
            value: text,
        } => value(named(series), label, text),
        Asks::Bucket {
            series,
            text,
            bound,
            canonical,
        } => bucket(named(series), text, *bound, canonical),
        Asks::Matches {
            series,
            label,
            pattern,
            program,
        } => matches(named(series), label, pattern, program),
        Asks::IsCounter { series, function } => is_counter(named(series), function),
        Asks::IsGauge { series, function } => is_gauge(named(series), function),
        Asks::IsNoCounter { series, rate } => is_no_counter(named(series), rate),
        Asks::IsBuckets { series } => is_buckets(named(series)),
        Asks::Known { labels, label, what } => known(&sources(labels), label, what),
        Asks::Meet {
            left,
            right,
            on,
            labels,
            op,
        } => {
            let labels: Vec<_> = labels.iter().map(String::as_str).collect();
            meet(&sources(left), &sources(right), *on, &labels, &op.to_string())
        }
        Asks::Single {
            labels,
            chosen,
            on,
            compared,
            side,
            fix,
        } => {
            let [chosen, compared] =
                [chosen, compared].map(|labels| labels.iter().map(String::as_str).collect::<Vec<_>>());
            single(&sources(labels), &chosen, *on, &compared, side, fix)
        }
        Asks::SameUnit { left, right, op } => {
            let [left, right] = [left, right].map(|measure| (named(&measure.series), measure.per_second));
            same_unit(left, right, op.is_comparison())
        }
        Asks::Compares {
            values,
            op,
            threshold,
            quantile_of,
            not_always,
        } => {
            let step = |step: &Step<Operand>| match step {
                Step::Sum => Step::Sum,
                Step::Negate => Step::Negate,
                Step::Combine(op) => Step::Combine(*op),
                Step::Push(Operand::Fixed(interval)) => Step::Push(*interval),
                Step::Push(Operand::Values(name)) => Step::Push(named(name).interval()),
                Step::Push(Operand::Rate(name)) => Step::Push(named(name).rates()),
                Step::Push(Operand::Quantile(name)) => Step::Push(named(name).quantiles()),
            };
            let values: Vec<_> = values.iter().map(step).collect();
            let quantile_of = quantile_of.as_ref().map(|name| named(name));
            compares(&values, *op, *threshold, quantile_of, *not_always)
        }
    }
}

/// Ids and messages, with their places: by the compiler, and by the linter.
fn both(text: &str) -> [BTreeSet<(usize, usize, String)>; 2] {
    let expr = parse(text).unwrap_or_else(|error| panic!("{}", error.render(text)));
    let exported = Exported::new(FAMILIES.iter().copied(), TARGETS);
    let alone = Linter::new(Usage::Alert).check(&expr);
    let said = |lint: &Lint, span| alone.iter().any(|finding| finding.lint == lint && finding.span == span);
    let compiler = expr.outline(Usage::Alert, &|_| None).questions;
    let compiler = compiler.iter().filter_map(|question| {
        let problem = answer(&question.asks)?;
        let (message, id) = problem.as_str().rsplit_once(" [").unwrap();
        let lint = Lint::named(id.trim_end_matches(']')).unwrap();
        // The help is behind the message.
        let help = |end: usize| &message[..end];
        let message = message.find("; ").map_or(message, help);
        // Of units and of several series the linter knows more: there are tests of their own.
        (!said(lint, question.span) && !["val-unit", "match-many"].contains(&lint.id)).then(|| {
            (
                question.span.start,
                question.span.end,
                format!("{}: {message}", lint.id),
            )
        })
    });
    let decided = |finding: &&enumetrics_promql::Finding| {
        // Warnings are for run time, but for `agg-missing`, which needs no constant; so is what takes all values.
        let later = [
            "ref-regex-all",
            "val-between-buckets",
            "agg-missing",
            "match-many",
            // Alone the linter does not know that what stands beside the buckets has no `le`.
            "hist-no-le",
            "val-unit",
            "val-missing-zero",
            "kind-info-join",
            "kind-timestamp",
            "ref-renamed",
            "val-float-eq",
            "val-low-traffic",
        ];
        !later.contains(&finding.lint.id) && !said(finding.lint, finding.span)
    };
    let linter = Linter::new(Usage::Alert).schema(&exported).check(&expr);
    let linter = linter.iter().filter(decided).map(|finding| {
        let message = finding.message.split("; ").next().unwrap();
        (
            finding.span.start,
            finding.span.end,
            format!("{}: {message}", finding.lint.id),
        )
    });
    [compiler.collect(), linter.collect()].map(|found: BTreeSet<_>| {
        // Behind these words the compiler says at once what the linter says as help; and of several labels that one side
        // lacks either says another.
        const ENDS: [&str; 5] = [
            " restarts at 0",
            ", for a restart",
            " to take a quantile of",
            " is never written",
            "nothing matches",
        ];
        let without_help = |(start, end, mut text): (usize, usize, String)| {
            if let Some((at, ends)) = ENDS.iter().find_map(|ends| Some((text.find(ends)?, ends))) {
                text.truncate(at + ends.len());
            }
            (start, end, text)
        };
        found.into_iter().map(without_help).collect()
    })
}

/// Pseudo-random numbers (xorshift), the same each time.
struct Random(u64);

impl Random {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % most as u64).unwrap()
    }

    fn of<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices[self.below(choices.len())]
    }

    fn selector(&mut self) -> String {
        let name = self.of(&[
            "shop_requests_total",
            "shop_requests",
            "shop_request_total",
            "shop_queue_length",
            "shop_reading",
            "shop_queue_length_sum",
            "shop_duration_seconds",
            "shop_duration_seconds_bucket",
            "shop_duration_seconds_count",
            "shop_duration_seconds_sum",
            "shop_size_bytes",
            "shop_size_bytes_sum",
            "shop_size_bytes_bucket",
            "shop_age_seconds",
            "shop_age_seconds_count",
            "shop_build_info",
            "shop_state",
            "up",
            "nobody_knows",
        ]);
        let matcher = self.of(&[
            "",
            "",
            "{code=\"500\"}",
            "{code=\"501\"}",
            "{code=~\"5..\"}",
            "{code=~\"6..\"}",
            "{code!~\"2..|404\"}",
            "{cod=\"500\"}",
            "{path=\"/\"}",
            "{tier=\"silver\"}",
            "{job=\"shop\"}",
            "{le=\"1.0\"}",
            "{le=\"1\"}",
            "{le=\"3\"}",
            "{shop_state=\"open\"}",
            "{instance=\"\"}",
        ]);
        format!("{name}{matcher}")
    }

    fn vector(&mut self, depth: usize) -> String {
        if depth == 0 {
            return match self.below(3) {
                0 => self.selector(),
                _ => {
                    let function = self.of(&["rate", "increase", "delta", "resets", "max_over_time", "deriv"]);
                    format!("{function}({}[5m])", self.selector())
                }
            };
        }
        match self.below(8) {
            0 | 1 => {
                let op = self.of(&["sum", "max", "avg", "count", "topk"]);
                let by = self.of(&[
                    "",
                    "by (le)",
                    "by (code)",
                    "by (le, job)",
                    "without (code)",
                    "by (cod)",
                    "by (path, tier)",
                ]);
                let parameter = if op == "topk" { "1, " } else { "" };
                format!("{op} {by} ({parameter}{})", self.vector(depth - 1))
            }
            2 => format!("histogram_quantile(0.9, {})", self.vector(depth - 1)),
            3 => {
                let op = self.of(&[
                    "/",
                    "+",
                    "- ignoring (code)",
                    "/ on (job)",
                    "* on (code, tier)",
                    "and",
                    "unless",
                    "or",
                ]);
                format!("({} {op} {})", self.vector(depth - 1), self.vector(depth - 1))
            }
            4 => {
                let op = self.of(&["* 100", "> 7", "< 0", "- 1", "> bool 1"]);
                format!("({} {op})", self.vector(depth - 1))
            }
            5 => format!("-{}", self.vector(depth - 1)),
            6 => format!(
                "label_replace({}, \"zone\", \"$1\", \"path\", \"(.*)\")",
                self.vector(depth - 1)
            ),
            _ => format!("absent({})", self.vector(depth - 1)),
        }
    }
}

#[test]
fn the_compiler_and_the_linter_agree() {
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    let mut kinds = BTreeSet::new();
    for _ in 0..20_000 {
        let depth = random.below(4);
        let comparison = random.of(&["> 8", "> 1", "< 0", ">= 0", "== 1", "> 100", "< 5"]);
        let text = format!("{} {comparison}", random.vector(depth));
        let mut found = both(&text);
        // Of what nobody exports the linter believes that it has the labels that it is grouped by; of a value that a label
        // never has, that it is one.
        if found[0].iter().any(|(_, _, text)| {
            text.starts_with("ref-metric") || text.starts_with("ref-suffix") || text.starts_with("ref-value")
        }) {
            for found in &mut found {
                found.retain(|(_, _, text)| !text.starts_with("match-disjoint"));
            }
        }
        let [compiler, linter] = found;
        assert_eq!(compiler, linter, "{text}");
        kinds.extend(
            compiler
                .into_iter()
                .map(|(_, _, found)| found.split_once(':').unwrap().0.to_owned()),
        );
    }
    let all = [
        "hist-kind",
        "kind-counter-raw",
        "kind-delta-counter",
        "kind-rate-gauge",
        "match-disjoint",
        "ref-label",
        "ref-metric",
        "ref-regex-none",
        "ref-suffix",
        "ref-value",
        "val-always",
        "val-le-form",
        "val-never",
        "val-top-bucket",
    ];
    assert_eq!(
        kinds,
        all.map(str::to_owned).into(),
        "all that constants decide was tried"
    );
}

/// The compiler sees units that are those of a single series on each side.
#[test]
fn units_are_judged_alike() {
    for (text, is_wrong) in [
        ("sum(shop_price) > sum(shop_weight)", true),
        ("max(shop_price + on (job) shop_weight) > 1", true),
        ("sum(rate(shop_earned_total[5m])) > sum(shop_price)", true),
        ("max(abs(shop_price)) > max(shop_price offset 1d)", false),
        ("sum(increase(shop_earned_total[5m])) > sum(shop_price)", false),
        ("sum(shop_price) / sum(shop_weight) > 1", false),
        ("sum(rate(shop_duration_seconds_sum[5m])) > sum(shop_weight)", true),
        ("sum(shop_queue_length) > sum(shop_weight)", false),
    ] {
        let expr = parse(text).unwrap();
        let exported = Exported::new(FAMILIES.iter().copied(), TARGETS);
        let linter = Linter::new(Usage::Alert).schema(&exported).check(&expr);
        let linter: Vec<_> = linter
            .iter()
            .filter(|finding| finding.lint.id == "val-unit")
            .map(|finding| {
                format!(
                    "{}; {} [val-unit]",
                    finding.message,
                    finding.help.as_deref().unwrap_or_default()
                )
            })
            .collect();
        let questions = expr.outline(Usage::Alert, &|_| None).questions;
        let compiler: Vec<_> = questions
            .iter()
            .filter(|question| question.lint.id == "val-unit")
            .filter_map(|question| Some(answer(&question.asks)?.as_str().to_owned()))
            .collect();
        assert_eq!(compiler, linter, "{text}");
        assert_eq!(!compiler.is_empty(), is_wrong, "{text}");
    }
}

#[test]
fn several_series_are_judged_alike() {
    for (text, is_wrong) in [
        ("sum(shop_queue_length) + on () rate(shop_requests_total[5m]) > 1", true),
        (
            "sum(shop_queue_length) + on () group_right () rate(shop_requests_total[5m]) > 1",
            false,
        ),
        (
            "sum(shop_queue_length) + on () sum by (code) (rate(shop_requests_total[5m])) > 1",
            true,
        ),
        (
            "sum by (code) (rate(shop_requests_total[5m])) + on () sum(shop_queue_length) > 1",
            true,
        ),
        (
            "sum(shop_queue_length) + on () sum(rate(shop_requests_total[5m])) > 1",
            false,
        ),
        // One value is left.
        (
            "sum(shop_queue_length) + on () sum by (code) (rate(shop_requests_total{code=\"200\"}[5m])) > 1",
            false,
        ),
        // Perhaps only one is above 5.
        (
            "sum(shop_queue_length) + on () (sum by (code) (rate(shop_requests_total[5m])) > 5) > 1",
            false,
        ),
        (
            "sum(shop_queue_length) + on () topk(1, rate(shop_requests_total[5m])) > 1",
            false,
        ),
        (
            "sum(shop_queue_length) unless on () rate(shop_requests_total[5m]) > 1",
            false,
        ),
    ] {
        let expr = parse(text).unwrap();
        let is_many = |lint: &Lint| lint.id == "match-many";
        let questions = expr.outline(Usage::Alert, &|_| None).questions;
        let problems = questions.iter().filter(|question| is_many(question.lint));
        let compiler: Vec<_> = problems
            .filter_map(|question| Some((question.span, answer(&question.asks)?.as_str().to_owned())))
            .collect();
        let exported = Exported::new(FAMILIES.iter().copied(), TARGETS);
        let linter = Linter::new(Usage::Alert).schema(&exported).check(&expr);
        let linter: Vec<_> = linter.iter().filter(|finding| is_many(finding.lint)).collect();
        assert_eq!(
            (compiler.len(), linter.len()),
            (usize::from(is_wrong), usize::from(is_wrong)),
            "{text}"
        );
        for ((span, message), finding) in compiler.iter().zip(linter) {
            let expected = format!(
                "{}; {} [match-many]",
                finding.message,
                finding.help.as_deref().unwrap_or_default()
            );
            assert_eq!(
                (*span, message.replace('`', "")),
                (finding.span, expected.replace('`', "")),
                "{text}"
            );
        }
    }
}

#[test]
fn native_histograms_are_judged_alike() {
    for (text, ids) in [
        (
            "histogram_quantile(0.9, sum by (code) (rate(shop_wait_seconds[5m]))) > 1",
            &[][..],
        ),
        ("histogram_count(sum(rate(shop_wait_seconds[5m]))) > 1", &[]),
        (
            "histogram_quantile(0.9, sum by (le) (rate(shop_lag_seconds_bucket[5m]))) > 1",
            &[],
        ),
        (
            "histogram_quantile(0.9, sum by (le) (rate(shop_lag_seconds_bucket[5m]))) > 8",
            &["val-top-bucket"],
        ),
        ("histogram_quantile(0.9, sum(rate(shop_lag_seconds[5m]))) > 8", &[]),
        ("sum(rate(shop_lag_seconds_count[5m])) > 1", &[]),
        (
            "histogram_quantile(0.9, sum by (le) (rate(shop_wait_seconds_bucket[5m]))) > 1",
            &["hist-kind"],
        ),
        (
            "histogram_quantile(0.9, sum(rate(shop_lag_seconds_count[5m]))) > 1",
            &["hist-kind"],
        ),
        ("sum(rate(shop_wait_seconds_sum[5m])) > 1", &["ref-suffix"]),
        (
            "histogram_count(sum(delta(shop_wait_seconds[5m]))) > 1",
            &["kind-delta-counter"],
        ),
        ("histogram_count(sum(shop_wait_seconds)) > 1", &["kind-counter-raw"]),
        (
            "histogram_quantile(0.9, sum by (le) (rate(shop_wait_seconds[5m]))) > 1",
            &["ref-label"],
        ),
    ] {
        let [compiler, linter] = both(text);
        assert_eq!(compiler, linter, "{text}");
        let found: Vec<_> = linter
            .iter()
            .map(|(_, _, found)| found.split(':').next().unwrap())
            .collect();
        assert_eq!(found, ids, "{text}");
    }
}

#[test]
fn a_name_is_found_with_its_part() {
    let part = |name| find(&TABLE, name).part;
    assert_eq!(part("shop_requests_total"), Part::Whole);
    assert_eq!(part("shop_duration_seconds_bucket"), Part::Bucket);
    assert_eq!(part("shop_duration_seconds"), Part::Nothing);
    assert_eq!(part("shop_size_bytes_count"), Part::Count);
    assert_eq!(part("shop_wait_seconds"), Part::Whole);
    assert_eq!(part("shop_wait_seconds_bucket"), Part::Nothing);
    assert_eq!(part("shop_lag_seconds"), Part::Whole);
    assert_eq!(part("shop_lag_seconds_bucket"), Part::Bucket);
    assert!(find(&TABLE, "shop_queue_length_bucket").family.is_some());
    assert!(find(&TABLE, "shop").family.is_none());
}
