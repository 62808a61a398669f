//! Combinations that are declared impossible.

use super::*;

#[derive(LabelValue, Clone, Copy)]
pub enum Kind {
    Phone,
    Email,
    Name,
}

#[derive(LabelSet, Clone, Copy)]
#[label(impossible(operation = "encrypt", kind = "phone" | "email"))]
#[label(
    impossible(operation = "search", ok = "false"),
    impossible(kind = "name", ok = "true")
)]
pub struct Access {
    pub operation: Operation,
    pub kind: Kind,
    pub ok: bool,
}

#[derive(LabelSet, Clone, Copy)]
#[label(impossible(attempt = "1", operation = "decrypt"))]
pub struct Again {
    pub attempt: IntRange<1, 2>,
    pub access: Access,
}

/// The rules once more, by hand.
fn is_possible(access: Access) -> bool {
    !matches!(
        (access.operation, access.kind, access.ok),
        (Operation::Encrypt, Kind::Phone | Kind::Email, _) | (Operation::Search, _, false) | (_, Kind::Name, true)
    )
}

#[metric_family(namespace = "rules")]
pub struct Rules {
    /// Accesses.
    pub accesses_total: Counter<Access>,
    /// Accesses now.
    pub now: Gauge<Access, f64>,
    /// Seconds.
    #[metric(buckets = [1])]
    pub seconds: Histogram<Access>,
    /// Accesses again.
    pub again_total: Counter<Again>,
}

const POSSIBLE: usize = Counter::<Access>::MAX_SERIES;

#[test]
fn what_is_impossible_is_neither_exported_nor_counted() {
    let possible: Vec<_> = (0..Access::COMBINATIONS)
        .filter(|at| is_possible(Access::at(*at)))
        .collect();
    assert_eq!(POSSIBLE, possible.len());
    assert_eq!(Gauge::<Access>::MAX_SERIES, POSSIBLE);
    assert_eq!(Histogram::<Access, 1>::MAX_SERIES, 4 * POSSIBLE);
    assert_eq!(Rules::DESCRIPTORS[0].combinations(), 18);

    let rules = Rules::new();
    let text = render(&rules);
    for (index, access) in (0..18).map(Access::at).enumerate() {
        let Access { operation, kind, ok } = access;
        let labels = format!(
            "operation=\"{}\",kind=\"{}\",ok=\"{ok}\"",
            operation.value(),
            kind.value()
        );
        for sample in [
            format!("rules_accesses_total{{{labels}}} 0\n"),
            format!("rules_now{{{labels}}} 0\n"),
            format!("rules_seconds_bucket{{{labels},le=\"1.0\"}} 0\n"),
            format!("rules_seconds_sum{{{labels}}} 0\n"),
            format!("rules_seconds_count{{{labels}}} 0\n"),
            format!("rules_again_total{{attempt=\"2\",{labels}}} 0\n"),
        ] {
            assert_eq!(text.contains(&sample), possible.contains(&index), "{sample}{text}");
        }
        let first_again = format!("rules_again_total{{attempt=\"1\",{labels}}} 0\n");
        let is_possible = possible.contains(&index) && operation != Operation::Decrypt;
        assert_eq!(text.contains(&first_again), is_possible, "{first_again}{text}");
    }
    assert_eq!(samples(&text).len(), Rules::MAX_SERIES);
}

#[test]
fn what_is_recorded_nevertheless_is_exported() {
    let wrong = Access {
        operation: Operation::Encrypt,
        kind: Kind::Email,
        ok: true,
    };
    assert!(!is_possible(wrong));
    let rules = Rules::new();
    rules.accesses_total.with(wrong).inc();
    rules.now.with(wrong).set(-0.5);
    rules.seconds.with(wrong).observe(0.0);
    let text = render(&rules);
    let labels = r#"operation="encrypt",kind="email",ok="true""#;
    for sample in [
        format!("rules_accesses_total{{{labels}}} 1\n"),
        format!("rules_now{{{labels}}} -0.5\n"),
        format!("rules_seconds_count{{{labels}}} 1\n"),
    ] {
        assert!(text.contains(&sample), "{sample}{text}");
    }
    assert_eq!(samples(&text).len(), Rules::MAX_SERIES + 1 + 1 + 4);
    rules.now.with(wrong).set(0.0);
    assert_eq!(samples(&render(&rules)).len(), Rules::MAX_SERIES + 1 + 4);
}

#[test]
fn a_registry_of_prometheus_sees_the_same_series() {
    static RULES: Rules = Rules::new();
    catalog! { static METRICS = [RULES]; }
    let count = || {
        let registry = prometheus::Registry::new();
        registry.register(Box::new(METRICS.collector().unwrap())).unwrap();
        let families = registry.gather();
        families.iter().map(|family| family.get_metric().len()).sum::<usize>()
    };
    assert_eq!(count(), 3 * POSSIBLE + Counter::<Again>::MAX_SERIES);
    let wrong = Access::at(0);
    assert!(!is_possible(wrong));
    RULES.accesses_total.with(wrong).inc();
    RULES.now.with(wrong).set(1.0);
    RULES.seconds.with(wrong).observe(1.0);
    assert_eq!(count(), 3 * (POSSIBLE + 1) + Counter::<Again>::MAX_SERIES);
}

/// More counts than are read at once, with some left out.
#[test]
fn counts_of_a_wide_family_stay_with_their_labels() {
    #[derive(LabelSet, Clone, Copy)]
    #[label(impossible(ok = "true", number = "7" | "255" | "256"))]
    struct Wide {
        number: IntRange<0, 400>,
        ok: bool,
    }

    #[metric_family]
    struct WideFamily {
        /// Numbers.
        numbers_total: Counter<Wide>,
    }

    let family = WideFamily::new();
    let at = |number, ok| Wide {
        number: IntRange::clamped(number),
        ok,
    };
    for number in (0..=400).filter(|number| ![7, 255, 256].contains(number)) {
        family.numbers_total.with(at(number, false)).inc_by(number.into());
        family.numbers_total.with(at(number, true)).inc_by(number.into());
    }
    let text = render(&family);
    assert_eq!(samples(&text).len(), 2 * 401 - 3);
    for sample in samples(&text) {
        let number = sample.split('"').nth(1).unwrap();
        let value = if ["7", "255", "256"].contains(&number) {
            "0"
        } else {
            number
        };
        assert!(sample.ends_with(&format!(" {value}")), "{sample}");
    }
}
