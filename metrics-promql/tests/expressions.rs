//! What is accepted prints as text that parses to the same tree; what is refused is refused inside the text.

mod support;

use enumetrics_promql::{Expr, parse};
use support::expressions;

#[test]
fn accepted_expressions_survive_printing() {
    for text in expressions("accepted.promql") {
        let expr = parse(&text).unwrap_or_else(|error| panic!("{}", error.render(&text)));
        for printed in [expr.to_string(), expr.pretty().to_string()] {
            let again = parse(&printed).unwrap_or_else(|error| panic!("{text}\n{}", error.render(&printed)));
            assert_eq!(again, expr, "{text}, printed {printed}");
        }
        // Printing is settled after the first time.
        assert_eq!(parse(&expr.to_string()).unwrap().to_string(), expr.to_string());
        expr.walk(&mut |part| {
            let inside = &text[part.span.range()];
            // A range selector's text and that of a negative number parse alone; so does every expression.
            let alone = parse(inside).map(|alone| alone.kind);
            let labels_of_info = text.starts_with("info(") && inside.starts_with('{');
            assert!(labels_of_info || alone.as_ref() == Ok(&part.kind), "{text}: {inside}");
        });
    }
}

#[test]
fn refused_expressions_are_refused_at_a_place() {
    for text in expressions("refused.promql") {
        let error = match parse(&text) {
            Ok(expr) => panic!("{text} is accepted as {expr}"),
            Err(error) => error,
        };
        assert!(text.get(error.span().range()).is_some(), "{text}: {error:?}");
    }
}

#[test]
fn long_expressions_are_broken() {
    let name = "a_metric_with_a_rather_long_name_as_they_are_found_in_the_wild_total";
    let text = format!(
        "topk(5, max_over_time((-sum by (job) (rate({name}{{job=\"a\"}}[5m])) \
         > bool on (job) group_left (x) (abs({name}) or {name} offset 5m))[1h:5m] @ end()))"
    );
    let expr = parse(&text).unwrap();
    assert_eq!(
        expr.pretty().to_string(),
        format!(
            "\
topk(
  5,
  max_over_time(
    (
        -sum by (job) (
          rate({name}{{job=\"a\"}}[5m])
        )
      > bool on (job) group_left (x)
        (
            abs({name})
          or
            {name} offset 5m
        )
    )[1h:5m] @ end()
  )
)"
        )
    );
    assert_eq!(parse(&expr.pretty().to_string()), Ok(expr));
}

#[test]
fn what_is_put_together_gets_the_parentheses_that_it_needs() {
    use enumetrics_promql::{Binary, BinaryOp, ExprKind, Sign, Span};
    let expr = |kind| Expr {
        span: Span::default(),
        kind,
    };
    let binary = |op, lhs, rhs| {
        expr(ExprKind::Binary(Box::new(Binary {
            op,
            op_span: Span::default(),
            returns_bool: false,
            matching: None,
            lhs,
            rhs,
        })))
    };
    let [a, b, c] = ["a", "b", "c"].map(|name| parse(name).unwrap());
    let sum = binary(BinaryOp::Add, a, b);
    let product = binary(BinaryOp::Mul, sum.clone(), c.clone());
    assert_eq!(product.to_string(), "(a + b) * c");
    assert_eq!(binary(BinaryOp::Sub, c, sum.clone()).to_string(), "c - (a + b)");
    assert_eq!(
        expr(ExprKind::Unary(Sign::Minus, Box::new(sum))).to_string(),
        "-(a + b)"
    );
    let one = parse("-1").unwrap();
    assert_eq!(binary(BinaryOp::Pow, one.clone(), one).to_string(), "(-1) ^ -1");
}
