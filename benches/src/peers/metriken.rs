//! metriken: groups of counters by index, which the program computes from its labels; "sharded" are those with a
//! shard for each thread. Its histograms have log-linear buckets of whole numbers, never chosen bounds.

use std::collections::HashMap;

use enumetrics::LabelSet as _;
use metriken::{
    AtomicCounterHistogram, Counter, CounterGroup, CounterHistogramGroup, DynBoxedMetric, Gauge, GaugeGroup,
    MetricBuilder, ShardedCounterGroup, ShardedCounterHistogramGroup,
};
use metriken_exposition::{PrometheusOptions, prometheus_text};

use crate::bench::{Bench, Family, ForSeries, Series};
use crate::rows::*;
use crate::workload::{ByOutcome, ByRoute, Labels, OnDrop, REQUEST, ROUTE, Request, timed, timed_async, with_outcome};

const NAME: &str = "metriken";
const SHARDED: &str = "metriken, sharded";

/// Eight buckets for each power of two of nanoseconds, up to 18 minutes.
const PRECISION: u8 = 3;
const MAX_POWER: u8 = 40;

fn histograms() -> CounterHistogramGroup {
    CounterHistogramGroup::new(ByRoute::COMBINATIONS, PRECISION, MAX_POWER)
}

pub fn enter(bench: &mut Bench) {
    bench.call(&[COUNTER, THREADS_COUNTER], NAME, || {
        let counter = Counter::new();
        move |_| {
            counter.increment();
        }
    });
    bench.call(&[COUNTER_1], NAME, || {
        let counters = CounterGroup::new(ByRoute::COMBINATIONS);
        move |step| {
            counters.increment(step.by_route.index());
        }
    });
    bench.call(&[COUNTER_1], SHARDED, || {
        let counters = ShardedCounterGroup::new(ByRoute::COMBINATIONS);
        move |step| {
            counters.increment(step.by_route.index());
        }
    });
    bench.call(&[COUNTER_1_CONST], NAME, || {
        let counters = CounterGroup::new(ByRoute::COMBINATIONS);
        move |_| {
            counters.increment(ROUTE.index());
        }
    });
    bench.call(&[COUNTER_3, THREADS_COUNTER_3], NAME, || {
        let counters = CounterGroup::new(Request::COMBINATIONS);
        move |step| {
            counters.increment(step.request.index());
        }
    });
    bench.call(&[COUNTER_3, THREADS_COUNTER_3], SHARDED, || {
        let counters = ShardedCounterGroup::new(Request::COMBINATIONS);
        move |step| {
            counters.increment(step.request.index());
        }
    });
    bench.call(&[COUNTER_3_CONST], NAME, || {
        let counters = CounterGroup::new(Request::COMBINATIONS);
        move |_| {
            counters.increment(REQUEST.index());
        }
    });
    bench.call(&[HISTOGRAM, NATIVE_HISTOGRAM], NAME, || {
        let histogram = AtomicCounterHistogram::new(PRECISION, MAX_POWER);
        move |step| {
            let _ = histogram.increment(step.nanos);
        }
    });
    bench.call(&[HISTOGRAM_1, THREADS_HISTOGRAM_1], NAME, || {
        let histograms = histograms();
        move |step| {
            let _ = histograms.increment(step.by_route.index(), step.nanos);
        }
    });
    bench.call(&[HISTOGRAM_1, THREADS_HISTOGRAM_1], SHARDED, || {
        let histograms = ShardedCounterHistogramGroup::new(ByRoute::COMBINATIONS, PRECISION, MAX_POWER);
        move |step| {
            let _ = histograms.increment(step.by_route.index(), step.nanos);
        }
    });
    bench.call(&[GAUGE_1], NAME, || {
        let gauges = GaugeGroup::new(ByRoute::COMBINATIONS);
        move |step| {
            gauges.add(step.by_route.index(), 1);
            gauges.add(step.by_route.index(), -1);
        }
    });
    bench.call(&[IN_FLIGHT_1], NAME, || {
        let gauges = GaugeGroup::new(ByRoute::COMBINATIONS);
        move |step| {
            gauges.add(step.by_route.index(), 1);
            drop(OnDrop(|| _ = gauges.add(step.by_route.index(), -1)));
        }
    });
    bench.call(&[TIMED_FN], NAME, || {
        let histograms = histograms();
        move |step| {
            timed(step, |elapsed| {
                _ = histograms.increment(ROUTE.index(), elapsed.as_nanos() as u64)
            })
        }
    });
    bench.call(&[TIMED_ASYNC], NAME, || {
        let histograms = histograms();
        move |step| {
            timed_async(step, |elapsed| {
                _ = histograms.increment(ROUTE.index(), elapsed.as_nanos() as u64)
            })
        }
    });
    bench.call(&[TIMED_ASYNC_OUTCOME], NAME, || {
        let gauge = Gauge::new();
        let histograms = histograms();
        let counters = CounterGroup::new(ByOutcome::COMBINATIONS);
        move |step| {
            with_outcome(
                step,
                || _ = gauge.increment(),
                || _ = gauge.decrement(),
                |elapsed| _ = histograms.increment(ROUTE.index(), elapsed.as_nanos() as u64),
                |ended| _ = counters.increment(ended.index()),
            );
        }
    });
    bench.series(NAME, Metriken);
}

#[derive(Clone, Copy)]
struct Metriken;

/// Registered for as long as it lives: there is one registry for the process.
struct Registered(DynBoxedMetric<CounterGroup>);

impl Series for Metriken {
    fn counters<L: ForSeries>(self) -> Box<dyn Family<L>> {
        let group = CounterGroup::new(L::COMBINATIONS);
        Box::new(Registered(
            MetricBuilder::new("bench_requests_total")
                .description("Requests.")
                .build(group),
        ))
    }
}

impl<L: Labels> Family<L> for Registered {
    fn touch(&self, labels: &[L]) {
        for labels in labels {
            let index = enumetrics::LabelSet::index(labels);
            // A series without labels is not exported.
            if self.0.load_metadata(index).is_none() {
                let names = L::NAMES.iter().map(|name| (*name).to_owned());
                let values = labels.texts().into_iter().map(str::to_owned);
                self.0.set_metadata(index, names.zip(values).collect::<HashMap<_, _>>());
            }
            self.0.increment(index);
        }
    }

    fn scrape(&mut self) -> usize {
        prometheus_text(&PrometheusOptions::default()).len()
    }
}
