//! What is found in files only fires where it should, at the right place, and is silent on the near miss.

use enumetrics_promql::{
    Details, Document, DocumentKind, Domain, Family, FileFinding, Linter, MetricKind, Schema, Severity, Usage,
};

/// Id, a file in which the marked place is wrong, and one that is right.
const RULES: &[(&str, &str, &str)] = &[
    (
        "rule-yaml",
        "groups: [{name: a, rules: [{alert: A, expr: x > 1, for: «5 minutes}]}]",
        "groups: [{name: a, rules: [{alert: A, expr: x > 1, for: 5m}]}]",
    ),
    (
        "rule-yaml",
        "groups: [{name: a, rules: [{record: «a:b}]}]",
        "groups: [{name: a, rules: [{record: a:b, expr: x}]}]",
    ),
    (
        "alert-duplicate",
        "groups: [{name: a, rules: [{record: a:b, expr: x}, {record: «a:b, expr: x}]}]",
        "groups: [{name: a, rules: [{record: a:b, expr: x}, {record: a:b, expr: y}]}]",
    ),
    (
        "alert-severity",
        "groups: [{name: a, rules: [{alert: «A, expr: x > 1}]}]",
        "groups: [{name: a, rules: [{alert: A, expr: x > 1, labels: {severity: page}}]}]",
    ),
    (
        "alert-summary",
        "groups: [{name: a, rules: [{alert: «A, expr: x > 1}]}]",
        "groups: [{name: a, rules: [{alert: A, expr: x > 1, annotations: {summary: x}}]}]",
    ),
    (
        "alert-value-label",
        "groups: [{name: a, rules: [{alert: A, expr: x > 1, labels: {now: «'{{ $value }}'}}]}]",
        "groups: [{name: a, rules: [{alert: A, expr: x > 1, annotations: {now: '{{ $value }}'}}]}]",
    ),
    (
        "ref-template",
        "groups: [{name: a, rules: [{alert: A, expr: sum(x) > 1, annotations: {s: '{{ $labels.«job }}'}}]}]",
        "groups: [{name: a, rules: [{alert: A, expr: sum by (job) (x) > 1, annotations: {s: '{{ $labels.job }}'}}]}]",
    ),
    (
        "time-group-interval",
        "groups: [{name: a, interval: «10m, rules: [{record: a:b, expr: x}]}]",
        "groups: [{name: a, interval: 5m, rules: [{record: a:b, expr: x}]}]",
    ),
    (
        "time-group-interval",
        "groups: [{name: a, interval: 5m, rules: [{record: a:b, expr: 'rate(x_total[«1m])'}]}]",
        "groups: [{name: a, interval: 1m, rules: [{record: a:b, expr: 'rate(x_total[1m])'}]}]",
    ),
    (
        "time-for",
        "groups: [{name: a, interval: 1m, rules: [{alert: A, expr: «x > 1, for: 30s}]}]",
        "groups: [{name: a, interval: 1m, rules: [{alert: A, expr: x > 1, for: 1m}]}]",
    ),
    (
        "time-for",
        "groups: [{name: a, rules: [{alert: A, expr: 'sum(x{job=\"a\"}) «> sum(x{job=\"b\"})'}]}]",
        "groups: [{name: a, rules: [{alert: A, expr: 'sum(x{job=\"a\"}) > sum(x{job=\"b\"})', for: 5m}]}]",
    ),
    (
        "time-for",
        "groups: [{name: a, rules: [{alert: A, expr: 'sum(x{job=\"a\"}) «> sum(x{job=\"b\"})'}]}]",
        "groups: [{name: a, rules: [{alert: A, expr: 'sum(x{job=\"a\"}) > sum(y{job=\"a\"})'}]}]",
    ),
    (
        "ref-unrendered",
        "groups: [{name: a, rules: [{record: a:b, expr: 'rate(x_total[«$__rate_interval])'}]}]",
        "groups: [{name: a, rules: [{record: a:b, expr: 'rate(x_total[5m])'}]}]",
    ),
    (
        "ref-unrendered",
        "groups: [{name: a, rules: [{record: a:b, expr: 'x > «{{ .Values.limit }}'}]}]",
        "groups: [{name: a, rules: [{record: a:b, expr: 'x > 1'}]}]",
    ),
    (
        "allow-form",
        "groups:\n- name: a\n  rules:\n  «# allow(alert-sumary): it says it\n  - {alert: A, expr: x > 1}",
        "groups:\n- name: a\n  rules:\n  # allow(alert-summary): it says it\n  - {alert: A, expr: x > 1}",
    ),
    (
        "allow-form",
        "groups:\n- name: a\n  rules:\n  «# allow(alert-summary)\n  - {alert: A, expr: x > 1}",
        "groups:\n- name: a\n  rules:\n  # allow(alert-summary): .\n  - {alert: A, expr: x > 1}",
    ),
    (
        "alert-summary",
        "groups:\n- name: a\n  rules:\n  - alert: A # allow(alert-summary): it says it\n    expr: x > 1\n  - alert: «B\n    expr: x > 1",
        "groups:\n- name: a\n  rules:\n  - alert: A\n    expr: |\n      # allow(alert-summary): it says it\n      x > 1\n  # Why.\n  # allow(alert-summary): it says it\n  - alert: B\n    expr: x > 1",
    ),
];

const SCRAPES: &[(&str, &str, &str)] = &[
    (
        "time-scrape",
        "scrape_configs: [{job_name: a, scrape_interval: 5s, scrape_timeout: «10s}]",
        "scrape_configs: [{job_name: a, scrape_interval: 10s, scrape_timeout: 10s}]",
    ),
    (
        "time-scrape",
        "global: {scrape_interval: 15s}\nscrape_configs: [{job_name: a, scrape_timeout: «20s}]",
        "global: {scrape_interval: 30s}\nscrape_configs: [{job_name: a, scrape_timeout: 20s}]",
    ),
    (
        "time-scrape",
        "global: {scrape_interval: 5s, scrape_timeout: «10s}\nscrape_configs: [{job_name: a}]",
        // Prometheus shortens what it assumes itself.
        "global: {scrape_interval: 5s}\nscrape_configs: [{job_name: a}]",
    ),
    (
        "scrape-duplicate",
        "scrape_configs: [{job_name: a}, {job_name: «a}]",
        "scrape_configs: [{job_name: a}, {job_name: b}]",
    ),
    (
        "scrape-duplicate",
        "scrape_configs:\n- job_name: a\n  static_configs: [{targets: ['h:1']}]\n- job_name: b\n  static_configs: [{targets: [«'h:1']}]",
        "scrape_configs:\n- job_name: a\n  static_configs: [{targets: ['h:1']}]\n- job_name: b\n  metrics_path: /other\n  static_configs: [{targets: ['h:1']}]",
    ),
    (
        "scrape-duplicate",
        "scrape_configs:\n- job_name: a\n  static_configs: [{targets: ['h:1']}, {targets: [«'h:1']}]",
        // As for probes, where the targets are parameters.
        "scrape_configs:\n- job_name: a\n  static_configs: [{targets: ['h:1']}]\n- job_name: b\n  relabel_configs: []\n  static_configs: [{targets: ['h:1']}]",
    ),
    (
        "rule-yaml",
        "scrape_configs: [{job_name: a, scrape_interval: «often}]",
        "scrape_configs: [{job_name: a, scrape_interval: 1m}]",
    ),
    (
        "rule-yaml",
        "scrape_configs: [{«scrape_interval: 1m}]",
        "scrape_configs: [{job_name: a}]",
    ),
];

/// A panel, of which each row says what is in it.
fn panel(inside: &str) -> String {
    format!("{{\"panels\": [{{\"title\": \"P\", \"description\": \"D\", {inside}}}]}}")
}

/// Id, and what is in a panel.
const PANELS: &[(&str, &str, &str)] = &[
    (
        "dashboard-unit",
        r#""type": "timeseries", "fieldConfig": {"defaults": {"unit": «"ms"}}, "targets": [{"expr": "max(x_seconds)"}]"#,
        r#""type": "timeseries", "fieldConfig": {"defaults": {"unit": "s"}}, "targets": [{"expr": "max(x_seconds)"}]"#,
    ),
    (
        "dashboard-unit",
        r#""type": "stat", "fieldConfig": {"defaults": {"unit": «"bytes"}}, "targets": [{"expr": "sum(rate(x_bytes_total[$__rate_interval]))"}]"#,
        r#""type": "stat", "fieldConfig": {"defaults": {"unit": "Bps"}}, "targets": [{"expr": "sum(rate(x_bytes_total[$__rate_interval]))"}]"#,
    ),
    (
        "dashboard-unit",
        r#""type": "graph", "yaxes": [{"format": «"percent"}], "targets": [{"expr": "sum(rate(x_total{a=\"b\"}[1m])) / sum(rate(x_total[1m]))"}]"#,
        r#""type": "graph", "yaxes": [{"format": "percent"}], "targets": [{"expr": "100 * sum(rate(x_total{a=\"b\"}[1m])) / sum(rate(x_total[1m]))"}]"#,
    ),
    (
        "dashboard-unit",
        r#""type": "gauge", "fieldConfig": {"defaults": {"unit": «"percentunit"}}, "targets": [{"expr": "avg(up) * 100"}]"#,
        r#""type": "gauge", "fieldConfig": {"defaults": {"unit": "percentunit"}}, "targets": [{"expr": "avg(up)"}]"#,
    ),
    (
        "dashboard-unit",
        r#""type": "stat", "fieldConfig": {"defaults": {"unit": «"dateTimeAsIso"}}, "targets": [{"expr": "max(x_timestamp_seconds)"}]"#,
        r#""type": "stat", "fieldConfig": {"defaults": {"unit": "dateTimeAsIso"}}, "targets": [{"expr": "max(x_timestamp_seconds) * 1000"}]"#,
    ),
    (
        "dashboard-unit",
        r#""type": "stat", "fieldConfig": {"defaults": {"unit": «"s"}}, "targets": [{"expr": "count(x_seconds)"}]"#,
        // Some series have another unit, and it is not known which.
        r#""type": "stat", "fieldConfig": {"defaults": {"unit": "s"}, "overrides": [{"properties": [{"id": "unit", "value": "short"}]}]}, "targets": [{"expr": "count(x_seconds)"}]"#,
    ),
    (
        // A number without a unit.
        "dashboard-unit",
        r#""type": "stat", "targets": [{"expr": «"max(x_seconds)"}]"#,
        r#""type": "stat", "targets": [{"expr": "count(x_seconds)"}]"#,
    ),
    (
        "dashboard-legend",
        r#""targets": [{"expr": "sum by (code) (rate(x_total[1m]))", "legendFormat": «"requests"}]"#,
        r#""targets": [{"expr": "sum by (code) (rate(x_total[1m]))", "legendFormat": "{{code}}"}]"#,
    ),
    (
        "dashboard-legend",
        r#""targets": [{"expr": "sum by (code, path) (rate(x_total[1m]))", "legendFormat": «"{{code}}"}]"#,
        r#""targets": [{"expr": "sum by (code, path) (rate(x_total{path=\"/\"}[1m]))", "legendFormat": "{{code}}"}]"#,
    ),
    (
        "dashboard-legend",
        r#""targets": [{"expr": "sum by (code) (rate(x_total[1m]))", "legendFormat": «"requests"}]"#,
        r#""type": "table", "targets": [{"expr": "sum by (code) (rate(x_total[1m]))", "legendFormat": "requests"}]"#,
    ),
    (
        "dashboard-source",
        r#""datasource": {"type": "prometheus", "uid": «"PBFA97CFB590B2093"}, "targets": [{"expr": "x"}]"#,
        r#""datasource": {"type": "prometheus", "uid": "${datasource}"}, "targets": [{"expr": "x"}]"#,
    ),
    (
        "dashboard-source",
        r#""datasource": «"Metrics", "targets": [{"expr": "x"}]"#,
        r#""datasource": null, "targets": [{"expr": "x"}]"#,
    ),
    (
        "dashboard-source",
        r#""datasource": "-- Mixed --", "targets": [{"expr": "x", "datasource": «"Metrics"}]"#,
        r#""datasource": "-- Mixed --", "targets": [{"expr": "x", "datasource": "[[source]]"}]"#,
    ),
    (
        "dashboard-job",
        r#""targets": [{"expr": «"sum(x)"}]"#,
        r#""targets": [{"expr": "sum(x{job=\"a\"})"}]"#,
    ),
    (
        "dashboard-job",
        r#""targets": [{"expr": «"sum(x)"}]"#,
        r#""targets": [{"expr": "sum by (instance) (x)"}]"#,
    ),
    (
        "dashboard-job",
        r#""targets": [{"expr": «"sum(x)"}]"#,
        r#""targets": [{"expr": "sum(x{namespace=\"$namespace\"})"}]"#,
    ),
    (
        "dashboard-id",
        r#""targets": [{"refId": "A", "expr": "x"}, {"refId": «"A", "expr": "y"}]"#,
        r#""targets": [{"refId": "A", "expr": "x"}, {"refId": "B", "expr": "y"}]"#,
    ),
    (
        "dashboard-legend",
        r#""targets": [{"expr": "sum by (code) (rate(x_total[1m])) # allow(dashboard-text): no", "legendFormat": «"requests"}]"#,
        r#""targets": [{"expr": "sum by (code) (rate(x_total[1m])) # allow(dashboard-legend): there is one", "legendFormat": "requests"}]"#,
    ),
    ("dashboard-panel", r#""type": «"graph""#, r#""type": "timeseries""#),
    (
        "dashboard-form",
        r#""type": "heatmap", "targets": [{"expr": «"sum by (le) (rate(x_bucket[1m]))"}]"#,
        r#""type": "heatmap", "targets": [{"expr": "sum by (le) (rate(x_bucket[1m]))", "format": "heatmap"}]"#,
    ),
    (
        "dashboard-form",
        r#""type": "heatmap", "targets": [{"format": "heatmap", "expr": «"sum(rate(x_bucket[1m]))"}]"#,
        r#""type": "heatmap", "targets": [{"format": "heatmap", "expr": "histogram_quantile(0.5, sum by (le) (rate(x_bucket[1m])))"}]"#,
    ),
    (
        "dashboard-form",
        r#""type": "heatmap", "targets": [{"format": "heatmap", "expr": «"sum by (le) (x_bucket)"}]"#,
        r#""type": "heatmap", "targets": [{"format": "heatmap", "expr": "sum by (le) (increase(x_bucket[1m]))"}]"#,
    ),
    (
        "ref-template",
        r#""targets": [{"expr": "sum by (a) (x)", "legendFormat": "«{{b}}"}]"#,
        r#""targets": [{"expr": "sum by (b) (x)", "legendFormat": "{{b}}"}]"#,
    ),
    (
        "time-grafana-var",
        r#""targets": [{"expr": "rate(x_total[«5m])"}]"#,
        r#""targets": [{"expr": "rate(x_total[$__rate_interval])"}]"#,
    ),
    (
        "rule-yaml",
        r#""targets": [{«"expr": ["x"]}]"#,
        r#""targets": [{"expr": "x"}]"#,
    ),
    ("rule-yaml", r#"«"targets": {"expr": "x"}"#, r#""targets": null"#),
    (
        "rule-yaml",
        r#""gridPos": {"x": «"left", "y": 0, "w": 1, "h": 1}"#,
        r#""gridPos": {"x": 0, "y": 0, "w": 1, "h": 1}"#,
    ),
];

const DASHBOARDS: &[(&str, &str, &str)] = &[
    (
        "dashboard-text",
        r#"{"panels": [{"title": "P", "targets": [{"expr": «"x"}]}, {"title": "Q", "targets": [{"expr": "x"}]}]}"#,
        r#"{"panels": [{"title": "P", "description": "D", "targets": [{"expr": "x"}]}, {"type": "text"}]}"#,
    ),
    (
        "dashboard-text",
        r#"{"panels": [{"description": "D", "targets": [{"expr": «"x"}]}]}"#,
        r#"{"panels": [{"title": "P", "description": "D", "targets": [{"expr": "x"}]}]}"#,
    ),
    (
        "dashboard-job",
        r#"{"panels": [{"targets": [{"expr": «"x"}]}]}"#,
        r#"{"panels": [{"targets": [{"expr": "x"}]}], "templating": {"list": [{"type": "adhoc"}]}}"#,
    ),
    (
        "dashboard-form",
        r#"«{"dashboard": {"panels": []}}"#,
        r#"{"panels": []}"#,
    ),
    (
        "dashboard-form",
        r#"{"panels": [{"gridPos": {"x": 0, "y": 0, "w": 9, "h": 9}}, {"gridPos": {"x": «1, "y": 0, "w": 9, "h": 9}}]}"#,
        r#"{"panels": [{"gridPos": {"x": 0, "y": 0, "w": 9, "h": 9}}, {"gridPos": {"x": 9, "y": 0, "w": 9, "h": 9}}]}"#,
    ),
    (
        "dashboard-id",
        r#"{"panels": [{"id": 1}, {"id": «1}]}"#,
        r#"{"panels": [{"id": 1}, {"id": 2}]}"#,
    ),
    ("rule-yaml", r#"{"panels": [{}, «"a"]}"#, r#"{"panels": [{}, null]}"#),
];

/// Beside the alert that `sum(x)` is above 100.
const ALERTED: &[(&str, &str, &str)] = &[
    (
        "dashboard-threshold",
        r#""targets": [{"expr": "sum(x{job=~\"$job\"})"}], "fieldConfig": {"defaults": {"custom": {"thresholdsStyle": {"mode": "line"}}, "thresholds": {"steps": [{"value": null}, {"value": «80}]}}}"#,
        r#""targets": [{"expr": "sum(x{job=~\"$job\"})"}], "fieldConfig": {"defaults": {"custom": {"thresholdsStyle": {"mode": "line"}}, "thresholds": {"steps": [{"value": null}, {"value": 80}, {"value": 100}]}}}"#,
    ),
    (
        "dashboard-threshold",
        r#""targets": [{"expr": "sum(rate(y_total[$__rate_interval]))"}], "fieldConfig": {"defaults": {"custom": {"thresholdsStyle": {"mode": "area"}}, "thresholds": {"steps": [{"value": «80}]}}}"#,
        // No line is drawn.
        r#""targets": [{"expr": "sum(rate(y_total[$__rate_interval]))"}], "fieldConfig": {"defaults": {"custom": {"thresholdsStyle": {"mode": "off"}}, "thresholds": {"steps": [{"value": 80}]}}}"#,
    ),
    (
        "dashboard-threshold",
        r#""targets": [{"expr": "sum(x)"}], "fieldConfig": {"defaults": {"custom": {"thresholdsStyle": {"mode": "line"}}, "thresholds": {"steps": [{"value": «80}]}}}"#,
        r#""targets": [{"expr": "sum(x{a=\"b\"})"}], "fieldConfig": {"defaults": {"custom": {"thresholdsStyle": {"mode": "line"}}, "thresholds": {"steps": [{"value": 80}]}}}"#,
    ),
];

/// Beside what the shop exports.
const KNOWN: &[(&str, &str, &str)] = &[
    (
        "ref-recording",
        "groups: [{name: a, rules: [{record: a:b:c, expr: 'sum(«a:b:d)'}]}]",
        "groups: [{name: a, rules: [{record: a:b:c, expr: 'sum(a:b:d)'}, {record: a:b:d, expr: vector(1)}]}]",
    ),
    (
        "ref-dashboard-variable",
        r#"{"panels": [], "templating": {"list": [{"type": "query", "query": "label_values(shop_requests_total, «status)"}]}}"#,
        r#"{"panels": [], "templating": {"list": [{"type": "query", "query": "label_values(shop_requests_total, code)"}]}}"#,
    ),
    (
        "dashboard-legend",
        r#"{"panels": [{"targets": [{"expr": "rate(shop_requests_total[1m])", "legendFormat": «"requests"}]}]}"#,
        r#"{"panels": [{"targets": [{"expr": "rate(shop_requests_total[1m])", "legendFormat": "{{code}}"}]}]}"#,
    ),
    (
        "dashboard-unit",
        r#"{"panels": [{"type": "stat", "fieldConfig": {"defaults": {"unit": «"s"}}, "targets": [{"expr": "max(shop_memory)"}]}]}"#,
        r#"{"panels": [{"type": "stat", "fieldConfig": {"defaults": {"unit": "decbytes"}}, "targets": [{"expr": "max(shop_memory)"}]}]}"#,
    ),
];

struct Shop;

impl Schema for Shop {
    fn families(&self) -> Vec<Family> {
        let family = |name: &str, kind, labels| Family {
            name: name.to_owned(),
            kind,
            labels,
        };
        let code = ("code".to_owned(), Domain::of(["200", "500"]));
        vec![
            family("shop_requests_total", MetricKind::Counter, vec![code]),
            family("shop_memory", MetricKind::Gauge, vec![]),
        ]
    }

    fn details(&self, family: &str) -> Details {
        Details {
            unit: (family == "shop_memory").then(|| "bytes".to_owned()),
            ..Details::default()
        }
    }
}

fn found(linter: &Linter<'_>, file: &str) -> Vec<FileFinding> {
    match Document::read(file).map(|document| document.kind) {
        Ok(DocumentKind::Rules) => linter.check_rules(file),
        Ok(DocumentKind::Scrapes) => linter.check_scrapes(file),
        _ => linter.check_dashboard(file),
    }
}

fn check(rows: &[(&str, &str, &str)], linter: &Linter<'_>, around: impl Fn(&str) -> String) {
    for (id, marked, right) in rows {
        let marked = around(marked);
        let wrong = marked.replace('«', "");
        let before = &marked[..marked.find('«').expect("a mark")];
        let (line, column) = (
            before.matches('\n').count() + 1,
            before.len() - before.rfind('\n').map_or(0, |at| at + 1),
        );
        let is_it = |found: &&FileFinding| found.lint.is_some_and(|lint| lint.id == *id);
        let all = found(linter, &wrong);
        let places: Vec<_> = all
            .iter()
            .filter(is_it)
            .map(|found| (found.line, found.column))
            .collect();
        // A text stands in quotes, which are no part of it.
        let quoted = marked[before.len() + '«'.len_utf8()..].starts_with(['"', '\'']);
        assert!(
            [[(line, column + 1)], [(line, column + 1 + usize::from(quoted))]]
                .iter()
                .any(|one| places == one),
            "{id} at {line}:{}: {wrong}\n{all:#?}",
            column + 1
        );
        let all = found(linter, &around(right));
        assert!(!all.iter().any(|found| is_it(&found)), "{id}: {right}\n{all:#?}");
        assert!(all.iter().all(|found| found.lint.is_some()), "{right}\n{all:#?}");
    }
}

#[test]
fn what_is_wrong_in_files_is_found() {
    let linter = Linter::new(Usage::Alert);
    check(RULES, &linter, str::to_owned);
    check(SCRAPES, &linter, str::to_owned);
    check(DASHBOARDS, &linter, str::to_owned);
    check(PANELS, &linter, panel);
    let alerts = [
        ("A", "sum(x) > 100 and on () y > 1"),
        ("B", "sum(rate(y_total[5m])) > 3"),
    ];
    let alerts = alerts.map(|(name, expression)| (name.to_owned(), expression.to_owned()));
    check(ALERTED, &linter.alerts(&alerts), panel);
    check(KNOWN, &linter.schema(&Shop), str::to_owned);
}

/// What is a matter of taste is said once for each dashboard, and as a note.
#[test]
fn dashboards_are_not_drowned() {
    let panel = r#"{"targets": [{"expr": "max(x_seconds)"}], "type": "stat", "datasource": "Metrics"}"#;
    let file = format!("{{\"panels\": [{}]}}", vec![panel; 20].join(", "));
    let found = Linter::new(Usage::Panel).check_dashboard(&file);
    let said: Vec<_> = found
        .iter()
        .map(|found| (found.lint.unwrap().id, found.severity))
        .collect();
    assert_eq!(
        said,
        [
            ("dashboard-text", Severity::Note),
            ("dashboard-unit", Severity::Note),
            ("dashboard-job", Severity::Note),
            ("dashboard-source", Severity::Warning),
        ]
    );
    assert_eq!(found[0].message, "20 panels have no title");
}
