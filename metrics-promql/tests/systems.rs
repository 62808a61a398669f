//! What is said of the expressions in five services' documents, in `tests/expressions/systems.findings`. After a change,
//! run with `UPDATE=1` and read the difference.

mod support;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use enumetrics_promql::{Domain, Family, Linter, MetricKind, Schema, Usage, parse};
use support::expressions;

/// What those documents declare: name, kind, labels. Values stand behind `=`, bounds behind the kind.
const DECLARED: &str = "
kyc_verification_duration_seconds histogram:1,2,4,6,8,10,15
kyc_verifications_total counter status=VERIFIED,REJECTED,MANUAL_REVIEW
kyc_liveness_failures_total counter attack_type=photo,screen,mask,deepfake
http_requests_total counter method endpoint status
http_request_duration_seconds histogram:0.1,0.5,1,2.5,5,10 method endpoint
jwt_tokens_created_total counter token_type=access,refresh user_role=admin,user
jwt_active_tokens gauge
encryption_operations_total counter operation_type=encrypt,decrypt field_type=email,phone
encryption_duration_seconds summary operation_type=encrypt,decrypt field_type=email,phone
prometheus_tsdb_head_series gauge
prometheus_tsdb_storage_blocks_bytes gauge
ngx_agents_http_request_duration_seconds histogram:0.5,1,2.5,5 endpoint
ngx_agents_agent_invocations_total counter agent_id status=success,error
ngx_agents_cache_operations_total counter operation result=hit,miss
ngx_agents_circuit_breaker_state_changes counter service to_state=open,closed
redis_memory_used_bytes gauge
redis_memory_max_bytes gauge
node_cpu_seconds_total counter cpu mode
ggrt_active_connections gauge env
pg_stat_activity_count gauge datname state
";

struct Documents;

impl Schema for Documents {
    fn families(&self) -> Vec<Family> {
        let lines = DECLARED.lines().filter(|line| !line.is_empty());
        lines.map(family).collect()
    }
}

fn family(line: &str) -> Family {
    let mut words = line.split(' ');
    let name = words.next().unwrap().to_owned();
    let kind = words.next().unwrap();
    let kind = match kind.split_once(':') {
        Some((_, bounds)) => MetricKind::Histogram {
            bounds: bounds.split(',').map(|bound| bound.parse().unwrap()).collect(),
        },
        None if kind == "counter" => MetricKind::Counter,
        None if kind == "summary" => MetricKind::Summary { quantiles: vec![] },
        None => MetricKind::Gauge,
    };
    let label = |word: &str| match word.split_once('=') {
        Some((label, values)) => (label.to_owned(), Domain::of(values.split(','))),
        None => (word.to_owned(), Domain::Open),
    };
    Family {
        name,
        kind,
        labels: words.map(label).collect(),
    }
}

#[test]
fn what_is_wrong_in_the_documents_is_said() {
    let mut found = String::new();
    for line in expressions("systems.promql") {
        let (usage, text) = line.split_once(' ').unwrap();
        let usage = if usage == "alert" { Usage::Alert } else { Usage::Panel };
        writeln!(found, "{line}").unwrap();
        match parse(text) {
            Err(error) => writeln!(found, "    {}: {error}", error.line_column(text)).unwrap(),
            Ok(expr) => {
                for finding in Linter::new(usage).schema(&Documents).check(&expr) {
                    writeln!(found, "    {}: {finding}", finding.span.line_column(text)).unwrap();
                }
            }
        }
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/expressions/systems.findings");
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, &found).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap();
    let difference = found
        .lines()
        .zip(expected.lines())
        .find(|(found, expected)| found != expected);
    assert!(found == expected, "first difference: {difference:?}");
}

#[test]
fn the_corrected_forms_are_clean() {
    for text in [
        "histogram_quantile(0.95, sum by (le) (rate(kyc_verification_duration_seconds_bucket[5m]))) > 8",
        "1 - sum(rate(kyc_verification_duration_seconds_bucket{le=\"8.0\"}[5m])) \
         / sum(rate(kyc_verification_duration_seconds_count[5m])) > 0.05",
        "sum(rate(kyc_verifications_total{status=\"REJECTED\"}[5m])) / sum(rate(kyc_verifications_total[5m])) > 0.001",
        "sum by (attack_type) (increase(kyc_liveness_failures_total[10m])) > 5",
        "100 * sum(rate(http_requests_total{status=~\"5..\"}[5m])) / sum(rate(http_requests_total[5m])) > 5",
        "histogram_quantile(0.95, sum by (endpoint, le) (rate(http_request_duration_seconds_bucket[5m]))) > 1",
        "sum(jwt_active_tokens) == 0 or absent(jwt_active_tokens)",
        "sum by (operation_type) (rate(encryption_duration_seconds_sum[5m])) \
         / sum by (operation_type) (rate(encryption_duration_seconds_count[5m])) > 0.1",
        "sum(redis_memory_used_bytes) / sum(redis_memory_max_bytes) > 0.9",
        "sum by (env) (ggrt_active_connections) > 1000",
    ] {
        let found = Linter::new(Usage::Panel)
            .schema(&Documents)
            .check(&parse(text).unwrap());
        assert_eq!(found, [], "{text}");
    }
}
