//! Each lint fires where it should, on the right tokens, and is silent on the near miss.

use enumetrics_promql::{
    Details, Domain, Family, Finding, Flag, Lint, Linter, MetricKind, Schema, Severity, Usage, Version, parse,
};

struct Shop;

impl Schema for Shop {
    fn families(&self) -> Vec<Family> {
        let code = ("code".to_owned(), Domain::of(["200", "404", "500", "503"]));
        let path = ("path".to_owned(), Domain::Open);
        let family = |name: &str, kind, labels| Family {
            name: name.to_owned(),
            kind,
            labels,
        };
        vec![
            family("shop_requests_total", MetricKind::Counter, vec![code.clone(), path]),
            family("shop_visits_total", MetricKind::Counter, vec![code.clone()]),
            family("shop_sold_total", MetricKind::Counter, vec![code.clone()]),
            family("shop_price", MetricKind::Gauge, vec![]),
            family("shop_queue_length", MetricKind::Gauge, vec![]),
            family("shop_reading", MetricKind::Unknown, vec![code.clone()]),
            family(
                "shop_duration_seconds",
                MetricKind::Histogram {
                    bounds: vec![0.5, 1.0, 8.0],
                },
                vec![code],
            ),
            family(
                "shop_wait_seconds",
                MetricKind::NativeHistogram { bounds: vec![] },
                vec![],
            ),
            family("shop_size_bytes", MetricKind::Summary { quantiles: vec![] }, vec![]),
            family(
                "shop_build",
                MetricKind::Info,
                vec![("version".to_owned(), Domain::Open)],
            ),
        ]
    }

    fn details(&self, family: &str) -> Details {
        let unit = match family {
            "shop_price" => Some("euros".to_owned()),
            "shop_queue_length" => Some("carts".to_owned()),
            _ => None,
        };
        Details {
            unit,
            is_always_exported: family == "shop_sold_total",
            renamed_to: (family == "shop_visits_total").then(|| "shop_requests_total".to_owned()),
            ..Details::default()
        }
    }
}

/// Id, an expression in which the marked part is wrong, and one that is right.
const FROM_THE_TREE: &[(&str, &str, &str)] = &[
    ("ref-regex-literal", "x{a=~«\"b\"»} > 0", "x{a=~\"b|c\"} > 0"),
    ("ref-regex-literal", "x{a!~«\"b-c\"»} > 0", "x{a!~\"b.c\"} > 0"),
    ("ref-regex-anchor", "x{a=~«\"^5..$\"»} > 0", "x{a=~\"^a|b$\"} > 0"),
    ("ref-unrendered", "x{a=«\"$job\"»} > 0", "x{a=\"5$\"} > 0"),
    ("ref-unrendered", "x{a=«\"{{ $labels.a }}\"»} > 0", "x{a=\"{}\"} > 0"),
    (
        "kind-rate-of-agg",
        "«rate(sum(x_total)[5m:])» > 0",
        "sum(rate(x_total[5m])) > 0",
    ),
    ("kind-absent", "absent(«sum(x)»)", "absent(x)"),
    ("kind-absent", "absent(x{«a=~\"b|c\"»})", "absent(x{a=\"b\"})"),
    ("kind-irate-alert", "«irate»(x_total[5m]) > 0", "rate(x_total[5m]) > 0"),
    (
        "hist-raw-buckets",
        "histogram_quantile(0.9, «x_bucket») > 1",
        "histogram_quantile(0.9, rate(x_bucket[5m])) > 1",
    ),
    (
        "hist-no-le",
        "histogram_quantile(0.9, sum «by (job)» (rate(x_bucket[5m]))) > 1",
        "histogram_quantile(0.9, sum by (job, le) (rate(x_bucket[5m]))) > 1",
    ),
    (
        "hist-no-le",
        "histogram_quantile(0.9, «sum»(rate(x_bucket[5m]))) > 1",
        "histogram_quantile(0.9, sum(rate(native_histogram[5m]))) > 1",
    ),
    (
        "hist-no-le",
        "histogram_quantile(0.9, sum «without (le)» (rate(x_bucket[5m]))) > 1",
        "histogram_quantile(0.9, sum without (job) (rate(x_bucket[5m]))) > 1",
    ),
    ("hist-phi", "quantile(«95», x) > 1", "quantile(0.95, x) > 1"),
    (
        "hist-phi",
        "histogram_quantile(«99», rate(x[5m])) > 1",
        "histogram_quantile(1, rate(x[5m])) > 1",
    ),
    (
        "hist-avg-quantile",
        "«avg»(histogram_quantile(0.9, rate(x_bucket[5m]))) > 1",
        "max(histogram_quantile(0.9, rate(x_bucket[5m]))) > 1",
    ),
    (
        "hist-avg-quantile",
        "«sum»(x{quantile=\"0.9\"}) > 1",
        "sum(x{phi=\"0.9\"}) > 1",
    ),
    (
        "hist-avg-quantile",
        "«sum» by (job) (x{quantile=\"0.9\"}) > 1",
        "avg by (job, instance) (x{quantile=\"0.9\"}) > 1",
    ),
    (
        "hist-avg-quantile",
        "«sum» without (instance, quantile) (x{quantile=~\"0.5|0.9\"}) > 1",
        "sum without (instance) (x{quantile=~\"0.5|0.9\"}) > 1",
    ),
    (
        "match-self-ratio",
        "«rate(x_total{a=\"b\"}[5m]) / rate(x_total[5m])» > 0.5",
        "sum(rate(x_total{a=\"b\"}[5m])) / sum(rate(x_total[5m])) > 0.5",
    ),
    (
        "match-self-ratio",
        "«rate(x_total{a!~\"5..\"}[5m]) / rate(x_total[5m])» > 0.5",
        "rate(x_total{a=\"b\"}[5m]) / ignoring (a) group_left sum without (a) (rate(x_total[5m])) > 0.5",
    ),
    (
        "match-disjoint",
        "x «unless» sum(x)",
        "x unless on (job) sum by (job) (x)",
    ),
    (
        "match-disjoint",
        "sum by (a) (x) «/» sum by (b) (y) > 1",
        "sum by (a) (x) / sum by (a) (y) > 1",
    ),
    (
        "match-disjoint",
        "sum by (a) (x) «/ »on (b) sum by (b) (y) > 1",
        "sum by (a, b) (x) / ignoring (a) group_left sum by (b) (y) > 1",
    ),
    (
        "match-disjoint",
        "x{a=\"b\"} «/» x{a=\"c\"} > 1",
        "x{a=\"b\"} / ignoring (a) x{a=\"c\"} > 1",
    ),
    (
        "kind-timestamp",
        "«max(x_timestamp_seconds) > 60»",
        "time() - max(x_timestamp_seconds) > 60",
    ),
    ("kind-timestamp", "«timestamp(x) > 60»", "max(x_timestamp_seconds) > 0"),
    (
        "val-unit",
        "max(x_seconds) «>» max(y_bytes)",
        "max(x_seconds) > 1.5 * max(y_seconds)",
    ),
    (
        "val-unit",
        "(sum(rate(x_bytes_total[5m])) «+» sum(y_bytes)) > 1",
        "(sum(rate(x_bytes_total[5m])) * 8 + sum(y_bits)) > 1",
    ),
    ("val-unit", "max(x_bytes) «>» 5m", "max(x_seconds) > 5m"),
    (
        "val-float-eq",
        "sum(rate(x_total[5m])) «==» 0.5",
        "sum(rate(x_total[5m])) == 0",
    ),
    (
        "val-low-traffic",
        "«sum(rate(x_total{a=\"b\"}[5m])) / sum(rate(x_total[5m])) > 0.05»",
        "sum(rate(x_total{a=\"b\"}[5m])) / sum(rate(x_total[5m])) > 0.05 and sum(rate(x_total[5m])) > 1",
    ),
    (
        "val-low-traffic",
        "«sum(rate(x_total{a=\"b\"}[5m])) / sum(rate(x_total[5m])) > 0.05»",
        "sum(rate(x_total{a=\"b\"}[5m])) / clamp_min(sum(rate(x_total[5m])), 1) > 0.05",
    ),
    (
        "val-low-traffic",
        "«histogram_quantile(0.9, sum by (le) (rate(x_bucket[5m]))) > 1»",
        "histogram_quantile(0.9, sum by (le) (rate(x_bucket[5m]))) > 0",
    ),
    (
        "val-low-traffic",
        "«sum(rate(x_total{a=\"b\"}[5m])) / sum(rate(x_total[5m])) * 100 > 5»",
        "sum(rate(x_total{a=\"b\"}[5m])) / sum(rate(x_total[5m])) > 5",
    ),
    (
        "match-by-gone",
        "sum by («job») (sum by (instance) (x)) > 1",
        "sum by (job) (sum by (instance, job) (x)) > 1",
    ),
    (
        "match-or-vector",
        "(sum by (a) (x) or «vector(0)») < 1",
        "(sum(x) or vector(0)) < 1",
    ),
    (
        "match-or-vector",
        "sum by (a) (x{a=\"b\"} or «vector(0)») < 1",
        "sum by (job) (x:y{a=\"b\"} or vector(0)) < 1",
    ),
    ("match-or-vector", "(x or «vector(0)») < 1", "sum(x or vector(0)) < 1"),
    (
        "match-or-vector",
        "sum by (job) (2 * (x or «vector(0)»)) < 1",
        "sum(2 * (x or vector(0))) < 1",
    ),
    ("match-or-vector", "(x or «vector(2)») > 1", "(x or vector(0)) > 1"),
    ("agg-topk-alert", "«topk(5, x)» > 1", "count(topk(5, x)) > 1"),
    (
        "agg-avg-ratio",
        "«avg»(rate(x_total[5m]) / rate(y_total[5m])) > 1",
        "max(rate(x_total[5m]) / rate(y_total[5m])) > 1",
    ),
    (
        "val-never",
        "«sum(rate(x_total{a=\"b\"}[5m])) / sum(rate(x_total[5m])) > 5»",
        "100 * sum(rate(x_total{a=\"b\"}[5m])) / sum(rate(x_total[5m])) > 5",
    ),
    ("val-never", "«rate(x_total[5m]) < 0»", "delta(x[5m]) < 0"),
    ("val-never", "«up > 1»", "up == 0"),
    ("val-never", "«hour() > 23»", "hour() > 22"),
    ("val-always", "«rate(x_total[5m]) >= 0»", "rate(x_total[5m]) > 0"),
    ("val-always", "«count(x) >= 0»", "count(x) > 0"),
    (
        "val-rate-threshold",
        "sum(rate(x_total[10m])) > «5»",
        "sum(increase(x_total[10m])) > 5",
    ),
    (
        "val-nan-silent",
        "sum(rate(x_total{a=\"b\"}[5m])) / sum(rate(x_total[5m])) «<» 0.95",
        "sum(rate(x_total{a=\"b\"}[5m])) / sum(rate(x_total[5m])) > 0.05",
    ),
    (
        "val-nan-silent",
        "sum(rate(x_total{a=\"b\"}[5m])) / sum(rate(x_total[5m])) «<» 0.5",
        "sum(rate(x_total{a=\"b\"}[5m])) / clamp_min(sum(rate(x_total[5m])), 1) < 0.5",
    ),
    (
        "val-nan-silent",
        "sum(rate(x_total{a=\"b\"}[5m])) / sum(rate(x_total[5m])) «==» 0",
        "sum(rate(x_total{a=\"b\"}[5m])) / sum(rate(x_total[5m])) == 0 and sum(rate(x_total[5m])) > 1",
    ),
    ("alert-no-condition", "«sum(x)»", "sum(x) > 0"),
    ("alert-no-condition", "«sum(x) + 1»", "vector(1)"),
];

/// The same beside what the shop exports.
const FROM_THE_SCHEMA: &[(&str, &str, &str)] = &[
    (
        "ref-metric",
        "sum(rate(«shop_request_total»[5m])) > 1",
        "sum(rate(shop_requests_total[5m])) > 1",
    ),
    (
        "ref-suffix",
        "sum(rate(«shop_size_bytes_bucket»[5m])) > 1",
        "sum(rate(shop_size_bytes_count[5m])) > 1",
    ),
    ("ref-suffix", "«shop_duration_seconds» > 1", "shop_queue_length > 1"),
    (
        "ref-label",
        "sum(rate(shop_requests_total{«status»=\"500\"}[5m])) > 1",
        "sum(rate(shop_requests_total{job=\"a\"}[5m])) > 1",
    ),
    (
        "ref-label",
        "sum by («cod») (rate(shop_requests_total[5m])) > 1",
        "sum by (code) (rate(shop_requests_total[5m])) > 1",
    ),
    (
        "ref-value",
        "sum(rate(shop_requests_total{code=«\"501\"»}[5m])) > 1",
        "sum(rate(shop_requests_total{code=\"500\", path=\"anything\"}[5m])) > 1",
    ),
    (
        "ref-value",
        "sum(rate(shop_duration_seconds_bucket{le=«\"2.0\"»}[5m])) > 1",
        "sum(rate(shop_duration_seconds_bucket{le=\"1.0\"}[5m])) > 1",
    ),
    (
        "ref-regex-none",
        "sum(rate(shop_requests_total{code=~«\"3..\"»}[5m])) > 1",
        "sum(rate(shop_requests_total{code=~\"5..\"}[5m])) > 1",
    ),
    (
        "ref-regex-all",
        "sum(rate(shop_requests_total{code=~«\"...\"»}[5m])) > 1",
        "sum(rate(shop_requests_total{code!~\"2..|404\"}[5m])) > 1",
    ),
    (
        "kind-counter-raw",
        "sum(«shop_requests_total») > 1",
        "count(shop_requests_total) > 1",
    ),
    (
        "kind-counter-raw",
        "«shop_duration_seconds_count» > 1",
        "absent(shop_duration_seconds_count)",
    ),
    (
        "kind-rate-gauge",
        "sum(rate(«shop_queue_length[5m]»)) > 1",
        "sum(deriv(shop_queue_length[5m])) > 1",
    ),
    (
        "kind-rate-gauge",
        "sum(rate(«shop_price[5m]»)) > 1",
        "sum(rate(shop_reading[5m])) > 1",
    ),
    (
        "ref-label",
        "sum(shop_reading{«cod»=\"200\"}) > 1",
        "sum(shop_reading{code=\"200\"}) > 1",
    ),
    (
        "kind-delta-counter",
        "sum(delta(«shop_requests_total[5m]»)) > 1",
        "sum(increase(shop_requests_total[5m])) > 1",
    ),
    (
        "hist-kind",
        "histogram_quantile(0.9, sum(rate(«shop_size_bytes_count[5m]»))) > 1",
        "histogram_quantile(0.9, sum by (le) (rate(shop_duration_seconds_bucket[5m]))) > 1",
    ),
    (
        "hist-kind",
        "histogram_quantile(0.9, sum(rate(«shop_wait_seconds_bucket»[5m]))) > 1",
        "histogram_quantile(0.9, sum(rate(shop_wait_seconds[5m]))) > 1",
    ),
    (
        "hist-kind",
        "histogram_quantile(0.9, sum(rate(«shop_size_bytes_sum[5m]»))) > 1",
        "histogram_quantile(0.9, sum(rate(shop_reading[5m]))) > 1",
    ),
    (
        "ref-suffix",
        "sum(rate(«shop_wait_seconds_count»[5m])) > 1",
        "histogram_count(sum(rate(shop_wait_seconds[5m]))) > 1",
    ),
    (
        "val-top-bucket",
        "histogram_quantile(0.9, sum by (le) (rate(shop_duration_seconds_bucket[5m]))) > «8»",
        "histogram_quantile(0.9, sum by (le) (rate(shop_duration_seconds_bucket[5m]))) > 1",
    ),
    (
        "val-between-buckets",
        "histogram_quantile(0.9, sum by (le) (rate(shop_duration_seconds_bucket[5m]))) > «2»",
        "histogram_quantile(0.9, sum by (le) (rate(shop_duration_seconds_bucket[5m]))) > 0.5",
    ),
    (
        "val-le-form",
        "sum(rate(shop_duration_seconds_bucket{le=«\"8\"»}[5m])) > 1",
        "sum(rate(shop_duration_seconds_bucket{le=\"+Inf\"}[5m])) > 1",
    ),
    ("val-never", "«shop_build > 1»", "shop_build == 1"),
    (
        "ref-renamed",
        "sum(rate(«shop_visits_total»[5m])) > 1",
        "sum(rate(shop_requests_total[5m])) > 1",
    ),
    (
        "match-many",
        "sum(shop_queue_length) «+» on () sum by (code) (rate(shop_sold_total[5m])) > 1",
        "sum(shop_queue_length) + on () group_right () sum by (code) (rate(shop_sold_total[5m])) > 1",
    ),
    (
        "match-many",
        "sum by (code) (rate(shop_sold_total[5m])) «* »on () group_left () sum by (code) (rate(shop_sold_total[5m])) > 1",
        "sum by (code) (rate(shop_sold_total[5m])) * on () group_left () sum(rate(shop_sold_total[5m])) > 1",
    ),
    (
        "kind-info-join",
        "sum by (version) («shop_build» * on (version) shop_build) > 7",
        "sum by (version) (shop_queue_length * on (job, instance) group_left (version) shop_build) > 0",
    ),
    (
        "val-missing-zero",
        "sum by (path) («increase(shop_requests_total[5m])») > 0",
        "sum by (code) (increase(shop_sold_total[5m])) > 0",
    ),
    (
        "val-unit",
        "max(shop_price) «>» max(shop_queue_length)",
        "max(shop_price) > 5",
    ),
    (
        "agg-missing",
        "«rate(shop_requests_total[5m]) > 5»",
        "sum by (code) (rate(shop_requests_total[5m])) > 5",
    ),
];

#[test]
fn lints_fire_from_the_tree() {
    check(FROM_THE_TREE, Linter::new(Usage::Alert));
}

#[test]
fn lints_fire_from_the_schema() {
    check(FROM_THE_SCHEMA, Linter::new(Usage::Alert).schema(&Shop));
}

#[test]
fn lints_fire_for_the_server_and_the_scrape_interval() {
    let linter = Linter::new(Usage::Panel)
        .scrape_interval(15.0)
        .server(Version::new(2, 53), &[]);
    check(
        &[
            ("time-range-short", "rate(x_total[«20s»])", "rate(x_total[1m])"),
            ("time-range-short", "rate(x_total[«45s»])", "max_over_time(x[15s])"),
            ("time-feature", "x > «5m»", "x > 300"),
            ("time-feature", "«mad_over_time»(x[5m])", "stddev_over_time(x[5m])"),
        ],
        linter,
    );
    let newer = Linter::new(Usage::Panel).server(Version::CURRENT, &[Flag::ExperimentalFunctions]);
    assert_eq!(newer.check(&parse("mad_over_time(x[5m]) > 5m").unwrap()), []);
}

#[test]
fn lints_fire_for_how_long_things_last() {
    let linter = Linter::new(Usage::Alert).retention(15.0 * 86400.0).hold(0.0);
    check(
        &[
            ("time-for", "«absent(x)»", "max(x) > 0"),
            (
                "time-retention",
                "sum(increase(«x_total[30d]»)) > 1",
                "sum(increase(x_total[14d])) > 1",
            ),
            ("time-retention", "sum(«x offset 3w») > 1", "sum(x offset 1w) > 1"),
        ],
        linter,
    );
    assert_eq!(linter.hold(300.0).check(&parse("absent(x)").unwrap()), []);
}

/// What the explanations call wrong is found, and what they call right is not.
#[test]
fn every_lint_is_explained() {
    let linter = Linter::new(Usage::Alert).schema(&Shop).scrape_interval(15.0);
    let linter = linter
        .server(Version::new(2, 53), &[])
        .retention(15.0 * 86400.0)
        .hold(0.0);
    for lint in Lint::ALL {
        let explanation = lint.explanation();
        let (text, example) = explanation
            .split_once("```")
            .unwrap_or_else(|| panic!("{} has no page", lint.id));
        assert!(text.len() > 60, "{}: {text}", lint.id);
        let Some(example) = example.strip_prefix("promql\n# wrong\n") else {
            continue;
        };
        let (wrong, right) = example.split_once("# right\n").unwrap();
        let right = right.trim_end_matches("```").trim();
        for (text, is_wrong) in [(wrong.trim(), true), (right, false)] {
            let found = linter.check(&parse(text).unwrap_or_else(|error| panic!("{text}: {error}")));
            let ids: Vec<_> = found.iter().map(|finding| finding.lint.id).collect();
            assert_eq!(ids.contains(&lint.id), is_wrong, "{}: {text}: {ids:?}", lint.id);
        }
    }
    let pages = include_str!("../docs/lints.md").matches("\n## ").count();
    assert_eq!(pages, Lint::ALL.len());
}

#[test]
fn every_lint_is_tried() {
    let tried = |id: &str| {
        // The first are found above, the others by the macro, as tests/ui shows.
        let elsewhere = [
            "time-range-short",
            "time-feature",
            "time-for",
            "time-retention",
            "slo-burn",
            "slo-denominator",
            "record-name",
            "alert-runbook",
            "alert-absence",
        ];
        let files: String = include_str!("files.rs").split_whitespace().collect();
        let in_files = files.contains(&format!("(\"{id}\","));
        FROM_THE_TREE.iter().chain(FROM_THE_SCHEMA).any(|row| row.0 == id) || in_files || elsewhere.contains(&id)
    };
    for lint in Lint::ALL {
        assert!(tried(lint.id), "{}", lint.id);
        assert_eq!(Lint::named(lint.id), Some(*lint), "one lint for each id");
    }
}

#[test]
fn findings_are_shown_below_the_text() {
    let text = "rate(hits_total{code=\"500\"}[5m])\n/ rate(hits_total[5m]) > 0.1";
    let findings = Linter::new(Usage::Panel).check(&parse(text).unwrap());
    let [finding] = findings.as_slice() else {
        panic!("{findings:?}")
    };
    assert_eq!(
        finding.render(text),
        "\
error[match-self-ratio]: each series is divided by itself: this is 1 or not a number
 --> 1:1
  |
1 | rate(hits_total{code=\"500\"}[5m])
  | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  = help: `sum(rate(hits_total{code=\"500\"}[5m])) / sum(rate(hits_total[5m]))`"
    );
}

#[test]
fn a_gauge_may_be_judged_for_each_instance() {
    let severity = |text: &str| {
        let found = Linter::new(Usage::Alert).schema(&Shop).check(&parse(text).unwrap());
        let found = found.into_iter().find(|finding| finding.lint.id == "agg-missing");
        found.map(|finding| finding.severity)
    };
    for (text, expected) in [
        ("rate(shop_sold_total[5m]) > 5", Some(Severity::Warning)),
        ("shop_queue_length == 0", Some(Severity::Warning)),
        ("shop_queue_length > 100", Some(Severity::Note)),
        ("sum(shop_queue_length) > 100", None),
    ] {
        assert_eq!(severity(text), expected, "{text}");
    }
}

fn check(rows: &[(&str, &str, &str)], linter: Linter<'_>) {
    let find = |text: &str| -> Vec<Finding> {
        let expr = parse(text).unwrap_or_else(|error| panic!("{}", error.render(text)));
        linter.check(&expr)
    };
    // Most rows are as short as they can be.
    let beside = |finding: &&Finding| {
        matches!(
            finding.lint.id,
            "agg-missing" | "val-rate-threshold" | "val-low-traffic"
        )
    };
    for (id, marked, right) in rows {
        let wrong = marked.replace(['«', '»'], "");
        let start = marked.find('«').unwrap();
        let end = marked.find('»').unwrap() - '«'.len_utf8();
        let found = find(&wrong);
        let place = wrong[start..end].trim_end();
        let right_place = |finding: &&Finding| finding.lint.id == *id && &wrong[finding.span.range()] == place;
        assert!(
            found.iter().any(|finding| right_place(&finding)),
            "{id}: {wrong}\n{found:#?}"
        );
        let others: Vec<_> = found
            .iter()
            .filter(|finding| finding.lint.id != *id && !beside(finding))
            .collect();
        let expected = matches!(
            *id,
            "ref-suffix" | "hist-kind" | "val-always" | "kind-rate-gauge" | "agg-missing"
        );
        assert!(others.is_empty() || expected, "{id} alone: {wrong}\n{others:#?}");
        let found = find(right);
        assert!(
            found.iter().all(|finding| finding.lint.id != *id),
            "{right}\n{found:#?}"
        );
    }
}

#[test]
fn which_labels_targets_have_can_be_said() {
    let expr = parse("x unless sum(x)").unwrap();
    let linter = Linter::new(Usage::Alert);
    assert_eq!(linter.check(&expr)[0].lint.id, "match-disjoint");
    assert_eq!(linter.target_labels(&[]).check(&expr), []);
}

/// It took minutes when each operator looked at all before it.
#[test]
fn the_longest_chain_is_linted_at_once() {
    let chain = vec!["sum by (a) (rate(x_total{b=\"c\"}[5m]))"; 990].join(" + ");
    let expr = parse(&format!("{chain} > 1")).unwrap();
    let start = std::time::Instant::now();
    assert_eq!(Linter::new(Usage::Alert).check(&expr), []);
    assert_eq!(expr.outline(Usage::Alert, &|_| None).questions.len(), 5 * 990 + 1);
    assert!(start.elapsed().as_secs_f64() < 60.0, "{:?}", start.elapsed());
}
