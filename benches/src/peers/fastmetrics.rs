//! fastmetrics: `Family::with_or_new` in each call; metrics are clones of one handle and can be kept.

use enumetrics::LabelSet as _;
use fastmetrics::format::text::{self, TextProfile};
use fastmetrics::metrics::{counter::Counter, family::Family as Labelled, gauge::Gauge, histogram::Histogram};
use fastmetrics::registry::Registry;

use crate::bench::{Bench, Family, ForSeries, Series};
use crate::rows::*;
use crate::workload::{
    BOUNDS, ByOutcome, ByRoute, Labels, OnDrop, REQUEST, ROUTE, Request, Thousand, timed, timed_async, with_outcome,
};

const NAME: &str = "fastmetrics";
const CACHED: &str = "fastmetrics, cached";

fn histograms<L: Labels>() -> Labelled<L, Histogram> {
    Labelled::new(|| Histogram::new(BOUNDS))
}

pub fn enter(bench: &mut Bench) {
    bench.call(&[COUNTER, THREADS_COUNTER], NAME, || {
        let counter = <Counter>::default();
        move |_| counter.inc()
    });
    bench.call(&[COUNTER_1], NAME, || {
        let counters = Labelled::<ByRoute, Counter>::default();
        move |step| counters.with_or_new(&step.by_route, Counter::inc)
    });
    bench.call(&[COUNTER_1], CACHED, || {
        let counters = Labelled::<ByRoute, Counter>::default();
        let counters: Vec<Counter> = ByRoute::all()
            .iter()
            .map(|labels| counters.with_or_new(labels, Clone::clone))
            .collect();
        move |step| counters[step.by_route.index()].inc()
    });
    bench.call(&[COUNTER_1_CONST], NAME, || {
        let counters = Labelled::<ByRoute, Counter>::default();
        move |_| counters.with_or_new(&ROUTE, Counter::inc)
    });
    bench.call(&[COUNTER_3, THREADS_COUNTER_3], NAME, || {
        let counters = Labelled::<Request, Counter>::default();
        move |step| counters.with_or_new(&step.request, Counter::inc)
    });
    bench.call(&[COUNTER_3_CONST], NAME, || {
        let counters = Labelled::<Request, Counter>::default();
        move |_| counters.with_or_new(&REQUEST, Counter::inc)
    });
    bench.call(&[HISTOGRAM], NAME, || {
        let histogram = Histogram::new(BOUNDS);
        move |step| histogram.observe(step.seconds)
    });
    bench.call(&[HISTOGRAM_1, THREADS_HISTOGRAM_1], NAME, || {
        let histograms = histograms::<ByRoute>();
        move |step| histograms.with_or_new(&step.by_route, |histogram| histogram.observe(step.seconds))
    });
    bench.call(&[GAUGE_1], NAME, || {
        let gauges = Labelled::<ByRoute, Gauge>::default();
        move |step| {
            gauges.with_or_new(&step.by_route, Gauge::inc);
            gauges.with_or_new(&step.by_route, Gauge::dec);
        }
    });
    bench.call(&[IN_FLIGHT_1], NAME, || {
        let gauges = Labelled::<ByRoute, Gauge>::default();
        move |step| {
            let gauge = gauges.with_or_new(&step.by_route, Clone::clone);
            gauge.inc();
            drop(OnDrop(|| gauge.dec()));
        }
    });
    bench.call(&[TIMED_FN], NAME, || {
        let histograms = histograms::<ByRoute>();
        move |step| {
            timed(step, |elapsed| {
                histograms.with_or_new(&ROUTE, |it| it.observe(elapsed.as_secs_f64()))
            })
        }
    });
    bench.call(&[TIMED_ASYNC], NAME, || {
        let histograms = histograms::<ByRoute>();
        move |step| {
            timed_async(step, |elapsed| {
                histograms.with_or_new(&ROUTE, |it| it.observe(elapsed.as_secs_f64()))
            })
        }
    });
    bench.call(&[TIMED_ASYNC_OUTCOME], NAME, || {
        let gauges = Labelled::<ByRoute, Gauge>::default();
        let histograms = histograms::<ByRoute>();
        let counters = Labelled::<ByOutcome, Counter>::default();
        move |step| {
            with_outcome(
                step,
                || gauges.with_or_new(&ROUTE, Gauge::inc),
                || gauges.with_or_new(&ROUTE, Gauge::dec),
                |elapsed| histograms.with_or_new(&ROUTE, |it| it.observe(elapsed.as_secs_f64())),
                |ended| counters.with_or_new(&ended, Counter::inc),
            );
        }
    });
    bench.series(NAME, Fast);
}

#[derive(Clone, Copy)]
struct Fast;

impl Series for Fast {
    fn counters<L: ForSeries>(self) -> Box<dyn Family<L>> {
        let family = Labelled::<L, Counter>::default();
        let mut registry = Registry::default();
        registry
            .register("bench_requests", "Requests.", family.clone())
            .expect("a good name");
        Box::new(Registered {
            registry,
            family,
            touch: Counter::inc,
            text: String::new(),
        })
    }

    fn histograms(self) -> Option<Box<dyn Family<Thousand>>> {
        let family = histograms::<Thousand>();
        let mut registry = Registry::default();
        registry
            .register("bench_requests", "Requests.", family.clone())
            .expect("a good name");
        Some(Box::new(Registered {
            registry,
            family,
            touch: |it| it.observe(0.3),
            text: String::new(),
        }))
    }
}

struct Registered<L, M> {
    registry: Registry,
    family: Labelled<L, M>,
    touch: fn(&M),
    text: String,
}

impl<L: Labels, M> Family<L> for Registered<L, M> {
    fn touch(&self, labels: &[L]) {
        for labels in labels {
            self.family.with_or_new(labels, self.touch);
        }
    }

    fn scrape(&mut self) -> usize {
        self.text.clear();
        text::encode(&mut self.text, &self.registry, TextProfile::default()).expect("a string takes it");
        self.text.len()
    }
}
