//! prometheus: `with_label_values` in each call; with cached handles, a table of the children of the vectors. For
//! labels that are known to the programmer, prometheus-static-metric makes that table fields of a struct.

use std::time::Instant;

use axum::extract::{MatchedPath, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use enumetrics::LabelSet as _;
use prometheus::{
    HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGaugeVec, Opts, Registry, TextEncoder,
    core::{MetricVec, MetricVecBuilder},
};

use prometheus_static_metric::make_static_metric;

use super::REFERENCE as NAME;
use crate::bench::{Bench, Family, ForSeries, Series};
use crate::http::{client, router};
use crate::rows::*;
use crate::workload::{
    BOUNDS, ByOutcome, ByRoute, Labels, OnDrop, REQUEST, ROUTE, Request, Thousand, fallible, outcome, run_to_end,
    with_outcome, work,
};

const CACHED: &str = "prometheus, cached";
const STATIC: &str = "prometheus-static-metric";

make_static_metric! {
    struct StaticByRoute: IntCounter {
        "route" => { verify, upload, status, search, login, logout, health, report },
    }
    struct StaticRequests: IntCounter {
        "method" => { get, post, put, delete, patch },
        "route" => { verify, upload, status, search, login, logout, health, report },
        "outcome" => { ok, error, rejected, cancelled },
    }
}

fn counters<L: Labels>() -> IntCounterVec {
    IntCounterVec::new(Opts::new("bench_requests_total", "Requests."), L::NAMES).expect("good names")
}

fn gauges<L: Labels>() -> IntGaugeVec {
    IntGaugeVec::new(Opts::new("bench_in_flight", "In flight."), L::NAMES).expect("good names")
}

fn histograms<L: Labels>() -> HistogramVec {
    let opts = HistogramOpts::new("bench_requests_seconds", "Durations.").buckets(BOUNDS.to_vec());
    HistogramVec::new(opts, L::NAMES).expect("good names")
}

/// The children of all label values, by their index.
fn cached<L: Labels, B: MetricVecBuilder>(vector: MetricVec<B>) -> Vec<B::M> {
    let child = |labels: &L| vector.with_label_values(labels.texts().as_ref());
    L::all().iter().map(child).collect()
}

/// Its vectors are clones of one handle.
#[derive(Clone)]
struct Http {
    requests: IntCounterVec,
    durations: HistogramVec,
    pending: IntGaugeVec,
}

impl Http {
    fn new() -> Self {
        let handled = ["method", "status", "endpoint"];
        let durations = HistogramOpts::new("http_requests_seconds", "Durations.").buckets(BOUNDS.to_vec());
        Self {
            requests: IntCounterVec::new(Opts::new("http_requests_total", "Requests."), &handled).expect("good names"),
            durations: HistogramVec::new(durations, &handled).expect("good names"),
            pending: IntGaugeVec::new(Opts::new("http_pending", "Now."), &["method", "endpoint"]).expect("good names"),
        }
    }
}

async fn record(
    State(http): State<Http>,
    matched: MatchedPath,
    request: axum::extract::Request,
    next: Next,
) -> Response {
    let method = request.method().clone();
    let pending = http.pending.with_label_values(&[method.as_str(), matched.as_str()]);
    pending.inc();
    let _left = OnDrop(|| pending.dec());
    let start = Instant::now();
    let response = next.run(request).await;
    let status = response.status();
    let labels = [method.as_str(), status.as_str(), matched.as_str()];
    http.durations
        .with_label_values(&labels)
        .observe(start.elapsed().as_secs_f64());
    http.requests.with_label_values(&labels).inc();
    response
}

pub fn enter(bench: &mut Bench) {
    bench.call(&[COUNTER, THREADS_COUNTER], NAME, || {
        let counter = IntCounter::new("bench_total", "Calls.").expect("a good name");
        move |_| counter.inc()
    });
    bench.call(&[COUNTER_1], NAME, || {
        let counters = counters::<ByRoute>();
        move |step| counters.with_label_values(&step.by_route.texts()).inc()
    });
    bench.call(&[COUNTER_1], CACHED, || {
        let counters = cached::<ByRoute, _>(counters::<ByRoute>());
        move |step| counters[step.by_route.index()].inc()
    });
    bench.call(&[COUNTER_1_CONST], NAME, || {
        let counters = counters::<ByRoute>();
        move |_| counters.with_label_values(&ROUTE.texts()).inc()
    });
    bench.call(&[COUNTER_1_CONST], STATIC, || {
        let counters = StaticByRoute::from(&counters::<ByRoute>());
        move |_| counters.search.inc()
    });
    bench.call(&[COUNTER_3, THREADS_COUNTER_3], NAME, || {
        let counters = counters::<Request>();
        move |step| counters.with_label_values(&step.request.texts()).inc()
    });
    bench.call(&[COUNTER_3, THREADS_COUNTER_3], CACHED, || {
        let counters = cached::<Request, _>(counters::<Request>());
        move |step| counters[step.request.index()].inc()
    });
    bench.call(&[COUNTER_3_CONST], NAME, || {
        let counters = counters::<Request>();
        move |_| counters.with_label_values(&REQUEST.texts()).inc()
    });
    bench.call(&[COUNTER_3_CONST], STATIC, || {
        let counters = StaticRequests::from(&counters::<Request>());
        move |_| counters.put.search.rejected.inc()
    });
    bench.call(&[HISTOGRAM], NAME, || {
        let opts = HistogramOpts::new("bench_seconds", "Durations.").buckets(BOUNDS.to_vec());
        let histogram = prometheus::Histogram::with_opts(opts).expect("a good name");
        move |step| histogram.observe(step.seconds)
    });
    bench.call(&[HISTOGRAM_1, THREADS_HISTOGRAM_1], NAME, || {
        let histograms = histograms::<ByRoute>();
        move |step| {
            histograms
                .with_label_values(&step.by_route.texts())
                .observe(step.seconds)
        }
    });
    bench.call(&[HISTOGRAM_1, THREADS_HISTOGRAM_1], CACHED, || {
        let histograms = cached::<ByRoute, _>(histograms::<ByRoute>());
        move |step| histograms[step.by_route.index()].observe(step.seconds)
    });
    bench.call(&[GAUGE_1], NAME, || {
        let gauges = gauges::<ByRoute>();
        move |step| {
            gauges.with_label_values(&step.by_route.texts()).inc();
            gauges.with_label_values(&step.by_route.texts()).dec();
        }
    });
    bench.call(&[GAUGE_1], CACHED, || {
        let gauges = cached::<ByRoute, _>(gauges::<ByRoute>());
        move |step| {
            gauges[step.by_route.index()].inc();
            gauges[step.by_route.index()].dec();
        }
    });
    bench.call(&[IN_FLIGHT_1], NAME, || {
        let gauges = gauges::<ByRoute>();
        move |step| {
            let gauge = gauges.with_label_values(&step.by_route.texts());
            gauge.inc();
            drop(OnDrop(|| gauge.dec()));
        }
    });
    bench.call(&[TIMED_FN, TIMED_FN_INSTANT], NAME, || {
        let histograms = histograms::<ByRoute>();
        move |step| {
            let _timer = histograms.with_label_values(&ROUTE.texts()).start_timer();
            work(step);
        }
    });
    bench.call(&[TIMED_FN, TIMED_FN_INSTANT], CACHED, || {
        let histogram = histograms::<ByRoute>().with_label_values(&ROUTE.texts());
        move |step| {
            let _timer = histogram.start_timer();
            work(step);
        }
    });
    bench.call(&[TIMED_ASYNC], NAME, || {
        let histograms = histograms::<ByRoute>();
        move |step| {
            run_to_end(async {
                let _timer = histograms.with_label_values(&ROUTE.texts()).start_timer();
                std::future::ready(work(step)).await
            });
        }
    });
    bench.call(&[TIMED_ASYNC_OUTCOME], NAME, || {
        let (gauges, histograms, counters) = (gauges::<ByRoute>(), histograms::<ByRoute>(), counters::<ByOutcome>());
        move |step| {
            let _ = run_to_end(async {
                let gauge = gauges.with_label_values(&ROUTE.texts());
                gauge.inc();
                let _left = OnDrop(|| gauge.dec());
                let _timer = histograms.with_label_values(&ROUTE.texts()).start_timer();
                let result = std::future::ready(fallible(step)).await;
                counters.with_label_values(&outcome(&result).texts()).inc();
                result
            });
        }
    });
    bench.call(&[TIMED_ASYNC_OUTCOME], CACHED, || {
        let gauge = gauges::<ByRoute>().with_label_values(&ROUTE.texts());
        let histogram = histograms::<ByRoute>().with_label_values(&ROUTE.texts());
        let counters = cached::<ByOutcome, _>(counters::<ByOutcome>());
        move |step| {
            with_outcome(
                step,
                || gauge.inc(),
                || gauge.dec(),
                |elapsed| histogram.observe(elapsed.as_secs_f64()),
                |ended| counters[ended.index()].inc(),
            );
        }
    });
    bench.call(&[HTTP], NAME, || {
        client(router().layer(from_fn_with_state(Http::new(), record)))
    });
    bench.series(NAME, Prometheus);
}

#[derive(Clone, Copy)]
struct Prometheus;

impl Series for Prometheus {
    fn counters<L: ForSeries>(self) -> Box<dyn Family<L>> {
        Box::new(Registered::new(counters::<L>(), |counter| counter.inc()))
    }

    fn histograms(self) -> Option<Box<dyn Family<Thousand>>> {
        Some(Box::new(Registered::new(histograms::<Thousand>(), |histogram| {
            histogram.observe(0.3)
        })))
    }
}

struct Registered<B: MetricVecBuilder> {
    registry: Registry,
    vector: MetricVec<B>,
    touch: fn(B::M),
    text: String,
}

impl<B: MetricVecBuilder> Registered<B> {
    fn new(vector: MetricVec<B>, touch: fn(B::M)) -> Self
    where
        MetricVec<B>: prometheus::core::Collector + Clone + 'static,
    {
        let registry = Registry::new();
        registry.register(Box::new(vector.clone())).expect("the only one");
        let text = String::new();
        Self {
            registry,
            vector,
            touch,
            text,
        }
    }
}

impl<L: Labels, B: MetricVecBuilder> Family<L> for Registered<B> {
    fn touch(&self, labels: &[L]) {
        for labels in labels {
            (self.touch)(self.vector.with_label_values(labels.texts().as_ref()));
        }
    }

    fn scrape(&mut self) -> usize {
        self.text.clear();
        TextEncoder::new()
            .encode_utf8(&self.registry.gather(), &mut self.text)
            .expect("a string takes it");
        self.text.len()
    }
}
