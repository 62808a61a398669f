//! `enumetrics fmt`

mod support;

use support::{Folder, example, finish, run};

fn formatted(text: &str) -> support::Run {
    finish(support::command(&["fmt"]), text)
}

const LONG: &str = "sum(rate(http_requests_total{code=~'5..'}[5m]))by(job)/sum(rate(http_requests_total[300s]))by(job)>0.05 and on(job) up";

const LAID_OUT: &str = "sum by (job) (rate(http_requests_total{code=~\"5..\"}[5m]))
/
sum by (job) (rate(http_requests_total[5m]))
>
0.05
and on (job)
up
";

#[test]
fn a_query_is_laid_out() {
    formatted("sum( rate(x[60m]) )by(job)\n").is_clean("sum by (job) (rate(x[1h]))\n");
    formatted(LONG).is_clean(LAID_OUT);
    formatted(LAID_OUT).is_clean(LAID_OUT);
    formatted("sum(rate(x{a=~'$a'}[$__rate_interval]))").is_clean("sum(rate(x{a=~\"$a\"}[$__rate_interval]))\n");
    formatted("sum(x").failed("<stdin>:1:6: ");
    formatted("sum(x) # why").failed("an expression with comments");
    let check = |text: &str| finish(support::command(&["fmt", "--check"]), text);
    check("sum(x)\n").is_clean("");
    check("sum( x)\n").found("<stdin>:1:1: not formatted\n");
}

const RULES: &str = "# all of them
groups:
- name:  'g'   # stays
  rules:
  - {record: 'a:b', expr: 'sum(x{a=''b''})by(c)'}
  - record: c:d
    expr: |
        LONG
    labels: {a:   b}
  - alert: E
    expr: sum(x)  by(c) > 1   # why
    annotations:
      expr: sum(x)by(c)
  - alert: F
    expr: \"x{a='\\\\\\\\d'}>1\"
  - alert: G
    expr: >-
      x   # a comment
      > 1
---
groups: [{name: h, rules: [{record: i:j, expr: x{a='b'} }]}]
";

#[test]
fn the_file_around_stays() {
    let folder = Folder::new("fmt-rules");
    // A plain text within braces ends at a brace, so that the last one is in quotes.
    let before = RULES.replace("LONG", LONG).replace("x{a='b'} }", "\"x{a='b'}\" }");
    let after = before
        .replace("'sum(x{a=''b''})by(c)'", "'sum by (c) (x{a=\"b\"})'")
        .replace(LONG, LAID_OUT.trim_end().replace('\n', "\n        ").as_str())
        .replace("expr: sum(x)  by(c) > 1 ", "expr: sum by (c) (x) > 1 ")
        .replace("\"x{a='\\\\\\\\d'}>1\"", "\"x{a=\\\"\\\\\\\\d\\\"} > 1\"")
        .replace("\"x{a='b'}\"", "\"x{a=\\\"b\\\"}\"");
    folder.write("a.yml", &before);
    folder.write("b/other.yml", "a: 'sum(x)by(c)'\n");
    let check = folder.run(&["fmt", "--check", "."]);
    check.found(
        "a.yml:5:28: not formatted (a:b)\na.yml:8:9: not formatted (c:d)\na.yml:11:11: not formatted (E)\n\
         a.yml:15:12: not formatted (F)\na.yml:21:49: not formatted (i:j)\n",
    );
    assert_eq!(check.err, "1 of 1 files would change\n");
    assert_eq!(folder.read("a.yml"), before);
    let changed = folder.run(&["fmt", "."]);
    changed.is_clean("");
    assert_eq!(changed.err, "1 of 1 files changed\n");
    assert_eq!(folder.read("a.yml"), after);
    folder.run(&["fmt", "--check", "a.yml"]).is_clean("");
    folder.run_with(&["fmt"], &before).is_clean(&after);
    assert_eq!(folder.names(), ["a.yml", "b"]);
}

#[test]
fn dashboards_keep_their_variables() {
    let folder = Folder::new("fmt-dashboard");
    let before = r#"{"panels": [ {"targets":[{"expr": "sum(rate(x{a=~\"$a\"}[$__rate_interval]))by($by)" , "legendFormat":"sum(x)by(c)"},
        {"expr":"topk( $n, x)"}, {"expr": "x{a=~`$a`} +1"}, {"expr": "sum(\nx)"}, {"expr": "a\u003eb"}]}],
        "templating": {"list": [{"query": "label_values(x{a='b'},  c)"}]}}"#;
    let after = before
        .replace(
            r#"sum(rate(x{a=~\"$a\"}[$__rate_interval]))by($by)""#,
            r#"sum by ($by) (rate(x{a=~\"$a\"}[$__rate_interval]))""#,
        )
        .replace("sum(\\nx)", "sum(x)")
        .replace("a\\u003eb", "a > b");
    folder.write("d.json", before);
    folder.run(&["fmt", "d.json"]).is_clean("");
    assert_eq!(folder.read("d.json"), after);
    folder.run(&["fmt", "--check", "d.json"]).is_clean("");
}

#[test]
fn the_example_stays_what_it_is() {
    for folder in ["prometheus", "kubernetes"] {
        run(&["fmt", "--check", &example(&format!("ops/{folder}"))]).is_clean("");
    }
}

#[test]
fn long_chains_are_laid_out() {
    for text in [
        vec!["x"; 900].join(" + "),
        "-".repeat(90) + "x",
        vec!["x"; 90].join(" ^ "),
    ] {
        let first = formatted(&text);
        assert_eq!(first.code, 0, "{}", first.err);
        formatted(&first.out).is_clean(&first.out);
    }
}

#[test]
fn bad_input_is_named() {
    let folder = Folder::new("fmt-bad");
    folder.write("broken.yml", "groups: [");
    folder.write("other.yml", "a: b");
    folder.write(
        "wrong.yml",
        "groups: [{rules: [{record: a, expr: 'x >'}, {record: b, expr: 'sum (x)'}]}]",
    );
    folder.run(&["fmt", "gone.yml"]).failed("gone.yml: No such file");
    folder.run(&["fmt", "broken.yml"]).failed("broken.yml:1:10: ");
    folder
        .run(&["fmt", "other.yml"])
        .failed("other.yml: this is no rule file");
    folder.run(&["fmt", "-", "other.yml"]).failed("goes with no other path");
    folder.run(&["fmt", "--chek"]).failed("--check");
    // What is wrong stays, and is said.
    let wrong = folder.run(&["fmt", "wrong.yml"]);
    assert!(
        wrong.err.starts_with("wrong.yml:1:38: left as it is: "),
        "{}",
        wrong.err
    );
    assert_eq!(
        folder.read("wrong.yml"),
        "groups: [{rules: [{record: a, expr: 'x >'}, {record: b, expr: 'sum(x)'}]}]"
    );
}
