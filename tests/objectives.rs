//! Objectives: the rules that follow from them, and what real Prometheus servers make of those.

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use enumetrics::{Counter, Histogram, LabelValue, Rules, SloIndicator, catalog, metric_family, rules};
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
pub enum Urgency {
    Page,
    Ticket,
}

#[metric_family(namespace = "kyc")]
pub struct Kyc {
    /// Duration of the whole pipeline.
    #[metric(buckets = [1, 2, 4, 6, 8, 10, 15], slo = 8)]
    pub verification_duration_seconds: Histogram,
    /// Duration of each module.
    #[metric(buckets = [0.5, 1, 2, 4, 8])]
    pub module_duration_seconds: Histogram<Module>,
    /// Verifications, by status.
    pub verifications_total: Counter<Status>,
}

pub static KYC: Kyc = Kyc::new();
catalog! { pub static METRICS = [KYC]; }

rules! {
    #[rules(name = "kyc", server = "2.42", scrape_interval = "15s")]
    pub static KYC_RULES for METRICS;

    /// Verifications come to a decision.
    ///
    /// Who is verified waits in front of a screen.
    #[slo(objective = 99.9, window = "30d", runbook = "README.md", labels(team = "identity"))]
    Availability = bad(kyc_verifications_total{status="ERROR"}) over kyc_verifications_total;

    /// Verifications take less than eight seconds.
    #[slo(objective = 95, window = "30d", runbook = "README.md")]
    Latency = kyc_verification_duration_seconds under 8;

    /// Each module is quick.
    #[slo(objective = 99.95, window("28d", "7d"), by(module), min_bad = 10, runbook = "README.md")]
    ModuleLatency = kyc_module_duration_seconds under 0.5;

    // What an objective records can be used.
    /// The budget is nearly gone.
    #[alert(severity = Info, runbook = "README.md")]
    LittleLeft = slo:error_budget_remaining:ratio{slo="Availability"} < 0.1;
}

mod others {
    use super::METRICS;

    enumetrics::rules! {
        #[rules(severity = super::Urgency, retention = "90d")]
        pub static OTHERS for METRICS;

        /// Of those that were rejected or verified.
        #[slo(objective = 50, window = "90d", factors(1.9, 1.5, 1.2, 1), page = Page, ticket = Ticket, min_bad = 0,
            runbook = "https://runbooks.example/verified")]
        Verified = good(kyc_verifications_total{status!="ERROR", status="VERIFIED"})
            over kyc_verifications_total{status!="ERROR"};

        /// A day only.
        #[slo(objective = 99, window = "1d", page = Page, ticket = Ticket, runbook = "https://runbooks.example/day")]
        OfADay = bad(kyc_verifications_total{status="ERROR"}) over kyc_verifications_total;
    }
}

#[test]
fn what_follows_is_right() {
    KYC_RULES.assert_right();
    others::OTHERS.assert_right();
}

/// What an operator renames is renamed in what is counted, and in the alerts that follow from it.
#[test]
fn objectives_follow_the_names_that_an_operator_chose() {
    let rules = KYC_RULES.adapted_to(&METRICS.with_prefix("eu").unwrap()).unwrap();
    rules.assert_right();
    assert_eq!(
        rules.slos()[0].indicator(),
        SloIndicator::Bad {
            bad: "eu_kyc_verifications_total{status=\"ERROR\"}",
            total: "eu_kyc_verifications_total"
        }
    );
    assert_eq!(
        rules.slos()[1].indicator(),
        SloIndicator::Under {
            histogram: "eu_kyc_verification_duration_seconds",
            bound: 8.0
        }
    );
}

#[test]
fn objectives_are_data() {
    let [availability, latency, modules] = KYC_RULES.slos() else {
        panic!()
    };
    assert_eq!(availability.name(), "Availability");
    assert_eq!(
        availability.about(),
        "Verifications come to a decision.\n\nWho is verified waits in front of a screen."
    );
    assert_eq!(
        availability.indicator(),
        SloIndicator::Bad {
            bad: "kyc_verifications_total{status=\"ERROR\"}",
            total: "kyc_verifications_total"
        }
    );
    assert_eq!(
        latency.indicator(),
        SloIndicator::Under {
            histogram: "kyc_verification_duration_seconds",
            bound: 8.0
        }
    );
    assert_eq!((modules.by(), modules.windows()), (&["module"][..], &["28d", "7d"][..]));
    assert_eq!(KYC_RULES.retention(), "30d");
    assert_eq!(others::OTHERS.retention(), "90d");
    let burns = |rules: &Rules, at: usize| {
        let burns = rules.slos()[at].burns().iter();
        burns
            .map(|burn| (burn.alert(), burn.long(), burn.short(), burn.factor()))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        burns(&KYC_RULES, 0),
        [
            ("AvailabilityFastBurn", "1h", "5m", 14.4),
            ("AvailabilityFastBurn", "6h", "30m", 6.0),
            ("AvailabilitySlowBurn", "1d", "2h", 3.0),
            ("AvailabilitySlowBurn", "3d", "6h", 1.0),
        ]
    );
    // 2 %, 5 % and 10 % of the budget of 28 days; what is slower than the budget allows is not too fast.
    let factors = |rules, at| {
        burns(rules, at)
            .into_iter()
            .map(|(_, _, _, factor)| factor)
            .collect::<Vec<_>>()
    };
    assert_eq!(factors(&KYC_RULES, 2), [13.44, 5.6, 2.8, 1.0]);
    assert_eq!(factors(&others::OTHERS, 0), [1.9, 1.5, 1.2, 1.0]);
    assert_eq!(burns(&others::OTHERS, 1).len(), 2, "a day has no day and no three days");
}

#[test]
fn the_rules_are_as_they_were_read() {
    let record = |name: &str, labels: &[(&str, &str)]| {
        let mut records = KYC_RULES.records().iter();
        let record =
            records.find(|record| record.name() == name && labels.iter().all(|&l| record.labels().any(|r| r == l)));
        record.unwrap_or_else(|| panic!("{name}")).expression()
    };
    let availability = [("slo", "Availability"), ("slo_group", "kyc"), ("team", "identity")];
    assert_eq!(
        record("slo:sli_error:ratio_rate1h", &availability),
        "sum(rate(kyc_verifications_total{status=\"ERROR\"}[1h])) / sum(rate(kyc_verifications_total[1h]))"
    );
    assert_eq!(
        record("slo:sli_error:ratio_rate30d", &availability),
        "sum_over_time(slo:sli_bad:rate5m{slo=\"Availability\", slo_group=\"kyc\"}[30d]) / \
         sum_over_time(slo:sli_total:rate5m{slo=\"Availability\", slo_group=\"kyc\"}[30d])"
    );
    assert_eq!(record("slo:objective:ratio", &availability), "vector(0.999)");
    assert_eq!(
        record(
            "slo:error_budget_remaining:ratio",
            &[("slo", "ModuleLatency"), ("window", "7d")]
        ),
        "1 - slo:sli_error:ratio_rate7d{slo=\"ModuleLatency\", slo_group=\"kyc\"} / 0.0005"
    );
    assert_eq!(
        record("slo:sli_error:ratio_rate5m", &[("slo", "Latency")]),
        "1 - sum(rate(kyc_verification_duration_seconds_bucket{le=\"8.0\"}[5m])) / \
         sum(rate(kyc_verification_duration_seconds_count[5m]))"
    );
    let fast = KYC_RULES
        .alerts()
        .iter()
        .find(|alert| alert.name() == "AvailabilityFastBurn")
        .unwrap();
    assert_eq!(
        fast.expression()
            .replace("{slo=\"Availability\", slo_group=\"kyc\"}", ""),
        "(slo:sli_error:ratio_rate1h > 14.4 * 0.001 and slo:sli_error:ratio_rate5m > 14.4 * 0.001 and \
         sum_over_time(slo:sli_bad:rate5m[1h:1m]) * 60 > 1.5) or (slo:sli_error:ratio_rate6h > 6 * 0.001 and \
         slo:sli_error:ratio_rate30m > 6 * 0.001 and sum_over_time(slo:sli_bad:rate5m[6h:1m]) * 60 > 1.5)"
    );
    assert_eq!(fast.labels().next(), Some(("severity", "critical")));
    assert_eq!(fast.annotations()[0].1, "The error budget of Availability burns fast");
    assert!(
        fast.annotations()[1]
            .1
            .ends_with("is gone in 5 days or less if this goes on."),
        "{:?}",
        fast.annotations()
    );
    let verified = others::OTHERS.records()[0];
    assert_eq!(
        verified.expression(),
        "sum(rate(kyc_verifications_total{status!=\"ERROR\"}[5m])) - \
         sum(rate(kyc_verifications_total{status!=\"ERROR\", status=\"VERIFIED\"}[5m]))"
    );
}

/// What the workbook says: a steady error ratio within the budget is silent, one of a twentieth pages within twenty
/// minutes, ends soon after the trouble, and a single error in a quiet night is none.
const TESTS: &str = r#"
rule_files: [objectives.yml]
evaluation_interval: 1m
tests:
- name: 0.05 % steady, inside a 99.9 % budget
  interval: 1m
  input_series:
  - {series: 'kyc_verifications_total{status="ERROR"}', values: '0+5x500'}
  - {series: 'kyc_verifications_total{status="VERIFIED"}', values: '0+9995x500'}
  alert_rule_test:
  - {eval_time: 8h, alertname: AvailabilityFastBurn, exp_alerts: []}
  - {eval_time: 8h, alertname: AvailabilitySlowBurn, exp_alerts: []}
  promql_expr_test:
  - {expr: 'round(10000 * slo:error_budget_remaining:ratio{slo="Availability"})', eval_time: 8h, exp_samples: [{labels: '{slo="Availability", slo_group="kyc", team="identity", window="30d"}', value: 5000}]}
  - {expr: 'slo:objective:info{slo="Availability"}', eval_time: 8h, exp_samples: [{labels: 'slo:objective:info{slo="Availability", slo_group="kyc", team="identity", window="30d", objective="99.9"}', value: 1}]}
- name: 5 % from minute 400 on
  interval: 1m
  input_series:
  - {series: 'kyc_verifications_total{status="ERROR"}', values: '0x400 0+500x30 15000x200'}
  - {series: 'kyc_verifications_total{status="VERIFIED"}', values: '0+10000x400 4010000+9500x30 4295000+10000x200'}
  alert_rule_test:
  - {eval_time: 405m, alertname: AvailabilityFastBurn, exp_alerts: []}
  - {eval_time: 480m, alertname: AvailabilityFastBurn, exp_alerts: []}
  promql_expr_test:
  - {expr: 'count(ALERTS{alertname="AvailabilityFastBurn", alertstate="firing"})', eval_time: 425m, exp_samples: [{value: 1}]}
- name: one error in a quiet night is none, two are
  interval: 1m
  input_series:
  - {series: 'kyc_verifications_total{status="ERROR"}', values: '0x120 1x120 3x60'}
  - {series: 'kyc_verifications_total{status="VERIFIED"}', values: '0+0.1x300'}
  promql_expr_test:
  - {expr: 'count(slo:sli_error:ratio_rate1h{slo="Availability"} > 0.1)', eval_time: 125m, exp_samples: [{value: 1}]}
  - {expr: 'count(ALERTS{alertname="AvailabilityFastBurn"})', eval_time: 125m, exp_samples: []}
  - {expr: 'count(ALERTS{alertname="AvailabilityFastBurn"})', eval_time: 245m, exp_samples: [{value: 1}]}
- name: nobody asks
  interval: 1m
  input_series:
  - {series: 'kyc_verifications_total{status="ERROR"}', values: '0x300'}
  - {series: 'kyc_verifications_total{status="VERIFIED"}', values: '0x300'}
  alert_rule_test:
  - {eval_time: 4h, alertname: AvailabilityFastBurn, exp_alerts: []}
  - {eval_time: 4h, alertname: AvailabilitySlowBurn, exp_alerts: []}
- name: one module is slow
  interval: 1m
  input_series:
  - {series: 'kyc_module_duration_seconds_bucket{module="ocr", le="0.5"}', values: '0+50x200'}
  - {series: 'kyc_module_duration_seconds_count{module="ocr"}', values: '0+100x200'}
  - {series: 'kyc_module_duration_seconds_bucket{module="liveness", le="0.5"}', values: '0+100x200'}
  - {series: 'kyc_module_duration_seconds_count{module="liveness"}', values: '0+100x200'}
  promql_expr_test:
  - {expr: 'count by (module) (ALERTS{alertname="ModuleLatencyFastBurn"})', eval_time: 2h, exp_samples: [{labels: '{module="ocr"}', value: 1}]}
"#;

/// Days, which would take long minute by minute.
const SLOW_TESTS: &str = r#"
rule_files: [objectives.yml]
evaluation_interval: 15m
tests:
- name: 0.2 % for a day is a ticket and no page
  interval: 2m
  input_series:
  - {series: 'kyc_verifications_total{status="ERROR"}', values: '0+4x2200'}
  - {series: 'kyc_verifications_total{status="VERIFIED"}', values: '0+996x2200'}
  alert_rule_test:
  - {eval_time: 3d, alertname: AvailabilityFastBurn, exp_alerts: []}
  - eval_time: 3d
    alertname: AvailabilitySlowBurn
    exp_alerts:
    - exp_labels: {severity: warning, slo: Availability, slo_group: kyc, team: identity}
      exp_annotations:
        summary: The error budget of Availability burns slowly, but too fast
        description: "Verifications come to a decision. Who is verified waits in front of a screen. 0.4% are bad, and the objective is 99.9 % good over 30d: the budget is gone in 30 days or less if this goes on."
        runbook_url: README.md
"#;

#[test]
fn prometheus_agrees() {
    temporary("objectives.yml", &KYC_RULES.to_yaml());
    let tests = temporary("tests.yml", TESTS);
    let slow = temporary("slow.yml", SLOW_TESTS);
    let others = temporary("others.yml", &others::OTHERS.to_yaml());
    for release in Release::ALL {
        for (command, path) in [("test", &tests), ("test", &slow), ("check", &others)] {
            let arguments = [command, "rules", path.to_str().unwrap()];
            let output = promtool(release, &arguments, "");
            let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{release:?} {arguments:?}\n{said}");
        }
    }
}

fn temporary(name: &str, text: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("objectives");
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join(name);
    fs::write(&path, text).unwrap();
    path
}
