//! The Helm chart of the service template: rendered by Helm, and held against Kubernetes' schemas and the operator's.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use enumetrics::Settings;
use serde_json::{Value, json};

/// What is set, and what is rendered then.
fn rendered(settings: &[&str]) -> Vec<Value> {
    let chart = root().join("examples/service_template/deploy/helm");
    let helm = root().join("target/tools/helm/helm");
    assert!(helm.is_file(), "there is no {}: run tests/tools", helm.display());
    let helm = |arguments: &[&str]| {
        let mut command = Command::new(&helm);
        command.args(arguments).arg(&chart);
        command.args(settings.iter().flat_map(|setting| ["--set", setting]));
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    helm(&["lint", "--strict"]);
    validated(&helm(&["template", "shop"])).unwrap()
}

/// The manifests, or what is wrong with them.
fn validated(manifests: &str) -> Result<Vec<Value>, String> {
    let python = root().join("target/python/bin/python");
    assert!(python.is_file(), "there is no {}: run tests/tools", python.display());
    let mut child = Command::new(python)
        .arg(root().join("tests/chart/validate.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(manifests.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    if output.status.success() {
        Ok(serde_json::from_slice(&output.stdout).unwrap())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn of_kind<'a>(manifests: &'a [Value], kind: &str) -> Option<&'a Value> {
    manifests.iter().find(|manifest| manifest["kind"] == kind)
}

/// The container's variables, and its ports by name.
fn container(manifests: &[Value]) -> (Value, Value) {
    let container = &of_kind(manifests, "Deployment").unwrap()["spec"]["template"]["spec"]["containers"][0];
    let by_name = |list: &Value, value: &str| {
        let entries = list.as_array().unwrap().iter();
        let entries = entries.map(|entry| (entry["name"].as_str().unwrap().to_owned(), entry[value].clone()));
        Value::Object(entries.collect())
    };
    (
        by_name(&container["env"], "value"),
        by_name(&container["ports"], "containerPort"),
    )
}

fn annotations(manifests: &[Value]) -> &Value {
    &of_kind(manifests, "Deployment").unwrap()["spec"]["template"]["metadata"]["annotations"]
}

#[test]
fn by_default_the_metrics_have_a_port_of_their_own_and_annotations() {
    let manifests = rendered(&[]);
    let (env, ports) = container(&manifests);
    assert_eq!(ports, json!({"http": 8080, "metrics": 9464}));
    assert_eq!(env["ENABLE_METRICS"], "true");
    assert_eq!(env["METRICS_ADDRESS"], "0.0.0.0:9464");
    assert_eq!(annotations(&manifests)["prometheus.io/port"], "9464");
    assert!(of_kind(&manifests, "ServiceMonitor").is_none());
}

#[test]
fn every_value_arrives() {
    let manifests = rendered(&[
        "metrics.port=9000",
        "metrics.namespace=shop",
        "metrics.subsystem=cart",
        "metrics.excludedHandlers=.*admin.*",
        "metrics.customLabels.service=cart",
        "metrics.customLabels.environment=staging",
        "metrics.serviceMonitor.enabled=true",
        "metrics.serviceMonitor.interval=5s",
        "metrics.serviceMonitor.scrapeTimeout=4s",
        "metrics.serviceMonitor.labels.release=prometheus",
        "resources.limits.memory=64Mi",
        "replicaCount=3",
    ]);
    let (env, ports) = container(&manifests);
    assert_eq!(ports["metrics"], 9000);
    for (variable, value) in [
        ("METRICS_ADDRESS", "0.0.0.0:9000"),
        ("METRICS_NAMESPACE", "shop"),
        ("METRICS_SUBSYSTEM", "cart"),
        ("METRICS_EXCLUDED_HANDLERS", ".*admin.*"),
        ("CUSTOM_LABELS", "environment=staging,service=cart"),
    ] {
        assert_eq!(env[variable], value, "{variable}");
    }
    // The operator finds it, so that nobody else shall scrape it as well.
    assert_eq!(*annotations(&manifests), Value::Null);
    let monitor = of_kind(&manifests, "ServiceMonitor").unwrap();
    assert_eq!(monitor["metadata"]["labels"]["release"], "prometheus");
    assert_eq!(
        monitor["spec"]["endpoints"],
        json!([{"port": "metrics", "path": "/metrics", "interval": "5s", "scrapeTimeout": "4s"}])
    );
    // What it selects is the service, and the port is one of that.
    let service = of_kind(&manifests, "Service").unwrap();
    for (label, value) in monitor["spec"]["selector"]["matchLabels"].as_object().unwrap() {
        assert_eq!(service["metadata"]["labels"][label], *value, "{label}");
    }
    assert!(
        service["spec"]["ports"]
            .as_array()
            .unwrap()
            .iter()
            .any(|port| port["name"] == "metrics")
    );
}

#[test]
fn one_port_is_enough() {
    let manifests = rendered(&["metrics.port=8080", "metrics.serviceMonitor.enabled=true"]);
    let (env, ports) = container(&manifests);
    assert_eq!(ports, json!({"http": 8080}));
    assert_eq!(env["METRICS_ADDRESS"], Value::Null);
    let monitor = of_kind(&manifests, "ServiceMonitor").unwrap();
    assert_eq!(monitor["spec"]["endpoints"][0]["port"], "http");
}

#[test]
fn without_metrics_nothing_is_left_of_them() {
    let manifests = rendered(&["metrics.enabled=false", "metrics.serviceMonitor.enabled=true"]);
    let (env, ports) = container(&manifests);
    assert_eq!(
        env,
        json!({"SERVICE_ADDRESS": "0.0.0.0:8080", "ENABLE_METRICS": "false"})
    );
    assert_eq!(ports, json!({"http": 8080}));
    assert_eq!(*annotations(&manifests), Value::Null);
    assert!(of_kind(&manifests, "ServiceMonitor").is_none());
}

/// Every variable that the chart sets is one that the service reads.
#[test]
fn variables_are_those_of_the_service() {
    let (env, _) = container(&rendered(&[]));
    for variable in env.as_object().unwrap().keys() {
        let known = Settings::VARIABLES.iter().any(|(name, _)| name == variable);
        assert!(known || variable == "SERVICE_ADDRESS", "{variable}");
    }
}

#[test]
fn the_schemas_know_what_is_wrong() {
    let monitor = |endpoint: &str| {
        format!(
            "apiVersion: monitoring.coreos.com/v1\nkind: ServiceMonitor\nmetadata: {{name: shop}}\n\
             spec: {{selector: {{}}, endpoints: [{{port: metrics, {endpoint}}}]}}"
        )
    };
    validated(&monitor("interval: 5s")).unwrap();
    for wrong in ["intervall: 5s", "interval: 5 seconds", "path: 7"] {
        validated(&monitor(wrong)).unwrap_err();
    }
    let service = |spec: &str| format!("apiVersion: v1\nkind: Service\nmetadata: {{name: shop}}\nspec: {spec}");
    validated(&service("{ports: [{port: 80}]}")).unwrap();
    for wrong in ["{ports: [{port: http}]}", "{port: 80}"] {
        validated(&service(wrong)).unwrap_err();
    }
}
