//! metered 0.10: counters and gauges are the program's own atomics, histograms have free bounds, `Family::with` looks
//! up in each call.

use std::sync::atomic::{AtomicI64, AtomicU64};

use metered::entry::metric;
use metered::om::OpenMetricsRegistryExt;
use metered::{BucketHistogram, Buckets, Family as Labelled, MetricTree, Registry};

use crate::bench::{Bench, Family, ForSeries, Series};
use crate::rows::*;
use crate::workload::{
    BOUNDS, ByOutcome, ByRoute, Labels, OnDrop, REQUEST, ROUTE, Request, Thousand, timed, timed_async, with_outcome,
};

const NAME: &str = "metered";

type Counters<L> = Labelled<L, AtomicU64>;
type Gauges<L> = Labelled<L, AtomicI64>;
type Histograms<L> = Labelled<L, BucketHistogram>;

fn histogram() -> BucketHistogram {
    BucketHistogram::new(Buckets::custom(BOUNDS))
}

fn histograms<L: Labels>() -> Histograms<L> {
    Labelled::new_with_constructor_fn(histogram)
}

pub fn enter(bench: &mut Bench) {
    bench.call(&[COUNTER, THREADS_COUNTER], NAME, || {
        let counter = AtomicU64::new(0);
        move |_| metered::Counter::incr(&counter)
    });
    bench.call(&[COUNTER_1], NAME, || {
        let counters = Counters::<ByRoute>::default();
        move |step| counters.with(&step.by_route, metered::Counter::incr)
    });
    bench.call(&[COUNTER_1_CONST], NAME, || {
        let counters = Counters::<ByRoute>::default();
        move |_| counters.with(&ROUTE, metered::Counter::incr)
    });
    bench.call(&[COUNTER_3, THREADS_COUNTER_3], NAME, || {
        let counters = Counters::<Request>::default();
        move |step| counters.with(&step.request, metered::Counter::incr)
    });
    bench.call(&[COUNTER_3_CONST], NAME, || {
        let counters = Counters::<Request>::default();
        move |_| counters.with(&REQUEST, metered::Counter::incr)
    });
    bench.call(&[HISTOGRAM], NAME, || {
        let histogram = histogram();
        move |step| {
            histogram.observe(step.seconds);
        }
    });
    bench.call(&[HISTOGRAM_1, THREADS_HISTOGRAM_1], NAME, || {
        let histograms = histograms::<ByRoute>();
        move |step| {
            histograms.with(&step.by_route, |histogram| histogram.observe(step.seconds));
        }
    });
    bench.call(&[GAUGE_1], NAME, || {
        let gauges = Gauges::<ByRoute>::default();
        move |step| {
            gauges.with(&step.by_route, metered::Gauge::incr);
            gauges.with(&step.by_route, metered::Gauge::decr);
        }
    });
    bench.call(&[IN_FLIGHT_1], NAME, || {
        let gauges = Gauges::<ByRoute>::default();
        move |step| {
            gauges.with(&step.by_route, metered::Gauge::incr);
            drop(OnDrop(|| gauges.with(&step.by_route, metered::Gauge::decr)));
        }
    });
    bench.call(&[TIMED_FN], NAME, || {
        let histograms = histograms::<ByRoute>();
        move |step| {
            timed(step, |elapsed| {
                _ = histograms.with(&ROUTE, |it| it.observe_duration(elapsed))
            })
        }
    });
    bench.call(&[TIMED_ASYNC], NAME, || {
        let histograms = histograms::<ByRoute>();
        move |step| {
            timed_async(step, |elapsed| {
                _ = histograms.with(&ROUTE, |it| it.observe_duration(elapsed))
            })
        }
    });
    bench.call(&[TIMED_ASYNC_OUTCOME], NAME, || {
        let gauges = Gauges::<ByRoute>::default();
        let histograms = histograms::<ByRoute>();
        let counters = Counters::<ByOutcome>::default();
        move |step| {
            with_outcome(
                step,
                || gauges.with(&ROUTE, metered::Gauge::incr),
                || gauges.with(&ROUTE, metered::Gauge::decr),
                |elapsed| _ = histograms.with(&ROUTE, |it| it.observe_duration(elapsed)),
                |ended| counters.with(&ended, metered::Counter::incr),
            );
        }
    });
    bench.series(NAME, Metered);
}

#[derive(Clone, Copy)]
struct Metered;

impl Series for Metered {
    fn counters<L: ForSeries>(self) -> Box<dyn Family<L>> {
        Box::new(Registered(Counters::<L>::default(), metered::Counter::incr))
    }

    fn histograms(self) -> Option<Box<dyn Family<Thousand>>> {
        Some(Box::new(Registered(histograms::<Thousand>(), |histogram| {
            _ = histogram.observe(0.3)
        })))
    }
}

struct Registered<L, M>(Labelled<L, M>, fn(&M));

impl<L: Labels, M: MetricTree + Send + Sync> Family<L> for Registered<L, M> {
    fn touch(&self, labels: &[L]) {
        for labels in labels {
            self.0.with(labels, self.1);
        }
    }

    /// The registry borrows the family, and costs little to make.
    fn scrape(&mut self) -> usize {
        let mut registry = Registry::with_prefix("bench");
        registry.register(metric("requests").source(&self.0).help("Requests."));
        registry.encode_to_string().expect("a string takes it").len()
    }
}
