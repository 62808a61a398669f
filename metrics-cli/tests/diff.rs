//! `enumetrics diff`

mod support;

use serde_json::Value;
use support::{Folder, Server, alert, catalogue, example};

/// Old and new metrics, and rules that use the old ones.
fn folder(name: &str, old: &str, new: &str, exprs: &[&str]) -> Folder {
    let folder = Folder::new(&format!("diff-{name}"));
    folder.write("old.json", old);
    folder.write("new.json", new);
    for (at, expr) in exprs.iter().enumerate() {
        folder.write(&format!("rules/{at}.yml"), &alert(expr));
    }
    folder
}

const ARGUMENTS: [&str; 5] = ["diff", "old.json", "new.json", "--rules", "rules"];

#[test]
fn nothing_has_changed() {
    let same = catalogue("hits_total", "[\"200\"]");
    let folder = folder("same", &same, &same, &["sum(rate(hits_total[5m])) > 1"]);
    folder.run(&ARGUMENTS).is_clean("nothing has changed\n");
    folder
        .run(&["diff", "old.json", "new.json"])
        .is_clean("nothing has changed\n");
}

#[test]
fn a_value_that_goes_breaks_who_asks_for_it() {
    let folder = folder(
        "value",
        &catalogue("hits_total", r#"["200", "500", "501"]"#),
        &catalogue("hits_total", r#"["200", "500"]"#),
        &[
            "sum(rate(hits_total{code=\"501\"}[5m])) > 1",
            "sum(rate(hits_total{code=~\"500|501\"}[5m])) > 1",
            "sum(rate(hits_total{code=\"200\"}[5m])) > 1",
        ],
    );
    folder.run(&ARGUMENTS).found(
        "hits_total: label 'code' lost the value '501' (breaks what uses it)\n  rules/0.yml:5:20: A\n  rules/1.yml:5:20: A\n",
    );
    // Who is not asked cannot say.
    folder
        .run(&["diff", "old.json", "new.json"])
        .found("hits_total: label 'code' lost the value '501' (breaks what uses it)\n");
    let json: Value = serde_json::from_str(&folder.run(&[&ARGUMENTS[..], &["--format", "json"]].concat()).out).unwrap();
    assert_eq!(json["changes"][0]["breaks"], true);
    assert_eq!(json["changes"][0]["broken"][1]["file"], "rules/1.yml");
    assert_eq!(json["broken_otherwise"], Value::Array(Vec::new()));
}

#[test]
fn a_metric_that_goes_breaks_who_uses_it() {
    let old = catalogue("hits_total", "[\"200\"]");
    let folder = folder(
        "metric",
        &old,
        &old.replace("hits", "calls"),
        &["sum(rate(hits_total[5m])) > 1", "sum(up) < 1"],
    );
    folder.write(
        "rules/d.json",
        r#"{"panels": [{"title": "P", "targets": [{"expr": "sum(rate(hits_total{job=~\"$job\"}[$__rate_interval]))"}]}],
            "templating": {"list": [{"name": "V", "type": "query", "query": "label_values(hits_total, code)"}]}}"#,
    );
    folder.run(&ARGUMENTS).found(
        "hits_total: removed (breaks what uses it)\n  rules/0.yml:5:20: A\n  rules/d.json:1:59: P\n  rules/d.json:2:91: V\ncalls_total: added\n",
    );
    std::fs::remove_dir_all(format!("{}/cli-diff-metric/rules", env!("CARGO_TARGET_TMPDIR"))).unwrap();
    folder.write("rules/1.yml", &alert("sum(up) < 1"));
    folder.run(&ARGUMENTS).is_clean(
        "hits_total: removed (breaks what uses it)\n  no rule and no panel here uses it\ncalls_total: added\n",
    );
}

#[test]
fn a_label_that_goes_or_comes_breaks_who_groups_or_matches() {
    let with = catalogue("hits_total", "[\"200\"]");
    let without = with.replace(r#"{"name": "code", "values": ["200"]}"#, "");
    let exprs = [
        "sum by (code) (rate(hits_total[5m])) > 1",
        "sum(rate(hits_total[5m])) > 1",
        "rate(hits_total[5m]) > up",
    ];
    let removed = folder("label-removed", &with, &without, &exprs);
    removed
        .run(&ARGUMENTS)
        .found("hits_total: label 'code' removed (breaks what uses it)\n  rules/0.yml:5:31: A\n");
    let added = folder("label-added", &without, &with, &exprs);
    added
        .run(&ARGUMENTS)
        .found("hits_total: label 'code' added (breaks what uses it)\n  rules/2.yml:5:16: A\n");
}

#[test]
fn what_is_wrong_only_now_is_found_too() {
    let old = catalogue("hits_total", "[\"200\"]").replace("\"counter\"", "\"histogram\"");
    let old = old
        .replace("hits_total", "hits_seconds")
        .replace("\"buckets\": []", "\"buckets\": [1, 2, 8]");
    let new = old.replace("[1, 2, 8]", "[1, 2]");
    let folder = folder(
        "bucket",
        &old,
        &new,
        &[
            "histogram_quantile(0.9, sum by (le) (rate(hits_seconds_bucket[5m]))) > 4",
            "sum(rate(hits_seconds_bucket{le=\"8.0\"}[5m])) > 1",
        ],
    );
    let found = folder.run(&ARGUMENTS);
    assert_eq!(found.code, 1);
    assert!(
        found.out.starts_with(
            "hits_seconds: bucket 8 removed (breaks what uses it)\n  rules/1.yml:5:20: A\nrules/0.yml:5:82: error[val-top-bucket]: "
        ),
        "{}",
        found.out
    );
}

#[test]
fn what_does_not_break_is_said_and_passes() {
    let old = catalogue("hits_total", "[\"200\"]");
    let new = catalogue("hits_total", "[\"200\", \"500\"]");
    let folder = folder("harmless", &old, &new, &["sum(rate(hits_total[5m])) > 1"]);
    folder
        .run(&ARGUMENTS)
        .is_clean("hits_total: label 'code' has the new value '500'\n");
}

#[test]
fn a_live_program_is_compared() {
    let server = Server::new("200 OK", "# TYPE calls_total counter\ncalls_total 1\n");
    let folder = folder("live", &catalogue("hits_total", "[\"200\"]"), "", &[]);
    folder
        .run(&["diff", "old.json", &server.url])
        .found("hits_total: removed (breaks what uses it)\ncalls_total: added\n");
}

#[test]
fn the_example_breaks_where_it_asks() {
    let metrics = std::fs::read_to_string(example("metrics.json")).unwrap();
    let new = metrics.replace("\"ERROR\"", "\"FAILED\"");
    let folder = folder("example", &metrics, &new, &[]);
    let found = folder.run(&[
        "diff",
        "old.json",
        "new.json",
        "--rules",
        &example("ops/prometheus/rules"),
    ]);
    assert_eq!(found.code, 1, "{}", found.err);
    assert!(
        found.out.contains("lost the value 'ERROR'") && found.out.contains(": kyc:verifications:error_ratio_rate5m\n")
    );
}

#[test]
fn bad_input_is_named() {
    let old = catalogue("hits_total", "[\"200\"]");
    let folder = folder("bad", &old, &old, &[]);
    folder.write("broken.json", "{");
    folder.write("broken.yml", "groups: [");
    folder.write("other/a.yml", "a: b");
    folder.run(&["diff", "old.json"]).failed("<NEW>");
    folder
        .run(&["diff", "old.json", "gone.json"])
        .failed("gone.json: No such file");
    folder
        .run(&["diff", "broken.json", "old.json"])
        .failed("broken.json: not a catalogue in JSON");
    folder
        .run(&["diff", "old.json", "new.json", "--rules", "gone"])
        .failed("gone: No such file");
    folder
        .run(&["diff", "old.json", "new.json", "--rules", "broken.yml"])
        .failed("broken.yml:1:10: ");
    folder
        .run(&["diff", "old.json", "new.json", "--rules", "other"])
        .failed("no rule file and no dashboard was found");
    folder
        .run(&["diff", "old.json", "http://127.0.0.1:1/metrics"])
        .failed("http://127.0.0.1:1/metrics: ");
}
