//! Generated files, as the tools of real releases read them.

mod support;

use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use std::process::Command;

use enumetrics::dashboard::Dashboard;
use enumetrics::operations::{Alertmanager, Example, File, Files, Job, Operations, Receiver, Route};
use enumetrics::{
    Counter, Gauge, Histogram, LabelSet, LabelValue, Rules, Severity, StateSet, Summary, catalog, metric_family,
};
use support::prometheus::{Release, promtool, tool};

#[derive(LabelValue, Clone, Copy)]
pub enum Method {
    Card,
    Transfer,
}

#[derive(LabelValue, Clone, Copy)]
pub enum Outcome {
    Ok,
    Failed,
    Refused,
}

#[derive(LabelValue, Clone, Copy)]
pub enum Breaker {
    Open,
    Closed,
}

#[derive(LabelValue, Clone, Copy)]
pub enum Team {
    Payments,
    Nobody,
}

#[derive(LabelSet, Clone, Copy)]
pub struct Payment {
    pub method: Method,
    pub outcome: Outcome,
}

#[metric_family(namespace = "shop")]
pub struct Shop {
    /// Payments.
    pub payments_total: Counter<Payment>,
    /// Duration of a payment.
    #[metric(buckets = [0.1, 0.5, 1, 5])]
    pub payment_duration_seconds: Histogram<Method>,
    /// Size of an invoice.
    pub invoice_size_bytes: Summary,
    /// Orders that wait.
    pub queue_length: Gauge,
    /// When the last backup ended.
    pub last_backup_timestamp_seconds: Gauge<(), f64>,
    /// The breaker of the bank.
    pub bank_breaker: StateSet<Breaker>,
}

pub static SHOP: Shop = Shop::new();
catalog! { pub static METRICS = [SHOP]; }

// What looks strange is here to be read by the tools.
#[allow(deprecated)]
mod shapes {
    use super::{METRICS, Team};

    enumetrics::rules! {
        #[rules(name = "shop", target_labels("job", "instance", "zone"))]
        pub static RULES for METRICS;

        external {
            bank_requests_total: counter { bank, code = "200" | "500" };
        }

        /// {{ $labels.method }}: {{ $value }}
        #[alert(for = "5m", severity = Critical, runbook = "README.md", labels(team = Team::Payments))]
        PaymentsFail = method:failed:ratio_rate5m > 0.05;

        #[record]
        method:failed:ratio_rate5m = sum by (method) (rate(shop_payments_total{outcome=~"fail.*"}[5m]))
            / sum by (method) (rate(shop_payments_total[5m]));

        /// "Quoted"
        #[alert(severity = Warning, runbook = "README.md")]
        ManyRefused = sum(increase(shop_payments_total{outcome="refused", method!="card"}[1h])) >= 300;

        /// Slow.
        #[alert(for = "10m", severity = Warning, runbook = "README.md")]
        Slow = histogram_quantile(0.99, sum by (le) (rate(shop_payment_duration_seconds_bucket[5m]))) > 1
            and sum(rate(shop_payment_duration_seconds_count[5m])) > 0.5;

        /// On average, too.
        #[alert(severity = Warning, runbook = "README.md")]
        Large = sum(rate(shop_invoice_size_bytes_sum[10m])) > 1000;

        /// Waits.
        #[alert(for = "1h", severity = Info, runbook = "README.md", per_target)]
        QueueIsLong = max_over_time(shop_queue_length[15m]) > 1000;

        /// Little.
        #[alert(severity = Info, runbook = "README.md")]
        QueueIsShort = avg by (zone) (shop_queue_length) < 5;

        /// Two days.
        #[alert(severity = Critical, runbook = "README.md")]
        NoBackup = time() - max(shop_last_backup_timestamp_seconds) > 600;

        /// Open.
        #[alert(for = "1m", severity = Critical, runbook = "README.md")]
        BreakerIsOpen = max(shop_bank_breaker{shop_bank_breaker="open"}) == 1;

        /// Down.
        #[alert(for = "1m", severity = Critical, runbook = "README.md")]
        Down = count by (job) (up{job="shop"} == 0) > 0 or absent(up{job="shop"});

        /// Silent.
        #[alert(for = "10m", severity = Warning, runbook = "README.md")]
        NobodyPays = sum(rate(shop_payments_total[10m])) == 0 unless on () max(shop_queue_length) == 0;

        /// One bank of all.
        #[alert(severity = Warning, runbook = "README.md")]
        BankFails = sum by (bank) (rate(bank_requests_total{code="500"}[5m]))
            / on (bank) group_left () sum by (bank) (rate(bank_requests_total[5m])) > 0.2;

        /// Longer than before.
        #[alert(for = "10m", severity = Info, runbook = "README.md")]
        QueueGrows = sum(deriv(shop_queue_length[10m])) > 5
            and sum(shop_queue_length) - sum(shop_queue_length offset 2h) > 80;

        /// Too long in an hour.
        #[alert(severity = Info, runbook = "README.md")]
        QueueWillBeLong = sum(predict_linear(shop_queue_length[10m], 3600)) > 5000;

        /// In the daytime.
        #[alert(severity = Info, runbook = "README.md")]
        QueueIsLongAtDay = sum(shop_queue_length) > 500 and on () hour() >= 8;

        /// Payments work.
        #[slo(objective = 99.5, window("28d", "7d"), by(method), runbook = "README.md")]
        Payments = good(shop_payments_total{outcome!="failed"}) over shop_payments_total;

        /// Payments are quick.
        #[slo(objective = 90, window = "30d", factors(9, 6, 3, 1), runbook = "README.md")]
        PaymentsAreQuick = shop_payment_duration_seconds{method="card"} under 0.5;
    }
}

use shapes::RULES;

fn shop() -> Operations {
    // No constant rate says what time it is.
    let at_day = Example::new("QueueIsLongAtDay", "9h").series("shop_queue_length", "600x600");
    Operations::new("shop", &METRICS)
        .rules(&RULES)
        .example(at_day)
        .external_label("cluster", "eu")
        .job(
            Job::new("shop")
                .target("shop:9090")
                .every("30s", "10s")
                .bearer_token("/run/secrets/token"),
        )
}

#[metric_family(namespace = "native")]
pub struct Native {
    /// Duration of a wait.
    #[metric(native)]
    pub wait_seconds: Histogram<Method>,
    /// Size of an order, in both kinds of buckets.
    #[metric(native, buckets = [100, 1000, 10000])]
    pub order_size_bytes: Histogram<Method>,
    /// Waits.
    pub waits_total: Counter<Method>,
}

pub static NATIVE_GROUP: Native = Native::new();
catalog! { pub static NATIVE = [NATIVE_GROUP]; }

#[allow(deprecated)]
mod native {
    use super::NATIVE;

    enumetrics::rules! {
        #[rules(name = "native")]
        pub static RULES for NATIVE;

        /// Long waits.
        #[alert(for = "5m", severity = Critical, runbook = "README.md")]
        LongWaits = histogram_quantile(0.95, sum by (method) (rate(native_wait_seconds[5m]))) > 1;

        /// As often as before, and of another kind.
        #[alert(for = "5m", severity = Critical, runbook = "README.md")]
        LongTransfers = histogram_quantile(0.95, sum by (method) (rate(native_wait_seconds{method="transfer"}[5m]))) > 3
            and histogram_quantile(0.95, sum by (method) (rate(native_wait_seconds[5m]))) > 2;

        /// Many of them are long.
        #[alert(severity = Warning, runbook = "README.md")]
        ManyLongWaits = 1 - histogram_fraction(0, 0.5, sum(rate(native_wait_seconds[10m]))) > 0.2
            and on () sum(rate(native_waits_total[10m])) > 5;

        /// The mean.
        #[alert(severity = Warning, runbook = "README.md")]
        WaitsOnAverage = histogram_sum(sum(rate(native_wait_seconds[5m])))
            / histogram_count(sum(rate(native_wait_seconds[5m]))) > 4;

        /// Transfers wait, and cards do not.
        #[alert(severity = Warning, runbook = "README.md")]
        Transfers = sum(histogram_count(rate(native_wait_seconds{method="transfer"}[5m])))
            / sum(histogram_count(rate(native_wait_seconds[5m]))) > 0.75;

        /// For hours.
        #[alert(severity = Warning, runbook = "README.md")]
        LongWaitsForHours = min_over_time(histogram_quantile(0.5, sum(rate(native_wait_seconds[5m])))[2h:5m]) > 6;

        /// What is recorded stays a histogram.
        #[record]
        method:native_wait_seconds:rate5m = sum by (method) (rate(native_wait_seconds[5m]));

        /// What is recorded is a number.
        #[record]
        method:native_wait_seconds:p99 = histogram_quantile(0.99, method:native_wait_seconds:rate5m);

        /// What is recorded is a number, histograms or not.
        #[record]
        all:native_wait_seconds:per_second = histogram_count(sum(rate(native_wait_seconds[5m]))) or vector(0);

        /// Recorded.
        #[alert(for = "5m", severity = Warning, runbook = "README.md")]
        RecordedWaits = method:native_wait_seconds:p99 > 7;

        /// Recorded as a histogram.
        #[alert(for = "5m", severity = Warning, runbook = "README.md")]
        RecordedHistograms = histogram_quantile(0.9, method:native_wait_seconds:rate5m) > 8;

        /// Nobody waits.
        #[alert(for = "5m", severity = Warning, runbook = "README.md")]
        NobodyWaits = all:native_wait_seconds:per_second == 0;

        /// Nobody says so.
        #[alert(for = "5m", severity = Warning, runbook = "README.md")]
        WaitsAreGone = absent(native_wait_seconds);

        /// Both kinds of buckets.
        #[alert(for = "5m", severity = Warning, runbook = "README.md")]
        LargeOrders = histogram_quantile(0.9, sum(rate(native_order_size_bytes[5m]))) > 1000
            and histogram_quantile(0.9, sum by (le) (rate(native_order_size_bytes_bucket[5m]))) > 1000;

        /// Waits are short.
        #[slo(objective = 95, window("30d", "7d"), by(method), runbook = "README.md")]
        WaitsAreShort = native(native_wait_seconds{method!="transfer"}) under 0.5;

        /// Orders are small.
        #[slo(objective = 90, window = "30d", factors(9, 6, 3, 1), runbook = "README.md")]
        OrdersAreSmall = native_order_size_bytes under 1000;

        /// Little is left.
        #[alert(for = "5m", severity = Warning, runbook = "README.md")]
        LittleIsLeft = slo:error_budget_remaining:ratio{slo="WaitsAreShort", window="7d"} < 0.1;

        /// Many waits.
        #[alert(for = "5m", severity = Critical, runbook = "README.md")]
        ManyWaits = sum(rate(native_waits_total[5m])) > 10;
    }
}

/// What the schemas say of the files in a folder, line by line.
fn validated(folder: &Path) -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = Command::new(root.join("target/python/bin/python"))
        .arg(root.join("tests/schemas/validate.py"))
        .arg(folder)
        .output()
        .expect("Python starts: tests/tools provides it");
    let problems = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{problems}");
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(str::to_owned)
        .collect()
}

/// Kubernetes' resources, the Compose file and the dashboard.
#[test]
fn files_fit_their_schemas() {
    const WITHOUT: [&str; 3] = [
        "no schema: alertlist",
        "no schema: grafana/provisioning/dashboards/dashboards.yml",
        "no schema: grafana/provisioning/datasources/prometheus.yml",
    ];
    let gateway = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/kyc_gateway/ops");
    assert_eq!(validated(&gateway), WITHOUT);
    let pods = Job::new("workers")
        .pods("app", ["pay"], "prom")
        .tls(Some("/ca.pem"))
        .basic_auth("prometheus", "/run/secrets/password");
    let shop = shop().image("shop:1").job(pods).alertmanager(told());
    let (folder, _) = written("schemas", &shop);
    assert_eq!(validated(&folder), WITHOUT[1..]);
    // The schemas would find something.
    for (path, right, wrong) in [
        ("kubernetes/pod-monitor.yml", "sampleLimit", "sample_limit"),
        ("kubernetes/service-monitor.yml", "scrapeTimeout", "timeout"),
        ("kubernetes/prometheus-rule.yml", "expr:", "expression:"),
        ("compose.yml", "restart:", "starts:"),
    ] {
        let path = folder.join(path);
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, text.replacen(right, wrong, 1)).unwrap();
        let found = validated(&folder);
        assert!(
            found.len() > WITHOUT[1..].len() && found.iter().any(|line| line.contains(wrong.trim_end_matches(':'))),
            "{found:?}"
        );
        fs::write(&path, text).unwrap();
    }
}

/// Everybody who can be told of alerts.
fn told() -> Alertmanager {
    let pager = Receiver::pager_duty("pager", "/run/secrets/pagerduty");
    let mail = Receiver::email(
        "mail",
        "shop@example.com",
        "alerts@example.com",
        "mail:587",
        "/run/secrets/mail",
    );
    Alertmanager::new(Receiver::slack("chat", "#alerts", "/run/secrets/slack"))
        .severity(
            &Severity::Critical,
            Route::to(pager).wait("0s").interval("1m").repeat("1h"),
        )
        .severity(
            &Severity::Info,
            Route::to(Receiver::webhook("chat-bot", "http://bot:8080/")),
        )
        .label("team", &Team::Payments, Route::to(mail))
        .inhibit("Down", ["BreakerIsOpen", "NoBackup"], [] as [&str; 0])
}

fn written(name: &str, operations: &Operations) -> (PathBuf, Files) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("operations").join(name);
    _ = fs::remove_dir_all(&folder);
    operations.write_to(&folder).unwrap();
    (folder, operations.files().unwrap())
}

fn run(release: Release, program: &str, arguments: &[&str]) -> String {
    let output = tool(release, program, arguments, "");
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{release:?} {program} {arguments:?}\n{said}");
    said
}

/// What the tools of both releases say of the files in a folder.
fn tools_read(folder: &Path) {
    let path = |path: &str| folder.join(path).display().to_string();
    for release in Release::ALL {
        // Files with secrets are elsewhere.
        run(
            release,
            "promtool",
            &["check", "config", "--syntax-only", &configuration(release, folder)],
        );
        for (folder, command) in [("prometheus/rules", "check"), ("prometheus/tests", "test")] {
            for entry in fs::read_dir(path(folder)).unwrap() {
                let path = entry.unwrap().path();
                run(release, "promtool", &[command, "rules", path.to_str().unwrap()]);
            }
        }
        if folder.join("alertmanager").exists() {
            run(
                release,
                "amtool",
                &["check-config", &path("alertmanager/alertmanager.yml")],
            );
        }
    }
}

/// Debian's 2.42 was built without the discovery of pods: for it, without the jobs that need it.
fn configuration(release: Release, folder: &Path) -> String {
    let path = folder.join("prometheus/prometheus.yml");
    if release == Release::Current {
        return path.display().to_string();
    }
    let text = fs::read_to_string(&path).unwrap();
    let (head, jobs) = text.split_once("scrape_configs:\n").unwrap();
    let jobs = jobs.split_inclusive("  - job_name").collect::<String>();
    let kept = jobs
        .split("  - job_name")
        .skip(1)
        .filter(|job| !job.contains("kubernetes_sd_configs"));
    let kept: String = kept.map(|job| format!("  - job_name{job}")).collect();
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("static-{:?}.yml", std::thread::current().id()));
    fs::write(&path, format!("{head}scrape_configs:\n{kept}")).unwrap();
    path.display().to_string()
}

/// The committed files of the example.
#[test]
fn the_gateways_files_are_read_by_the_tools() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/kyc_gateway/ops");
    tools_read(&folder);
    let config = format!(
        "--config.file={}",
        folder.join("alertmanager/alertmanager.yml").display()
    );
    for release in Release::ALL {
        for (labels, receivers) in [
            (&["severity=critical", "component=fraud"][..], "pager,fraud-desk"),
            (&["severity=critical", "component=gateway"], "pager"),
            (&["severity=warning", "component=pipeline"], "chat,pipeline-team"),
            (&["severity=info"], "chat"),
        ] {
            let arguments = [&["config", "routes", "test", &config][..], labels].concat();
            assert_eq!(
                run(release, "amtool", &arguments).lines().next(),
                Some(receivers),
                "{labels:?}"
            );
        }
    }
}

#[test]
fn alerts_of_every_shape_have_tests_that_pass() {
    let (folder, files) = written("shapes", &shop().alertmanager(told()));
    assert_eq!(files.notes, [] as [&str; 0]);
    let tests = content(&files.files, "prometheus/tests/shop.yml");
    for alert in RULES.alerts() {
        let name = alert.name();
        assert!(tests.contains(&format!("'{name} fires")), "{name}\n{tests}");
        assert!(is_seen_at_rest(name, tests), "{name}\n{tests}");
    }
    tools_read(&folder);
    // Twice the same.
    assert_eq!(shop().alertmanager(told()).files().unwrap().files, files.files);
}

/// Whether something is expected of the alert where nothing moves, or where nothing is.
fn is_seen_at_rest(alert: &str, tests: &str) -> bool {
    let (_, quiet) = tests
        .split_once("  - name: 'all that is there stays as it is'")
        .unwrap();
    let asked = quiet.lines().filter(|line| line.contains("- expr: 'ALERTS{alertname="));
    asked.flat_map(|line| line.split(['"', '|'])).any(|name| name == alert)
}

#[test]
fn what_no_test_can_be_derived_of_is_said() {
    let without = Operations::new("shop", &METRICS).rules(&RULES);
    let files = without.files().unwrap();
    assert_eq!(
        files.notes,
        [
            "No test of QueueIsLongAtDay can be derived: `hour` is not understood. Say `Operations::example` when it \
             fires."
        ]
    );
    let tests = content(&files.files, "prometheus/tests/shop.yml");
    assert!(tests.contains(&format!("\n# {}\n", files.notes[0])), "{tests}");
}

#[test]
fn the_files_have_the_names_that_an_operator_chose() {
    let metrics = METRICS
        .with_prefix("eu")
        .unwrap()
        .with_labels([("tenant", "blue")])
        .unwrap();
    let at_day = Example::new("QueueIsLongAtDay", "9h").series("eu_shop_queue_length", "600x600");
    let (folder, files) = written(
        "adapted",
        &Operations::new("shop", &metrics).rules(&RULES).example(at_day),
    );
    let rules = content(&files.files, "prometheus/rules/shop.yml");
    assert!(
        rules.starts_with("# enumetrics-names: prefix=eu labels=tenant\n"),
        "{rules}"
    );
    assert!(
        rules.contains("rate(eu_shop_payments_total{outcome=~\"fail.*\"}[5m])"),
        "{rules}"
    );
    let catalogue = content(&files.files, "catalogue.md");
    assert!(
        catalogue.contains("good: `eu_shop_payment_duration_seconds{method=\"card\"}` at or below 0.5"),
        "{catalogue}"
    );
    tools_read(&folder);
}

#[test]
fn samples_are_limited_by_what_is_declared() {
    let config = |job: Job| {
        let files = Operations::new("shop", &METRICS).job(job).files().unwrap().files;
        content(&files, "prometheus/prometheus.yml").to_owned()
    };
    let text = config(
        Job::new("shop")
            .target("shop:1")
            .tls(Some("/ca.pem"))
            .path("/m")
            .more_samples(7),
    );
    assert!(
        text.contains(&format!("sample_limit: {}\n", METRICS.max_series() + 7)),
        "{text}"
    );
    assert!(text.contains("    scheme: https\n"), "{text}");
    let alone = Operations::new("shop", &METRICS).port(8080).files().unwrap().files;
    assert!(content(&alone, "prometheus/prometheus.yml").contains("- 'shop:8080'"));
    assert!(
        !alone.iter().any(|file| file.path.starts_with("alertmanager")),
        "nobody is told"
    );
}

#[test]
fn mistakes_are_told_together() {
    let chat = || Receiver::webhook("chat", "http://chat/");
    let alertmanager = Alertmanager::new(chat())
        .label("team", &Team::Nobody, Route::to(chat()).wait("soon"))
        .inhibit("Down", ["QueueIsLong", "Missing"], ["zone"]);
    let error = Operations::new("shop", &METRICS)
        .rules(&RULES)
        .rules(&RULES)
        .job(Job::new("late").target("a:1").every("5s", "10s"))
        .job(Job::new("nowhere").every("often", "1s"))
        .job(Job::new("late").target("b:1"))
        .job(Job::new("again").target("a:1").target("c:1"))
        .alertmanager(alertmanager)
        .example(Example::new("Missing", "1h"))
        .file("compose.yml", "")
        .files()
        .unwrap_err();
    let expected = [
        "job `late`: a scrape may take 10s, and the next one begins after 5s",
        "job `nowhere`: `often` and `1s` must be durations",
        "job `nowhere` has nothing to scrape",
        "two jobs are called `late`",
        "the jobs `late` and `again` both scrape `a:1`",
        "an example is of `Missing`, which is no alert",
        "two groups of rules are called `shop`",
        "no alert has team=\"nobody\", which a route is for",
        "the route to `chat`: `soon` is no duration",
        "an inhibition compares the label `zone`, which `Down` does not have",
        "`Missing` inhibits or is inhibited, and is no alert",
    ];
    for (problem, expected) in error.problems().iter().zip(expected) {
        assert!(problem.starts_with(expected), "{problem}\n{expected}");
    }
    assert!(
        error.to_string().contains("two files are called `compose.yml`"),
        "{error}"
    );
}

#[test]
fn files_that_are_stale_are_noticed() {
    let (folder, files) = written("stale", &shop());
    shop().assert_current(&folder);
    let path = folder.join("prometheus/rules/shop.yml");
    let text = content(&files.files, "prometheus/rules/shop.yml").replace("> 0.05", "> 0.5");
    fs::write(&path, text).unwrap();
    fs::remove_file(folder.join("compose.yml")).unwrap();
    let panic = catch_unwind(|| shop().assert_current(&folder)).unwrap_err();
    let said = panic.downcast_ref::<String>().unwrap();
    for expected in [
        "compose.yml is not there; run the test again with ENUMETRICS_UPDATE=1",
        "shop.yml is not what the program declares",
        "-         expr: 'method:failed:ratio_rate5m > 0.5'\n+         expr: 'method:failed:ratio_rate5m > 0.05'",
    ] {
        assert!(said.contains(expected), "{said}");
    }
}

/// The same rules, so many times faster: as tests with servers want them.
#[test]
fn time_can_run_faster() {
    let files = shop().alertmanager(told()).faster(60.0).files().unwrap().files;
    let rules = content(&files, "prometheus/rules/shop.yml");
    assert!(
        rules.contains("shop_payments_total{outcome=\"refused\", method!=\"card\"}[1m]"),
        "{rules}"
    );
    assert!(
        rules.contains("sum_over_time(slo:sli_bad:rate5m{slo=\"Payments\", slo_group=\"shop\"}[1m:1s])"),
        "{rules}"
    );
    assert!(rules.contains("for: 5000ms"), "{rules}");
    assert!(content(&files, "prometheus/prometheus.yml").contains("scrape_interval: 500ms"));
    assert!(content(&files, "alertmanager/alertmanager.yml").contains("group_wait: 0s"));
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("faster.yml");
    fs::write(&path, rules).unwrap();
    for release in Release::ALL {
        let output = promtool(release, &["check", "rules", path.to_str().unwrap()], "");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

/// The resource of the Prometheus operator has the groups as the rule file has them.
#[test]
fn kubernetes_has_the_same_rules() {
    let files = shop().files().unwrap().files;
    let resource = content(&files, "kubernetes/prometheus-rule.yml");
    let (head, groups) = resource.split_once("  groups:\n").unwrap();
    assert!(head.contains("kind: PrometheusRule\n") && head.contains("apiVersion: 'monitoring.coreos.com/v1'\n"));
    let groups: String = groups
        .lines()
        .map(|line| format!("{}\n", line.strip_prefix("  ").unwrap()))
        .collect();
    let rules = content(&files, "prometheus/rules/shop.yml");
    assert!(rules.ends_with(&format!("groups:\n{groups}")), "{groups}");
}

/// What Prometheus is told of pods, the operator is told, too: the labels, the port, and the name of the job.
#[test]
fn pods_are_monitored_as_they_are_scraped() {
    let pods = Job::new("workers")
        .pods("app", ["pay", "ship"], "prom")
        .tls(Some("/ca.pem"))
        .bearer_token("/token")
        .more_samples(1);
    let alone = Operations::new("shop", &METRICS)
        .job(pods.clone())
        .files()
        .unwrap()
        .files;
    assert!(!alone.iter().any(|file| file.path == "kubernetes/service-monitor.yml"));
    let files = shop().job(pods).files().unwrap().files;
    let service = content(&files, "kubernetes/service-monitor.yml");
    assert!(
        service.contains("- port: metrics\n") && !service.contains("prom"),
        "{service}"
    );
    let expected = format!(
        "# For the Prometheus operator. Generated by enumetrics: change the declarations instead.
apiVersion: 'monitoring.coreos.com/v1'
kind: PodMonitor
metadata:
  name: workers
  labels:
    'app.kubernetes.io/name': shop
spec:
  selector:
    matchExpressions:
      - key: app
        operator: In
        values:
          - pay
          - ship
  sampleLimit: {}
  podMetricsEndpoints:
    - port: prom
      path: '/metrics'
      interval: 15s
      scrapeTimeout: 10s
      scheme: https
      tlsConfig:
        ca:
          secret:
            name: 'shop-metrics'
            key: 'ca.crt'
      authorization:
        credentials:
          name: 'shop-metrics'
          key: token
      relabelings:
        - targetLabel: job
          replacement: workers
",
        METRICS.max_series() + 1
    );
    assert_eq!(content(&files, "kubernetes/pod-monitor.yml"), expected);
}

#[test]
fn dashboards_are_among_the_files() {
    let dashboard = || Dashboard::of(&METRICS).rules(&RULES);
    let files = shop().dashboard(&dashboard().title("The shop")).files().unwrap();
    assert_eq!(
        content(&files.files, "grafana/dashboards/the-shop.json"),
        dashboard().title("The shop").to_json()
    );
    assert_eq!(files.notes, [] as [&str; 0]);
    // What is on no panel is said, and what is wrong is an error.
    let blank = shop()
        .dashboard(&Dashboard::blank(&METRICS).uid("blank"))
        .files()
        .unwrap();
    assert_eq!(blank.notes.len(), METRICS.descriptors().count());
    assert_eq!(
        blank.notes[0],
        "`shop_payments_total` is on no panel of the dashboard `blank`: declare one with `#[panel]`, or `hide` the \
         metric and say why."
    );
    let wrong = dashboard().hide("shop_carts", "sold").uid("wrong");
    let error = shop()
        .dashboard(&wrong)
        .dashboard(&dashboard().title("!"))
        .files()
        .unwrap_err();
    let expected = [
        "the catalog has no metric family `shop_carts`",
        "a dashboard has no letter in its title: say `uid`",
    ];
    assert_eq!(error.problems().len(), expected.len(), "{error}");
    for (problem, expected) in error.problems().iter().zip(expected) {
        assert!(problem.contains(expected), "{problem}\n{expected}");
    }
}

/// What is asked of them is recorded, so that the tools of 2.42 can be given it.
#[test]
fn alerts_on_native_histograms_have_tests_that_pass() {
    native::RULES.assert_right();
    let (folder, files) = written("native", &Operations::new("native", &NATIVE).rules(&native::RULES));
    assert_eq!(files.notes, [] as [&str; 0]);
    let tests = content(&files.files, "prometheus/tests/native.yml");
    for alert in native::RULES.alerts() {
        assert!(is_seen_at_rest(alert.name(), tests), "{}\n{tests}", alert.name());
        for what in ["fires", "is silent"] {
            assert!(
                tests.contains(&format!("'{} {what}'", alert.name())),
                "{}\n{tests}",
                alert.name()
            );
        }
    }
    tools_read(&folder);
    let rules = content(&files.files, "prometheus/rules/native.yml");
    for (record, expression) in [
        (
            "method:native_wait_seconds:quantile_0_95_rate5m",
            "histogram_quantile(0.95, sum by (method) (rate(native_wait_seconds[5m])))",
        ),
        // Another one of the same name.
        (
            "method:native_wait_seconds:quantile_0_95_rate5m_2",
            "histogram_quantile(0.95, sum by (method) (rate(native_wait_seconds{method=\"transfer\"}[5m])))",
        ),
        // All that is aggregated.
        (
            "all:native_wait_seconds:count_rate5m_2",
            "sum(histogram_count(rate(native_wait_seconds{method=\"transfer\"}[5m])))",
        ),
        // What looks at the past of it.
        (
            "all:native_wait_seconds:min_over_time2h_quantile_0_5_rate5m",
            "min_over_time(histogram_quantile(0.5, sum(rate(native_wait_seconds[5m])))[2h:5m])",
        ),
        // Of what is recorded as a histogram.
        (
            "method:native_wait_seconds:quantile_0_9_rate5m",
            "histogram_quantile(0.9, method:native_wait_seconds:rate5m)",
        ),
        // What would be there without any.
        (
            "all:native_wait_seconds:per_second",
            "all:native_wait_seconds:count_rate5m or vector(0)",
        ),
    ] {
        let rule = format!("      - record: '{record}'\n        expr: '{expression}'\n");
        assert_eq!(rules.matches(&rule).count(), 1, "{rule}\n{rules}");
    }
    let fires = "alert: LongTransfers\n        expr: 'method:native_wait_seconds:quantile_0_95_rate5m_2 > 3 and \
                 method:native_wait_seconds:quantile_0_95_rate5m > 2'\n";
    assert!(rules.contains(fires), "{rules}");
}

/// With other thresholds in the rules the tests fail: what is derived is no matter of course.
#[test]
fn derived_tests_fail_where_a_threshold_is_another() {
    for (name, operations, rules, release) in [
        (
            "native-higher",
            Operations::new("native", &NATIVE).rules(&native::RULES),
            native::RULES,
            Release::Current,
        ),
        ("shop-higher", shop(), RULES, Release::Stable),
    ] {
        let (folder, files) = written(name, &operations);
        let group = rules.name();
        let text = content(&files.files, &format!("prometheus/rules/{group}.yml"));
        // Far more, or far less.
        let higher = |line: &str| {
            line.replace(" > ", " > 1000 * ")
                .replace(" >= ", " >= 1000 * ")
                .replace(" < ", " < -1000 + ")
                .replace(" == ", " == 1000 + ")
        };
        let (records, alerts) = text.split_once("      - alert:").unwrap();
        let lines = alerts.split_inclusive('\n');
        let alerts: String = lines
            .map(|line| {
                if line.contains("  expr:") {
                    higher(line)
                } else {
                    line.to_owned()
                }
            })
            .collect();
        let path = folder.join(format!("prometheus/rules/{group}.yml"));
        fs::write(&path, format!("{records}      - alert:{alerts}")).unwrap();
        let tests = folder.join(format!("prometheus/tests/{group}.yml"));
        let output = tool(release, "promtool", &["test", "rules", tests.to_str().unwrap()], "");
        assert!(!output.status.success());
        let said = String::from_utf8_lossy(&output.stderr);
        for alert in rules.alerts() {
            let is_about_absence = alert.expression().starts_with("absent(") || alert.name() == "Down";
            let asked = format!("ALERTS{{alertname=\\\"{}\\\"", alert.name());
            assert!(
                is_about_absence || said.contains(&asked),
                "{release:?} {}\n{said}",
                alert.name()
            );
        }
    }
}

/// Who asks for it has tests with the notation of newer ones. A tenth of the observations lies above the bound.
#[test]
fn native_histograms_are_tested_where_somebody_says_so() {
    let each = "{{schema:0 count:20 sum:12 offset:-1 buckets:[18 0 0 2]}}";
    let (waits, at_rest) = (format!("{each}+{each}x60"), format!("{each}x60"));
    let example = |value: &str| {
        Example::new("LongWaits", "30m")
            .series("native_wait_seconds{method=\"card\", job=\"native\"}", value)
            .label("method", "card")
    };
    let operations = Operations::new("native", &NATIVE)
        .rules(&native::RULES)
        .example(example(&waits));
    let (folder, _) = written("native-example", &operations);
    let tests = folder.join("prometheus/tests/native.yml");
    let tests = tests.to_str().unwrap();
    run(Release::Current, "promtool", &["test", "rules", tests]);

    // What the objective records of them, and of a time at which nobody waits.
    for (values, bad, total) in [(&waits, 2.0 / 60.0, 20.0 / 60.0), (&at_rest, 0.0, 0.0)] {
        let labels = "method=\"card\", slo=\"WaitsAreShort\", slo_group=\"native\"";
        let expect = |name: &str, value: f64| {
            format!(
                "      - expr: 'abs({name}{{{labels}}} - {value}) < bool 1e-9'\n        eval_time: 30m\n        exp_samples:\n          \
                 - labels: '{{{labels}}}'\n            value: 1\n"
            )
        };
        let mut text = format!(
            "rule_files: ['../rules/native.yml']\nevaluation_interval: 1m\ntests:\n  - interval: 1m\n    input_series:\n      \
             - series: 'native_wait_seconds{{method=\"card\"}}'\n        values: '{values}'\n    promql_expr_test:\n"
        );
        text += &expect("slo:sli_bad:rate5m", bad);
        text += &expect("slo:sli_total:rate5m", total);
        if total > 0.0 {
            text += &expect("slo:sli_error:ratio_rate5m", bad / total);
        }
        let path = folder.join("prometheus/tests/objective.yml");
        fs::write(&path, text).unwrap();
        run(Release::Current, "promtool", &["test", "rules", path.to_str().unwrap()]);
    }
}

fn content<'f>(files: &'f [File], path: &str) -> &'f str {
    let file = files.iter().find(|file| file.path == path);
    &file.unwrap_or_else(|| panic!("there is no {path}")).content
}

#[test]
fn without_rules_there_are_no_rule_files() {
    let files = Operations::new("shop", &METRICS).files().unwrap().files;
    assert!(!files.iter().any(|file| file.path.contains("rule")));
    let rules: [&Rules; 1] = [&RULES];
    assert_eq!(rules[0].slos().len(), 2);
}
