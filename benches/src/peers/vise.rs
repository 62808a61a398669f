//! vise: groups of metrics that are indexed by labels in each call, `metrics.counters[&labels]`; the references that
//! come of it can be kept for as long as the family lives.

use std::time::Duration;

use enumetrics::LabelSet as _;
use vise::{Buckets, Counter, Family as Labelled, Format, Gauge, Histogram, Metrics, Registry};

use crate::bench::{Bench, Family, ForSeries, Series};
use crate::rows::*;
use crate::workload::{
    BOUNDS, ByOutcome, ByRoute, HundredThousand, Labels, REQUEST, ROUTE, Request, TenThousand, Thousand, fallible,
    outcome, run_to_end, work,
};

const NAME: &str = "vise";
const CACHED: &str = "vise, cached";

const BUCKETS: Buckets = Buckets::values(&BOUNDS);

#[derive(Debug, Metrics)]
struct Calls {
    counter: Counter,
    by_route: Labelled<ByRoute, Counter>,
    requests: Labelled<Request, Counter>,
    outcomes: Labelled<ByOutcome, Counter>,
    #[metrics(buckets = BUCKETS)]
    observed: Histogram,
    #[metrics(buckets = BUCKETS)]
    observed_by_route: Labelled<ByRoute, Histogram>,
    #[metrics(buckets = BUCKETS)]
    latencies: Labelled<ByRoute, Histogram<Duration>>,
    in_flight: Labelled<ByRoute, Gauge>,
}

pub fn enter(bench: &mut Bench) {
    bench.call(&[COUNTER, THREADS_COUNTER], NAME, || {
        let calls = Calls::default();
        move |_| {
            calls.counter.inc();
        }
    });
    bench.call(&[COUNTER_1], NAME, || {
        let calls = Calls::default();
        move |step| {
            calls.by_route[&step.by_route].inc();
        }
    });
    bench.call(&[COUNTER_1], CACHED, || {
        let calls = Calls::default();
        let counters: Vec<Counter> = ByRoute::all()
            .iter()
            .map(|labels| calls.by_route[labels].clone())
            .collect();
        move |step| {
            counters[step.by_route.index()].inc();
        }
    });
    bench.call(&[COUNTER_1_CONST], NAME, || {
        let calls = Calls::default();
        move |_| {
            calls.by_route[&ROUTE].inc();
        }
    });
    bench.call(&[COUNTER_3, THREADS_COUNTER_3], NAME, || {
        let calls = Calls::default();
        move |step| {
            calls.requests[&step.request].inc();
        }
    });
    bench.call(&[COUNTER_3_CONST], NAME, || {
        let calls = Calls::default();
        move |_| {
            calls.requests[&REQUEST].inc();
        }
    });
    bench.call(&[HISTOGRAM], NAME, || {
        let calls = Calls::default();
        move |step| calls.observed.observe(step.seconds)
    });
    bench.call(&[HISTOGRAM_1, THREADS_HISTOGRAM_1], NAME, || {
        let calls = Calls::default();
        move |step| calls.observed_by_route[&step.by_route].observe(step.seconds)
    });
    bench.call(&[GAUGE_1], NAME, || {
        let calls = Calls::default();
        move |step| {
            calls.in_flight[&step.by_route].inc_by(1);
            calls.in_flight[&step.by_route].dec_by(1);
        }
    });
    bench.call(&[IN_FLIGHT_1], NAME, || {
        let calls = Calls::default();
        move |step| drop(calls.in_flight[&step.by_route].inc_guard(1))
    });
    bench.call(&[TIMED_FN, TIMED_FN_INSTANT], NAME, || {
        let calls = Calls::default();
        move |step| {
            let timer = calls.latencies[&ROUTE].start();
            work(step);
            timer.observe();
        }
    });
    bench.call(&[TIMED_ASYNC], NAME, || {
        let calls = Calls::default();
        move |step| {
            run_to_end(async {
                let timer = calls.latencies[&ROUTE].start();
                let result = std::future::ready(work(step)).await;
                timer.observe();
                result
            });
        }
    });
    bench.call(&[TIMED_ASYNC_OUTCOME], NAME, || {
        let calls = Calls::default();
        move |step| {
            let _ = run_to_end(async {
                let _in_flight = calls.in_flight[&ROUTE].inc_guard(1);
                let timer = calls.latencies[&ROUTE].start();
                let result = std::future::ready(fallible(step)).await;
                timer.observe();
                calls.outcomes[&outcome(&result)].inc();
                result
            });
        }
    });
    bench.series(NAME, Vise);
}

/// A group with one counter family.
pub trait Counters<L>: Metrics + Default {
    fn touch(&self, labels: &L);
}

macro_rules! groups {
    ($($group:ident of $labels:ident;)*) => {$(
        #[derive(Debug, Metrics)]
        #[metrics(prefix = "bench")]
        pub struct $group {
            /// Requests
            requests: Labelled<$labels, Counter>,
        }

        impl Counters<$labels> for $group {
            fn touch(&self, labels: &$labels) {
                self.requests[labels].inc();
            }
        }
    )*};
}

groups! {
    Counters1k of Thousand;
    Counters10k of TenThousand;
    Counters100k of HundredThousand;
}

#[derive(Debug, Metrics)]
#[metrics(prefix = "bench")]
struct Histograms {
    /// Durations
    #[metrics(buckets = BUCKETS)]
    requests_seconds: Labelled<Thousand, Histogram>,
}

impl Counters<Thousand> for Histograms {
    fn touch(&self, labels: &Thousand) {
        self.requests_seconds[labels].observe(0.3);
    }
}

#[derive(Clone, Copy)]
struct Vise;

impl Series for Vise {
    fn counters<L: ForSeries>(self) -> Box<dyn Family<L>> {
        Box::new(Registered::<L::Vise>::new())
    }

    fn histograms(self) -> Option<Box<dyn Family<Thousand>>> {
        Some(Box::new(Registered::<Histograms>::new()))
    }
}

struct Registered<G> {
    registry: Registry,
    group: G,
    text: String,
}

impl<G: Metrics + Default> Registered<G> {
    fn new() -> Self {
        let group = G::default();
        let mut registry = Registry::empty();
        registry.register_metrics(&group);
        let text = String::new();
        Self { registry, group, text }
    }
}

impl<L: Labels, G: Counters<L>> Family<L> for Registered<G> {
    fn touch(&self, labels: &[L]) {
        for labels in labels {
            self.group.touch(labels);
        }
    }

    fn scrape(&mut self) -> usize {
        self.text.clear();
        self.registry
            .encode(&mut self.text, Format::OpenMetrics)
            .expect("a string takes it");
        self.text.len()
    }
}
