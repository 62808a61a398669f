//! The macros in a crate that denies whatever it can: they compile without a warning, also of clippy, wherever they stand.
#![forbid(unsafe_code)]
#![deny(
    warnings,
    future_incompatible,
    let_underscore,
    missing_copy_implementations,
    missing_debug_implementations,
    missing_docs,
    nonstandard_style,
    rust_2018_idioms,
    single_use_lifetimes,
    trivial_casts,
    trivial_numeric_casts,
    unused,
    unused_import_braces,
    unused_lifetimes,
    unused_qualifications,
    unused_results,
    variant_size_differences,
    clippy::all,
    clippy::nursery,
    clippy::pedantic
)]
// Those of clippy's restrictions that are about what a macro might write.
#![deny(
    clippy::absolute_paths,
    clippy::allow_attributes_without_reason,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::default_numeric_fallback,
    clippy::expect_used,
    clippy::float_arithmetic,
    clippy::indexing_slicing,
    clippy::missing_docs_in_private_items,
    clippy::panic,
    clippy::print_stdout,
    clippy::shadow_reuse,
    clippy::shadow_same,
    clippy::shadow_unrelated,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm
)]

use core::fmt;
use core::future::ready;

use enumetrics::{
    ComputedCounter, ComputedGauge, Counter, Gauge, Histogram, Info, InfoLabels, IntRange, LabelSet, LabelValue,
    Method, StateSet, Summary, catalog, metric_family, open_label, timed, timed_into,
};

/// A side.
#[derive(LabelValue, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Left.
    Left,
    /// Right.
    Right,
}

/// How it ended.
#[derive(LabelValue, Clone, Copy, Debug, PartialEq, Eq)]
#[label(name = "outcome", rename_all = "kebab-case")]
pub enum Ending {
    /// Well.
    AllWell,
    /// Not.
    #[label(value = "500")]
    Failed,
}

/// A call.
#[derive(LabelSet, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    /// The side.
    pub side: Side,
    /// Its end.
    #[label(name = "end")]
    pub ending: Ending,
}

open_label! {
    /// Who asks.
    #[derive(PartialOrd, Ord)]
    pub struct Tenant(max = 2, other = "others");
}

/// Who asks, and how: values that are none, a set in a set, and what cannot occur.
#[derive(LabelSet, Clone, Copy, Debug, PartialEq, Eq)]
#[label(impossible(again = "true", attempt = "1" | "2"))]
pub struct Request {
    /// Who asks.
    pub tenant: Tenant,
    /// How.
    pub method: Method,
    /// How often.
    pub attempt: IntRange<1, 3>,
    /// Whether it did before.
    pub again: bool,
    /// The call.
    pub call: Call,
    /// What it came to.
    pub fate: Fate,
}

/// What it came to.
#[derive(LabelValue, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Well.
    Good,
    /// Not known.
    #[label(skip)]
    Unknown(u8),
}

/// What was built.
#[derive(InfoLabels, Clone, Debug)]
pub struct Build {
    /// The version.
    pub version: &'static str,
    /// The branch.
    #[label(name = "branch")]
    pub from: String,
    /// The side.
    pub side: Side,
}

/// Bounds.
const EDGES: [f64; 2] = [0.1, 1.0];

/// A part.
#[metric_family(namespace = "part", labels(component = "engine"))]
#[derive(Debug)]
pub struct Part {
    /// Turns.
    pub turns_total: Counter,
}

/// Everything.
#[metric_family(namespace = "strict", subsystem = "test", max_series = 1000)]
#[derive(Debug)]
pub struct Strict {
    /// Calls.
    #[metric(max_series = 4, was = "old_calls_total")]
    pub calls_total: Counter<Call>,
    /// Duration.
    #[metric(buckets = [0.1, 1], slo = 1)]
    pub duration_seconds: Histogram<Side>,
    /// Duration.
    #[metric(buckets = EDGES)]
    pub wait_seconds: Histogram,
    /// Open.
    pub(crate) open: Gauge<Side>,
    /// Heat.
    heat_celsius: Gauge<(), f64>,
    /// Money.
    #[metric(unit = "euros", was = "old_euros_total")]
    pub paid_euros_total: Counter<Call, f64>,
    /// Size.
    #[metric(quantiles = [0, 0.5, 1], window = "1h")]
    pub size_bytes: Summary<Call>,
    /// Age.
    #[metric(quantiles = EDGES)]
    pub age_seconds: Summary,
    /// What was built.
    pub build_info: Info<Build>,
    /// How it ends.
    #[metric(was = "old_ending")]
    pub ending: StateSet<Ending, Side>,
    /// Length.
    #[metric(compute = |call| f64::from(u8::from(call.side == Side::Left)))]
    pub length: ComputedGauge<Call>,
    /// Height.
    #[metric(compute = later)]
    pub heights_total: ComputedCounter,
    /// Gone.
    #[deprecated(note = "use `open`")]
    pub gone: Gauge,
    /// Requests.
    pub requests_total: Counter<Request>,
    /// A part of it.
    #[metric(flatten)]
    pub part: Part,
    /// Only on some systems.
    #[cfg(any())]
    pub nowhere: Counter<Nowhere>,
    /// On all.
    #[cfg(not(any()))]
    pub everywhere: Gauge,
}

/// Its static.
pub static STRICT: Strict = Strict::new();

timed_into!(crate::STRICT.duration_seconds);

catalog! {
    /// All of it.
    #[catalog(max_series = 1000)]
    pub static METRICS = [STRICT];
}

/// A function.
#[timed(side = "left")]
#[must_use]
pub fn work(by: u32) -> Option<u32> {
    by.checked_add(1)
}

/// A function that waits.
///
/// # Errors
///
/// Never.
#[timed(STRICT.duration_seconds, side = "right")]
pub async fn wait<T: Clone + Send + Sync>(value: &T) -> Result<T, fmt::Error> {
    Ok(ready(value.clone()).await)
}

/// In a module.
mod inner {
    use super::{Call, Counter, Histogram, Side, catalog, metric_family, ready, timed};

    /// Inside.
    #[metric_family(namespace = "inner")]
    #[derive(Debug)]
    pub struct Inner {
        /// Calls.
        pub calls_total: Counter<Call>,
        /// Duration.
        #[metric(buckets = [1.0])]
        pub duration_seconds: Histogram<Side>,
    }

    /// Its static.
    pub static INNER: Inner = Inner::new();

    catalog! { pub static METRICS = [INNER, super::OUTER]; }

    /// With parameters.
    #[derive(Clone, Copy, Debug)]
    pub struct Worker<'a, T, const N: usize>(pub &'a [T; N]);

    impl<T: Copy + Send + Sync, const N: usize> Worker<'_, T, N> {
        /// A method.
        #[timed(INNER.duration_seconds, side = "right")]
        pub fn first(self) -> Option<T> {
            let first = self.0.first()?;
            Some(*first)
        }

        /// One that waits.
        #[timed(INNER.duration_seconds, side = "left")]
        pub async fn last(self) -> Option<T> {
            ready(()).await;
            self.0.last().copied()
        }
    }
}

/// In a macro.
macro_rules! declare {
    ($name:ident, $label:ty, $namespace:literal, $bounds:expr, $window:literal, $length:expr) => {
        /// From a macro.
        #[metric_family(namespace = $namespace)]
        #[derive(Debug)]
        pub struct $name {
            /// Calls.
            pub calls_total: Counter<$label>,
            /// Duration.
            #[metric(buckets = $bounds)]
            pub duration_seconds: Histogram<$label>,
            /// Size.
            #[metric(quantiles = $bounds, window = $window)]
            pub size_bytes: Summary<$label>,
            /// Length.
            #[metric(compute = $length)]
            pub length: ComputedGauge<$label>,
        }
    };
}
declare!(Outer, Call, "outer", [0.5, 1.0], "1h", |call| f64::from(u8::from(
    call.side == Side::Left
)));

/// Its static.
static OUTER: Outer = Outer::new();

#[tokio::test]
async fn all_of_it_runs() {
    STRICT
        .calls_total
        .with(Call {
            side: Side::Left,
            ending: Ending::Failed,
        })
        .inc();
    let request = Request {
        tenant: Tenant::intern_static("one"),
        method: Method::Get,
        attempt: IntRange::clamped(3),
        again: true,
        call: Call {
            side: Side::Left,
            ending: Ending::AllWell,
        },
        fate: Fate::Good,
    };
    STRICT.requests_total.with(request).inc();
    let unknown = Fate::Unknown(7);
    STRICT
        .requests_total
        .with(Request {
            fate: unknown,
            ..request
        })
        .inc();
    assert!(!Tenant::remove("nobody"));
    STRICT.heat_celsius.set(1.5_f64);
    STRICT.heights_total.compute_with(|()| 2.0_f64);
    STRICT.ending.with(Side::Right).set(Ending::AllWell);
    STRICT.build_info.set(Build {
        version: "1.4.2",
        from: "main".to_owned(),
        side: Side::Left,
    });
    assert_eq!(work(1), Some(2));
    assert_eq!(wait(&3_u8).await, Ok(3_u8));
    let numbers = [1_u8, 2, 3];
    let worker = inner::Worker(&numbers);
    assert_eq!((worker.first(), worker.last().await), (Some(1_u8), Some(3_u8)));
    assert!(
        METRICS
            .render()
            .contains("strict_test_duration_seconds_count{side=\"left\"} 1\n")
    );
    assert!(
        inner::METRICS
            .render()
            .contains("inner_duration_seconds_count{side=\"right\"} 1\n")
    );
}

#[test]
fn a_declaration_may_stand_in_a_function() {
    /// How it went.
    #[derive(LabelValue, Clone, Copy, Debug)]
    enum Went {
        /// Well.
        Well,
        /// Badly.
        Badly,
    }

    open_label! { struct Who(max = 1); }

    /// How it went, and for whom.
    #[derive(LabelSet, Clone, Copy, Debug)]
    struct Both {
        /// How.
        went: Went,
        /// For whom.
        who: Who,
    }

    /// Local.
    #[metric_family(namespace = "local")]
    struct Local {
        /// Things.
        things_total: Counter<Went>,
        /// Things by both.
        both_total: Counter<Both>,
    }

    /// Its static.
    static LOCAL: Local = Local::new();
    catalog! { static CATALOG = [LOCAL]; }

    LOCAL.things_total.with(Went::Well).inc();
    LOCAL.things_total.with(Went::Badly).inc_by(2);
    let both = Both {
        went: Went::Well,
        who: Who::intern("me"),
    };
    LOCAL.both_total.with(both).inc();
    assert!(CATALOG.render().contains("local_things_total{went=\"badly\"} 2\n"));
}
