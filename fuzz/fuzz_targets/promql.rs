//! Any text as PromQL: what parses is printed and parses to the same, and no lint panics.
#![no_main]

use enumetrics_promql::{Domain, Expr, Family, Labels, Linter, MetricKind, Schema, Usage, parse};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match parse(text) {
        Ok(expr) => {
            let printed = expr.to_string();
            assert_same(&expr, &printed);
            assert_same(&expr, &expr.pretty().to_string());
            assert_eq!(parse(&printed).unwrap().to_string(), printed);
            let _ = (expr.value_type(), expr.requirements());
            for usage in [Usage::Alert, Usage::Record] {
                let linters = [Linter::new(usage), Linter::new(usage).schema(&Demo)];
                for finding in linters.iter().flat_map(|linter| linter.check(&expr)) {
                    assert!(finding.span.start <= finding.span.end && finding.span.end <= text.len());
                    assert!(!finding.render(text).is_empty());
                }
                for question in expr.outline(usage, &|_| None).questions {
                    assert!(question.span.start <= question.span.end && question.span.end <= text.len());
                }
            }
        }
        Err(error) => {
            let span = error.span();
            assert!(span.start <= span.end && span.end <= text.len(), "{error}");
            assert!(!error.render(text).to_string().is_empty());
        }
    }
});

fn assert_same(expr: &Expr, printed: &str) {
    match parse(printed) {
        Ok(again) => assert!(again == *expr, "{printed}"),
        Err(error) => panic!("{}", error.render(printed)),
    }
}

/// What expressions may name.
struct Demo;

impl Schema for Demo {
    fn families(&self) -> Vec<Family> {
        let family = |name: &str, kind| Family {
            name: name.to_owned(),
            kind,
            labels: vec![
                ("job".to_owned(), Domain::Open),
                ("status".to_owned(), Domain::of(["ok", "error"])),
            ],
        };
        vec![
            family("a_total", MetricKind::Counter),
            family("g", MetricKind::Gauge),
            family(
                "h_seconds",
                MetricKind::Histogram {
                    bounds: vec![0.5, 1.0, 8.0],
                },
            ),
            family(
                "s",
                MetricKind::Summary {
                    quantiles: vec![0.5, 0.99],
                },
            ),
            family("i_info", MetricKind::Info),
            family("e", MetricKind::StateSet),
            family("f", MetricKind::Unknown),
        ]
    }

    fn recorded(&self) -> Vec<(String, Labels)> {
        vec![("r:a:rate5m".to_owned(), Labels::default())]
    }

    fn target_labels(&self) -> Vec<String> {
        vec!["job".to_owned(), "instance".to_owned()]
    }
}
