//! enumetrics: statics; `.with(labels)` is an index, so there is nothing to cache.

use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::http::{Method, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use enumetrics::{
    Catalog, Counter, Export, Gauge, Histogram, InFlight, LabelSet, LabelValue, Scrape, metric_family, timed,
};

use super::OURS;
use crate::bench::{Bench, Family, ForSeries, Series};
use crate::http::{client, route_of, router};
use crate::rows::*;
use crate::workload::{
    Failure, HundredThousand, Outcome, REQUEST, ROUTE, Request as Labels3, Route, Step, TenThousand, Thousand,
    fallible, outcome, run_to_end, work,
};

#[metric_family(namespace = "bench")]
struct Calls {
    /// A counter without labels.
    calls_total: Counter,
    /// A counter with one label.
    by_route_total: Counter<Route>,
    /// A counter with three labels.
    requests_total: Counter<Labels3>,
    /// A counter of ends.
    outcomes_total: Counter<Outcome>,
    /// A histogram without labels.
    #[metric(buckets = crate::workload::BOUNDS)]
    duration_seconds: Histogram,
    /// A histogram with one label.
    #[metric(buckets = crate::workload::BOUNDS)]
    by_route_duration_seconds: Histogram<Route>,
    /// A gauge with one label.
    workers: Gauge<Route>,
    /// What is in flight, with one label.
    in_flight: InFlight<Route>,
}

static CALLS: Calls = Calls::new();

#[timed(CALLS.by_route_duration_seconds, route = "search")]
fn timed_work(step: &Step) -> u64 {
    work(step)
}

#[timed(CALLS.by_route_duration_seconds, route = "search")]
async fn timed_async(step: &Step) -> u64 {
    std::future::ready(work(step)).await
}

/// By hand until there is an attribute for it.
#[timed(CALLS.by_route_duration_seconds, route = "search")]
async fn with_outcome(step: &Step) -> Result<u64, Failure> {
    let _in_flight = CALLS.in_flight.with(Route::Search).track();
    let result = std::future::ready(fallible(step)).await;
    CALLS.outcomes_total.with(outcome(&result).outcome).inc();
    result
}

#[derive(LabelValue, Clone, Copy)]
enum Status {
    #[label(value = "200")]
    Ok,
    #[label(value = "403")]
    Forbidden,
    #[label(value = "404")]
    NotFound,
    #[label(value = "500")]
    Error,
}

#[derive(LabelValue, Clone, Copy)]
enum Verb {
    Get,
    Post,
    Put,
    Delete,
    Patch,
}

#[derive(LabelSet, Clone, Copy)]
struct Pending {
    verb: Verb,
    route: Route,
}

#[derive(LabelSet, Clone, Copy)]
struct Handled {
    verb: Verb,
    status: Status,
    route: Route,
}

#[metric_family(namespace = "http")]
struct Http {
    /// Requests answered.
    requests_total: Counter<Handled>,
    /// Duration of requests.
    #[metric(buckets = crate::workload::BOUNDS)]
    requests_duration_seconds: Histogram<Handled>,
    /// Requests now.
    requests_pending: Gauge<Pending>,
}

static HTTP_METRICS: Http = Http::new();

/// By hand until there is a layer for it.
async fn record(matched: MatchedPath, request: Request, next: Next) -> Response {
    let route = route_of(matched.as_str());
    let verb = match *request.method() {
        Method::GET => Verb::Get,
        Method::POST => Verb::Post,
        Method::PUT => Verb::Put,
        Method::DELETE => Verb::Delete,
        _ => Verb::Patch,
    };
    let _pending = HTTP_METRICS.requests_pending.with(Pending { verb, route }).track();
    let start = Instant::now();
    let response = next.run(request).await;
    let status = match response.status() {
        StatusCode::OK => Status::Ok,
        StatusCode::FORBIDDEN => Status::Forbidden,
        StatusCode::NOT_FOUND => Status::NotFound,
        _ => Status::Error,
    };
    let handled = Handled { verb, status, route };
    HTTP_METRICS
        .requests_duration_seconds
        .with(handled)
        .observe(start.elapsed());
    HTTP_METRICS.requests_total.with(handled).inc();
    response
}

pub fn enter(bench: &mut Bench) {
    bench.call(&[COUNTER, THREADS_COUNTER], OURS, || |_| CALLS.calls_total.inc());
    bench.call(&[COUNTER_1], OURS, || {
        |step| CALLS.by_route_total.with(step.by_route.route).inc()
    });
    bench.call(&[COUNTER_1_CONST], OURS, || {
        |_| CALLS.by_route_total.with(ROUTE.route).inc()
    });
    bench.call(&[COUNTER_3, THREADS_COUNTER_3], OURS, || {
        |step| CALLS.requests_total.with(step.request).inc()
    });
    bench.call(&[COUNTER_3_CONST], OURS, || {
        |_| CALLS.requests_total.with(REQUEST).inc()
    });
    bench.call(&[HISTOGRAM], OURS, || {
        |step| CALLS.duration_seconds.observe(step.seconds)
    });
    bench.call(&[HISTOGRAM_1, THREADS_HISTOGRAM_1], OURS, || {
        |step| {
            CALLS
                .by_route_duration_seconds
                .with(step.by_route.route)
                .observe(step.seconds);
        }
    });
    bench.call(&[GAUGE_1], OURS, || {
        |step| {
            CALLS.workers.with(step.by_route.route).inc();
            CALLS.workers.with(step.by_route.route).dec();
        }
    });
    bench.call(&[IN_FLIGHT_1], OURS, || {
        |step| drop(CALLS.in_flight.with(step.by_route.route).track())
    });
    bench.call(&[TIMED_FN], OURS, || {
        |step| {
            timed_work(step);
        }
    });
    // What timers do where the processor's counter is not trusted.
    bench.call(&[TIMED_FN_INSTANT], OURS, || {
        |step| {
            let start = Instant::now();
            work(step);
            CALLS
                .by_route_duration_seconds
                .with(Route::Search)
                .observe(start.elapsed());
        }
    });
    bench.call(&[TIMED_ASYNC], OURS, || {
        |step| {
            run_to_end(timed_async(step));
        }
    });
    bench.call(&[TIMED_ASYNC_OUTCOME], OURS, || {
        |step| {
            let _ = run_to_end(with_outcome(step));
        }
    });
    bench.call(&[HTTP], OURS, || client(router().layer(from_fn(record))));
    bench.series(OURS, Ours);
    bench.wide("enumetrics, dense", || Ours.counters::<HundredThousand>());
}

#[derive(Clone, Copy)]
struct Ours;

/// A struct with one counter family.
pub trait Counters<L: LabelSet>: Export + Sized + 'static {
    /// In memory that is zero, as a static is.
    fn boxed() -> Box<Self>;
    fn counter(&self) -> &Counter<L>;
}

macro_rules! counters {
    ($($name:ident of $labels:ident measured $set:ident;)*) => {$(
        #[metric_family(namespace = "bench")]
        pub struct $name {
            /// Requests.
            #[metric(dense)]
            requests_total: Counter<$labels>,
        }

        const _: () = assert!($name::MAX_SERIES == <$labels as LabelSet>::COMBINATIONS);

        impl Counters<$labels> for $name {
            fn boxed() -> Box<Self> {
                Box::new(const { Self::new() })
            }

            fn counter(&self) -> &Counter<$labels> {
                &self.requests_total
            }
        }

        impl ForSeries for $labels {
            type Enumetrics = $name;
            type Measured = crate::workload::for_measured::$set;
            type Vise = super::vise::$name;

            fn measured(self) -> crate::workload::for_measured::$labels {
                self.into()
            }
        }
    )*};
}

counters! {
    Counters1k of Thousand measured ThousandSet;
    Counters10k of TenThousand measured TenThousandSet;
    Counters100k of HundredThousand measured HundredThousandSet;
}

#[metric_family(namespace = "bench")]
struct Wide {
    /// Requests.
    #[metric(sparse)]
    requests_total: Counter<HundredThousand>,
}

#[metric_family(namespace = "bench")]
struct Histograms {
    /// Durations.
    #[metric(dense, buckets = crate::workload::BOUNDS)]
    requests_seconds: Histogram<Thousand>,
}

impl Series for Ours {
    fn counters<L: ForSeries>(self) -> Box<dyn Family<L>> {
        Box::new(Instance::new(L::Enumetrics::boxed()))
    }

    fn wide(self) -> Box<dyn Family<HundredThousand>> {
        Box::new(Instance::new(Box::new(const { Wide::new() })))
    }

    fn histograms(self) -> Option<Box<dyn Family<Thousand>>> {
        Some(Box::new(Instance::new(Box::new(const { Histograms::new() }))))
    }
}

/// A static on the heap, so that its memory can be counted and given back.
struct Instance<F> {
    metrics: Box<F>,
    /// The exporter's, not the family's: so it is made by the first scrape.
    scrape: Option<Box<Scrape>>,
}

impl<F: Export> Instance<F> {
    fn new(metrics: Box<F>) -> Self {
        Self { metrics, scrape: None }
    }

    fn render(&mut self) -> usize {
        let families: [&dyn Export; 1] = [&*self.metrics];
        Catalog::new(&families)
            .expect("one family")
            .render_into(self.scrape.get_or_insert_default())
            .len()
    }
}

impl<L: LabelSet + Copy, F: Counters<L>> Family<L> for Instance<F> {
    fn touch(&self, labels: &[L]) {
        for &labels in labels {
            self.metrics.counter().with(labels).inc();
        }
    }

    fn scrape(&mut self) -> usize {
        self.render()
    }
}

impl Family<HundredThousand> for Instance<Wide> {
    fn touch(&self, labels: &[HundredThousand]) {
        for &labels in labels {
            self.metrics.requests_total.with(labels).inc();
        }
    }

    fn scrape(&mut self) -> usize {
        self.render()
    }
}

impl Family<Thousand> for Instance<Histograms> {
    fn touch(&self, labels: &[Thousand]) {
        for &labels in labels {
            self.metrics.requests_seconds.with(labels).observe(0.3);
        }
    }

    fn scrape(&mut self) -> usize {
        self.render()
    }
}
