//! metrics and metrics-exporter-prometheus: the macros with `&'static str` labels in each call; with cached handles,
//! what the macros return. Observations are drained later, by `run_upkeep` or a scrape, whose cost is not in the rows
//! of histograms.

use enumetrics::LabelSet as _;
use metrics::{Counter, Label, counter, gauge, histogram};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle, PrometheusRecorder};
use std::sync::OnceLock;

use crate::bench::{Bench, Family, ForSeries, Series};
use crate::rows::*;
use crate::workload::{BOUNDS, Labels, OnDrop, REQUEST, ROUTE, Request, Thousand, timed, timed_async, with_outcome};

const NAME: &str = "metrics";
const CACHED: &str = "metrics, cached";

fn builder() -> PrometheusBuilder {
    PrometheusBuilder::new().set_buckets(&BOUNDS).expect("there are bounds")
}

/// The macros record into the process's recorder.
pub fn install() {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    let handle = HANDLE.get_or_init(|| builder().install_recorder().expect("the first recorder"));
    handle.run_upkeep();
}

pub fn enter(bench: &mut Bench) {
    bench.call(&[COUNTER, THREADS_COUNTER], NAME, || {
        install();
        |_| counter!("bench_total").increment(1)
    });
    bench.call(&[COUNTER, THREADS_COUNTER], CACHED, || {
        install();
        let counter = counter!("bench_total");
        move |_| counter.increment(1)
    });
    bench.call(&[COUNTER_1], NAME, || {
        install();
        |step| {
            let [route] = step.by_route.texts();
            counter!("bench_by_route_total", "route" => route).increment(1);
        }
    });
    bench.call(&[COUNTER_1_CONST], NAME, || {
        install();
        |_| counter!("bench_by_route_total", "route" => "search").increment(1)
    });
    bench.call(&[COUNTER_3, THREADS_COUNTER_3], NAME, || {
        install();
        |step| requests(step.request).increment(1)
    });
    bench.call(&[COUNTER_3, THREADS_COUNTER_3], CACHED, || {
        install();
        let counters: Vec<Counter> = Request::all().into_iter().map(requests).collect();
        move |step| counters[step.request.index()].increment(1)
    });
    bench.call(&[COUNTER_3_CONST], NAME, || {
        install();
        |_| requests(REQUEST).increment(1)
    });
    bench.call(&[HISTOGRAM], NAME, || {
        install();
        |step| histogram!("bench_seconds").record(step.seconds)
    });
    bench.call(&[HISTOGRAM_1, THREADS_HISTOGRAM_1], NAME, || {
        install();
        |step| {
            let [route] = step.by_route.texts();
            histogram!("bench_by_route_seconds", "route" => route).record(step.seconds);
        }
    });
    bench.call(&[GAUGE_1], NAME, || {
        install();
        |step| {
            let [route] = step.by_route.texts();
            gauge!("bench_in_flight", "route" => route).increment(1);
            gauge!("bench_in_flight", "route" => route).decrement(1);
        }
    });
    bench.call(&[IN_FLIGHT_1], NAME, || {
        install();
        |step| {
            let [route] = step.by_route.texts();
            let gauge = gauge!("bench_in_flight", "route" => route);
            gauge.increment(1);
            drop(OnDrop(|| gauge.decrement(1)));
        }
    });
    bench.call(&[TIMED_FN], NAME, || {
        install();
        |step| {
            timed(step, |elapsed| {
                histogram!("bench_timed_seconds", "route" => "search").record(elapsed)
            })
        }
    });
    bench.call(&[TIMED_ASYNC], NAME, || {
        install();
        |step| {
            timed_async(step, |elapsed| {
                histogram!("bench_timed_seconds", "route" => "search").record(elapsed)
            })
        }
    });
    bench.call(&[TIMED_ASYNC_OUTCOME], NAME, || {
        install();
        |step| {
            with_outcome(
                step,
                || gauge!("bench_in_flight", "route" => "search").increment(1),
                || gauge!("bench_in_flight", "route" => "search").decrement(1),
                |elapsed| histogram!("bench_timed_seconds", "route" => "search").record(elapsed),
                |ended| {
                    let [outcome] = ended.texts();
                    counter!("bench_outcomes_total", "outcome" => outcome).increment(1);
                },
            );
        }
    });
    // The constant label above is this one.
    debug_assert_eq!(ROUTE.texts(), ["search"]);
    bench.series(NAME, Metrics);
}

fn requests(request: Request) -> Counter {
    let [method, route, outcome] = request.texts();
    counter!("bench_requests_total", "method" => method, "route" => route, "outcome" => outcome)
}

#[derive(Clone, Copy)]
struct Metrics;

impl Series for Metrics {
    fn counters<L: ForSeries>(self) -> Box<dyn Family<L>> {
        Box::new(Recorded(builder().build_recorder(), |labels| {
            counter!("bench_requests_total", labels).increment(1);
        }))
    }

    fn histograms(self) -> Option<Box<dyn Family<Thousand>>> {
        Some(Box::new(Recorded(builder().build_recorder(), |labels| {
            histogram!("bench_requests_seconds", labels).record(0.3);
        })))
    }
}

struct Recorded(PrometheusRecorder, fn(Vec<Label>));

impl<L: Labels> Family<L> for Recorded {
    fn touch(&self, labels: &[L]) {
        metrics::with_local_recorder(&self.0, || {
            for labels in labels {
                let pairs = L::NAMES.iter().zip(labels.texts());
                (self.1)(
                    pairs
                        .map(|(name, value)| Label::from_static_parts(name, value))
                        .collect(),
                );
            }
        });
    }

    fn scrape(&mut self) -> usize {
        self.0.handle().render().len()
    }
}
