//! What a declaration becomes: names, help, labels, buckets, and the number of series, all known to the compiler.

use enumetrics::{
    Catalog, Counter, Gauge, Histogram, Kind, LabelSet, LabelValue, MetricFamily, catalog, metric_family,
};

#[derive(LabelValue, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Module {
    Liveness,
    Ocr,
    FaceMatch,
}

#[derive(LabelValue, Clone, Copy)]
#[label(name = "attack_type", rename_all = "kebab-case")]
pub enum Attack {
    Photo,
    #[label(value = "printed \"mask\"\\\n")]
    Mask,
    DeepFake,
    r#Type = 40,
}

#[derive(LabelSet, Clone, Copy)]
pub struct Failure {
    pub module: Module,
    #[label(name = "kind")]
    pub attack: Attack,
}

type Seconds<L> = Histogram<L>;

const EDGES: &[f64] = &[0.5, 1.0];

#[metric_family(namespace = "kyc", subsystem = "pipeline", max_series = 15 + 10 + 12 + 1 + 1)]
#[derive(Debug)]
pub struct Pipeline {
    /// Duration of each module,
    /// in seconds.
    ///
    /// This is for readers of the code only.
    #[metric(buckets = EDGES)]
    pub module_duration_seconds: Seconds<Module>,
    /// Duration of a run.
    #[metric(buckets = [1, 2.5, 1e6, 4e6, 5e6, 6e6, 7e6])]
    duration_seconds: Histogram,
    /** Failures,
     * by module and attack.
     */
    pub failures_total: Counter<Failure>,
    /// Runs now under way.
    pub r#in: Gauge,
    /// A \ back slash.
    pub temperature_celsius: Gauge<(), f64>,
}

pub static PIPELINE: Pipeline = Pipeline::new();

#[metric_family]
struct Bare {
    /// Things.
    things_total: Counter<Attack>,
}

static BARE: Bare = Bare::new();

mod elsewhere {
    use super::*;

    catalog! {
        /// Everything.
        pub(super) static METRICS = [PIPELINE, BARE];
    }
}
use elsewhere::METRICS;

// All of these are constants.
const OF_A_FAMILY: usize = Counter::<Failure>::MAX_SERIES;
const OF_A_STRUCT: usize = Pipeline::MAX_SERIES;
const OF_A_CATALOG: usize = METRICS.max_series();
const OF_A_DESCRIPTOR: usize = Pipeline::DESCRIPTORS[0].max_series();

#[test]
fn the_number_of_series_is_a_constant_and_true() {
    assert_eq!(OF_A_FAMILY, 12);
    assert_eq!(OF_A_DESCRIPTOR, 3 * (2 + 3));
    assert_eq!(Histogram::<Module, 2>::MAX_SERIES, OF_A_DESCRIPTOR);
    assert_eq!(OF_A_STRUCT, 15 + 10 + 12 + 1 + 1);
    assert_eq!(OF_A_CATALOG, OF_A_STRUCT + 4);
    let exported = METRICS.render().lines().filter(|line| !line.starts_with('#')).count();
    // The escaped value has a line feed, written as two characters.
    assert_eq!(exported, OF_A_CATALOG);
}

#[test]
fn names_join_namespace_subsystem_and_field() {
    let names: Vec<_> = METRICS.descriptors().map(|descriptor| descriptor.name).collect();
    assert_eq!(
        names,
        [
            "kyc_pipeline_module_duration_seconds",
            "kyc_pipeline_duration_seconds",
            "kyc_pipeline_failures_total",
            "kyc_pipeline_in",
            "kyc_pipeline_temperature_celsius",
            "things_total",
        ]
    );
}

#[test]
fn help_is_the_first_paragraph_of_the_doc_comment() {
    let help: Vec<_> = Pipeline::DESCRIPTORS.iter().map(|descriptor| descriptor.help).collect();
    assert_eq!(
        help,
        [
            "Duration of each module, in seconds.",
            "Duration of a run.",
            "Failures, by module and attack.",
            "Runs now under way.",
            "A \\ back slash.",
        ]
    );
}

#[test]
fn kinds_labels_and_buckets_follow_from_the_types() {
    let [module, run, failures, running, temperature] = Pipeline::DESCRIPTORS else {
        panic!()
    };
    assert_eq!(
        [module, run, failures, running, temperature].map(|descriptor| descriptor.kind),
        [
            Kind::Histogram,
            Kind::Histogram,
            Kind::Counter,
            Kind::Gauge,
            Kind::Gauge
        ]
    );
    assert_eq!((module.buckets, run.buckets.len()), (&[0.5, 1.0][..], 7));
    assert_eq!(run.buckets[0], 1.0);
    assert!(run.labels.is_empty());
    let names = |labels: &[enumetrics::LabelDescriptor]| labels.iter().map(|label| label.name).collect::<Vec<_>>();
    assert_eq!(names(module.labels), ["module"]);
    assert_eq!(names(failures.labels), ["module", "kind"]);
    assert_eq!(module.labels[0].values, ["liveness", "ocr", "face_match"]);
    assert_eq!(
        failures.labels[1].values,
        ["photo", "printed \"mask\"\\\n", "deep-fake", "type"]
    );
}

#[test]
fn a_label_value_knows_its_text_and_place() {
    assert_eq!(Module::NAME, "module");
    assert_eq!(Attack::NAME, "attack_type");
    assert_eq!(Module::FaceMatch.value(), "face_match");
    assert_eq!(Attack::r#Type.value(), "type");
    for (index, module) in [Module::Liveness, Module::Ocr, Module::FaceMatch]
        .into_iter()
        .enumerate()
    {
        assert_eq!(module.index(), index);
    }
    assert_eq!(Module::VARIANTS, [Module::Liveness, Module::Ocr, Module::FaceMatch]);
    assert_eq!(Failure::COMBINATIONS, 12);
    let last = Failure {
        module: Module::FaceMatch,
        attack: Attack::r#Type,
    };
    assert_eq!(last.index(), 11);
}

#[test]
fn instances_are_independent_of_the_statics() {
    let mine = Pipeline::new();
    mine.failures_total
        .with(Failure {
            module: Module::Ocr,
            attack: Attack::Photo,
        })
        .inc_by(7);
    mine.duration_seconds.observe(3.0);
    let families: [&dyn enumetrics::Export; 1] = [&mine];
    let text = Catalog::new(&families).unwrap().render();
    assert!(
        text.contains("kyc_pipeline_failures_total{module=\"ocr\",kind=\"photo\"} 7\n"),
        "{text}"
    );
    assert!(text.contains("kyc_pipeline_duration_seconds_sum 3\n"), "{text}");
    assert_eq!(
        PIPELINE
            .failures_total
            .with(Failure {
                module: Module::Ocr,
                attack: Attack::Photo
            })
            .get(),
        0
    );
}

#[test]
fn a_catalog_made_at_run_time_refuses_a_name_that_is_there_twice() {
    let (one, two) = (Bare::new(), Bare::new());
    one.things_total.with(Attack::Photo).inc();
    let error = Catalog::new(&[&one, &two]).unwrap_err();
    assert_eq!(error.name(), "things_total");
    assert_eq!(
        error.to_string(),
        "two families of the catalog export the name `things_total`: rename one of them"
    );
}

#[test]
fn debug_output_names_what_is_counted() {
    let bare = Bare::new();
    bare.things_total.with(Attack::DeepFake).inc();
    let text = format!("{:?}", bare.things_total);
    assert!(text.contains(r#"attack_type="deep-fake": 1"#), "{text}");
    assert_eq!(format!("{:?}", Gauge::<()>::new()), "0");
    assert!(format!("{METRICS:?}").contains("kyc_pipeline_in"));
}

/// Fields and variants that are not there leave no trace.
mod conditional {
    use super::*;

    #[derive(LabelValue, Clone, Copy)]
    pub enum Level {
        #[cfg(not(test))]
        Never,
        Low,
        #[cfg(test)]
        High,
    }

    #[metric_family(namespace = "some", max_series = 6)]
    pub struct Some {
        /// Not there.
        #[cfg(not(test))]
        #[metric(buckets = [2.0, 1.0])]
        pub never_seconds: Missing,
        /// Things.
        #[cfg(test)]
        pub things_total: Counter<Level>,
        /// Not there either.
        #[cfg(not(test))]
        pub no_amount: Counter,
        /// Seconds.
        #[metric(buckets = [1.0])]
        pub seconds: Histogram,
    }

    #[test]
    fn a_field_that_is_configured_away_is_not_declared() {
        let some = Some::new();
        some.things_total.with(Level::High).inc();
        some.things_total.with(Level::Low).inc_by(0);
        some.seconds.observe(2.0);
        let names: Vec<_> = Some::DESCRIPTORS.iter().map(|descriptor| descriptor.name).collect();
        assert_eq!(names, ["some_things_total", "some_seconds"]);
        assert_eq!(Level::VALUES, ["low", "high"]);
        let families: [&dyn enumetrics::Export; 1] = [&some];
        let text = Catalog::new(&families).unwrap().render();
        assert!(text.contains("some_things_total{level=\"high\"} 1\n"), "{text}");
        assert!(text.contains("some_seconds_bucket{le=\"1.0\"} 0\n"), "{text}");
    }
}

/// Declarations that a macro writes, with everything passed in from outside.
mod from_a_macro {
    use super::*;

    macro_rules! declare {
        ($(#[$attribute:meta])* $vis:vis $name:ident, $namespace:literal, $most:expr, $field:ident: $ty:ty = $buckets:expr) => {
            $(#[$attribute])*
            #[metric_family(namespace = $namespace, max_series = $most)]
            $vis struct $name {
                /// Seconds.
                #[metric(buckets = $buckets)]
                pub $field: $ty,
            }
        };
    }

    declare!(
        /// Made by a macro.
        #[derive(Debug)]
        pub(crate) Made, "made", 2 + 3, seconds: Histogram = [1, 2.5]
    );

    #[test]
    fn a_macro_can_declare() {
        let made = Made::new();
        made.seconds.observe(2.0);
        assert_eq!(Made::DESCRIPTORS[0].name, "made_seconds");
        assert_eq!(Made::DESCRIPTORS[0].buckets, [1.0, 2.5]);
        assert_eq!(made.seconds.snapshot().buckets, [0, 1, 0]);
    }
}

/// Label sets and families whose types a macro passes in: their tokens come from elsewhere than `self` does.
mod types_from_a_macro {
    #![deny(dead_code)]

    use super::*;

    macro_rules! declare {
        ($set:ident, $name:ident: $first:ident, $second:ident, $metric:ident<$of:ident>) => {
            #[derive(LabelSet, Clone, Copy)]
            pub struct $set {
                pub first: $first,
                pub second: $second,
            }

            #[metric_family(namespace = "typed")]
            struct $name {
                /// Things.
                things_total: $metric<$of>,
                /// Seconds.
                #[metric(buckets = [1.0])]
                seconds: Histogram<$first>,
            }
        };
    }

    declare!(Both, Typed: Module, Attack, Counter<Both>);

    #[test]
    fn types_can_come_from_a_macro() {
        let typed = Typed::new();
        typed
            .things_total
            .with(Both {
                first: Module::Ocr,
                second: Attack::Mask,
            })
            .inc();
        typed.seconds.with(Module::Ocr).observe(0.5);
        let families: [&dyn enumetrics::Export; 1] = [&typed];
        let text = Catalog::new(&families).unwrap().render();
        assert!(text.contains("typed_seconds_count{module=\"ocr\"} 1\n"), "{text}");
        assert_eq!(
            typed
                .things_total
                .with(Both {
                    first: Module::Ocr,
                    second: Attack::Mask
                })
                .get(),
            1
        );
    }
}
