//! The helpers for users' tests.

use enumetrics::testing::{Coverage, Samples};
use enumetrics::{Catalog, Counter, Export, Gauge, Histogram, LabelSet, LabelValue, metric_family};

#[derive(LabelValue, Clone, Copy)]
pub enum Outcome {
    Ok,
    #[label(value = "not \"ok\"")]
    NotOk,
}

#[derive(LabelValue, Clone, Copy)]
pub enum Side {
    Left,
    Right,
}

#[derive(LabelSet, Clone, Copy)]
pub struct Call {
    pub outcome: Outcome,
    pub side: Side,
}

#[metric_family(namespace = "phone")]
pub struct Phone {
    /// Calls.
    pub calls_total: Counter<Call>,
    /// Calls now.
    pub calls: Gauge,
    /// Duration of a call.
    #[metric(buckets = [1, 60], was = "call_time_seconds")]
    pub call_duration_seconds: Histogram<Side>,
}

/// The text of the panic.
fn panic_of(work: impl FnOnce()) -> String {
    let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).expect_err("it panics");
    *panic.downcast::<String>().expect("a text")
}

#[test]
fn a_capture_is_what_the_block_recorded() {
    let phone = Phone::new();
    let families: [&dyn Export; 1] = [&phone];
    let catalog = Catalog::new(&families).unwrap();
    let call = Call {
        outcome: Outcome::NotOk,
        side: Side::Left,
    };
    phone.calls_total.with(call).inc_by(5);

    let (answer, recorded) = Samples::capture(&catalog, || {
        let _now = phone.calls.track();
        phone.calls_total.with(call).inc();
        phone.call_duration_seconds.with(Side::Right).observe(2.5);
        "done"
    });
    assert_eq!(answer, "done");
    recorded.assert_eq(
        r#"
        phone_calls_total{outcome="not \"ok\"",side="left"} 1
        phone_call_duration_seconds_bucket{side="right",le="60.0"} 1
        phone_call_duration_seconds_bucket{side="right",le="+Inf"} 1
        phone_call_duration_seconds_count{side="right"} 1
        phone_call_duration_seconds_sum{side="right"} 2.5
        call_time_seconds_bucket{side="right",le="60.0"} 1
        call_time_seconds_bucket{side="right",le="+Inf"} 1
        call_time_seconds_count{side="right"} 1
        call_time_seconds_sum{side="right"} 2.5
        "#,
    );
    recorded
        .family("phone_call_duration_seconds")
        .without_durations()
        .assert_eq(r#"phone_call_duration_seconds_count{side="right"} 1"#);
    assert_eq!(recorded.get("call_time_seconds_sum{side=\"right\"}"), Some(2.5));

    let message = panic_of(|| recorded.family("phone_calls_total").assert_eq("phone_calls_total 2"));
    assert_eq!(
        message,
        "not what was expected (- expected, + recorded):\n\
         - phone_calls_total 2\n\
         + phone_calls_total{outcome=\"not \\\"ok\\\"\",side=\"left\"} 1\n"
    );
}

#[test]
fn what_no_test_recorded_is_named() {
    static PHONE: Phone = Phone::new();
    static FAMILIES: [&dyn Export; 1] = [&PHONE];
    let catalog = Catalog::new(&FAMILIES).unwrap();
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("coverage-{}", std::process::id()));

    let _ = std::fs::remove_dir_all(&folder);
    let missing = Coverage::read(&folder).expect_err("no folder");
    assert!(missing.to_string().contains("coverage-"), "{missing}");

    {
        let _coverage = Coverage::note(&catalog, &folder);
        PHONE
            .calls_total
            .with(Call {
                outcome: Outcome::NotOk,
                side: Side::Left,
            })
            .inc();
    }
    let unrecorded =
        |coverage: Coverage| -> Vec<String> { coverage.unrecorded(&catalog).iter().map(ToString::to_string).collect() };
    assert_eq!(
        unrecorded(Coverage::read(&folder).unwrap()),
        [
            r#"phone_calls_total{outcome="ok"}"#,
            r#"phone_calls_total{side="right"}"#,
            "phone_calls",
            "phone_call_duration_seconds",
        ]
    );

    {
        let _coverage = Coverage::note(&catalog, &folder);
        PHONE
            .calls_total
            .with(Call {
                outcome: Outcome::Ok,
                side: Side::Left,
            })
            .inc();
        PHONE.call_duration_seconds.with(Side::Left).observe(1.0);
        PHONE.calls.set(1);
    }
    let coverage = Coverage::read(&folder).unwrap();
    let message = panic_of(|| coverage.assert_complete(&catalog));
    assert_eq!(
        message,
        "declared, but recorded by no test:\n  \
         phone_calls_total{side=\"right\"}\n  \
         phone_call_duration_seconds{side=\"right\"}"
    );

    PHONE
        .calls_total
        .with(Call {
            outcome: Outcome::Ok,
            side: Side::Right,
        })
        .inc();
    PHONE.call_duration_seconds.with(Side::Right).observe(1.0);
    Coverage::of(&catalog).assert_complete(&catalog);
    std::fs::remove_dir_all(&folder).unwrap();
}
