//! `enumetrics lint`

mod support;

use std::path::Path;
use std::process::Command;

use serde_json::Value;
use support::{Folder, Server, alert, catalogue, command, example, run};

#[test]
fn the_example_is_clean() {
    let (ops, metrics) = (example("ops"), example("metrics.json"));
    run(&["lint", "--catalogue", &metrics, &ops]).is_clean("");
    run(&["lint", "--catalog", &metrics, &ops]).is_clean("");
    run(&["lint", &ops]).is_clean("");
}

#[test]
fn a_finding_has_a_place_and_an_id() {
    let folder = Folder::new("finding");
    folder.write("metrics.json", &catalogue("hits_total", r#"["200", "500"]"#));
    folder.write("rules/a.yml", &alert("sum(rate(hits_total{code=\"501\"}[5m])) > 1"));
    folder.write(
        "rules/b/dashboard.json",
        r#"{"panels": [{"title": "P", "targets": [{"expr": "sum(rate(hit_total[5m]))"}]}]}"#,
    );
    folder.write("rules/values.yaml", "groups: [admins]\n");
    folder.write("rules/.hidden/a.yml", &alert("x{"));
    let found = folder.run(&["lint", "-c", "metrics.json", "rules"]);
    found.found(
        "rules/a.yml:5:36: error[ref-value]: label `code` never has the value `501` (A)\n    help: did you mean `500`? there are: 200, 500\n\
         rules/b/dashboard.json:1:59: error[ref-metric]: nothing exports `hit_total` (P)\n    help: did you mean `hits_total`?\n",
    );
    assert_eq!(
        found.err,
        "2 errors in 2 files; what one means: enumetrics explain ID\n"
    );
    // What is not wrong alone is found beside a catalogue only.
    folder.run(&["lint", "rules"]).is_clean("");
}

#[test]
fn queries_are_checked_for_their_use() {
    let text = "rate(hits_total[5m])";
    run(&["lint", "--query", text]).is_clean("");
    let found = run(&["lint", "-q", text, "-q", "-", "--as", "alert"]);
    assert_eq!(found.code, 1);
    assert!(
        found.out.starts_with("<query1>:1:1: warning[alert-no-condition]: "),
        "{}",
        found.out
    );
    assert!(found.out.contains("\n<query2>:1:2: error[syntax]: "), "{}", found.out);
}

#[test]
fn the_standard_input_is_a_file() {
    let folder = Folder::new("stdin");
    let found = folder.run_with(&["lint", "-"], &alert("x >"));
    assert_eq!(found.code, 1, "{}", found.err);
    assert!(found.out.starts_with("<stdin>:5:"), "{}", found.out);
    folder
        .run_with(&["lint", "-"], "a: b")
        .failed("<stdin>: this is no rule file");
}

#[test]
fn each_document_of_a_file_is_read() {
    let folder = Folder::new("documents");
    let text = format!("kind: Service\n---\n{}---\n{}", alert("x > 1"), alert("x >"));
    folder.write("all.yml", &text);
    let found = folder.run(&["lint", "all.yml"]);
    assert_eq!(found.code, 1, "{}", found.err);
    assert!(found.out.starts_with("all.yml:16:14: error[syntax]: "), "{}", found.out);
}

#[test]
fn records_of_other_files_are_known() {
    let folder = Folder::new("records");
    folder.write("metrics.json", &catalogue("hits_total", "[\"200\"]"));
    folder.write(
        "records.yml",
        "groups: [{name: g, rules: [{record: 'job:hits:rate5m', expr: 'sum by (job) (rate(hits_total[5m]))'}]}]",
    );
    folder.write("alerts.yml", &alert("sum(job:hits:rate5m) > 1 unless sum(up) == 0"));
    folder
        .run(&["lint", "-c", "metrics.json", "records.yml", "alerts.yml"])
        .is_clean("");
    folder.run(&["lint", "-c", "metrics.json", "alerts.yml"]).found(
        "alerts.yml:5:15: error[ref-recording]: no rule records `job:hits:rate5m` (A)\n    help: name the rule file that records it, too\n",
    );
}

#[test]
fn lines_are_where_alerts_of_other_files_fire() {
    let folder = Folder::new("lines");
    let board = |line: &str| {
        let thresholds = format!(
            r#"{{"custom": {{"thresholdsStyle": {{"mode": "line"}}}}, "thresholds": {{"steps": [{{"value": {line}}}]}}}}"#
        );
        let panel = r#""title": "P", "targets": [{"expr": "sum(x{job=\"$job\"})"}]"#;
        format!("{{\"panels\": [{{{panel}, \"fieldConfig\": {{\"defaults\": {thresholds}}}}}]}}")
    };
    folder.write("rules.yml", &alert("sum(x) > 1"));
    folder.write("board.json", &board("1"));
    folder.run(&["lint", "rules.yml", "board.json"]).is_clean("");
    folder.write("board.json", &board("2"));
    let found = folder.run(&["lint", "rules.yml", "board.json"]);
    assert!(
        found.out.ends_with(
            "warning[dashboard-threshold]: the line is elsewhere than the alert `A` fires, `> 1` (P)\n    help: `1`\n"
        ),
        "{}",
        found.out
    );
    folder.run(&["lint", "board.json"]).is_clean("");
}

#[test]
fn scrape_jobs_are_read_and_excepted_from() {
    let folder = Folder::new("scrapes");
    let jobs = |comment: &str| format!("scrape_configs:\n- job_name: a\n{comment}- job_name: a\n");
    folder.write("prometheus.yml", &jobs(""));
    folder.run(&["lint", "prometheus.yml"]).found(
        "prometheus.yml:3:13: error[scrape-duplicate]: there is another job `a`: Prometheus refuses the file (a)\n    help: another name, or all targets in one job\n",
    );
    folder.write(
        "prometheus.yml",
        &jobs("# allow(scrape-duplicate): a part of two files\n"),
    );
    folder.run(&["lint", "prometheus.yml"]).is_clean("");
}

#[test]
fn live_metrics_are_asked() {
    let server = Server::new(
        "200 OK",
        "# TYPE hits_total counter\nhits_total{code=\"200\"} 1\n# TYPE load gauge\nload 1\nodd 1\n",
    );
    let lint = |query: &str| run(&["lint", "--metrics", &server.url, "--query", query]);
    for query in [
        "sum by (code) (rate(hits_total{code=\"500\"}[5m]))",
        "load",
        "odd",
        "rate(odd[5m])",
        "delta(odd[5m])",
        "up == 0",
    ] {
        lint(query).is_clean("");
    }
    lint("rate(load[5m])").found(
        "<query>:1:6: error[kind-rate-gauge]: `rate` takes every fall of `load`, which is a gauge, for a restart\n    help: `deriv`, or `delta` for the difference\n",
    );
    // Nobody says what kind it is, but its labels are seen.
    lint("odd{any=\"label\"}")
        .found("<query>:1:5: error[ref-label]: `odd` has no label `any`\n    help: there are none\n");
    // It may come yet.
    let missing = lint("rate(errors_total[5m])");
    missing.found("<query>:1:6: warning[ref-metric]: nothing exports `errors_total` now\n");
    assert!(server.request().contains("accept: application/openmetrics-text"));
}

#[test]
fn credentials_come_from_files_and_the_environment() {
    let server = Server::new("200 OK", "x 1\n");
    let folder = Folder::new("credentials");
    let query = ["lint", "--query", "x", "--metrics", server.url.as_str()];
    let with = |more: &[&'static str]| [&query[..], more].concat();
    folder.write("password", "secret\n");
    folder.write("token", "abc\n");

    folder
        .run(&with(&["--username", "me", "--password-file", "password"]))
        .is_clean("");
    assert!(server.request().contains("authorization: basic bwu6c2vjcmv0\r\n"));
    folder
        .run_in(&[("ENUMETRICS_PASSWORD", "secret")], &with(&["--username", "me"]))
        .is_clean("");
    assert!(server.request().contains("authorization: basic bwu6c2vjcmv0\r\n"));
    folder.run(&with(&["--token-file", "token"])).is_clean("");
    assert!(server.request().contains("authorization: bearer abc\r\n"));
    folder.run_in(&[("ENUMETRICS_TOKEN", "abc")], &query).is_clean("");
    assert!(server.request().contains("authorization: bearer abc\r\n"));
    folder.run(&query).is_clean("");
    assert!(!server.request().contains("authorization"));

    folder
        .run(&with(&["--username", "me"]))
        .failed("--username needs a password");
    folder
        .run(&with(&["--token-file", "gone"]))
        .failed("gone: No such file");
    folder.write("ca.pem", "nothing");
    folder
        .run(&with(&["--ca-file", "ca.pem"]))
        .failed("ca.pem: there is no certificate in it");
}

#[test]
fn bad_input_is_named() {
    let folder = Folder::new("bad-input");
    folder.write("a.json", &catalogue("hits_total", "[\"200\"]"));
    folder.write("b.json", &catalogue("hits_total", "[\"500\"]"));
    folder.write("broken.json", "{\"metrics\": [");
    folder.write("newer.json", "{\"version\": 2, \"metrics\": []}");
    folder.write("dashboard.json", "{\"panels\": []}");
    folder.write("rules.yml", &alert("x > 1"));
    folder.write("other.yml", "a: b\n");
    folder.write("empty/other.yml", "a: b\n");
    folder.write("latin.yml", "x");
    std::fs::write(
        format!("{}/cli-bad-input/latin.yml", env!("CARGO_TARGET_TMPDIR")),
        [0xe9],
    )
    .unwrap();
    for (arguments, problem) in [
        (&["gone.yml"][..], "gone.yml: No such file"),
        (&["other.yml"], "other.yml: this is no rule file"),
        (&["empty"], "no rule file, no dashboard and no scrape job was found"),
        (&["latin.yml"], "latin.yml: this is no text in UTF-8"),
        (&["rules.yml", "-c", "gone.json"], "gone.json: No such file"),
        (
            &["rules.yml", "-c", "broken.json"],
            "broken.json: not a catalogue in JSON: EOF",
        ),
        (
            &["rules.yml", "-c", "dashboard.json"],
            "dashboard.json: not a catalogue in JSON: `metrics` is not a list",
        ),
        (
            &["rules.yml", "-c", "newer.json"],
            "newer.json: not a catalogue in JSON: its version is 2, and this program reads up to 1",
        ),
        (
            &["rules.yml", "-c", "other.yml"],
            "other.yml: neither a catalogue in JSON nor a scrape: line 1: ",
        ),
        (
            &["rules.yml", "-c", "a.json", "-c", "b.json"],
            "a.json and b.json declare `hits_total` differently",
        ),
        (
            &["rules.yml", "--allow", "hist-no-e"],
            "there is no lint `hist-no-e`; did you mean hist-no-le?",
        ),
        (&["rules.yml", "--baseline", "gone.json"], "gone.json: No such file"),
        (
            &["rules.yml", "--baseline", "broken.json"],
            "broken.json: not a baseline: EOF",
        ),
        (
            &["rules.yml", "--baseline", "newer.json"],
            "newer.json: not a baseline: its version is 2",
        ),
        (
            &["rules.yml", "--baseline", "a.json"],
            "a.json: not a baseline: `findings` is not a list",
        ),
        (
            &["rules.yml", "--metrics", "http://127.0.0.1:1/metrics"],
            "http://127.0.0.1:1/metrics: ",
        ),
        (
            &["rules.yml", "--metrics", "localhost:9464"],
            "localhost:9464: No such file",
        ),
        (
            &["rules.yml", "--scrape-interval", "15"],
            "expected a duration such as `15s`",
        ),
        (
            &["rules.yml", "--prometheus", "three"],
            "expected a version such as `2.42`",
        ),
        (&["rules.yml", "--write-baseline"], "--baseline <FILE>"),
        (
            &["rules.yml", "--format", "xml"],
            "[possible values: text, json, sarif]",
        ),
        (&[], "required arguments were not provided"),
    ] {
        folder.run(&[&["lint"], arguments].concat()).failed(problem);
    }
    // The same declaration twice is none.
    folder
        .run(&[
            "lint",
            "rules.yml",
            "-c",
            "a.json",
            "-c",
            "a.json",
            "--allow",
            "ref-metric",
        ])
        .is_clean("");
}

#[test]
fn answers_that_are_no_metrics_are_named() {
    for (status, body, problem) in [
        ("200 OK", "<html></html>", "these are no metrics: line 1: "),
        (
            "401 Unauthorized",
            "",
            "the answer is 401 Unauthorized: pass `--username`",
        ),
        (
            "404 Not Found",
            "",
            "the answer is 404 Not Found: is this the path of the metrics?",
        ),
        (
            "500 Internal Server Error",
            "",
            "the answer is 500 Internal Server Error",
        ),
    ] {
        let server = Server::new(status, body);
        run(&["lint", "--query", "x", "--metrics", &server.url]).failed(problem);
    }
}

#[test]
fn severities_and_lints_are_chosen() {
    let folder = Folder::new("severities");
    folder.write(
        "a.yml",
        &alert("rate(a_total{b=~\"c\"}[1m]) > 100").replace("    for: 5m\n", ""),
    );
    let ids = |arguments: &[&str]| {
        let found = folder.run(&[&["lint", "a.yml", "--format", "json"], arguments].concat());
        let found: Value = serde_json::from_str(&found.out).expect("it is JSON");
        let ids = found["findings"].as_array().expect("a list").iter();
        ids.map(|finding| finding["id"].as_str().expect("a text").to_owned())
            .collect::<Vec<_>>()
    };
    let notes = ids(&["--min-severity", "note"]);
    let warnings = ids(&[]);
    assert!(notes.len() > warnings.len(), "{notes:?}");
    assert!(warnings.contains(&"ref-regex-literal".to_owned()), "{warnings:?}");
    assert_eq!(ids(&["--min-severity", "error"]), [""; 0]);
    assert!(!ids(&["--allow", "ref-regex-literal"]).contains(&"ref-regex-literal".to_owned()));
    // What is known of Prometheus is used.
    assert!(ids(&["--scrape-interval", "1m", "--min-severity", "error"]).contains(&"time-range-short".to_owned()));
    folder.write("b.yml", &alert("max_over_time(x[30d]) > 1"));
    let found = folder.run(&["lint", "b.yml", "--retention", "15d"]);
    assert!(found.out.contains("[time-retention]"), "{}", found.out);
    let found = folder.run(&["lint", "-q", "info(x)", "--prometheus", "2.42"]);
    assert!(found.out.contains("[time-feature]"), "{}", found.out);
}

#[test]
fn json_has_all_fields() {
    let found = run(&["lint", "--format", "json", "-q", "sum(x) by (y) +"]);
    assert_eq!(found.code, 1);
    let found: Value = serde_json::from_str(&found.out).expect("it is JSON");
    assert_eq!(found["version"], 1);
    let finding = found["findings"][0].as_object().expect("an object");
    let fields: Vec<_> = finding.keys().map(String::as_str).collect();
    assert_eq!(
        fields,
        ["column", "file", "help", "id", "line", "message", "severity", "subject"]
    );
    assert_eq!(
        (&finding["file"], &finding["id"], &finding["line"]),
        (&"<query>".into(), &"syntax".into(), &1.into())
    );
}

/// What the schema of SARIF 2.1.0 says of the logs in a folder.
fn sarif_problems(folder: &Folder) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let output = Command::new(root.join("target/python/bin/python"))
        .arg(root.join("tests/schemas/validate.py"))
        .arg(folder.path().join("logs"))
        .output()
        .expect("Python starts: tests/tools provides it");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

#[test]
fn sarif_has_its_structure() {
    let folder = Folder::new("sarif");
    folder.write(
        "a b/ä.yml",
        &(alert("x{y=~\"^z$\"} >") + &alert("x > 1").replace("groups:\n", "")),
    );
    let twice = alert("x{y=~\"^z$\"} > 1 or w{y=~\"^z$\"} > 1");
    folder.write("a b/b.yml", &twice);
    let found = folder.run(&["lint", "--format", "sarif", "a b"]);
    assert_eq!(found.code, 1, "{}", found.err);
    folder.write("logs/right.sarif", &found.out);
    assert_eq!(sarif_problems(&folder), "");
    // The schema would find something.
    folder.write("logs/wrong.sarif", &found.out.replace("\"startLine\"", "\"line\""));
    assert!(sarif_problems(&folder).contains("'line' was unexpected"));
    let log: Value = serde_json::from_str(&found.out).expect("it is JSON");
    assert_eq!(log["version"], "2.1.0");
    assert!(log["$schema"].as_str().expect("a text").ends_with("sarif-2.1.0.json"));
    let run = &log["runs"][0];
    assert_eq!(
        (log["runs"].as_array().map(Vec::len), &run["columnKind"]),
        (Some(1), &"unicodeCodePoints".into())
    );
    let driver = &run["tool"]["driver"];
    assert_eq!(
        (&driver["name"], &driver["version"]),
        (&"enumetrics".into(), &env!("CARGO_PKG_VERSION").into())
    );
    let rules = driver["rules"].as_array().expect("a list");
    for rule in rules {
        for text in [
            &rule["id"],
            &rule["shortDescription"]["text"],
            &rule["help"]["text"],
            &rule["help"]["markdown"],
        ] {
            assert!(text.as_str().is_some_and(|text| !text.is_empty()), "{rule}");
        }
        assert!(
            ["error", "warning", "note"].contains(&rule["defaultConfiguration"]["level"].as_str().expect("a text"))
        );
    }
    let results = run["results"].as_array().expect("a list");
    assert!(results.len() >= 3, "{results:?}");
    let mut fingerprints = Vec::new();
    for result in results {
        let rule = usize::try_from(result["ruleIndex"].as_u64().expect("a number")).unwrap();
        assert_eq!(rules[rule]["id"], result["ruleId"]);
        assert!(["error", "warning", "note"].contains(&result["level"].as_str().expect("a text")));
        assert!(result["message"]["text"].as_str().is_some_and(|text| !text.is_empty()));
        let place = &result["locations"][0]["physicalLocation"];
        let uri = place["artifactLocation"]["uri"].as_str().expect("a text");
        assert!(["a%20b/%C3%A4.yml", "a%20b/b.yml"].contains(&uri), "{uri}");
        for field in ["startLine", "startColumn"] {
            assert!(place["region"][field].as_u64().is_some_and(|at| at >= 1));
        }
        fingerprints.push(
            result["partialFingerprints"]["finding/v1"]
                .as_str()
                .expect("a text")
                .to_owned(),
        );
    }
    let count = fingerprints.len();
    fingerprints.sort();
    fingerprints.dedup();
    assert_eq!(fingerprints.len(), count);
}

#[test]
fn known_findings_stay_known_where_lines_move() {
    let folder = Folder::new("baseline");
    let text = alert("x{y=~\"^z$\"} > 1 or w{y=~\"^z$\"} > 1");
    folder.write("a.yml", &text);
    assert_eq!(
        folder
            .run(&["lint", "a.yml"])
            .out
            .lines()
            .filter(|line| line.contains("ref-regex-anchor"))
            .count(),
        2
    );
    let written = folder.run(&["lint", "a.yml", "--baseline", "known.json", "--write-baseline"]);
    written.is_clean("");
    assert_eq!(written.err, "known.json: 2 findings are known now\n");
    let known = |arguments: &[&str]| folder.run(&[&["lint", "--baseline", "known.json"], arguments].concat());
    known(&["a.yml"]).is_clean("");
    known(&["./a.yml"]).is_clean("");
    folder.write("a.yml", &format!("# moved\n\n{text}"));
    known(&["a.yml"]).is_clean("");
    // One more of the same is new.
    folder.write("a.yml", &text.replace(" or w", " or v{y=~\"^z$\"} > 2 or w"));
    let new = known(&["a.yml"]);
    assert_eq!(
        (
            new.code,
            new.out.lines().filter(|line| line.starts_with("a.yml")).count()
        ),
        (1, 1),
        "{}",
        new.out
    );
    // One that is gone is said.
    folder.write("a.yml", &alert("x{y=~\"^z$\"} > 1"));
    let gone = known(&["a.yml"]);
    gone.is_clean("");
    assert!(
        gone.err
            .starts_with("1 known findings are gone: --write-baseline forgets them\n"),
        "{}",
        gone.err
    );
}

#[test]
fn what_changes_no_result_is_corrected() {
    let folder = Folder::new("fix");
    let before = "groups:\n- name: g # stays\n  rules:\n  - {record: 'a:b', expr: 'x{y=~\"^z\", w =~ \"v\", q!~\"p\", r=~\"^s|t$\"}'}\n  - record: c:d\n    expr: >-\n      x{y=~`^z.*$`}\n        + w\n";
    let after = before
        .replace("y=~\"^z\"", "y=~\"z\"")
        .replace("w =~ \"v\"", "w = \"v\"")
        .replace("q!~", "q!=")
        .replace("^z.*$", "z.*");
    folder.write("a.yml", before);
    let dashboard = r#"{"panels": [{"targets": [{"expr": "x{y=~\"^z$\", job=~\"$job\", w=~\"^$w$\"}"}]}]}"#;
    folder.write("b.json", dashboard);
    let dry = folder.run(&["lint", "--fix", "--dry-run", "a.yml"]);
    assert!(dry.out.starts_with("a.yml:4:\n-   - {record"), "{}", dry.out);
    assert_eq!(folder.read("a.yml"), before);

    let fixed = folder.run(&["lint", "--fix", "a.yml", "b.json"]);
    assert!(fixed.err.contains("corrected\n"), "{}", fixed.err);
    // The anchors of the first value went first, and what is left is plain text. With a variable it may be anything.
    let twice = folder.run(&["lint", "--fix", "a.yml", "b.json"]);
    twice.is_clean("");
    assert_eq!(folder.read("a.yml"), after.replace("y=~\"z\"", "y=\"z\""));
    assert_eq!(folder.read("b.json"), dashboard.replace("^z$", "z"));
    assert_eq!(folder.names(), ["a.yml", "b.json"]);
    folder
        .run_with(&["lint", "--fix", "-"], before)
        .failed("<stdin>: there is no file to correct");
}

#[test]
fn long_chains_are_checked() {
    for text in [
        vec!["x"; 900].join(" + "),
        "-".repeat(900) + "x",
        vec!["x"; 900].join(" ^ "),
    ] {
        for usage in ["panel", "alert", "record"] {
            let found = run(&["lint", "--as", usage, "--query", &text]);
            assert!(found.code < 2 && !found.err.contains("panicked"), "{}", found.err);
        }
    }
    let deep = run(&["lint", "--query", &("(".repeat(5000) + "x" + &")".repeat(5000))]);
    assert!(deep.out.contains("nested more than 100 deep"), "{}", deep.out);
}

/// `enumetrics … | head -1`
#[cfg(unix)]
#[test]
fn a_closed_pipe_is_no_error() {
    let mut child = command(&["explain"]);
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = child
        .stdout(writer)
        .stderr(std::process::Stdio::piped())
        .output()
        .unwrap();
    assert_eq!(
        (output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()),
        (Some(0), "")
    );
}
