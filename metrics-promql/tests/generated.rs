//! Random trees survive printing, and no text at all makes the parser panic or point outside of it.

mod support;

use enumetrics_promql::{
    Aggregation, AggregationOp, AggregationParameter, At, AtKind, Binary, BinaryOp, Call, Duration, DurationKind, Expr,
    ExprKind, Family, Function, Group, Grouping, GroupingKind, Label, Linter, MAX_HEIGHT, MAX_NESTING, MatchOp,
    Matcher, Matching, MatchingKind, Modifiers, Name, Number, RangeSelector, Schema, Selector, Side, Sign, Span,
    Subquery, Usage, ValueType, parse,
};
use support::expressions;

#[test]
fn random_trees_survive_printing() {
    for seed in 0..4_000 {
        let tree = Random::new(seed).expr(ValueType::InstantVector, 5);
        for text in [tree.to_string(), tree.pretty().to_string()] {
            let parsed = parse(&text).unwrap_or_else(|error| panic!("seed {seed}\n{}", error.render(&text)));
            // Printing adds the parentheses that a tree without any needs.
            assert_eq!(without_parens(parsed), tree, "seed {seed}: {text}");
        }
    }
}

#[test]
fn no_text_is_too_strange() {
    let texts: Vec<String> = ["accepted.promql", "refused.promql"]
        .into_iter()
        .flat_map(expressions)
        .collect();
    let words: Vec<&str> = texts
        .iter()
        .flat_map(|text| text.split_inclusive([' ', '(', '[', '{', ')']))
        .collect();
    for seed in 0..20_000 {
        let mut random = Random::new(seed);
        let mut text = random.pick(&texts).clone();
        for _ in 0..random.below(3) {
            let at = text.floor_char_boundary(random.below(text.len() + 1));
            match random.below(3) {
                0 => text.insert_str(at, random.pick::<&str>(&words)),
                1 => text.truncate(at),
                _ => text.insert(at, char::from_u32(random.next() as u32 % 0x300).unwrap_or('x')),
            }
        }
        check(&text);
        let bytes: Vec<u8> = (0..random.below(24)).map(|_| random.next() as u8).collect();
        check(&String::from_utf8_lossy(&bytes));
    }
}

fn check(text: &str) {
    match parse(text) {
        Ok(expr) => {
            expr.walk(&mut |part| assert!(text.get(part.span.range()).is_some(), "{text:?}"));
            for finding in Linter::new(Usage::Alert).check(&expr) {
                assert!(text.get(finding.span.range()).is_some(), "{text:?}: {finding}");
            }
            assert_eq!(parse(&expr.to_string()).as_ref(), Ok(&expr), "{text:?}");
        }
        Err(error) => {
            assert!(text.get(error.span().range()).is_some(), "{text:?}: {error:?}");
            assert!(error.render(text).to_string().contains(error.message()));
        }
    }
}

/// In a thread as tests have them, with 2 MiB of stack.
#[test]
fn nothing_overflows_the_stack() {
    let deep = 100_000;
    for (open, close) in [
        ("(", ")"),
        ("-", ""),
        ("sum(", ")"),
        ("abs(", ")"),
        ("1 ^ ", ""),
        ("x[", ""),
        ("x{", ""),
        ("topk(1, ", ""),
    ] {
        check(&format!("{}x{}", open.repeat(deep), close.repeat(deep)));
    }
    for part in [" or x", " + 1", "[5m:]", " offset 0s", " == x", " @ 0"] {
        check(&format!("x{}", part.repeat(deep)));
    }
    check(&format!("x[5m{}]", " + 5m".repeat(deep)));
    check(&format!("x[{}5m{}]", "(".repeat(deep), ")".repeat(deep)));
    check(&format!("x offset {}5m", "-".repeat(deep)));
    check(&format!("x{{a=~\"{}\"}}", "(".repeat(deep)));
}

#[test]
fn the_limits_are_those_that_the_documentation_names() {
    let nested = |depth: usize| format!("{}x{}", "(".repeat(depth), ")".repeat(depth));
    let chain = |length: usize| format!("x{}", " or x".repeat(length));
    let ranges = |length: usize| format!("x[5m{}]", " + 5m".repeat(length));
    for (within, beyond, message) in [
        (
            nested(MAX_NESTING),
            nested(MAX_NESTING + 1),
            "nested more than 100 deep",
        ),
        (chain(MAX_HEIGHT), chain(MAX_HEIGHT + 1), "more than 1000 operations"),
        (ranges(MAX_HEIGHT), ranges(MAX_HEIGHT + 1), "too many operators"),
    ] {
        // All that can be done with a tree, as deep as it gets.
        let expr = parse(&within).unwrap();
        assert_eq!(parse(&expr.to_string()).as_ref(), Ok(&expr));
        assert_eq!(parse(&expr.clone().pretty().to_string()), Ok(expr.clone()));
        assert!(!format!("{expr:?}{:?}", expr.requirements()).is_empty());
        assert_eq!(Linter::new(Usage::Panel).check(&expr), []);
        let error = parse(&beyond).unwrap_err();
        assert!(error.message().contains(message), "{error}");
    }
}

/// What has so many operators is read, judged and printed by a thread as small as that of a test, without optimization.
#[test]
fn the_longest_expressions_need_little_stack() {
    let chain = |first: &str, part: &str| format!("{first}{}", part.repeat(MAX_HEIGHT - 10));
    // As deep as it is allowed.
    let nested = |open: &str, close: &str| {
        let text = |depth: usize| format!("{}x_total{}", open.repeat(depth), close.repeat(depth));
        let mut texts = (1..=MAX_NESTING).rev().map(text);
        texts.find(|text| parse(text).is_ok()).unwrap()
    };
    let long = [
        chain("x", " or x"),
        chain("x", " and x"),
        chain("x_total", " + x_total"),
        chain("1", " * 2"),
        chain("2 * x", " - 1"),
        chain("x", " > 1"),
        chain("x", " / on (a) group_left (b) x"),
        chain("sum(rate(x_total[5m]))", " / sum(rate(x_total[5m]))"),
        nested("(", ")"),
        nested("-(1 + x * ", ")"),
        nested("sum by (a) (1 + x + 2 > 1 or ", ")"),
        nested("label_replace(x or ", ", \"a\", \"b\", \"c\", \"d\")"),
        nested("1 - x ^ (2 + ", ")"),
    ];
    let judge = move || {
        for text in long {
            let expr = parse(&text).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(parse(&expr.clone().to_string()).as_ref(), Ok(&expr));
            assert!(expr.pretty().to_string().len() >= text.len());
            let linter = Linter::new(Usage::Alert).schema(&Nothing);
            assert!(linter.check(&expr).iter().all(|finding| finding.span.end <= text.len()));
            assert_eq!(linter.facts(&expr).value_type, expr.value_type());
            _ = expr.outline(Usage::Alert, &|_| None);
            assert!(!format!("{expr:?}{:?}", expr.requirements()).is_empty());
        }
    };
    let small = std::thread::Builder::new().stack_size(2 << 20);
    small.spawn(judge).unwrap().join().unwrap();
}

/// No metrics.
struct Nothing;

impl Schema for Nothing {
    fn families(&self) -> Vec<Family> {
        Vec::new()
    }
}

// --- random trees ---

/// A small generator of numbers that anybody can repeat (splitmix64).
struct Random(u64);

impl Random {
    fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }

    fn flip(&mut self) -> bool {
        self.below(2) == 0
    }

    fn expr(&mut self, value_type: ValueType, depth: usize) -> Expr {
        let kind = match value_type {
            ValueType::String => ExprKind::String(self.text()),
            ValueType::Scalar => self.scalar(depth),
            ValueType::RangeVector => self.range_vector(depth),
            ValueType::InstantVector => self.vector(depth),
        };
        Expr {
            span: Span::default(),
            kind,
        }
    }

    fn scalar(&mut self, depth: usize) -> ExprKind {
        match self.below(if depth == 0 { 1 } else { 5 }) {
            0 | 1 => ExprKind::Number(self.number()),
            2 => self.call(ValueType::Scalar, depth),
            3 => {
                // A sign before a number belongs to the number.
                let operand = self.call(ValueType::Scalar, depth);
                ExprKind::Unary(self.sign(), Box::new(expr(operand)))
            }
            _ => {
                let op = *self.pick(&BinaryOp::ALL);
                let op = if op.is_set() { BinaryOp::Pow } else { op };
                let [lhs, rhs] = [
                    self.expr(ValueType::Scalar, depth - 1),
                    self.expr(ValueType::Scalar, depth - 1),
                ];
                self.binary(op, op.is_comparison(), None, lhs, rhs)
            }
        }
    }

    fn vector(&mut self, depth: usize) -> ExprKind {
        match self.below(if depth == 0 { 1 } else { 6 }) {
            0 => {
                let mut selector = self.selector();
                selector.modifiers = self.modifiers();
                ExprKind::Selector(Box::new(selector))
            }
            1 => self.call(ValueType::InstantVector, depth),
            2 => self.aggregation(depth),
            3 => {
                let operand = self.expr(ValueType::InstantVector, depth - 1);
                ExprKind::Unary(self.sign(), Box::new(operand))
            }
            _ => {
                let op = *self.pick(&BinaryOp::ALL);
                let scalar = !op.is_set() && self.below(3) == 0;
                let other = if scalar {
                    ValueType::Scalar
                } else {
                    ValueType::InstantVector
                };
                let mut operands = [
                    self.expr(other, depth - 1),
                    self.expr(ValueType::InstantVector, depth - 1),
                ];
                if self.flip() {
                    operands.swap(0, 1);
                }
                let [lhs, rhs] = operands;
                let returns_bool = op.is_comparison() && self.flip();
                let matching = (!scalar && self.flip()).then(|| self.matching(op));
                self.binary(op, returns_bool, matching, lhs, rhs)
            }
        }
    }

    fn range_vector(&mut self, depth: usize) -> ExprKind {
        let range = self.duration(2, false);
        if depth == 0 || self.flip() {
            let mut selector = self.selector();
            selector.modifiers = self.modifiers();
            return ExprKind::Range(Box::new(RangeSelector { selector, range }));
        }
        ExprKind::Subquery(Box::new(Subquery {
            operand: self.expr(ValueType::InstantVector, depth - 1),
            range,
            step: self.flip().then(|| self.duration(1, false)),
            colon: Span::default(),
            modifiers: self.modifiers(),
        }))
    }

    fn call(&mut self, returns: ValueType, depth: usize) -> ExprKind {
        let functions: Vec<_> = Function::ALL
            .iter()
            .filter(|function| function.returns == returns && function.name != "info")
            .collect();
        let function = *self.pick(&functions);
        let least = function.least_arguments();
        let most = function.most_arguments().unwrap_or(least + 2);
        let count = least + self.below(most - least + 1);
        let arguments = (0..count).map(|at| {
            let value_type = function.argument(at).unwrap();
            self.expr(value_type, depth.saturating_sub(1))
        });
        ExprKind::Call(Call {
            function,
            name_span: Span::default(),
            arguments: arguments.collect(),
        })
    }

    fn aggregation(&mut self, depth: usize) -> ExprKind {
        let op = *self.pick(&AggregationOp::ALL);
        let parameter = op.parameter().map(|parameter| match parameter {
            AggregationParameter::Scalar => self.expr(ValueType::Scalar, depth - 1),
            AggregationParameter::String => self.expr(ValueType::String, 0),
        });
        let grouping = self.flip().then(|| Grouping {
            span: Span::default(),
            kind: if self.flip() {
                GroupingKind::By
            } else {
                GroupingKind::Without
            },
            labels: self.labels(),
        });
        ExprKind::Aggregation(Box::new(Aggregation {
            op,
            op_span: Span::default(),
            grouping,
            parameter,
            operand: self.expr(ValueType::InstantVector, depth - 1),
        }))
    }

    fn binary(
        &mut self,
        op: BinaryOp,
        returns_bool: bool,
        matching: Option<Matching>,
        lhs: Expr,
        rhs: Expr,
    ) -> ExprKind {
        ExprKind::Binary(Box::new(Binary {
            op,
            op_span: Span::default(),
            returns_bool,
            matching,
            lhs,
            rhs,
        }))
    }

    fn matching(&mut self, op: BinaryOp) -> Matching {
        let group = (!op.is_set() && self.flip()).then(|| Group {
            span: Span::default(),
            side: if self.flip() { Side::Left } else { Side::Right },
            // None of those that `on` may have.
            labels: (0..self.below(2))
                .map(|at| label(&format!("included_{at}"), false))
                .collect(),
        });
        Matching {
            span: Span::default(),
            kind: if self.flip() {
                MatchingKind::On
            } else {
                MatchingKind::Ignoring
            },
            labels: self.labels(),
            group,
        }
    }

    fn selector(&mut self) -> Selector {
        let names = ["up", "a:b", "sum", "offset", "http.requests", "on", "inf", "_", "é"];
        let mut matchers: Vec<_> = (0..self.below(3)).map(|_| self.matcher()).collect();
        // A name that needs quotes is read back as a matcher.
        let name = (*self.pick(&names)).to_owned();
        let bare = ["up", "a:b", "sum", "offset", "_"].contains(&name.as_str());
        if !bare {
            let label = label(Matcher::METRIC, true);
            matchers.insert(0, matcher(label, MatchOp::Equal, name.clone(), true));
        }
        Selector {
            span: Span::default(),
            name: bare.then(|| Name {
                span: Span::default(),
                name,
            }),
            matchers,
            modifiers: Modifiers::default(),
        }
    }

    fn matcher(&mut self) -> Matcher {
        let names = ["job", "by", "inf", "a.b", "", "1"];
        let name = *self.pick(&names);
        let quoted = self.flip() || matches!(name, "a.b" | "" | "1");
        let op = *self.pick(&[MatchOp::Equal, MatchOp::NotEqual, MatchOp::Regex, MatchOp::NotRegex]);
        let value = match op {
            MatchOp::Equal | MatchOp::NotEqual => self.text(),
            MatchOp::Regex | MatchOp::NotRegex => (*self.pick(&["", "a|b", ".*\\.x", "\\d+", "[\"']"])).to_owned(),
        };
        matcher(label(name, quoted), op, value, false)
    }

    fn labels(&mut self) -> Vec<Label> {
        let names = [
            ("job", false),
            ("a:b", false),
            ("by", false),
            ("without", true),
            ("a b", true),
            ("job", true),
        ];
        (0..self.below(3))
            .map(|_| {
                let (name, quoted) = *self.pick(&names);
                label(name, quoted)
            })
            .collect()
    }

    fn modifiers(&mut self) -> Modifiers {
        let at = match self.below(6) {
            0 => Some(AtKind::Start),
            1 => Some(AtKind::End),
            2 => Some(AtKind::Time(number(self.below(1_000_000) as f64 / 8.0 - 1000.0, false))),
            _ => None,
        };
        Modifiers {
            at: at.map(|kind| At {
                span: Span::default(),
                kind,
            }),
            offset: (self.below(3) == 0).then(|| self.duration(2, true)),
        }
    }

    fn duration(&mut self, depth: usize, may_be_negative: bool) -> Duration {
        let kind = match self.below(if depth == 0 { 1 } else { 5 }) {
            0..3 => {
                let sign = if may_be_negative && self.flip() { -1.0 } else { 1.0 };
                let is_duration = self.flip();
                let milliseconds = 1 + self.next() % (1 << self.below(40));
                DurationKind::Literal(number(sign * seconds(milliseconds), is_duration))
            }
            3 => {
                let operand = Box::new(self.binary_duration(depth - 1));
                DurationKind::Unary(self.sign(), operand)
            }
            _ => return self.binary_duration(depth - 1),
        };
        Duration {
            span: Span::default(),
            kind,
        }
    }

    fn binary_duration(&mut self, depth: usize) -> Duration {
        use BinaryOp::{Add, Div, Mod, Mul, Pow, Sub};
        let op = *self.pick(&[Add, Sub, Mul, Div, Mod, Pow]);
        let operands = [self.duration(depth, true), self.duration(depth, true)].map(Box::new);
        let [lhs, rhs] = operands;
        Duration {
            span: Span::default(),
            kind: DurationKind::Binary(op, lhs, rhs),
        }
    }

    fn number(&mut self) -> Number {
        match self.below(6) {
            0 => number(self.below(1000) as f64, false),
            1 => number(-(self.below(1000) as f64) / 8.0, false),
            2 => number((self.next() % 100_000_000) as f64, true),
            3 => number(seconds(self.next() % 100_000), true),
            4 => number(
                *self.pick(&[f64::INFINITY, f64::NEG_INFINITY, f64::NAN, -0.0, 5e-324, f64::MAX]),
                false,
            ),
            _ => {
                let any = f64::from_bits(self.next());
                number(any, false)
            }
        }
    }

    fn text(&mut self) -> String {
        let parts = ["a", "\\", "\"", "'", "`", "\n", "\u{0}", "é", "\u{FFFD}", "☺", "{", "#"];
        (0..self.below(4)).map(|_| *self.pick(&parts)).collect()
    }

    fn sign(&mut self) -> Sign {
        if self.flip() { Sign::Plus } else { Sign::Minus }
    }
}

/// As Go makes seconds of a duration, which rounds otherwise than a division.
fn seconds(milliseconds: u64) -> f64 {
    (milliseconds / 1000) as f64 + (milliseconds % 1000) as f64 / 1e3
}

fn expr(kind: ExprKind) -> Expr {
    Expr {
        span: Span::default(),
        kind,
    }
}

fn number(value: f64, is_duration: bool) -> Number {
    Number { value, is_duration }
}

fn label(name: &str, quoted: bool) -> Label {
    Label {
        span: Span::default(),
        name: name.to_owned(),
        quoted,
    }
}

fn matcher(label: Label, op: MatchOp, value: String, name_only: bool) -> Matcher {
    Matcher {
        span: Span::default(),
        value_span: Span::default(),
        label,
        op,
        value,
        name_only,
    }
}

fn without_parens(mut expr: Expr) -> Expr {
    while let ExprKind::Paren(inner) = expr.kind {
        expr = *inner;
    }
    let kind = match expr.kind {
        ExprKind::Unary(sign, operand) => ExprKind::Unary(sign, Box::new(without_parens(*operand))),
        ExprKind::Binary(binary) => ExprKind::Binary(Box::new(Binary {
            lhs: without_parens(binary.lhs),
            rhs: without_parens(binary.rhs),
            ..*binary
        })),
        ExprKind::Call(call) => ExprKind::Call(Call {
            arguments: call.arguments.into_iter().map(without_parens).collect(),
            ..call
        }),
        ExprKind::Aggregation(aggregation) => ExprKind::Aggregation(Box::new(Aggregation {
            parameter: aggregation.parameter.map(without_parens),
            operand: without_parens(aggregation.operand),
            ..*aggregation
        })),
        ExprKind::Selector(mut selector) => {
            selector.modifiers = modifiers_without_parens(selector.modifiers);
            ExprKind::Selector(selector)
        }
        ExprKind::Range(mut range) => {
            range.selector.modifiers = modifiers_without_parens(range.selector.modifiers);
            range.range = duration_without_parens(range.range);
            ExprKind::Range(range)
        }
        ExprKind::Subquery(subquery) => ExprKind::Subquery(Box::new(Subquery {
            operand: without_parens(subquery.operand),
            range: duration_without_parens(subquery.range),
            step: subquery.step.map(duration_without_parens),
            colon: subquery.colon,
            modifiers: modifiers_without_parens(subquery.modifiers),
        })),
        other => other,
    };
    Expr { kind, ..expr }
}

fn modifiers_without_parens(modifiers: Modifiers) -> Modifiers {
    Modifiers {
        offset: modifiers.offset.map(duration_without_parens),
        ..modifiers
    }
}

fn duration_without_parens(mut duration: Duration) -> Duration {
    while let DurationKind::Paren(inner) = duration.kind {
        duration = *inner;
    }
    let inside = |duration: Box<Duration>| Box::new(duration_without_parens(*duration));
    let kind = match duration.kind {
        DurationKind::Unary(sign, operand) => DurationKind::Unary(sign, inside(operand)),
        DurationKind::Binary(op, lhs, rhs) => DurationKind::Binary(op, inside(lhs), inside(rhs)),
        other => other,
    };
    Duration { kind, ..duration }
}
