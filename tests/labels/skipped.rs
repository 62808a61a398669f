//! Variants that are no values.

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
