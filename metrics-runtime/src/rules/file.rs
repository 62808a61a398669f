//! Rule files, dashboards and queries that exist as text.

use std::path::Path;
use std::{fs, io};

use enumetrics_promql::{FileFinding, Linter, Usage, parse};

use super::Rules;
use super::check::{Exported, RuleFinding};
use crate::catalog::Catalog;

/// What Prometheus gives to every series that it scrapes.
const TARGET_LABELS: &[&str] = &["job", "instance"];

impl Catalog<'_> {
    /// What is wrong with the rules in a file for Prometheus (YAML, JSON, or the resource `PrometheusRule` of Kubernetes),
    /// which may name what this catalog exports, what the file's rules record, and what Prometheus itself says of targets
    /// (`up`). [`Rules::check_file`] knows external metrics, too.
    ///
    /// A catalog that [`with_prefix`](Self::with_prefix) or [`with_labels`](Self::with_labels) has changed is judged as it
    /// is exported.
    ///
    /// # Errors
    ///
    /// When the file cannot be read.
    ///
    /// ```no_run
    /// # use enumetrics_runtime::Catalog;
    /// # static METRICS: Catalog<'static> = Catalog::__new(&[], &[]);
    /// // In a test:
    /// let found = METRICS.check_rules("deploy/rules.yml")?;
    /// assert!(found.is_empty(), "{}", found[0]);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn check_rules(&self, path: impl AsRef<Path>) -> io::Result<Vec<RuleFinding>> {
        check(path.as_ref(), &self.exported(), |linter, text| linter.check_rules(text))
    }

    /// What is wrong with a dashboard of Grafana's, as JSON: its queries, the labels in its legends, and its variables,
    /// which may name what this catalog exports. [`Rules::check_dashboard`] knows external metrics and recording rules,
    /// too.
    ///
    /// # Errors
    ///
    /// When the file cannot be read.
    pub fn check_dashboard(&self, path: impl AsRef<Path>) -> io::Result<Vec<RuleFinding>> {
        check(path.as_ref(), &self.exported(), |linter, text| {
            linter.check_dashboard(text)
        })
    }

    /// What is wrong with a query, such as one in a runbook or in a program that asks Prometheus. The findings have no
    /// file; their line and column are those in the query.
    ///
    /// ```
    /// # use enumetrics_runtime::Catalog;
    /// # static METRICS: Catalog<'static> = Catalog::__new(&[], &[]);
    /// let found = METRICS.check_query("rate(hits_total[5m]) by (job)");
    /// assert_eq!((found[0].line, found[0].column), (1, 22));
    /// ```
    #[must_use]
    pub fn check_query(&self, query: &str) -> Vec<RuleFinding> {
        let exported = self.exported();
        check_query(query, &Linter::new(Usage::Panel).schema(&exported))
    }

    fn exported(&self) -> Exported {
        Exported::new(self.descriptors().copied(), TARGET_LABELS)
    }
}

impl Rules {
    /// What is wrong with the rules in a file for Prometheus, which may name what these rules may name, and what they
    /// record.
    ///
    /// # Errors
    ///
    /// When the file cannot be read.
    pub fn check_file(&self, path: impl AsRef<Path>) -> io::Result<Vec<RuleFinding>> {
        check(path.as_ref(), &Exported::of(self), |linter, text| {
            linter.check_rules(text)
        })
    }

    /// What is wrong with a dashboard of Grafana's, as JSON, which may name what these rules may name, and what they
    /// record.
    ///
    /// # Errors
    ///
    /// When the file cannot be read.
    pub fn check_dashboard(&self, path: impl AsRef<Path>) -> io::Result<Vec<RuleFinding>> {
        check(path.as_ref(), &Exported::of(self), |linter, text| {
            linter.check_dashboard(text)
        })
    }
}

fn check(
    path: &Path,
    exported: &Exported,
    checked: impl Fn(&Linter<'_>, &str) -> Vec<FileFinding>,
) -> io::Result<Vec<RuleFinding>> {
    let text = fs::read_to_string(path)?;
    let file = path.display().to_string();
    let linter = Linter::new(Usage::Alert).schema(exported).alerts(&exported.alerts);
    let found = checked(&linter, &text).into_iter();
    Ok(found.map(|finding| RuleFinding::of_file(&file, finding)).collect())
}

pub(crate) fn check_query(query: &str, linter: &Linter<'_>) -> Vec<RuleFinding> {
    match parse(query) {
        Err(error) => {
            let place = error.line_column(query);
            let found = RuleFinding::of_query(place, None, error.message(), error.help());
            vec![found.reported(error.render(query).to_string())]
        }
        Ok(expr) => {
            let found = linter.check(&expr).into_iter();
            let finding = |finding: enumetrics_promql::Finding| {
                let place = finding.span.line_column(query);
                let found = RuleFinding::of_query(
                    place,
                    Some((finding.lint, finding.severity)),
                    &finding.message,
                    finding.help.as_deref(),
                );
                found.reported(finding.render(query))
            };
            found.map(finding).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::descriptor::{Descriptor, Kind, LabelDescriptor};

    const FILE: &str = r#"
# Comment
groups:
  - name: shop
    interval: 30s
    rules:
      - record: shop:sold:rate5m
        expr: sum by (kind) (rate(shop_sold_total[5m]))   # per second
        labels:
          tier: gold
      - alert: TooMany
        expr: 'sum(rate(shop_sold_total{job=''x''}[5m])) > 5'
        for: 5m
        labels: {severity: page}
        annotations:
          summary: "an expr: of words"
      - expr: |-
          sum by (kind) (shop:sold:rate5m)
            > 5
        alert: AlsoTooMany
        labels: {severity: page}
        annotations: {summary: "{{ $labels.tier }} {{ $labels.job }}"}
      - alert: Misspelt
        expr: sum(rate(shop_sodl_total[5m]))
          / sum(rate(shop_sold_total[5m])) > 5
        labels: {severity: "{{ $value }}"}
        annotations: {summary: x}
      - alert: NoKind
        expr: "sum by (knd) (shop:sold:rate5m) > 5"
      - {"alert": "Broken", "expr": "sum(rate(shop_sold_total[5m]) > 5", "for": "5 minutes"}
  - {name: rare, interval: 10m, rules: [{record: "shop:sold:sum", expr: sum(shop_sold_total)}]}
  - name: twice
    rules:
      - record: a:b
        expr: vector(1)
      - record: a:b
        expr: vector(2)
      - record: a:b
        expr: vector(1)
      - {alert: Gone, expr: absent(shop_sold_total), for: 5m, labels: {severity: page}, annotations: {summary: x}}
      - {alert: Gone, expr: 'absent(shop_sold_total{job="x"})', for: 5m, labels: {severity: page}, annotations: {summary: x}}
      - {record: "shop:some:rate5m", expr: 'sum(shop:sold:rate5m{kind="a", knd="a"})'}
"#;

    const DASHBOARD: &str = r#"{
  "templating": {"list": [
    {"type": "query", "query": "label_values(shop_sold_total, kind)"},
    {"type": "query", "query": {"query": "label_values(shop_sold_total{kind=\"$kind\"}, knd)"}},
    {"type": "custom", "query": "a,b"}
  ]},
  "annotations": {"list": [{"expr": "changes(shop_sodl_total[5m]) > 0"}]},
  "panels": [
    {"id": 1, "title": "Sold", "type": "timeseries", "targets": [
      {"refId": "A", "expr": "sum by (kind) (rate(shop_sold_total{kind=~\"$kind\", job=\"${job:raw}\"}[$__rate_interval]))", "legendFormat": "{{kind}}"},
      {"refId": "A", "expr": "sum(rate(shop_sold_total[5m]))", "legendFormat": "{{ kind }}"},
      {"refId": "B", "expr": "topk($n, shop_sold_total)"}
    ]},
    {"id": 1, "type": "row", "panels": [
      {"id": 2, "title": "In a row", "type": "graph", "targets": [{"refId": "A", "expr": "rate(shop_sold_total{knd=\"a\"}[[[range]]])"}]},
      {"id": 3, "title": "Column", "targets": [{"refId": "A", "expr": "sum(\u0061bsent(shop_sodl))"}]}
    ]}
  ]
}"#;

    fn found(text: &str, checked: impl Fn(&Linter<'_>, &str) -> Vec<FileFinding>) -> Vec<String> {
        let kinds: &'static [_] = Vec::leak(vec![LabelDescriptor::new("kind", &["a", "b"])]);
        let sold = Descriptor::new("shop_sold_total", "", Kind::Counter, kinds);
        let exported = Exported::new([sold], TARGET_LABELS);
        let linter = Linter::new(Usage::Alert).schema(&exported);
        let line = |finding: FileFinding| {
            let id = finding.lint.map_or("syntax", |lint| lint.id);
            format!("{}:{} {} {id}", finding.line, finding.column, finding.subject)
        };
        checked(&linter, text).into_iter().map(line).collect()
    }

    #[test]
    fn findings_have_their_places_in_the_file() {
        assert_eq!(
            found(FILE, |linter, text| linter.check_rules(text)),
            [
                "12:60 TooMany val-rate-threshold",
                "22:44 AlsoTooMany ref-template",
                "22:63 AlsoTooMany ref-template",
                "24:15 Misspelt val-low-traffic",
                "24:24 Misspelt ref-metric",
                "26:29 Misspelt alert-value-label",
                "28:16 NoKind alert-summary",
                "28:16 NoKind alert-severity",
                "29:24 NoKind ref-label",
                "30:71 Broken syntax",
                "31:28 rare time-group-interval",
                "31:77 shop:sold:sum kind-counter-raw",
                "38:17 a:b alert-duplicate",
                "42:76 shop:some:rate5m ref-label",
            ]
        );
    }

    #[test]
    fn what_is_no_file_says_so() {
        // Prometheus takes it, too.
        let without_rules = found("{\"groups\": []}", |linter, text| linter.check_rules(text));
        assert!(without_rules.is_empty(), "{without_rules:?}");
        assert_eq!(
            found("{\"groups\": [", |linter, text| linter.check_rules(text)),
            ["1:13  rule-yaml"]
        );
        assert_eq!(
            found("{}", |linter, text| linter.check_dashboard(text)),
            ["1:1  rule-yaml"]
        );
    }

    #[test]
    fn resources_of_kubernetes_are_rule_files() {
        let text = "apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nspec:\n  groups:\n  - name: shop\n    rules:\n    \
                    - record: a:b\n      expr: sum(rate(shop_sodl_total[5m]))\n";
        assert_eq!(
            found(text, |linter, text| linter.check_rules(text)),
            ["8:22 a:b ref-metric"]
        );
    }

    #[test]
    fn dashboards_are_read_with_their_variables() {
        assert_eq!(
            found(DASHBOARD, |linter, text| linter.check_dashboard(text)),
            [
                "4:89 variable ref-dashboard-variable",
                "7:46 annotation ref-metric",
                "10:31 Sold dashboard-text",
                "11:18 Sold dashboard-id",
                "11:56 Sold time-grafana-var",
                "11:81 Sold ref-template",
                "14:12  dashboard-id",
                "15:47 In a row dashboard-panel",
                "15:112 In a row ref-label",
                "16:88 Column ref-metric",
            ]
        );
    }
}
