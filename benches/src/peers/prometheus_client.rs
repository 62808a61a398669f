//! prometheus-client: `Family::get_or_create` in each call; its metrics are handles that can be cloned and kept.

use enumetrics::LabelSet as _;
use prometheus_client::encoding::text;
use prometheus_client::metrics::{counter::Counter, family::Family as Labelled, gauge::Gauge, histogram::Histogram};
use prometheus_client::registry::{Metric, Registry};

use crate::bench::{Bench, Family, ForSeries, Series};
use crate::rows::*;
use crate::workload::{
    BOUNDS, ByOutcome, ByRoute, Labels, OnDrop, REQUEST, ROUTE, Request, Thousand, timed, timed_async, with_outcome,
};

const NAME: &str = "prometheus-client";
const CACHED: &str = "prometheus-client, cached";

fn histogram() -> Histogram {
    Histogram::new(BOUNDS)
}

fn histograms<L: Labels>() -> Labelled<L, Histogram> {
    Labelled::new_with_constructor(histogram as fn() -> Histogram)
}

fn cached<L: Labels, M: Clone>(family: Labelled<L, M>) -> Vec<M> {
    L::all()
        .iter()
        .map(|labels| family.get_or_create_owned(labels))
        .collect()
}

pub fn enter(bench: &mut Bench) {
    bench.call(&[COUNTER, THREADS_COUNTER], NAME, || {
        let counter = <Counter>::default();
        move |_| {
            counter.inc();
        }
    });
    bench.call(&[COUNTER_1], NAME, || {
        let counters = Labelled::<ByRoute, Counter>::default();
        move |step| {
            counters.get_or_create(&step.by_route).inc();
        }
    });
    bench.call(&[COUNTER_1], CACHED, || {
        let counters = cached(Labelled::<ByRoute, Counter>::default());
        move |step| {
            counters[step.by_route.index()].inc();
        }
    });
    bench.call(&[COUNTER_1_CONST], NAME, || {
        let counters = Labelled::<ByRoute, Counter>::default();
        move |_| {
            counters.get_or_create(&ROUTE).inc();
        }
    });
    bench.call(&[COUNTER_3, THREADS_COUNTER_3], NAME, || {
        let counters = Labelled::<Request, Counter>::default();
        move |step| {
            counters.get_or_create(&step.request).inc();
        }
    });
    bench.call(&[COUNTER_3_CONST], NAME, || {
        let counters = Labelled::<Request, Counter>::default();
        move |_| {
            counters.get_or_create(&REQUEST).inc();
        }
    });
    bench.call(&[HISTOGRAM], NAME, || {
        let histogram = histogram();
        move |step| histogram.observe(step.seconds)
    });
    bench.call(&[HISTOGRAM_1, THREADS_HISTOGRAM_1], NAME, || {
        let histograms = histograms::<ByRoute>();
        move |step| histograms.get_or_create(&step.by_route).observe(step.seconds)
    });
    bench.call(&[GAUGE_1], NAME, || {
        let gauges = Labelled::<ByRoute, Gauge>::default();
        move |step| {
            gauges.get_or_create(&step.by_route).inc();
            gauges.get_or_create(&step.by_route).dec();
        }
    });
    bench.call(&[IN_FLIGHT_1], NAME, || {
        let gauges = Labelled::<ByRoute, Gauge>::default();
        move |step| {
            let gauge = gauges.get_or_create_owned(&step.by_route);
            gauge.inc();
            drop(OnDrop(|| {
                gauge.dec();
            }));
        }
    });
    bench.call(&[TIMED_FN], NAME, || {
        let histograms = histograms::<ByRoute>();
        move |step| {
            timed(step, |elapsed| {
                histograms.get_or_create(&ROUTE).observe(elapsed.as_secs_f64())
            })
        }
    });
    bench.call(&[TIMED_ASYNC], NAME, || {
        let histograms = histograms::<ByRoute>();
        move |step| {
            timed_async(step, |elapsed| {
                histograms.get_or_create(&ROUTE).observe(elapsed.as_secs_f64())
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
                || _ = gauges.get_or_create(&ROUTE).inc(),
                || _ = gauges.get_or_create(&ROUTE).dec(),
                |elapsed| histograms.get_or_create(&ROUTE).observe(elapsed.as_secs_f64()),
                |ended| _ = counters.get_or_create(&ended).inc(),
            );
        }
    });
    bench.series(NAME, Client);
}

#[derive(Clone, Copy)]
struct Client;

impl Series for Client {
    fn counters<L: ForSeries>(self) -> Box<dyn Family<L>> {
        Box::new(Registered::new(Labelled::<L, Counter>::default(), |counter| {
            _ = counter.inc()
        }))
    }

    fn histograms(self) -> Option<Box<dyn Family<Thousand>>> {
        Some(Box::new(Registered::new(histograms(), |histogram| {
            histogram.observe(0.3)
        })))
    }
}

struct Registered<L, M> {
    registry: Registry,
    family: Labelled<L, M, fn() -> M>,
    touch: fn(&M),
    text: String,
}

impl<L: Labels, M> Registered<L, M> {
    fn new(family: Labelled<L, M, fn() -> M>, touch: fn(&M)) -> Self
    where
        Labelled<L, M, fn() -> M>: Metric,
    {
        let mut registry = Registry::default();
        registry.register("bench_requests", "Requests.", family.clone());
        let text = String::new();
        Self {
            registry,
            family,
            touch,
            text,
        }
    }
}

impl<L: Labels, M: Clone + 'static> Family<L> for Registered<L, M> {
    fn touch(&self, labels: &[L]) {
        for labels in labels {
            (self.touch)(&self.family.get_or_create(labels));
        }
    }

    fn scrape(&mut self) -> usize {
        self.text.clear();
        text::encode(&mut self.text, &self.registry).expect("a string takes it");
        self.text.len()
    }
}
