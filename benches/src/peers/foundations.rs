//! foundations-metrics: `Family` with `get_or_create` in each call, and its `LowCardinalityFamily`, which indexes by
//! labels; `ThreadLocalCounter` is its counter with a cell for each thread.

use foundations_metrics::{
    Counter, EncodeMetric, EncodeMetricValue, Family as Labelled, Gauge, GaugeGuard, HistogramBuilder,
    LowCardinalityFamily, NamedMetric, ThreadLocalCounter, TimeHistogram, encode_to_text,
};

use crate::bench::{Bench, Family, ForSeries, Series};
use crate::rows::*;
use crate::workload::{
    BOUNDS, ByOutcome, ByRoute, Labels, REQUEST, ROUTE, Request, Thousand, fallible, outcome, run_to_end, work,
};

const NAME: &str = "foundations";
const LOW: &str = "foundations LowCardinality";
const THREAD_LOCAL: &str = "foundations thread-local";
const LOW_THREAD_LOCAL: &str = "foundations LowCardinality + thread-local";

const BUILDER: HistogramBuilder = HistogramBuilder { buckets: &BOUNDS };

type Low<L, M> = LowCardinalityFamily<L, M>;

fn low_histograms<L: Labels>() -> LowCardinalityFamily<L, TimeHistogram, HistogramBuilder> {
    LowCardinalityFamily::new_with_constructor(BUILDER)
}

pub fn enter(bench: &mut Bench) {
    bench.call(&[COUNTER, THREADS_COUNTER], NAME, || {
        let counter = <Counter>::default();
        move |_| {
            counter.inc();
        }
    });
    bench.call(&[COUNTER, THREADS_COUNTER], THREAD_LOCAL, || {
        let counter = <ThreadLocalCounter>::default();
        move |_| counter.inc()
    });
    bench.call(&[COUNTER_1], NAME, || {
        let counters = Labelled::<ByRoute, Counter>::default();
        move |step| {
            counters.get_or_create(&step.by_route).inc();
        }
    });
    bench.call(&[COUNTER_1], LOW, || {
        let counters = Low::<ByRoute, Counter>::default();
        move |step| {
            counters.get_or_create(&step.by_route).inc();
        }
    });
    bench.call(&[COUNTER_1], LOW_THREAD_LOCAL, || {
        let counters = Low::<ByRoute, ThreadLocalCounter>::default();
        move |step| counters.get_or_create(&step.by_route).inc()
    });
    bench.call(&[COUNTER_1_CONST], LOW_THREAD_LOCAL, || {
        let counters = Low::<ByRoute, ThreadLocalCounter>::default();
        move |_| counters.get_or_create(&ROUTE).inc()
    });
    bench.call(&[COUNTER_3, THREADS_COUNTER_3], NAME, || {
        let counters = Labelled::<Request, Counter>::default();
        move |step| {
            counters.get_or_create(&step.request).inc();
        }
    });
    bench.call(&[COUNTER_3, THREADS_COUNTER_3], LOW_THREAD_LOCAL, || {
        let counters = Low::<Request, ThreadLocalCounter>::default();
        move |step| counters.get_or_create(&step.request).inc()
    });
    bench.call(&[COUNTER_3_CONST], LOW_THREAD_LOCAL, || {
        let counters = Low::<Request, ThreadLocalCounter>::default();
        move |_| counters.get_or_create(&REQUEST).inc()
    });
    bench.call(&[HISTOGRAM], NAME, || {
        let histogram = TimeHistogram::new(BOUNDS);
        move |step| histogram.observe(step.nanos)
    });
    bench.call(&[HISTOGRAM_1, THREADS_HISTOGRAM_1], LOW, || {
        let histograms = low_histograms::<ByRoute>();
        move |step| histograms.get_or_create(&step.by_route).observe(step.nanos)
    });
    bench.call(&[GAUGE_1], LOW, || {
        let gauges = Low::<ByRoute, Gauge>::default();
        move |step| {
            gauges.get_or_create(&step.by_route).inc();
            gauges.get_or_create(&step.by_route).dec();
        }
    });
    bench.call(&[IN_FLIGHT_1], LOW, || {
        let gauges = Low::<ByRoute, Gauge>::default();
        move |step| drop(GaugeGuard::new(gauges.get_or_create(&step.by_route).clone()))
    });
    bench.call(&[TIMED_FN], LOW, || {
        let histograms = low_histograms::<ByRoute>();
        move |step| {
            let _timer = histograms.get_or_create(&ROUTE).start_timer();
            work(step);
        }
    });
    bench.call(&[TIMED_ASYNC], LOW, || {
        let histograms = low_histograms::<ByRoute>();
        move |step| {
            run_to_end(async {
                let _timer = histograms.get_or_create(&ROUTE).start_timer();
                std::future::ready(work(step)).await
            });
        }
    });
    bench.call(&[TIMED_ASYNC_OUTCOME], LOW, || {
        let gauges = Low::<ByRoute, Gauge>::default();
        let histograms = low_histograms::<ByRoute>();
        let counters = Low::<ByOutcome, Counter>::default();
        move |step| {
            let _ = run_to_end(async {
                let _in_flight = GaugeGuard::new(gauges.get_or_create(&ROUTE).clone());
                let _timer = histograms.get_or_create(&ROUTE).start_timer();
                let result = std::future::ready(fallible(step)).await;
                counters.get_or_create(&outcome(&result)).inc();
                result
            });
        }
    });
    bench.series(NAME, Foundations);
}

#[derive(Clone, Copy)]
struct Foundations;

impl Series for Foundations {
    fn counters<L: ForSeries>(self) -> Box<dyn Family<L>> {
        Box::new(Encoded {
            family: Low::<L, Counter>::default(),
            touch: |family, labels| _ = family.get_or_create(labels).inc(),
        })
    }

    fn histograms(self) -> Option<Box<dyn Family<Thousand>>> {
        Some(Box::new(Encoded {
            family: low_histograms::<Thousand>(),
            touch: |family, labels| family.get_or_create(labels).observe(300_000_000),
        }))
    }
}

struct Encoded<L, F> {
    family: F,
    touch: fn(&F, &L),
}

impl<L: Labels, F: EncodeMetricValue + Clone> Family<L> for Encoded<L, F> {
    fn touch(&self, labels: &[L]) {
        for labels in labels {
            (self.touch)(&self.family, labels);
        }
    }

    /// What `collect` and `encode_to_text` do with the process's registry, from which nothing can be taken away.
    fn scrape(&mut self) -> usize {
        encode_to_text(&NamedMetric::new("bench_requests", "Requests.", self.family.clone()).encode()).len()
    }
}
