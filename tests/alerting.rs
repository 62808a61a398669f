//! Rules as data and as a file; what only tests decide; rule files that exist as text.

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use enumetrics::{Counter, Gauge, Histogram, LabelValue, Severity, StateSet, catalog, metric_family, rules};
use enumetrics_promql::Lint;
use support::prometheus::{Release, promtool};

#[derive(LabelValue, Clone, Copy)]
pub enum Module {
    Liveness,
    Ocr,
}

#[derive(LabelValue, Clone, Copy)]
#[label(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    Verified,
    Rejected,
    Error,
}

#[derive(LabelValue, Clone, Copy)]
pub enum Breaker {
    Open,
    Closed,
}

#[derive(LabelValue, Clone, Copy)]
pub enum Urgency {
    Page,
    Ticket,
}

#[metric_family(namespace = "kyc", labels(tier = "gold"))]
pub struct Kyc {
    /// Duration of the whole pipeline.
    #[metric(buckets = [1, 2, 4, 6, 8, 10, 15])]
    pub verification_duration_seconds: Histogram,
    /// Duration of each module.
    #[metric(buckets = [0.5, 1, 2, 4, 8])]
    pub module_duration_seconds: Histogram<Module>,
    /// Verifications, by status.
    pub verifications_total: Counter<Status>,
    /// Sessions now open.
    pub active_sessions: Gauge,
    /// Whether the breaker is open.
    pub breaker: StateSet<Breaker>,
}

#[metric_family(namespace = "http")]
pub struct Http {
    /// Requests.
    pub requests_total: Counter<enumetrics::StatusCode>,
}

pub static KYC: Kyc = Kyc::new();
pub static HTTP: Http = Http::new();

/// Rules are about catalogs of any module.
mod exported {
    enumetrics::catalog! { pub static METRICS = [super::KYC]; }
}

catalog! { pub static WEB = [HTTP]; }

rules! {
    #[rules(name = "kyc", interval = "30s", runbooks = "https://example.com/", server = "2.42", scrape_interval = "15s")]
    pub static KYC_RULES for exported::METRICS, WEB;

    external {
        node_cpu_seconds_total: counter { cpu, mode = "idle" | "user" };
    }

    // Before what it is made of: the group has them in the order of evaluation.
    /// Verifications fail: {{ $value | humanizePercentage }}.
    #[alert(for = "2m", severity = Warning, runbook = "README.md", labels(team = "it's ours", module = Module::Ocr))]
    HighErrorRate = kyc:verifications:error_ratio_rate5m > 0.001;

    #[record]
    kyc:verifications:error_ratio_rate5m = kyc:verifications:error_rate5m / ignoring (source) sum(rate(kyc_verifications_total[5m]));

    #[record(labels(source = "gateway"))]
    kyc:verifications:error_rate5m = sum(rate(kyc_verifications_total{status="ERROR", tier=~"gold|silver"}[5m]));

    /// p95 of the whole pipeline above its objective.
    ///
    /// It is {{ $value | humanizeDuration }} now. "Slow" has its own runbook,
    /// which says more.
    ///
    /// Second paragraph.
    #[alert(for = "5m", keep_firing_for = "10m", severity = Severity::Critical, runbook = "README.md#two-commands")]
    HighVerificationLatency =
        histogram_quantile(0.95, sum by (le) (rate(kyc_verification_duration_seconds_bucket[5m]))) > 8;

    /// {{ $labels.instance }} is down.
    #[alert(for = "1m", severity = Critical, runbook = "https://runbooks.example/down", per_target)]
    Down = up{job="kyc"} == 0;

    /// The gateway answers with errors.
    #[alert(for = "5m", severity = Critical, runbook = "README.md")]
    HttpErrors = "sum(rate(http_requests_total{status=~'5..'}[5m])) / sum(rate(http_requests_total[5m])) > 0.05";
}

/// Near misses: what looks like what the lints refuse, and is right.
mod right {
    use super::exported::METRICS;

    enumetrics::rules! {
        #[rules(severity = super::Urgency, target_labels("job", "instance", "zone"))]
        pub static RIGHT for METRICS;

        /// A module of {{ $labels.zone }} is slow.
        #[alert(severity = Ticket, runbook = "https://runbooks.example/slow")]
        QuantileBelowTheTopBucket = histogram_quantile(
            0.95,
            sum by (le, zone) (rate(kyc_module_duration_seconds_bucket{module!="ocr"}[5m]))
        ) > 4;

        /// The breaker is open.
        #[alert(severity = Page, runbook = "https://runbooks.example/open")]
        BreakerIsOpen = max(kyc_breaker{kyc_breaker="open"}) == 1;

        /// There are no metrics.
        #[alert(severity = Page, runbook = "https://runbooks.example/absent", for = "5m")]
        Silent = absent(kyc_verifications_total{status="VERIFIED"}) or absent(up{job="kyc"});

        /// Two lengths of time.
        #[alert(severity = Ticket, runbook = "https://runbooks.example/units")]
        SameUnit = sum(increase(kyc_module_duration_seconds_sum[5m])) > 2 * sum(increase(kyc_verification_duration_seconds_sum[5m]))
            and max(kyc_active_sessions) > 5m / 60;

        /// Nobody has scraped it for five minutes.
        #[alert(severity = Ticket, runbook = "https://runbooks.example/old")]
        IsOld = time() - max(timestamp(kyc_active_sessions)) > 5m;

        /// Exactly none.
        #[alert(severity = Ticket, runbook = "https://runbooks.example/none")]
        None = sum(rate(kyc_verifications_total[5m])) == 0;

        /// Many of one module.
        #[alert(severity = Ticket, runbook = "https://runbooks.example/many")]
        OfBothSides = sum by (module) (rate(kyc_module_duration_seconds_count[5m]))
            / ignoring (module) group_left sum(rate(kyc_verification_duration_seconds_count[5m])) > 2;

        /// More than eight seconds, of which a bucket says how many.
        #[alert(severity = Ticket, runbook = "https://runbooks.example/bucket")]
        OfABucket = 1 - sum(rate(kyc_verification_duration_seconds_bucket{le="8.0"}[5m]))
            / sum(rate(kyc_verification_duration_seconds_count[5m])) > 0.05;

        /// The counter went back.
        #[alert(severity = Ticket, runbook = "https://runbooks.example/reset")]
        CounterWasReset = sum(resets(kyc_verifications_total[1h])) > 3 and sum(changes(kyc_active_sessions[1h])) > 0;
    }
}

#[test]
fn what_is_right_is_left_alone() {
    right::RIGHT.assert_right();
    KYC_RULES.assert_right();
    let severity = |at: usize| right::RIGHT.alerts()[at].labels().next();
    assert_eq!(severity(0), Some(("severity", "ticket")));
    assert_eq!(severity(1), Some(("severity", "page")));
}

#[test]
fn rules_are_data() {
    let names: Vec<_> = KYC_RULES.alerts().iter().map(|alert| alert.name()).collect();
    assert_eq!(
        names,
        ["HighErrorRate", "HighVerificationLatency", "Down", "HttpErrors"]
    );
    let names: Vec<_> = KYC_RULES.records().iter().map(|record| record.name()).collect();
    assert_eq!(
        names,
        ["kyc:verifications:error_rate5m", "kyc:verifications:error_ratio_rate5m"],
        "a rule stands behind those that it names"
    );
    let [_, latency, ..] = KYC_RULES.alerts() else { panic!() };
    assert_eq!(latency.hold(), Some("5m"));
    assert_eq!(latency.keep_firing_for(), Some("10m"));
    assert_eq!(latency.labels().collect::<Vec<_>>(), [("severity", "critical")]);
    assert_eq!(
        latency.annotations(),
        [
            ("summary", "p95 of the whole pipeline above its objective."),
            (
                "description",
                "It is {{ $value | humanizeDuration }} now. \"Slow\" has its own runbook, which says more.\n\nSecond \
                 paragraph."
            ),
            ("runbook_url", "https://example.com/README.md#two-commands"),
        ]
    );
    assert!(latency.declared_at().0.ends_with("tests/alerting.rs"));
}

#[test]
fn prometheus_reads_the_file() {
    let text = KYC_RULES.to_yaml();
    for release in Release::ALL {
        // 2.42 is from before `keep_firing_for` and has no rule files on its standard input.
        let text = match release {
            Release::Stable => text.replace("        keep_firing_for: 10m\n", ""),
            Release::Current => text.clone(),
        };
        let path = temporary(&format!("{release:?}.yml"), &text);
        let output = promtool(release, &["check", "rules", "--lint=all", path.to_str().unwrap()], "");
        let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success() && said.contains("6 rules found"),
            "{said}\n{text}"
        );
    }
}

#[test]
fn the_file_is_as_it_was_read() {
    let expected = r#"groups:
  - name: kyc
    interval: 30s
    rules:
      - record: 'kyc:verifications:error_rate5m'
        expr: 'sum(rate(kyc_verifications_total{status="ERROR", tier=~"gold|silver"}[5m]))'
        labels:
          source: gateway
      - record: 'kyc:verifications:error_ratio_rate5m'
        expr: 'kyc:verifications:error_rate5m / ignoring (source) sum(rate(kyc_verifications_total[5m]))'
      - alert: HighErrorRate
        expr: 'kyc:verifications:error_ratio_rate5m > 0.001'
        for: 2m
        labels:
          severity: warning
          team: 'it''s ours'
          module: ocr
"#;
    let text = KYC_RULES.to_yaml();
    assert!(text.starts_with(expected), "{text}");
}

mod warned {
    use super::exported::METRICS;

    // What the compiler only warns of is an error of the test.
    #[allow(deprecated)]
    mod rules {
        use super::METRICS;

        enumetrics::rules! {
            pub static WARNED for METRICS;

            /// Sessions.
            #[alert(severity = Critical, runbook = "https://runbooks.example/sessions")]
            OfEachInstance = kyc_active_sessions > 100;

            /// Duration.
            #[alert(severity = Critical, runbook = "https://runbooks.example/duration")]
            BetweenBuckets =
                histogram_quantile(0.95, sum by (le) (rate(kyc_verification_duration_seconds_bucket[5m]))) > 7;

            /// Duration.
            #[alert(severity = Critical, runbook = "https://runbooks.example/duration",
                allow(val-between-buckets = "nobody needs it exactly"))]
            Allowed = histogram_quantile(0.95, sum by (le) (rate(kyc_verification_duration_seconds_bucket[5m]))) > 7;

            /// Everything.
            #[alert(severity = Critical, runbook = "https://runbooks.example/all")]
            MatchesAll = sum(increase(kyc_verifications_total{status=~".+"}[5m])) > 7;
        }
    }

    pub use rules::WARNED;
}

#[test]
fn the_test_says_what_the_compiler_leaves_open() {
    let found = warned::WARNED.check();
    let found: Vec<_> = found
        .iter()
        .map(|found| (found.rule.as_str(), found.lint.unwrap().id))
        .collect();
    assert_eq!(
        found,
        [
            ("OfEachInstance", "agg-missing"),
            ("BetweenBuckets", "val-low-traffic"),
            ("BetweenBuckets", "val-between-buckets"),
            ("Allowed", "val-low-traffic"),
            ("MatchesAll", "ref-regex-all"),
            ("OfEachInstance", "alert-absence"),
        ]
    );
    let panic = std::panic::catch_unwind(|| warned::WARNED.assert_right()).unwrap_err();
    let message = panic.downcast_ref::<String>().unwrap();
    assert!(message.contains("`warned` has rules that are not right"), "{message}");
    assert!(message.contains("tests/alerting.rs:"), "{message}");
    assert!(message.contains("warning[val-between-buckets]"), "{message}");
}

#[test]
fn rule_files_are_checked_where_they_are() {
    let text = "groups:\n- name: old\n  rules:\n  - alert: Errors\n    expr: |\n      sum(rate(kyc_verifications_total\
                {status=\"FAILED\"}[5m]))\n        > kyc:verifications:error_rate5m\n    for: 5m\n    labels: {severity: page}\n    \
                annotations: {summary: Errors.}\n";
    let path = temporary("old.yml", text);
    let places = |found: Vec<enumetrics::RuleFinding>| {
        let place = |found: &enumetrics::RuleFinding| (found.line, found.column, found.lint.unwrap().id);
        found.iter().map(place).collect::<Vec<_>>()
    };
    let found = exported::METRICS.check_rules(&path).unwrap();
    assert!(
        found[0]
            .to_string()
            .contains("old.yml:6:47: Errors\nerror[ref-value]: label `status`"),
        "{}",
        found[0]
    );
    assert_eq!(places(found), [(6, 47, "ref-value"), (7, 11, "ref-recording")]);
    assert_eq!(
        places(KYC_RULES.check_file(&path).unwrap()),
        [(6, 47, "ref-value"), (7, 9, "match-disjoint")]
    );
    assert!(exported::METRICS.check_rules("nowhere.yml").is_err());
    // What an operator says at start-up counts.
    let adapted = exported::METRICS.with_labels([("region", "north")]).unwrap();
    let adapted = adapted.with_prefix("eu").unwrap();
    let query = "sum by (region) (rate(eu_kyc_verifications_total{status=\"ERROR\"}[5m]))";
    assert_eq!(adapted.check_query(query), []);
    assert_eq!(
        places(adapted.check_query("sum(kyc_active_sessions)")),
        [(1, 5, "ref-metric")]
    );
    let dashboard =
        "{\"panels\": [{\"title\": \"All\", \"targets\": [{\"expr\": \"sum by (zone) (eu_kyc_active_sessions)\"}]}]}";
    let path = temporary("board.json", dashboard);
    let mut found = adapted.check_dashboard(&path).unwrap();
    // Without those about its style.
    found.retain(|found| found.severity > enumetrics_promql::Severity::Note);
    let said = found[0].to_string();
    assert_eq!(places(found), [(1, 60, "ref-label")]);
    assert!(said.contains("board.json:1:") && said.contains("region"), "{said}");
}

/// The guide lists each lint, and nothing else; each error has a case that shows its message.
#[test]
fn each_lint_is_documented_and_shown() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: PathBuf| fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let guide = read(root.join("docs/alerting.md"));
    let (_, lints) = guide.split_once("\n## Lints\n").unwrap();
    let rows = lints
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once("` | "));
    let rows: Vec<(&str, &str)> = rows.map(|(id, rest)| (id, rest.split(' ').next().unwrap())).collect();
    let listed: Vec<_> = rows.iter().map(|(id, _)| *id).collect();
    assert_eq!(listed, Lint::ALL.iter().map(|lint| lint.id).collect::<Vec<_>>());
    let shown: BTreeSet<String> = fs::read_dir(root.join("tests/ui/rules"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "stderr"))
        .flat_map(|path| {
            let text = read(path);
            let ids = text.split(" [").skip(1).filter_map(|rest| rest.split(']').next());
            ids.map(str::to_owned).collect::<Vec<_>>()
        })
        .collect();
    let missing: Vec<_> = rows
        .iter()
        .filter(|(id, stage)| *stage == "error" && !shown.contains(*id))
        .collect();
    assert!(missing.is_empty(), "no case in tests/ui/rules shows {missing:?}");
}

fn temporary(name: &str, text: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("alerting");
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join(name);
    fs::write(&path, text).unwrap();
    path
}

/// An operator's prefix is in front of everything that the program names itself, and nothing else changes.
#[test]
fn rules_follow_the_names_that_an_operator_chose() {
    let catalog = exported::METRICS.with_labels([("service", "cart")]).unwrap();
    let catalog = catalog.with_prefix("shop").unwrap();
    let renamed = |text: &str| {
        let names = ["kyc_", "kyc:", "http_requests_total"];
        names.iter().fold(text.to_owned(), |text, name| {
            text.replace(name, &format!("shop_{name}"))
        })
    };
    for rules in [&KYC_RULES, &right::RIGHT] {
        let adapted = rules.adapted_to(&catalog).unwrap();
        adapted.assert_right();
        let expressions = |rules: &enumetrics::Rules| -> Vec<String> {
            let records = rules
                .records()
                .iter()
                .map(|rule| format!("{} = {}", rule.name(), rule.expression()));
            records
                .chain(rules.alerts().iter().map(|rule| rule.expression().to_owned()))
                .collect()
        };
        let expected: Vec<_> = expressions(rules)
            .iter()
            .map(|expression| renamed(expression))
            .collect();
        assert_eq!(expressions(&adapted), expected);
        assert!(
            adapted
                .adapted_to(&catalog)
                .unwrap_err()
                .to_string()
                .contains("adapted already")
        );
    }
    // The file says whose names it has, and is noticed where others are in force.
    let file = KYC_RULES.adapted_to(&catalog).unwrap().to_yaml();
    assert!(
        file.starts_with("# enumetrics-names: prefix=shop labels=service\ngroups:\n"),
        "{file}"
    );
    assert_eq!(catalog.check_stamp(&file), Ok(()));
    assert!(exported::METRICS.check_stamp(&file).is_err());

    // Rules for the declared names find nothing under others, which the linter says.
    let path = std::env::temp_dir().join(format!("enumetrics-adapted-{}.yml", std::process::id()));
    fs::write(&path, &file).unwrap();
    let output = promtool(Release::Current, &["check", "rules", path.to_str().unwrap()], "");
    assert!(output.status.success(), "{output:?}");
    fs::write(&path, right::RIGHT.to_yaml()).unwrap();
    let found = catalog.check_rules(&path).unwrap();
    assert!(
        found
            .iter()
            .any(|finding| finding.lint.is_some_and(|lint| lint.id == "ref-metric")),
        "{found:?}"
    );
    fs::write(&path, right::RIGHT.adapted_to(&catalog).unwrap().to_yaml()).unwrap();
    let found = catalog.check_rules(&path).unwrap();
    assert!(
        found
            .iter()
            .all(|finding| finding.lint.is_none_or(|lint| lint.id != "ref-metric")),
        "{found:?}"
    );
    fs::remove_file(&path).unwrap();
}

mod by_regex {
    enumetrics::rules! {
        pub static BY_REGEX for super::WEB;

        /// {{ with query "sum(http_requests_total)" }}{{ . | first | value }}{{ end }} of http_requests_total.
        #[alert(severity = Warning, runbook = "https://runbooks.example/any")]
        Any = sum(rate({__name__="http_requests_total"}[5m])) > 5;
    }
}

#[test]
fn names_in_matchers_and_templates_are_renamed_too() {
    let adapted = by_regex::BY_REGEX
        .adapted_to(&WEB.with_prefix("shop").unwrap())
        .unwrap();
    let alert = adapted.alerts()[0];
    assert_eq!(
        alert.expression(),
        "sum(rate({__name__=\"shop_http_requests_total\"}[5m])) > 5"
    );
    let summary = alert
        .annotations()
        .iter()
        .find(|(name, _)| *name == "summary")
        .unwrap()
        .1;
    assert_eq!(
        summary,
        "{{ with query \"sum(shop_http_requests_total)\" }}{{ . | first | value }}{{ end }} of http_requests_total."
    );
}
