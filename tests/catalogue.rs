//! What is declared, as a document.

use enumetrics::catalogue::{Catalogue, Difference};
use enumetrics::{
    Catalog, Counter, Export, Gauge, Histogram, Info, InfoLabels, LabelValue, StateSet, Summary, metric_family,
};

mod first {
    use super::*;

    #[derive(LabelValue, Clone, Copy)]
    pub enum Side {
        Left,
        #[label(value = "the | right `one`")]
        Right,
        Top,
    }

    #[metric_family(namespace = "shop", labels(component = "cart"))]
    pub struct Shop {
        /// Price of a cart | basket.
        #[metric(unit = "euros", buckets = [10, 50, 100], slo = 50, was = "cart_price")]
        pub price_euros: Histogram<Side>,
        /// Carts.
        pub carts_total: Counter<Side>,
        /// Doors.
        #[deprecated(note = "use `gates`")]
        pub doors: Gauge,
        /// Windows.
        #[deprecated]
        pub windows: Gauge,
        /// What was built.
        pub build_info: Info<Build>,
        /// On which side the door is.
        pub door_side: StateSet<Side>,
        /// Time until a cart is paid for.
        #[metric(quantiles = [0.5, 0.99])]
        pub payment_seconds: Summary,
        /// Time in the queue.
        #[metric(native)]
        pub queue_seconds: Histogram,
        /// Time at the till.
        #[metric(native, buckets = [60])]
        pub till_seconds: Histogram,
    }

    #[derive(InfoLabels)]
    pub struct Build {
        pub version: &'static str,
    }
}

mod second {
    use super::*;

    #[derive(LabelValue, Clone, Copy)]
    pub enum Side {
        Left,
        Bottom,
    }

    #[metric_family(namespace = "shop")]
    pub struct Shop {
        /// Price of a cart.
        #[metric(unit = "euros", buckets = [10, 20, 100], slo = 100)]
        pub price_euros: Histogram<Side>,
        /// Carts.
        pub carts_total: Counter,
        /// Doors.
        pub doors: Gauge<Side>,
        /// Windows.
        pub gates: Gauge,
        /// Time until a cart is paid for.
        #[metric(quantiles = [0.5, 0.9])]
        pub payment_seconds: Summary,
        /// Time in the queue.
        #[metric(native(schema = 4))]
        pub queue_seconds: Histogram,
        /// Time at the till.
        #[metric(buckets = [60])]
        pub till_seconds: Histogram,
    }
}

fn catalogue(family: &dyn Export) -> Catalogue {
    Catalogue::of(&Catalog::new(&[family]).unwrap())
}

/// The text of the panic.
fn panic_of(work: impl FnOnce()) -> String {
    let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).expect_err("it panics");
    *panic.downcast::<String>().expect("a text")
}

#[test]
fn the_documents_are_these() {
    let catalogue = catalogue(&first::Shop::new());
    // Renewed by `ENUMETRICS_UPDATE=1`; read what changes.
    catalogue.assert_current("tests/catalogue/shop.md");
    catalogue.assert_current("tests/catalogue/shop.json");
    assert_eq!(Catalogue::from_json(&catalogue.to_json()).as_ref(), Ok(&catalogue));
}

#[test]
fn changes_that_break_dashboards_come_first() {
    let (old, new) = (catalogue(&first::Shop::new()), catalogue(&second::Shop::new()));
    let changes = old.changes_to(&new);
    let text: Vec<_> = changes.iter().map(ToString::to_string).collect();
    assert_eq!(
        text,
        [
            "cart_price: removed (breaks what uses it)",
            "shop_build_info: removed (breaks what uses it)",
            "shop_carts_total: label 'side' removed (breaks what uses it)",
            "shop_carts_total: label 'component' of all series was cart and is none (breaks what uses it)",
            "shop_door_side: removed (breaks what uses it)",
            "shop_doors: label 'side' added (breaks what uses it)",
            "shop_doors: label 'component' of all series was cart and is none (breaks what uses it)",
            "shop_payment_seconds: label 'component' of all series was cart and is none (breaks what uses it)",
            "shop_payment_seconds: quantile 0.99 removed (breaks what uses it)",
            "shop_price_euros: label 'side' lost the value 'the | right `one`' (breaks what uses it)",
            "shop_price_euros: label 'side' lost the value 'top' (breaks what uses it)",
            "shop_price_euros: label 'component' of all series was cart and is none (breaks what uses it)",
            "shop_price_euros: bucket 50 removed (breaks what uses it)",
            "shop_queue_seconds: label 'component' of all series was cart and is none (breaks what uses it)",
            "shop_till_seconds: label 'component' of all series was cart and is none (breaks what uses it)",
            "shop_till_seconds: native buckets removed (breaks what uses it)",
            "shop_windows: removed (breaks what uses it)",
            "shop_payment_seconds: quantile 0.9 added",
            "shop_price_euros: label 'side' has the new value 'bottom'",
            "shop_price_euros: bucket 20 added",
            "shop_price_euros: objectives at [50.0] are at [100.0] now",
            "shop_price_euros: another help text",
            "shop_queue_seconds: native buckets of schema 3, at most 160, zero up to 2.938735877055719e-39 are of schema 4, \
             at most 160, zero up to 2.938735877055719e-39 now",
            "shop_gates: added",
        ]
    );
    let back = new.changes_to(&old);
    assert!(back.iter().any(|change| change.difference == Difference::Deprecated));
    assert!(back.iter().any(|change| change.difference == Difference::NativeAdded));
    assert_eq!(old.changes_to(&old), []);
}

#[test]
fn a_file_that_is_not_current_is_named_with_what_changed() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("catalogue-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("metrics.json");
    let (old, new) = (catalogue(&first::Shop::new()), catalogue(&second::Shop::new()));

    let message = panic_of(|| old.assert_current(&path));
    assert!(
        message
            .ends_with("metrics.json is not there; run the test again with ENUMETRICS_UPDATE=1, and commit the file"),
        "{message}"
    );

    std::fs::write(&path, old.to_json().replace('\n', "\r\n")).unwrap();
    old.assert_current(&path);

    let message = panic_of(|| new.assert_current(&path));
    assert!(
        message.contains("\n  cart_price: removed (breaks what uses it)\n"),
        "{message}"
    );
    assert!(message.contains("\nfirst difference, line "), "{message}");

    std::fs::write(&path, "{").unwrap();
    let message = panic_of(|| new.assert_current(&path));
    assert!(
        message.contains("cannot be compared: not a catalogue in JSON: "),
        "{message}"
    );

    let message = panic_of(|| new.assert_current(folder.join("metrics.txt")));
    assert!(
        message.ends_with("name a file that ends in `.md` or `.json`"),
        "{message}"
    );
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn what_is_no_catalogue_is_said() {
    for (text, problem) in [
        ("[]", "`metrics` is not a list"),
        (
            r#"{"version": 2, "metrics": []}"#,
            "its version is 2, and this program reads up to 1: use a newer enumetrics",
        ),
        (
            r#"{"version": "1", "metrics": []}"#,
            "`version` is not a whole number from 1",
        ),
        (r#"{"metrics": [{}]}"#, "`name` is not a text"),
        (
            r#"{"metrics": [{"name": "x", "kind": "counter"}]}"#,
            "x: `help` is not a text",
        ),
        (
            r#"{"metrics": [{"name": "x", "kind": "histogram", "help": "X.", "labels": [], "constant_labels": [],
                "buckets": [], "native": {"schema": 300}, "quantiles": [], "slo": [], "max_series": 1}]}"#,
            "x: `native` is not a schema, a number of buckets and a threshold",
        ),
    ] {
        let error = Catalogue::from_json(text).expect_err(text);
        assert_eq!(error.to_string(), format!("not a catalogue in JSON: {problem}"));
    }
}
