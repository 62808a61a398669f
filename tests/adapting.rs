//! What an operator says at start-up: labels on every series, a prefix before every name.

use std::sync::Once;

use enumetrics::{
    Counter, Format, Gauge, Histogram, Info, InfoLabels, LabelSet, LabelValue, MetricFamily, StateSet, Summary,
    catalog, metric_family, open_label,
};

#[derive(LabelValue, Clone, Copy)]
pub enum Side {
    Left,
    Right,
}

open_label! { pub struct Route(max = 2); }

#[derive(LabelSet, Clone, Copy)]
pub struct Step {
    pub route: Route,
    pub side: Side,
}

#[derive(InfoLabels)]
pub struct Build {
    pub version: &'static str,
}

#[metric_family(namespace = "walk", labels(shoe = "old"))]
pub struct Walk {
    /// Steps.
    #[metric(was = "walk_feet_total")]
    pub steps_total: Counter<Step>,
    /// Height.
    pub height_meters: Gauge<Side, f64>,
    /// Seconds.
    #[metric(buckets = [1])]
    pub step_seconds: Histogram,
    /// Weight.
    pub weight_grams: Summary<Side>,
    /// Which foot is up.
    pub foot: StateSet<Side>,
    /// What was built.
    pub build_info: Info<Build>,
}

pub static WALK: Walk = Walk::new();
catalog! { pub static METRICS = [WALK]; }

/// Records once, whichever test comes first: none sees it half done.
fn walk() {
    static WALKED: Once = Once::new();
    WALKED.call_once(|| {
        WALK.steps_total
            .with(Step {
                route: Route::intern("home"),
                side: Side::Left,
            })
            .inc();
        WALK.foot.set(Side::Right);
        WALK.build_info.set(Build { version: "1" });
    });
}

/// Each sample changed, and nothing else.
#[test]
fn labels_are_on_every_series() {
    walk();
    let adapted = METRICS.with_labels([("service", "a \"b\"\n"), ("env", "")]).unwrap();
    for format in [Format::Text, Format::OpenMetrics] {
        let expected: String = METRICS
            .render_as(format)
            .lines()
            .map(|line| {
                let added = r#"service="a \"b\"\n",env="""#;
                // After the labels that the struct has.
                let with_shoe = line.replacen(r#"shoe="old""#, &format!(r#"shoe="old",{added}"#), 1);
                // Only what the catalog adds has none.
                with_shoe.replacen("_overflows_total{", &format!("_overflows_total{{{added},"), 1) + "\n"
            })
            .collect();
        assert_eq!(adapted.render_as(format), expected);
    }
    assert_eq!(adapted.max_series(), METRICS.max_series());
}

#[test]
fn a_prefix_is_before_every_name() {
    walk();
    let adapted = METRICS.with_prefix("shop_api").unwrap();
    let text = adapted.render();
    let expected = METRICS
        .render()
        .replace("walk_", "shop_api_walk_")
        .replace("enumetrics_label", "shop_api_enumetrics_label");
    assert_eq!(text, expected);
    assert!(
        text.contains(r#"shop_api_walk_foot{shoe="old",shop_api_walk_foot="right"} 1"#),
        "{text}"
    );
    let names: Vec<_> = adapted.descriptors().map(|family| family.name).collect();
    assert_eq!(names[0], "shop_api_walk_steps_total");
    assert_eq!(names.len(), Walk::DESCRIPTORS.len() + 1);
}

#[test]
fn both_and_what_is_switched_off_go_together() {
    walk();
    let both = METRICS
        .without(["walk_foot"])
        .unwrap()
        .with_prefix("shop")
        .unwrap()
        .with_labels([("env", "x")])
        .unwrap();
    let other_way_round = METRICS
        .with_labels([("env", "x")])
        .unwrap()
        .with_prefix("shop")
        .unwrap()
        .without(["shop_walk_foot"])
        .unwrap();
    assert_eq!(both.render(), other_way_round.render());
    assert!(!both.render().contains("walk_foot{"));
    assert!(
        both.render()
            .contains(r#"shop_walk_step_seconds_count{shoe="old",env="x"} 0"#)
    );
}

#[test]
fn what_cannot_be_says_why() {
    for (name, message) in [
        (
            "le",
            "`le` cannot be the name of a label: it is reserved for the buckets of histograms",
        ),
        (
            "quantile",
            "`quantile` cannot be the name of a label: it is reserved for the quantiles of summaries",
        ),
        (
            "__name__",
            "`__name__` cannot be the name of a label: names that begin with `__` are reserved",
        ),
        (
            "",
            "`` cannot be the name of a label: write letters, digits and `_`, no digit first",
        ),
        (
            "9a",
            "`9a` cannot be the name of a label: write letters, digits and `_`, no digit first",
        ),
        (
            "a-b",
            "`a-b` cannot be the name of a label: write letters, digits and `_`, no digit first",
        ),
        (
            "side",
            "`walk_steps_total` has a label `side` of its own: give this one another name",
        ),
        (
            "shoe",
            "`walk_steps_total` has a label `shoe` of its own: give this one another name",
        ),
        (
            "version",
            "`walk_build_info` has a label `version` of its own: give this one another name",
        ),
        ("twice", "the label `twice` is given twice: leave one out"),
    ] {
        let error = METRICS.with_labels([(name, "x"), ("twice", "y")]).unwrap_err();
        assert_eq!(error.to_string(), message);
    }
    for prefix in ["", "9", "a-b", "é"] {
        let error = METRICS.with_prefix(prefix).unwrap_err();
        let message = "cannot begin a metric's name: letters, digits and `_`, no digit first, as in `shop_api`";
        assert_eq!(error.to_string(), format!("`{prefix}` {message}"));
    }
}
