//! The macros in a module that gives every name they might use another meaning, and with our crate renamed.
#![allow(
    dead_code,
    non_camel_case_types,
    unused_qualifications,
    clippy::all,
    reason = "a test of odd names"
)]

extern crate enumetrics as renamed;

mod shadowed {
    pub struct Option;
    pub struct Result;
    pub struct String;
    pub struct Some;
    pub struct None;
    pub struct Vec;
    pub struct Counter;
    pub trait Send {}
    pub trait Sync {}
    pub trait FnMut {}
    pub mod core {}
    pub mod std {}
    pub mod enumetrics {}

    #[derive(::enumetrics::LabelValue)]
    pub enum T {
        T,
        Cells,
        Self_,
    }

    #[derive(::enumetrics::LabelSet)]
    pub struct index {
        pub index: T,
        pub visit: T,
    }

    #[derive(::enumetrics::LabelSet)]
    #[label(impossible(index = "cells", open = "false"))]
    pub struct __FIELDS {
        pub index: index,
        pub open: bool,
        pub at: __OPEN,
    }

    ::enumetrics::open_label! { pub struct __OPEN(max = 1); }

    #[::enumetrics::metric_family(namespace = "odd")]
    pub struct DESCRIPTORS {
        /// Things.
        pub visit_total: ::enumetrics::Counter<index>,
        /// More things.
        pub fields_total: ::enumetrics::Counter<__FIELDS>,
        /// Seconds.
        #[metric(buckets = [1, 2])]
        pub r#struct: ::enumetrics::Histogram<T>,
        /// Seconds.
        #[metric(buckets = EDGES)]
        pub new: ::enumetrics::Histogram,
        /// Seconds.
        #[metric(quantiles = [0.5], window = "1h")]
        pub at: ::enumetrics::Summary<index>,
        /// What is what.
        pub string_info: ::enumetrics::Info<String_>,
        /// States.
        pub t: ::enumetrics::StateSet<T, T>,
        /// Numbers.
        #[metric(compute = |set| self::number(set))]
        pub rest: ::enumetrics::ComputedGauge<index>,
    }

    #[derive(::enumetrics::InfoLabels)]
    pub struct String_ {
        pub text: &'static str,
        pub rest: T,
    }

    fn number(set: index) -> f64 {
        f64::from(set.visit as u8)
    }

    const EDGES: [f64; 2] = [1.0, 2.0];

    pub static STRUCTS: DESCRIPTORS = DESCRIPTORS::new();

    ::enumetrics::catalog! { pub static CONFLICTS = [STRUCTS]; }

    ::enumetrics::rules! {
        pub static __TABLE for CONFLICTS;

        external { __SERIES_0: gauge [1] { at = "x" }; }

        #[record(labels(core = T::Self_))]
        odd:visit:rate5m = sum by (index) (rate(odd_visit_total{index=~"c.*"}[5m])) or max(__SERIES_0 > 1);

        /// Odd: {{ $labels.t }}.
        #[alert(for = "5m", severity = Info, runbook = "https://runbooks.example")]
        Option = histogram_quantile(0.5, sum by (le, t) (rate(odd_struct_bucket[5m]))) > 1 and on () odd:visit:rate5m > 1;
    }

    #[::enumetrics::timed(STRUCTS.r#struct, t = "cells")]
    pub fn elapsed() -> bool {
        true
    }
}

mod with_a_path {
    renamed::open_label! {
        pub struct Tenant(max = 1, crate = crate::renamed);
    }

    #[derive(renamed::LabelValue)]
    #[label(crate = crate::renamed)]
    pub enum Level {
        One,
    }

    #[derive(renamed::LabelSet)]
    #[label(crate = crate::renamed)]
    pub struct Labels {
        pub level: Level,
        pub tenant: Tenant,
    }

    #[derive(renamed::InfoLabels)]
    #[label(crate = crate::renamed)]
    pub struct Build {
        pub version: &'static str,
    }

    #[renamed::metric_family(crate = crate::renamed)]
    pub struct Metrics {
        /// What was built.
        pub build_info: crate::renamed::Info<Build>,
        /// States.
        pub level: crate::renamed::StateSet<Level>,
        /// Sizes.
        #[metric(quantiles = [0.5])]
        pub size: crate::renamed::Summary,
        /// Numbers.
        #[metric(compute = |()| 7.0)]
        pub number: crate::renamed::ComputedGauge,
        /// Things.
        pub things_total: crate::renamed::Counter<Labels>,
        /// Seconds.
        #[metric(buckets = [1.0])]
        pub seconds: crate::renamed::Histogram,
    }

    pub static METRICS: Metrics = Metrics::new();

    renamed::catalog! {
        crate = crate::renamed;
        pub static CATALOG = [METRICS];
    }

    renamed::rules! {
        crate = crate::renamed;
        pub static RULES for CATALOG;

        #[alert(severity = Warning, allow(alert-summary = "a test", alert-runbook = "a test"))]
        Slow = sum(rate(seconds_sum[5m])) / sum(rate(seconds_count[5m])) > 1;
    }

    #[renamed::timed(METRICS.seconds, crate = crate::renamed)]
    pub fn work() {}
}

#[test]
fn odd_names_change_nothing() {
    shadowed::STRUCTS
        .visit_total
        .with(shadowed::index {
            index: shadowed::T::T,
            visit: shadowed::T::Self_,
        })
        .inc();
    assert!(shadowed::elapsed());
    assert!(shadowed::__TABLE.to_yaml().contains("core: self"));
    assert_eq!(
        with_a_path::RULES.alerts()[0].labels().next(),
        Some(("severity", "warning"))
    );
    let text = shadowed::CONFLICTS.render();
    assert!(
        text.contains("odd_visit_total{index=\"t\",visit=\"self\"} 1\n"),
        "{text}"
    );
    assert!(text.contains("odd_struct_count{t=\"cells\"} 1\n"), "{text}");
    assert!(text.contains("odd_rest{index=\"self\",visit=\"cells\"} 1\n"), "{text}");
}

#[test]
fn our_crate_can_be_renamed() {
    with_a_path::work();
    with_a_path::METRICS
        .build_info
        .set(with_a_path::Build { version: "1.4.2" });
    let text = with_a_path::CATALOG.render();
    for line in ["seconds_count 1\n", "number 7\n", "build_info{version=\"1.4.2\"} 1\n"] {
        assert!(text.contains(line), "{text}");
    }
}
