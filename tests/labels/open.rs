//! Labels whose values come while the program runs.

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
