//! Labels of every bounded kind: their names and values, which combinations a scrape has, and that recording with any of
//! them is safe.

use enumetrics::{
    Catalog, Counter, Export, Gauge, Histogram, IntRange, LabelSet, LabelValue, Method, MetricFamily, StatusClass,
    StatusCode, catalog, metric_family, open_label,
};

fn render(family: &dyn Export) -> String {
    Catalog::new(&[family]).unwrap().render()
}

/// The samples of a scrape: what is no comment.
fn samples(text: &str) -> Vec<&str> {
    text.lines().filter(|line| !line.starts_with('#')).collect()
}

#[derive(LabelValue, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    Encrypt,
    Decrypt,
    Search,
}

mod fields {
    use super::*;

    #[derive(LabelSet, Clone, Copy, Debug, PartialEq)]
    pub struct Lookup {
        pub hit: bool,
        #[label(name = "try")]
        pub attempt: IntRange<9, 11>,
    }

    #[metric_family(namespace = "fields")]
    pub struct Fields {
        /// Lookups.
        pub lookups_total: Counter<Lookup>,
        /// Sizes by status and method.
        pub size_bytes: Gauge<Answer>,
    }

    #[derive(LabelSet, Clone, Copy)]
    pub struct Answer {
        pub code: StatusCode,
        pub method: Method,
    }

    #[test]
    fn a_bool_and_a_range_are_named_by_their_field() {
        let fields = Fields::new();
        let labels = Lookup {
            hit: true,
            attempt: IntRange::clamped(10),
        };
        fields.lookups_total.with(labels).inc();
        assert_eq!(
            samples(&render(&fields))[..6],
            [
                r#"fields_lookups_total{hit="false",try="9"} 0"#,
                r#"fields_lookups_total{hit="false",try="10"} 0"#,
                r#"fields_lookups_total{hit="false",try="11"} 0"#,
                r#"fields_lookups_total{hit="true",try="9"} 0"#,
                r#"fields_lookups_total{hit="true",try="10"} 1"#,
                r#"fields_lookups_total{hit="true",try="11"} 0"#,
            ]
        );
    }

    #[test]
    fn a_range_takes_its_numbers_only() {
        type Range = IntRange<9, 11>;
        assert_eq!(
            [8, 9, 11, 12].map(|n| Range::new(n).map(Range::get)),
            [None, Some(9), Some(11), None]
        );
        assert_eq!([0, 10, u16::MAX].map(|n| Range::clamped(n).get()), [9, 10, 11]);
        const ALL: usize = Fields::MAX_SERIES;
        assert_eq!(ALL, 2 * 3 + 500 * 10);
    }

    #[test]
    fn a_position_and_its_combination_belong_together() {
        for index in 0..Lookup::COMBINATIONS {
            assert_eq!(Lookup::at(index).index(), index);
        }
        for index in 0..Answer::COMBINATIONS {
            assert_eq!(Answer::at(index).index(), index);
        }
        let last = Lookup {
            hit: true,
            attempt: IntRange::clamped(11),
        };
        assert_eq!(Lookup::at(5), last);
    }
}

mod http_labels {
    use super::*;

    #[metric_family(namespace = "http")]
    pub struct Http {
        /// Responses.
        pub responses_total: Counter<StatusCode>,
        /// Requests.
        pub requests_total: Counter<Method>,
        /// Failures.
        pub failures_total: Counter<StatusClass>,
    }

    #[test]
    fn http_labels_name_themselves() {
        let http = Http::new();
        http.responses_total.with(StatusCode::from_code(404)).inc();
        http.requests_total.with(Method::from_name("PATCH")).inc();
        http.failures_total.with(StatusClass::from_code(503)).inc();
        let text = render(&http);
        for line in [
            "http_responses_total{status=\"100\"} 0\n",
            "http_responses_total{status=\"404\"} 1\n",
            "http_responses_total{status=\"599\"} 0\n",
            "http_requests_total{method=\"PATCH\"} 1\n",
            "http_requests_total{method=\"other\"} 0\n",
            "http_failures_total{status_class=\"5xx\"} 1\n",
        ] {
            assert!(text.contains(line), "{line}{text}");
        }
        assert_eq!(samples(&text).len(), 500 + 10 + 5);
    }

    #[test]
    fn every_code_has_its_text_and_class() {
        for (code, status) in (100..).zip(StatusCode::VARIANTS) {
            assert_eq!(status.get(), code);
            assert_eq!(status.value(), code.to_string());
            assert_eq!(status.class().value().as_bytes()[0], status.value().as_bytes()[0]);
            assert_eq!(StatusCode::from_value(status.value()), Some(*status));
        }
        assert_eq!(StatusCode::VARIANTS.len(), 500);
        for no_status in [0, 99, 600, 999, u16::MAX] {
            assert_eq!(StatusCode::new(no_status), None);
            assert_eq!(StatusCode::from_code(no_status).get(), 500);
            assert_eq!(StatusClass::from_code(no_status), StatusClass::ServerError);
        }
    }

    #[test]
    fn methods_are_case_sensitive_and_bounded() {
        for method in Method::VARIANTS.iter().filter(|method| **method != Method::Other) {
            assert_eq!(Method::from_name(method.value()), *method);
            assert_eq!(Method::from_name(&method.value().to_lowercase()), Method::Other);
        }
        assert_eq!(["", "BREW", "other", "GET "].map(Method::from_name), [Method::Other; 4]);
    }

    #[test]
    fn the_types_of_the_crate_http_turn_into_labels() {
        use axum::http;

        assert_eq!(StatusCode::from(http::StatusCode::IM_A_TEAPOT).get(), 418);
        assert_eq!(StatusCode::from(http::StatusCode::from_u16(999).unwrap()).get(), 500);
        assert_eq!(
            StatusClass::from(http::StatusCode::NOT_MODIFIED),
            StatusClass::Redirection
        );
        assert_eq!(Method::from(&http::Method::TRACE), Method::Trace);
        assert_eq!(Method::from(&http::Method::from_bytes(b"BREW").unwrap()), Method::Other);
    }
}

mod nested {
    use super::*;

    #[derive(LabelSet, Clone, Copy, Debug, PartialEq)]
    pub struct Answer {
        pub cached: bool,
        pub status: StatusClass,
    }

    #[derive(LabelSet, Clone, Copy, Debug, PartialEq)]
    pub struct Call {
        pub operation: Operation,
        pub answer: Answer,
        pub last: bool,
    }

    #[derive(LabelSet, Clone, Copy, Debug, PartialEq)]
    pub struct Outer {
        pub call: Call,
    }

    #[test]
    fn a_set_in_a_set_brings_its_labels_in_its_place() {
        let names: Vec<_> = Outer::LABELS.iter().map(|label| label.name).collect();
        assert_eq!(names, ["operation", "cached", "status", "last"]);
        assert_eq!(Outer::COMBINATIONS, 3 * 2 * 5 * 2);
        let call = Call {
            operation: Operation::Search,
            answer: Answer {
                cached: false,
                status: StatusClass::Redirection,
            },
            last: true,
        };
        assert_eq!(Outer { call }.index(), ((2 * 2) * 5 + 2) * 2 + 1);
        let counter = Counter::<Outer>::new();
        counter.with(Outer { call }).inc();
        let series = r#"operation="search",cached="false",status="3xx",last="true": 1"#;
        assert!(format!("{counter:?}").contains(series), "{counter:?}");
        for index in 0..Outer::COMBINATIONS {
            assert_eq!(Outer::at(index).index(), index);
        }
    }
}

mod skipped {
    use super::*;

    #[derive(LabelValue, Clone, Debug, PartialEq)]
    pub enum Outcome {
        #[label(skip)]
        Unknown,
        Ok,
        #[label(skip)]
        Redirected(String),
        Failed,
        #[label(skip)]
        Retried {
            attempt: u32,
        },
    }

    #[derive(LabelSet, Clone)]
    pub struct Labels {
        pub first: Outcome,
        pub operation: Operation,
        pub second: Outcome,
    }

    fn skipped() -> [Outcome; 3] {
        [
            Outcome::Unknown,
            Outcome::Redirected("/".to_owned()),
            Outcome::Retried { attempt: 1 },
        ]
    }

    #[metric_family(namespace = "skip", max_series = 2 + 2 * 5 + 2 + 2 * 3 * 2)]
    pub struct Skip {
        /// Things.
        pub things_total: Counter<Outcome>,
        /// Seconds.
        #[metric(buckets = [1, 2])]
        pub seconds: Histogram<Outcome>,
        /// Things now.
        pub now: Gauge<Outcome>,
        /// Things of several labels.
        pub several_total: Counter<Labels>,
    }

    #[test]
    fn a_skipped_variant_is_no_value() {
        assert_eq!(Outcome::VALUES, ["ok", "failed"]);
        assert_eq!(Outcome::VARIANTS, [Outcome::Ok, Outcome::Failed]);
        assert_eq!(Outcome::from_value("failed"), Some(Outcome::Failed));
        assert_eq!(Outcome::from_value("unknown"), None);
        assert_eq!(Outcome::Failed.value(), "failed");
        for outcome in skipped() {
            assert_eq!(outcome.value(), "");
        }
    }

    #[test]
    fn recording_with_a_skipped_variant_counts_nothing_and_reading_it_is_zero() {
        let skip = Skip::new();
        let untouched = render(&skip);
        for outcome in skipped() {
            // Twice: the first time a thread records into a metric is another path.
            for _ in 0..2 {
                skip.things_total.with(outcome.clone()).inc();
                skip.seconds.with(outcome.clone()).observe(1.5);
                skip.now.with(outcome.clone()).set(7);
                skip.now.with(outcome.clone()).add(1);
                skip.now.with(outcome.clone()).sub(3);
                let _guard = skip.now.with(outcome.clone()).track();
                for (first, second) in [(outcome.clone(), Outcome::Ok), (Outcome::Failed, outcome.clone())] {
                    let operation = Operation::Search;
                    skip.several_total
                        .with(Labels {
                            first,
                            operation,
                            second,
                        })
                        .inc();
                }
            }
            assert_eq!(skip.things_total.with(outcome.clone()).get(), 0);
            assert_eq!(skip.now.with(outcome.clone()).get(), 0);
            assert_eq!(skip.seconds.with(outcome.clone()).snapshot().buckets, [0, 0, 0]);
            assert_eq!(skip.seconds.with(outcome).count(), 0);
        }
        assert_eq!(render(&skip), untouched);
        assert_eq!(samples(&untouched).len(), Skip::MAX_SERIES);
    }

    #[test]
    fn what_is_beside_a_skipped_variant_counts_as_ever() {
        let counter = Counter::<Labels>::new();
        for index in 0..Labels::COMBINATIONS {
            assert_eq!(Labels::at(index).index(), index);
            counter.with(Labels::at(index)).inc_by(index as u64);
        }
        let last = Labels {
            first: Outcome::Failed,
            operation: Operation::Search,
            second: Outcome::Failed,
        };
        assert_eq!(counter.with(last).get(), 11);
    }
}

mod impossible {
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
}

mod open {
    use super::*;

    open_label! {
        /// Templates of routes.
        #[derive(PartialOrd, Ord)]
        pub struct Route(max = 3, other = "rest");
    }

    #[derive(LabelSet, Clone, Copy)]
    pub struct Request {
        pub method: Method,
        #[label(name = "template")]
        pub route: Route,
        pub ok: bool,
    }

    #[metric_family(namespace = "open", max_series = 4 + 80 + 16)]
    pub struct Open {
        /// Requests by route.
        pub routes_total: Counter<Route>,
        /// Requests.
        pub requests_total: Counter<Request>,
        /// Seconds.
        #[metric(buckets = [1])]
        pub seconds: Histogram<Route>,
    }

    static OPEN: Open = Open::new();

    catalog! { static METRICS = [OPEN]; }

    /// One test, because the values of a label are the program's.
    #[test]
    fn values_come_while_the_program_runs() {
        const _: () = assert!(METRICS.max_series() == Open::MAX_SERIES + 1);
        let of = |name: &str| {
            let text = METRICS.render();
            let begins = |line: &&str| line.starts_with(name);
            text.lines().filter(begins).map(str::to_owned).collect::<Vec<_>>()
        };

        // Before any: only what stands for the rest.
        assert_eq!(of("open_routes_total"), [r#"open_routes_total{route="rest"} 0"#]);
        assert_eq!(of("open_requests_total").len(), 20);
        assert_eq!(of("open_seconds").len(), 4);
        assert_eq!(
            of("enumetrics_label_overflows_total"),
            [r#"enumetrics_label_overflows_total{label="route"} 0"#]
        );

        // A value is exported from when it is interned, at 0; the same text is the same value.
        let users = Route::intern("/users/{id}");
        let odd = Route::intern_static("a \"b\"\\\n");
        assert_eq!(users, Route::intern_static("/users/{id}"));
        assert_ne!(users, odd);
        assert_eq!(
            (users.value(), Route::OTHER.value(), Route::MAX),
            ("/users/{id}", "rest", 3)
        );
        assert_eq!(format!("{users:?}"), r#"Route("/users/{id}")"#);
        OPEN.routes_total.with(odd).inc();
        OPEN.routes_total.with(Route::OTHER).inc_by(2);
        OPEN.seconds.with(users).observe(0.5);
        let request = Request {
            method: Method::Put,
            route: users,
            ok: true,
        };
        OPEN.requests_total.with(request).inc_by(5);
        assert_eq!(
            of("open_routes_total"),
            [
                r#"open_routes_total{route="rest"} 2"#,
                r#"open_routes_total{route="/users/{id}"} 0"#,
                r#"open_routes_total{route="a \"b\"\\\n"} 1"#,
            ]
        );
        assert_eq!(of("open_requests_total").len(), 60);
        let sample = r#"open_requests_total{method="PUT",template="/users/{id}",ok="true"} 5"#;
        assert!(of("open_requests_total").contains(&sample.to_owned()));
        assert!(of("open_seconds_count").contains(&r#"open_seconds_count{route="/users/{id}"} 1"#.to_owned()));
        assert!(format!("{:?}", OPEN.routes_total).contains(r#"route="/users/{id}": 0"#));

        // What has no place is the rest, and is counted; the text of the rest is not an overflow.
        let third = Route::intern("ü");
        assert_ne!(third, Route::OTHER);
        assert_eq!(Route::intern("rest"), Route::OTHER);
        for nothing in ["/fourth", "/fifth", "", &"x".repeat(129)] {
            assert_eq!(Route::intern(nothing), Route::OTHER);
        }
        assert_eq!(Route::intern("/users/{id}"), users);
        assert_eq!(
            of("enumetrics_label_overflows_total"),
            [r#"enumetrics_label_overflows_total{label="route"} 4"#]
        );
        let exported = METRICS.render();
        assert_eq!(samples(&exported).len(), METRICS.max_series());

        // What is removed is not exported until it comes again, with its counts.
        assert!(Route::remove("a \"b\"\\\n"));
        assert!(!Route::remove("a \"b\"\\\n"));
        assert!(!Route::remove("/fourth") && !Route::remove("rest"));
        OPEN.routes_total.with(odd).inc();
        assert_eq!(of("open_routes_total").len(), 3);
        assert_eq!(of("open_requests_total").len(), 60);
        assert_eq!(Route::intern("/sixth"), Route::OTHER);
        assert_eq!(odd.value(), "a \"b\"\\\n");
        assert_eq!(Route::intern("a \"b\"\\\n"), odd);
        assert_eq!(
            of("open_routes_total")[2],
            r#"open_routes_total{route="a \"b\"\\\n"} 2"#
        );

        // A registry of the crate `prometheus` sees the same.
        let registry = prometheus::Registry::new();
        registry.register(Box::new(METRICS.collector().unwrap())).unwrap();
        let sizes: Vec<_> = registry
            .gather()
            .iter()
            .map(|family| family.get_metric().len())
            .collect();
        assert_eq!(sizes, [1, 80, 4, 4]);
    }

    #[test]
    fn catalogs_count_the_overflows_of_each_label_once() {
        mod another {
            enumetrics::open_label! { pub struct Tenant(max = 1); }
        }
        open_label! { struct Tenant(max = 1); }
        open_label! { struct Shop(max = 1, name = "store"); }

        #[derive(LabelSet, Clone, Copy)]
        struct Both {
            shop: Shop,
            tenant: Tenant,
        }

        #[metric_family(namespace = "several")]
        struct Several {
            /// Things by tenant.
            tenants_total: Counter<Tenant>,
            /// Things by another tenant.
            others_total: Counter<another::Tenant>,
            /// Things by both.
            both_total: Counter<Both>,
        }

        for text in ["a", "b", "c"] {
            let _ = (Tenant::intern(text), another::Tenant::intern(text), Shop::intern(text));
        }
        let _ = Shop::intern("d");
        let overflows = [
            r#"enumetrics_label_overflows_total{label="tenant"} 4"#,
            r#"enumetrics_label_overflows_total{label="store"} 3"#,
        ];
        static SEVERAL: Several = Several::new();
        catalog! { static METRICS = [SEVERAL]; }
        let text = METRICS.render();
        assert_eq!(samples(&text)[samples(&text).len() - 2..], overflows);
        assert_eq!(METRICS.max_series(), 2 + 2 + 4 + 2);
        assert_eq!(METRICS.descriptors().count(), 4);

        let mine = Several::new();
        let families: [&dyn Export; 1] = [&mine];
        let catalog = Catalog::new(&families).unwrap();
        assert_eq!(catalog.render(), text);
        assert_eq!(catalog.max_series(), METRICS.max_series());
    }

    #[test]
    fn the_name_of_the_overflows_is_taken_where_a_label_is_open() {
        open_label! { struct Tenant(max = 1); }

        #[metric_family(namespace = "enumetrics")]
        struct Taken {
            /// Ours.
            label_overflows_total: Counter<Tenant>,
        }

        let taken = Taken::new();
        let error = Catalog::new(&[&taken]).unwrap_err();
        assert_eq!(error.name(), "enumetrics_label_overflows_total");
    }

    #[test]
    fn the_largest_label_has_a_place_for_each_value_and_no_more() {
        open_label! { struct Huge(max = 65_535); }

        let text = |n: usize| format!("{n:x}");
        let values: Vec<_> = (0..Huge::MAX).map(|n| Huge::intern(&text(n))).collect();
        for (n, value) in values.iter().enumerate() {
            assert_eq!(value.value(), text(n));
            assert_eq!(value.index(), n + 1);
        }
        assert_eq!(Huge::intern("one more"), Huge::OTHER);
        assert_eq!(Huge::intern(&text(0)), values[0]);
    }

    #[test]
    fn threads_that_intern_the_same_texts_get_the_same_values() {
        const TEXTS: usize = 500;
        open_label! { struct Tenant(max = TEXTS); }

        let texts: Vec<_> = (0..TEXTS + 100).map(|n| format!("tenant {n}")).collect();
        let barrier = std::sync::Barrier::new(8);
        let mut seen: Vec<Vec<Tenant>> = std::thread::scope(|scope| {
            let threads = (0..8).map(|thread| {
                let (barrier, texts) = (&barrier, &texts);
                scope.spawn(move || {
                    barrier.wait();
                    // Each begins elsewhere, so that all of them are first at times.
                    let order = (0..texts.len()).map(|n| (n + thread * 37) % texts.len());
                    let mut values = vec![Tenant::OTHER; texts.len()];
                    order.for_each(|n| values[n] = Tenant::intern(&texts[n]));
                    values
                })
            });
            let threads: Vec<_> = threads.collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let first = seen.pop().unwrap();
        let placed = |values: &[Tenant]| values.iter().filter(|value| **value != Tenant::OTHER).count();
        assert_eq!(placed(&first), TEXTS);
        for values in seen {
            assert_eq!(values, first);
        }
        for (value, text) in first.iter().zip(&texts) {
            assert!(*value == Tenant::OTHER || value.value() == text);
        }
    }
}

/// The labels of the kinds that are not counters, gauges or histograms.
mod other_kinds {
    use super::*;
    use enumetrics::{ComputedGauge, StateSet, Summary};

    open_label! {
        pub struct Shard(max = 1);
    }

    #[derive(LabelValue, Clone, Debug, PartialEq)]
    pub enum Phase {
        Up,
        Down,
        #[label(skip)]
        Unknown,
    }

    #[derive(LabelSet, Clone, Debug, PartialEq)]
    #[label(impossible(shard_is_local = "true", phase = "down"))]
    pub struct Place {
        pub shard: Shard,
        pub shard_is_local: bool,
        pub phase: Phase,
    }

    #[metric_family(namespace = "kinds", max_series = 24 + 12 + 6 + 6)]
    pub struct Kinds {
        /// Sizes.
        #[metric(quantiles = [0.5, 0.9])]
        pub size_bytes: Summary<Place>,
        /// Phases.
        pub phase: StateSet<Phase, Place>,
        /// Loads.
        #[metric(compute = |place: Place| {
            assert!(!place.shard_is_local || place.phase == Phase::Up, "impossible");
            f64::from(u8::from(place.shard_is_local))
        })]
        pub load: ComputedGauge<Place>,
        /// Seconds.
        pub seconds_total: Counter<Place, f64>,
    }

    fn place(shard: Shard, shard_is_local: bool, phase: Phase) -> Place {
        Place {
            shard,
            shard_is_local,
            phase,
        }
    }

    #[test]
    fn every_kind_knows_which_series_there_are() {
        static KINDS: Kinds = Kinds::new();
        catalog! { static METRICS = [KINDS]; }
        let gathered = || {
            let registry = prometheus::Registry::new();
            registry.register(Box::new(METRICS.collector().unwrap())).unwrap();
            let families = registry.gather();
            let count = |name: &str| {
                let family = families.iter().find(|family| family.name() == name).unwrap();
                family.get_metric().len()
            };
            ["kinds_size_bytes", "kinds_phase", "kinds_load", "kinds_seconds_total"].map(count)
        };
        assert_eq!(Kinds::MAX_SERIES, 24 + 12 + 6 + 6);

        // `other` is there from the beginning.
        assert_eq!(samples(&METRICS.render()).len(), Kinds::MAX_SERIES / 2 + 1);
        assert_eq!(gathered(), [3, 6, 3, 3]);
        let shard = Shard::intern("a");
        assert_eq!(samples(&METRICS.render()).len(), METRICS.max_series());
        assert_eq!(gathered(), [6, 12, 6, 6]);

        // What is skipped counts nothing, and reads as nothing.
        let before = METRICS.render();
        let skipped = || place(shard, true, Phase::Unknown);
        for _ in 0..2 {
            KINDS.size_bytes.with(skipped()).observe(1.0);
            KINDS.phase.with(skipped()).set(Phase::Up);
            KINDS.phase.with(place(shard, true, Phase::Up)).set(Phase::Unknown);
            KINDS.seconds_total.with(skipped()).inc_by(1.0);
        }
        assert_eq!(KINDS.size_bytes.with(skipped()).snapshot().count, 0);
        assert_eq!(KINDS.phase.with(skipped()).get(), None);
        assert_eq!(KINDS.phase.with(place(shard, true, Phase::Up)).get(), None);
        assert_eq!(METRICS.render(), before);

        // What is impossible is exported when it is recorded, a state set as a whole.
        let impossible = || place(shard, true, Phase::Down);
        KINDS.size_bytes.with(impossible()).observe(1.0);
        KINDS.phase.with(impossible()).set(Phase::Up);
        KINDS.seconds_total.with(impossible()).inc_by(0.5);
        assert_eq!(samples(&METRICS.render()).len(), METRICS.max_series() + 4 + 2 + 1);
        assert_eq!(gathered(), [7, 14, 6, 7]);
        let labels = r#"shard="a",shard_is_local="true",phase="down""#;
        let state = |name: &str, value| format!("kinds_phase{{{labels},kinds_phase=\"{name}\"}} {value}\n");
        let text = METRICS.render();
        assert!(
            text.contains(&state("up", 1)) && text.contains(&state("down", 0)),
            "{text}"
        );
    }
}

/// A scrape that is written page by page is the same as one in a piece, and has what was recorded.
#[test]
fn pages_of_families_with_series_left_out_are_whole() {
    use enumetrics::{ComputedGauge, Format, Scrape, StateSet, Summary};

    open_label! {
        struct Tenant(max = 40);
    }

    #[derive(LabelSet, Clone, Copy)]
    #[label(impossible(number = "3" | "77", ok = "true"))]
    struct Place {
        number: IntRange<0, 99>,
        tenant: Tenant,
        ok: bool,
    }

    #[metric_family(namespace = "paged")]
    struct Paged {
        /// Counted.
        counted_total: Counter<Place>,
        /// Fractions.
        fractions_total: Counter<Place, f64>,
        /// Now.
        now: Gauge<Place>,
        /// Sizes.
        #[metric(dense, buckets = [1, 2])]
        size_bytes: Histogram<Place>,
        /// Sums.
        #[metric(dense)]
        sum_bytes: Summary<Place>,
        /// Operations.
        operation: StateSet<Operation, Place>,
        /// Computed.
        #[metric(compute = |place: Place| f64::from(place.number.get()))]
        computed: ComputedGauge<Place>,
    }

    static PAGED: Paged = Paged::new();
    catalog! { static METRICS = [PAGED]; }

    let tenants: Vec<_> = (0..30).map(|n| Tenant::intern(&format!("tenant {n}"))).collect();
    assert!(Tenant::remove("tenant 7"));
    for number in 0..100 {
        let (number, tenant) = (IntRange::clamped(number), tenants[usize::from(number) % 30]);
        let place = Place {
            number,
            tenant,
            ok: true,
        };
        PAGED.counted_total.with(place).inc_by(number.get().into());
        PAGED.operation.with(place).set(Operation::Decrypt);
    }
    for format in [Format::Text, Format::OpenMetrics] {
        let mut pages = Vec::new();
        METRICS.write_to(&mut pages, format, &mut Scrape::new()).unwrap();
        let text = String::from_utf8(pages).unwrap();
        assert_eq!(text, METRICS.render_as(format));
        assert!(text.len() > 1_000_000, "{}", text.len());

        // 29 tenants and `other`; each number twice, two of them once, and those two where they were recorded.
        let of = |name: &str| samples(&text).iter().filter(|line| line.starts_with(name)).count();
        let possible = 30 * (2 * 100 - 2);
        // 77 is a number of tenant 17, 3 one of tenant 3.
        assert_eq!(of("paged_counted_total"), possible + 2);
        assert_eq!(of("paged_fractions_total"), possible);
        assert_eq!(of("paged_now"), possible);
        assert_eq!(of("paged_size_bytes"), 5 * possible);
        assert_eq!(of("paged_sum_bytes"), 2 * possible);
        assert_eq!(of("paged_operation"), 3 * (possible + 2));
        assert_eq!(of("paged_computed"), possible);
        assert!(!text.contains("tenant 7\""));
        let line = r#"paged_counted_total{number="77",tenant="tenant 17",ok="true"} 77"#;
        assert!(samples(&text).contains(&line));
    }
}

mod touched {
    use enumetrics::Summary;

    use super::*;

    #[derive(LabelSet, Clone, Copy)]
    pub struct Answer {
        pub operation: Operation,
        pub cached: bool,
        pub status: StatusClass,
    }

    #[metric_family(namespace = "touched")]
    pub struct Touched {
        /// By all labels.
        #[metric(touched)]
        pub all_total: Counter<Answer>,
        /// By two of three.
        #[metric(touched = 2)]
        pub two_total: Counter<Answer>,
        /// By one, and no whole numbers.
        #[metric(touched = 1)]
        pub one_total: Counter<Answer, f64>,
        /// Seconds.
        #[metric(buckets = [1], touched = 2)]
        pub seconds: Histogram<Answer>,
        /// Bytes.
        #[metric(touched = 2)]
        pub size_bytes: Summary<Answer>,
    }

    const ANSWER: Answer = Answer {
        operation: Operation::Decrypt,
        cached: true,
        status: StatusClass::ClientError,
    };

    #[test]
    fn nothing_is_exported_before_it_is_touched() {
        assert_eq!(samples(&render(&Touched::new())), [""; 0]);
    }

    #[test]
    fn what_was_touched_is_exported_with_what_differs_in_the_other_labels() {
        let touched = Touched::new();
        touched.all_total.with(ANSWER).inc();
        touched.two_total.with(ANSWER).inc();
        touched.one_total.with(ANSWER).inc();
        touched.seconds.with(ANSWER).observe(0.5);
        touched.size_bytes.with(ANSWER).observe(7.0);
        let text = render(&touched);
        let samples = samples(&text);
        let of = |name: &str| samples.iter().filter(|sample| sample.starts_with(name)).count();
        assert_eq!(of("touched_all_total{"), 1);
        assert_eq!(of("touched_two_total{"), 5);
        assert_eq!(of("touched_one_total{"), 2 * 5);
        assert_eq!(of("touched_seconds_bucket{"), 2 * 5);
        assert_eq!(of("touched_seconds_count{"), 5);
        assert_eq!(of("touched_size_bytes_count{"), 5);
        for sample in [
            r#"touched_all_total{operation="decrypt",cached="true",status="4xx"} 1"#,
            r#"touched_two_total{operation="decrypt",cached="true",status="1xx"} 0"#,
            r#"touched_two_total{operation="decrypt",cached="true",status="4xx"} 1"#,
            r#"touched_two_total{operation="decrypt",cached="true",status="5xx"} 0"#,
            r#"touched_one_total{operation="decrypt",cached="false",status="5xx"} 0"#,
            r#"touched_seconds_count{operation="decrypt",cached="true",status="5xx"} 0"#,
            r#"touched_size_bytes_sum{operation="decrypt",cached="true",status="4xx"} 7"#,
        ] {
            assert!(samples.contains(&sample), "{sample} is not in\n{text}");
        }
    }

    #[test]
    fn the_bound_on_series_is_of_what_could_be_touched() {
        assert_eq!(Counter::<Answer>::MAX_SERIES, 3 * 2 * 5);
        assert_eq!(Touched::MAX_SERIES, 30 + 30 + 30 + 30 * 4 + 30 * 2);
        assert!(Touched::DESCRIPTORS.iter().all(|family| family.touched.is_some()));
    }

    /// In the middle of what belongs together a page may end.
    #[test]
    fn what_is_touched_is_the_same_in_pages() {
        let touched = Touched::new();
        for index in 0..Answer::COMBINATIONS {
            if index % 7 == 0 {
                touched.two_total.with(Answer::at(index)).inc();
            }
        }
        let families: [&dyn Export; 1] = [&touched];
        let catalog = Catalog::new(&families).unwrap();
        let mut paged = Vec::new();
        let mut scrape = enumetrics::Scrape::new();
        catalog
            .write_to(&mut paged, enumetrics::Format::Text, &mut scrape)
            .unwrap();
        assert_eq!(String::from_utf8(paged).unwrap(), catalog.render());
        // 0, 7, 14, 21 and 28 are in five groups of five.
        assert_eq!(samples(&catalog.render()).len(), 5 * 5);
    }
}
