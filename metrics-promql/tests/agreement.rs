//! Real Prometheus servers judge the expressions in `tests/expressions`: they accept what we accept, and make the same
//! tree of what we print.

mod support;

use enumetrics_promql::{Flag, Version, parse};
use support::{Server, expressions};

#[test]
fn current_prometheus_agrees() {
    let flags = Flag::ALL.map(Flag::as_str).join(",");
    let server = Server::start("current", &flags);
    let mut wrong = Vec::new();
    for text in expressions("accepted.promql") {
        let tree = server.parse(&text);
        let expr = parse(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
        let same =
            tree.is_ok() && server.parse(&expr.to_string()) == tree && server.parse(&expr.pretty().to_string()) == tree;
        if !same {
            wrong.push(format!(
                "{text}: {tree:?}, but {expr}: {:?}",
                server.parse(&expr.to_string())
            ));
        }
    }
    for text in expressions("refused.promql") {
        if let Ok(tree) = server.parse(&text) {
            wrong.push(format!("{text} is {tree}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn current_prometheus_wants_the_flags_that_we_name() {
    let server = Server::start("current", "");
    let mut wrong = Vec::new();
    for text in expressions("accepted.promql") {
        let expr = parse(&text).unwrap();
        if server.parse(&text).is_ok() != expr.needs_flags().is_empty() {
            wrong.push(text);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn stable_prometheus_understands_what_we_call_old() {
    let server = Server::start("stable", "");
    let mut wrong = Vec::new();
    // The Go that 2.42 is built with knows less of regular expressions.
    let newer_regex = |text: &str| text.contains("(?<name>") || text.contains("\\\\Qa\"");
    // What the tree does not show is not known of a text, but of what is printed.
    for text in expressions("accepted.promql")
        .into_iter()
        .filter(|text| !newer_regex(text))
    {
        let expr = parse(&text).unwrap();
        let old = expr.minimum_version() == Version::OLDEST && expr.needs_flags().is_empty();
        let answer = server.format(&expr.to_string());
        if answer.is_ok() != old {
            wrong.push(format!("{text}, printed {expr}: {answer:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
