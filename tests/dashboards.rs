//! Generated dashboards: what they are made of, what Grafana's schemas and Prometheus say of them, and that their panels
//! show what was recorded.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use enumetrics::dashboard::Dashboard;
use enumetrics::{
    Catalog, ComputedGauge, Counter, Exporter, Gauge, Histogram, InFlight, Info, InfoLabels, Instances, LabelSet,
    LabelValue, Rules, StateSet, Summary, catalog, metric_family, open_label, rules,
};
use serde_json::Value;
use support::prometheus::{Prometheus, Release, Sample, promtool};

#[derive(LabelValue, Clone, Copy)]
pub enum Method {
    Card,
    Transfer,
    #[label(value = "cash, in hand")]
    Cash,
}

#[derive(LabelValue, Clone, Copy)]
pub enum Outcome {
    Ok,
    Failed,
}

#[derive(LabelSet, Clone, Copy)]
pub struct Payment {
    pub method: Method,
    pub outcome: Outcome,
}

#[derive(LabelValue, Clone, Copy)]
pub enum Page {
    Home,
    Search,
    Item,
    Cart,
    Help,
}

#[derive(LabelSet, Clone, Copy)]
pub struct View {
    pub page: Page,
    pub method: Method,
}

open_label! { pub struct Campaign(max = 30, other = "other"); }

#[derive(LabelValue, Clone, Copy)]
pub enum Door {
    Open,
    Closed,
}

#[derive(LabelValue, Clone, Copy)]
pub enum Side {
    Front,
    Back,
}

#[derive(InfoLabels)]
pub struct Build {
    pub version: &'static str,
    pub commit: &'static str,
}

/// The shop. It sells things.
///
/// Nothing else.
#[metric_family(namespace = "shop", labels(component = "front"))]
pub struct Shop {
    /// Payments, by method and outcome.
    pub payments_total: Counter<Payment>,
    /// Pages that somebody looked at.
    pub views_total: Counter<View>,
    /// Visitors, by what brought them.
    pub visitors_total: Counter<Campaign>,
    /// Bytes sent.
    pub sent_bytes_total: Counter,
    /// Time spent thinking.
    pub thinking_seconds_total: Counter<(), f64>,
    /// Carts that are not paid for.
    #[metric(was = "shop_baskets")]
    pub carts: Gauge<Method>,
    /// How full the store is.
    pub stock_ratio: Gauge<(), f64>,
    /// How cold it is there.
    pub store_celsius: Gauge<(), f64>,
    /// The last sale.
    pub last_sale_timestamp_seconds: Gauge<(), f64>,
    /// Payments under way.
    pub open_payments: InFlight<Method>,
    /// Duration of a payment.
    #[metric(buckets = [0.1, 0.5, 1, 5], slo = 0.5)]
    pub payment_duration_seconds: Histogram<Method>,
    /// Size of an order.
    #[metric(unit = "items", buckets = [1, 10, 100])]
    pub order_items: Histogram,
    /// Size of a page.
    pub page_bytes: Summary<Page>,
    /// Wait at the counter.
    #[metric(quantiles = [0.5, 0.9])]
    pub wait_seconds: Summary,
    /// What was built.
    pub build_info: Info<Build>,
    /// The doors.
    pub door: StateSet<Door, Side>,
    /// People in the queue.
    #[metric(compute = |()| 3.0)]
    pub queue_length: ComputedGauge,
    /// Wishes.
    #[deprecated(note = "nobody reads them")]
    pub wishes: Gauge,
}

#[metric_family(namespace = "cache")]
pub struct Cache {
    /// Lookups.
    pub lookups_total: Counter<Outcome>,
    /// Entries.
    pub entries: Gauge,
}

#[derive(LabelValue, Clone, Copy)]
pub enum Tier {
    Memory,
    Disk,
}

pub static SHOP: Shop = Shop::new();
pub static CACHES: Instances<Cache, Tier, 2> = Instances::new([const { Cache::new() }; 2]);
catalog! { pub static METRICS = [SHOP, CACHES]; }

rules! {
    #[rules(name = "shop", interval = "1s")]
    pub static SHOP_RULES for METRICS;

    /// Payments arrive.
    #[slo(objective = 99.9, window = "30d", runbook = "https://runbooks.example/payments")]
    Payments = bad(shop_payments_total{outcome="failed"}) over shop_payments_total;

    /// Payments take half a second, whatever the method.
    #[slo(objective = 95, window = "30d", by(method), runbook = "README.md")]
    PaymentsAreQuick = shop_payment_duration_seconds under 0.5;

    #[record]
    shop:payments:failed_ratio_rate5m =
        sum(rate(shop_payments_total{outcome="failed"}[5m])) / sum(rate(shop_payments_total[5m]));

    /// One payment in twenty takes long: {{ $value | humanizeDuration }}.
    #[alert(for = "10m", severity = Warning, runbook = "https://runbooks.example/slow")]
    PaymentsAreSlow = histogram_quantile(0.95, sum by (le) (rate(shop_payment_duration_seconds_bucket[10m]))) > 1;

    /// {{ $value | humanizePercentage }} of payments fail.
    #[alert(for = "5m", severity = Critical, runbook = "https://runbooks.example/payments")]
    PaymentsFail = shop:payments:failed_ratio_rate5m > 0.05;

    /// The store is nearly empty.
    #[alert(severity = Warning, runbook = "https://runbooks.example/stock")]
    StockIsLow = max(shop_stock_ratio) < 0.1;

    /// No shop is scraped.
    #[alert(for = "5m", severity = Critical, runbook = "https://runbooks.example/down")]
    ShopIsDown = sum(up) == 0 or absent(up);

    /// Of all that was looked at, how much is the cart.
    #[panel(title = "Carts looked at", unit = "percentunit")]
    CartShare = sum(rate(shop_views_total{page="cart"}[$__rate_interval])) / sum(rate(shop_views_total[$__rate_interval]));

    /// In the place of the generated panel.
    #[panel(show = Stat, legend = "now", replace)]
    Thinking = sum(rate(shop_thinking_seconds_total[$__rate_interval]));

    #[panel(show = Stat, legend = "most")]
    Thinking = max_over_time(sum(rate(shop_thinking_seconds_total[$__rate_interval]))[$__range:$__interval]);
}

fn dashboard() -> Dashboard {
    Dashboard::of(&METRICS)
        .rules(&SHOP_RULES)
        .description("What the shop sells.")
        .tag("shop")
        .scrape_interval("15s")
        .hide("shop_wishes", "nobody reads them")
        .group("Payments", ["shop_payments_total", "shop_payment_duration_seconds"])
}

fn json(dashboard: &Dashboard) -> Value {
    serde_json::from_str(&dashboard.to_json()).expect("it is JSON")
}

fn panels(dashboard: &Value) -> impl Iterator<Item = &Value> {
    let panels = dashboard["panels"].as_array().expect("panels are a list");
    panels.iter().filter(|panel| panel["type"] != "row")
}

fn titled<'a>(dashboard: &'a Value, title: &str) -> &'a Value {
    panels(dashboard)
        .find(|panel| panel["title"] == title)
        .unwrap_or_else(|| panic!("no panel {title:?}: {:#?}", titles(dashboard)))
}

fn titles(dashboard: &Value) -> Vec<&str> {
    panels(dashboard)
        .map(|panel| panel["title"].as_str().unwrap())
        .collect()
}

/// Each query with the title of its panel.
fn queries(dashboard: &Value) -> Vec<(&str, &str)> {
    let of = |panel| -> Vec<(&str, &str)> {
        let panel: &Value = panel;
        let targets = panel["targets"].as_array().into_iter().flatten();
        let title = panel["title"].as_str().unwrap();
        targets
            .map(|target| (title, target["expr"].as_str().unwrap()))
            .collect()
    };
    panels(dashboard).flat_map(of).collect()
}

/// What Grafana puts in where everything is chosen.
fn rendered(query: &str) -> String {
    let mut text = query.to_owned();
    for (variable, duration) in [("$__rate_interval", "5m"), ("$__interval", "1s"), ("$__range", "1h")] {
        text = text.replace(variable, duration);
    }
    while let Some(start) = text.find("\"$") {
        let end = start + 1 + text[start + 1..].find('"').expect("a text has an end");
        text.replace_range(start..=end, "\".*\"");
    }
    text
}

#[test]
fn the_dashboard_is_this() {
    // Renewed by `ENUMETRICS_UPDATE=1`; read what changes.
    dashboard().assert_current("tests/dashboards/shop.json");
    assert_eq!(dashboard().to_json(), dashboard().to_json());
}

#[test]
fn nothing_is_wrong_and_everything_is_there() {
    let found: Vec<_> = dashboard().check().iter().map(ToString::to_string).collect();
    assert!(found.is_empty(), "{}", found.join("\n\n"));
    assert_eq!(dashboard().uncovered(), [""; 0]);
    dashboard().assert_right();
    SHOP_RULES.assert_right();
}

#[test]
fn what_is_on_no_panel_is_named() {
    let blank = Dashboard::blank(&METRICS).rules(&SHOP_RULES);
    assert_eq!(titles(&json(&blank)), ["Carts looked at", "Thinking"]);
    let uncovered = blank.uncovered();
    let is_named = |name: &str| uncovered.iter().any(|known| known == name);
    assert!(
        is_named("shop_carts") && is_named("PaymentsFail") && is_named("PaymentsFastBurn"),
        "{uncovered:?}"
    );
    assert!(
        !is_named("shop_views_total") && !is_named("shop_baskets"),
        "{uncovered:?}"
    );

    let panic =
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| blank.assert_right())).expect_err("much is missing");
    let panic = panic.downcast::<String>().expect("a text");
    assert!(
        panic.contains("\n`shop_carts` is on no panel: declare one with `#[panel]`"),
        "{panic}"
    );

    let wrong = Dashboard::of(&METRICS)
        .hide("shop_cart", "typo")
        .hide("shop_carts", " ")
        .group("Row", ["x"]);
    let found: Vec<_> = wrong
        .check()
        .into_iter()
        .map(|found| (found.rule, found.report))
        .collect();
    let found: Vec<_> = found
        .iter()
        .map(|(rule, report)| (rule.as_str(), report.as_str()))
        .collect();
    assert_eq!(
        found,
        [
            ("hide", "the catalog has no metric family `shop_cart`"),
            ("hide", "an empty reason: say why nobody wants to see it"),
            ("group", "the catalog has no metric family `x`"),
        ]
    );
}

#[test]
fn what_an_operator_says_of_all_metrics_is_in_the_queries() {
    let adapted = METRICS
        .with_prefix("eu")
        .unwrap()
        .with_labels([("region", "north")])
        .unwrap();
    let json = json(&Dashboard::of(&adapted).title("Shops"));
    for (title, query) in queries(&json) {
        assert!(
            query.contains("eu_") && query.contains("region=\"north\""),
            "{title}: {query}"
        );
    }
    assert_eq!(json["uid"], "shops");
    let rules = SHOP_RULES.adapted_to(&adapted).unwrap();
    let watched = Dashboard::of(&adapted).rules(&rules);
    let found: Vec<_> = watched.check().iter().map(ToString::to_string).collect();
    assert!(found.is_empty(), "{}", found.join("\n\n"));
    assert_eq!(watched.uncovered(), [""; 0]);
    // As they are declared, they name metrics that this catalog does not export.
    let found = Dashboard::of(&adapted).rules(&SHOP_RULES).check();
    assert!(
        found
            .iter()
            .any(|found| found.lint.is_some_and(|lint| lint.id == "ref-metric")),
        "{found:?}"
    );
}

#[test]
fn a_panel_keeps_its_id_when_metrics_come() {
    let ids = |json: &Value| -> BTreeMap<String, u64> {
        let id = |panel: &Value| (panel["title"].to_string(), panel["id"].as_u64().unwrap());
        panels(json).map(id).collect()
    };
    let shop = Shop::new();
    let families: [&dyn enumetrics::Export; 1] = [&shop];
    let before = ids(&json(&Dashboard::of(&Catalog::new(&families).unwrap())));
    let after = ids(&json(&Dashboard::of(&METRICS)));
    assert!(before.len() > 20 && before.len() < after.len());
    for (title, id) in &before {
        assert_eq!(after.get(title), Some(id), "{title}");
    }
    assert_eq!(after.values().collect::<BTreeSet<_>>().len(), after.len());
}

#[test]
fn panels_stand_beside_each_other() {
    let json = json(&dashboard());
    let mut taken = BTreeSet::new();
    for panel in json["panels"].as_array().unwrap() {
        let [x, y, w, h] = ["x", "y", "w", "h"].map(|side| panel["gridPos"][side].as_u64().unwrap());
        assert!(x + w <= 24, "{panel}");
        for (x, y) in (x..x + w).flat_map(|x| (y..y + h).map(move |y| (x, y))) {
            assert!(taken.insert((x, y)), "two panels at {x}, {y}: {panel}");
        }
    }
}

/// What the schemas say of a dashboard, line by line.
fn validated(dashboard: &str) -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let python = root.join("target/python/bin/python");
    assert!(python.is_file(), "there is no {}: run tests/tools", python.display());
    let mut child = Command::new(python)
        .arg(root.join("tests/schemas/validate.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("Python starts");
    let mut stdin = child.stdin.take().expect("stdin is piped");
    stdin
        .write_all(dashboard.as_bytes())
        .expect("it reads everything first");
    drop(stdin);
    let output = child.wait_with_output().expect("Python ends");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("it writes text");
    let problems = text(output.stderr);
    assert!(
        output.status.success(),
        "run tests/tools if a module is missing:\n{problems}"
    );
    text(output.stdout).lines().map(str::to_owned).collect()
}

#[test]
fn grafana_has_a_place_for_everything() {
    assert_eq!(validated(&dashboard().to_json()), ["no schema: alertlist"]);
    assert_eq!(validated(&Dashboard::of(&METRICS).to_json()), [""; 0]);
    // The schemas would find something.
    let wrong = dashboard()
        .to_json()
        .replace("\"lineWidth\": 1", "\"lineWidth\": \"1\"");
    assert!(!validated(&wrong)[0].is_empty() && validated(&wrong).len() > 10);
    let wrong = dashboard().to_json().replace("\"unit\": \"cps\"", "\"unit\": \"hits\"");
    assert!(validated(&wrong).iter().any(|line| line.contains("no unit 'hits'")));
}

#[test]
fn native_buckets_are_in_the_series_itself() {
    #[derive(LabelValue, Clone, Copy)]
    enum Half {
        Left,
        Right,
    }

    #[metric_family(namespace = "native")]
    struct Halves {
        /// Duration of a half.
        #[metric(native)]
        half_duration_seconds: Histogram<Half>,
    }

    static HALVES: Halves = Halves::new();
    catalog! { static NATIVE = [HALVES]; }

    HALVES.half_duration_seconds.with(Half::Left).observe(0.1);
    HALVES.half_duration_seconds.with(Half::Right).observe(0.2);
    let dashboard = Dashboard::of(&NATIVE);
    dashboard.assert_right();
    let json = json(&dashboard);
    let all: Vec<_> = queries(&json).into_iter().map(|(_, query)| query).collect();
    for part in [
        "histogram_quantile(0.95, sum(rate(native_half_duration_seconds{",
        "histogram_quantile(0.95, sum by (half) (rate(native_half_duration_seconds{",
    ] {
        assert!(all.iter().any(|query| query.starts_with(part)), "{part}: {all:#?}");
    }
}

#[test]
fn promtool_reads_every_query() {
    let json = json(&dashboard());
    let rules: Vec<_> = queries(&json)
        .iter()
        .enumerate()
        .map(|(at, (_, query))| format!("  - record: panel:{at}\n    expr: {}\n", Value::from(rendered(query))))
        .collect();
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("dashboard-queries.yml");
    std::fs::write(&file, format!("groups:\n- name: panels\n  rules:\n{}", rules.concat())).unwrap();
    for release in Release::ALL {
        let output = promtool(release, &["check", "rules", "--lint=none", file.to_str().unwrap()], "");
        let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success() && said.contains(&format!("{} rules", rules.len())),
            "{release:?} {said}"
        );
    }
}

/// The shop's day: what each panel must show of it follows from here.
fn record() {
    let pay = |method, outcome| SHOP.payments_total.with(Payment { method, outcome });
    pay(Method::Card, Outcome::Ok).inc_by(90);
    pay(Method::Transfer, Outcome::Ok).inc_by(6);
    pay(Method::Card, Outcome::Failed).inc_by(3);
    pay(Method::Cash, Outcome::Failed).inc_by(1);
    let view = |page, method| SHOP.views_total.with(View { page, method });
    view(Page::Home, Method::Card).inc_by(30);
    view(Page::Cart, Method::Cash).inc_by(10);
    SHOP.visitors_total.with(Campaign::intern("spring")).inc_by(7);
    SHOP.sent_bytes_total.inc_by(4_096);
    SHOP.thinking_seconds_total.inc_by(2.5);
    for method in Method::VARIANTS {
        // 90 % within 0.1 s, all within half a second.
        for at in 0..10 {
            let seconds = if at < 9 { 0.05 } else { 0.3 };
            SHOP.payment_duration_seconds.with(*method).observe(seconds);
        }
    }
    SHOP.order_items.observe(5.0);
    SHOP.page_bytes.with(Page::Home).observe(1_000.0);
    SHOP.page_bytes.with(Page::Home).observe(3_000.0);
    SHOP.wait_seconds.observe(2.0);
    CACHES.with(Tier::Disk).lookups_total.with(Outcome::Ok).inc_by(4);
}

/// What holds all day.
fn open(now: f64) -> impl Drop {
    SHOP.carts.with(Method::Card).set(12);
    SHOP.carts.with(Method::Cash).set(2);
    SHOP.stock_ratio.set(0.75);
    SHOP.store_celsius.set(-18.0);
    SHOP.last_sale_timestamp_seconds.set(now);
    SHOP.build_info.set(Build {
        version: "1.2.3",
        commit: "9c1f",
    });
    SHOP.door.with(Side::Front).set(Door::Open);
    SHOP.door.with(Side::Back).set(Door::Closed);
    CACHES.with(Tier::Memory).entries.set(5);
    CACHES.with(Tier::Disk).entries.set(50);
    // So that there is a series of it before the day begins.
    let _ = SHOP.visitors_total.with(Campaign::intern("spring"));
    SHOP.open_payments.with(Method::Transfer).track()
}

fn serve(catalog: Catalog<'static>) -> (tokio::runtime::Runtime, SocketAddr) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let server = runtime.block_on(Exporter::new(&catalog).bind("127.0.0.1:0")).unwrap();
    let address = server.local_addr().unwrap();
    runtime.spawn(server.run());
    (runtime, address)
}

fn start(release: Release, target: SocketAddr, rules: &Rules) -> Prometheus {
    Prometheus::start_in(release, 1, &["exemplar-storage"], |directory| {
        std::fs::write(directory.join("rules.yml"), rules.to_yaml()).unwrap();
        let configuration = serde_json::json!({
            "global": { "scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s" },
            "rule_files": [directory.join("rules.yml")],
            "scrape_configs": [{ "job_name": "shop", "static_configs": [{ "targets": [target.to_string()] }] }],
        });
        std::fs::write(directory.join("prometheus.yml"), configuration.to_string()).unwrap();
    })
}

/// The values of the panel's query, by those labels that tell its series apart.
struct Shown<'a> {
    prometheus: &'a Prometheus,
    json: &'a Value,
    /// All is asked for one time: a scrape that fails later, on a busy machine, changes nothing.
    at: f64,
}

impl Shown<'_> {
    fn query(&self, title: &str, query: usize) -> &str {
        let expression = &titled(self.json, title)["targets"][query]["expr"];
        expression.as_str().expect("there is a query")
    }

    /// What the legend shows beside each value, in its order.
    fn values(&self, title: &str, query: usize) -> BTreeMap<String, f64> {
        let samples = self.prometheus.query_at(&rendered(self.query(title, query)), self.at);
        let named = |(labels, value): Sample| {
            let labels = labels.iter().filter(|(name, _)| *name != "__name__");
            (
                labels.map(|(_, value)| value.as_str()).collect::<Vec<_>>().join(" "),
                value,
            )
        };
        samples.into_iter().map(named).collect()
    }

    /// The same as parts of the whole: what a rate is depends on when was scraped, but not how they compare.
    fn shares(&self, title: &str) -> BTreeMap<String, f64> {
        let mut values = self.values(title, 0);
        let whole: f64 = values.values().sum();
        assert!(whole > 0.0, "{title}: {values:?}");
        values.values_mut().for_each(|value| *value /= whole);
        values
    }
}

#[track_caller]
fn assert_near(found: &BTreeMap<String, f64>, expected: &[(&str, f64)]) {
    let is_near = |(found, expected): ((&String, &f64), &(&str, f64))| {
        found.0 == expected.0 && (found.1 - expected.1).abs() <= 1e-9 * expected.1.abs().max(1.0)
    };
    let mut expected = expected.to_vec();
    expected.sort_by_key(|(name, _)| *name);
    let same = found.len() == expected.len() && found.iter().zip(&expected).all(is_near);
    assert!(same, "found {found:?}, expected {expected:?}");
}

#[test]
fn panels_show_what_was_recorded_to_the_stable_server() {
    panels_show_what_was_recorded(Release::Stable);
}

#[test]
fn panels_show_what_was_recorded_to_the_current_server() {
    panels_show_what_was_recorded(Release::Current);
}

/// The shop has one day at a time, also where tests are threads of one process.
static DAY: Mutex<()> = Mutex::new(());

fn panels_show_what_was_recorded(release: Release) {
    let _day = DAY.lock().unwrap_or_else(PoisonError::into_inner);
    let now = || {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .expect("this is after 1970")
            .as_secs_f64()
    };
    let opened = now();
    let _payment = open(opened);
    let (_runtime, address) = serve(METRICS);
    let prometheus = start(release, address, &SHOP_RULES);
    prometheus.wait_until_scraped();
    record();
    prometheus.wait_until_scraped();
    let json = json(&dashboard());
    // A scrape may have seen a part of the day, and rules what was before it: both see all of it soon, and nothing changes
    // then. Four of a hundred payments failed, where one of a thousand may.
    let at = prometheus.time_when("the day is over, and its rules are evaluated", |at| {
        let is_recorded = |record: &str, expected: f64| {
            matches!(&prometheus.query_at(record, at)[..], [(_, value)] if (value / expected - 1.0).abs() < 1e-9)
        };
        is_recorded("slo:sli_error:ratio_rate5m{slo=\"Payments\"}", 0.04)
            && is_recorded("slo:burn_rate:ratio_rate1h{slo=\"Payments\"}", 40.0)
            && is_recorded("shop:payments:failed_ratio_rate5m", 0.04)
            && !prometheus.query_at("slo:error_budget_remaining:ratio < 1", at).is_empty()
    });

    if release == Release::Current {
        for (title, query) in queries(&json) {
            if let Err(problem) = prometheus.parse_query(&rendered(query)) {
                panic!("{title}: {query}: {problem}");
            }
        }
    }
    for (title, query) in queries(&json) {
        // A subquery looks at whole seconds.
        let what = format!("{title} shows something: {query}");
        prometheus.wait_until(&what, || !prometheus.query(&rendered(query)).is_empty());
    }

    let shown = Shown {
        prometheus: &prometheus,
        json: &json,
        at,
    };
    let payments = shown.shares("Payments by method and outcome");
    assert_near(
        &payments,
        &[
            ("card ok", 0.9),
            ("transfer ok", 0.06),
            ("card failed", 0.03),
            ("cash, in hand failed", 0.01),
            ("cash, in hand ok", 0.0),
            ("transfer failed", 0.0),
        ],
    );
    let pages = [
        ("home", 0.75),
        ("cart", 0.25),
        ("search", 0.0),
        ("item", 0.0),
        ("help", 0.0),
    ];
    assert_near(&shown.shares("Views by page"), &pages);
    assert_near(
        &shown.shares("Views by method"),
        &[("card", 0.75), ("cash, in hand", 0.25), ("transfer", 0.0)],
    );
    assert_near(
        &shown.shares("Visitors by campaign"),
        &[("spring", 1.0), ("other", 0.0)],
    );
    assert_near(&shown.values("Carts looked at", 0), &[("", 0.25)]);
    // Both see the same scrapes and are 0 in the first, so that they are extrapolated alike, to the rounding of a
    // multiplication.
    let [sent, thought] = ["Sent bytes", "Thinking"].map(|title| rendered(shown.query(title, 0)));
    let ratio = prometheus.query_at(&format!("({sent}) / ({thought})"), at);
    assert!((ratio[0].1 / (4_096.0 / 2.5) - 1.0).abs() < 1e-9, "{ratio:?}");

    let carts = [("card", 12.0), ("cash, in hand", 2.0), ("transfer", 0.0)];
    assert_near(&shown.values("Carts by method", 0), &carts);
    assert_near(&shown.values("Stock", 0), &[("", 0.75)]);
    assert_near(&shown.values("Store celsius", 0), &[("", -18.0)]);
    assert_near(&shown.values("Queue length", 0), &[("", 3.0)]);
    let open = [("transfer", 1.0), ("card", 0.0), ("cash, in hand", 0.0)];
    assert_near(&shown.values("Open payments by method", 0), &open);
    let ago = shown.values("Time since: Last sale", 0)[""];
    assert!(ago > 0.0 && ago <= now() - opened, "{ago}");

    // Nine of ten below 0.1, the tenth between 0.1 and 0.5: p95 is in the middle of that.
    assert_near(
        &shown.values("Payment duration, quantiles", 0),
        &[("", 0.1 * 5.0 / 9.0)],
    );
    assert_near(&shown.values("Payment duration, quantiles", 1), &[("", 0.3)]);
    assert_near(&shown.values("Payment duration, quantiles", 2), &[("", 0.46)]);
    let each = [("card", 0.3), ("cash, in hand", 0.3), ("transfer", 0.3)];
    assert_near(&shown.values("Payment duration, p95 by method", 0), &each);
    let mut buckets = shown.values("Payment duration, distribution", 0);
    let all = buckets["+Inf"];
    buckets.values_mut().for_each(|count| *count /= all);
    assert_near(
        &buckets,
        &[("0.1", 0.9), ("0.5", 1.0), ("1.0", 1.0), ("5.0", 1.0), ("+Inf", 1.0)],
    );
    let mean = shown.values("Page bytes, mean by page", 0);
    assert!(
        (mean["home"] - 2_000.0).abs() < 1e-6 && mean["cart"].is_nan(),
        "{mean:?}"
    );
    let waits = shown.values("Wait, quantiles", 0);
    assert!(
        waits.len() == 2 && waits.values().all(|wait| (wait - 2.0).abs() < 0.1),
        "{waits:?}"
    );

    assert_near(&shown.values("Build", 0), &[("9c1f 1.2.3", 1.0)]);
    assert_near(&shown.values("Door", 0), &[("open front", 1.0), ("closed back", 1.0)]);
    assert_near(
        &shown
            .shares("Lookups by tier and outcome")
            .into_iter()
            .filter(|(_, share)| *share > 0.0)
            .collect(),
        &[("ok disk", 1.0)],
    );
    assert_near(&shown.values("Entries by tier", 0), &[("memory", 5.0), ("disk", 50.0)]);

    // Four of a hundred payments failed, where one of a thousand may.
    let of_slo = |what: &str| {
        let values = shown.values(&format!("Payments: {what}"), 0);
        assert_eq!(values.len(), 1, "{what}: {values:?}");
        *values.values().next().unwrap()
    };
    assert!((of_slo("bad events") - 0.04).abs() < 1e-9);
    assert!((of_slo("times too fast") - 40.0).abs() < 1e-6);
    assert!(of_slo("budget left") < 1.0);
    assert_near(
        &shown
            .values("Payments fail", 0)
            .into_values()
            .map(|value| (String::new(), value))
            .collect(),
        &[("", 0.04)],
    );

    let limits = |title: &str| titled(&json, title)["fieldConfig"]["defaults"]["thresholds"]["steps"].clone();
    let step = |value: Value, color: &str| serde_json::json!({ "value": value, "color": color });
    assert_eq!(
        limits("Payment duration, quantiles"),
        Value::from(vec![
            step(Value::Null, "green"),
            step(0.5.into(), "orange"),
            step(1.0.into(), "orange")
        ])
    );
    assert_eq!(
        limits("Stock"),
        Value::from(vec![step(Value::Null, "orange"), step(0.1.into(), "green")])
    );

    // A reader who chooses one method sees that.
    let query = titled(&json, "Carts by method")["targets"][0]["expr"].as_str().unwrap();
    assert!(
        query.contains("component=\"front\"") && query.contains("instance=~\"$instance\""),
        "{query}"
    );
    let chosen = rendered(&query.replace("$method", "(card|cash, in hand)"));
    assert_eq!(prometheus.query_at(&chosen, at).len(), 2, "{chosen}");
    // A mark where an alert fires, while it does.
    let marks = json["annotations"]["list"][1]["expr"].as_str().unwrap();
    prometheus.wait_until("an alert without `for` fires", || {
        SHOP.stock_ratio.set(0.05);
        prometheus
            .query(marks)
            .iter()
            .any(|(labels, _)| labels["alertname"] == "StockIsLow")
    });
    SHOP.stock_ratio.set(0.75);
}
