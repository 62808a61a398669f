//! opentelemetry with opentelemetry-prometheus: attributes in each call. (Bound instruments are experimental.) Beyond
//! 2000 series of an instrument it counts the rest as one, so it is not in the rows about many series.

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Histogram, Meter, MeterProvider as _, UpDownCounter};
use opentelemetry_sdk::metrics::SdkMeterProvider;
use prometheus::Registry;

use crate::bench::Bench;
use crate::rows::*;
use crate::workload::{
    BOUNDS, ByOutcome, ByRoute, Labels, OnDrop, REQUEST, ROUTE, Request, timed, timed_async, with_outcome,
};

const NAME: &str = "opentelemetry";

/// A meter that a Prometheus registry collects.
fn meter() -> (SdkMeterProvider, Meter) {
    let exporter = opentelemetry_prometheus::exporter()
        .with_registry(Registry::new())
        .build()
        .expect("an empty registry takes it");
    let provider = SdkMeterProvider::builder().with_reader(exporter).build();
    let meter = provider.meter("bench");
    (provider, meter)
}

fn counter(meter: &Meter) -> Counter<u64> {
    meter
        .u64_counter("bench_requests")
        .with_description("Requests.")
        .build()
}

fn histogram(meter: &Meter) -> Histogram<f64> {
    meter
        .f64_histogram("bench_requests_seconds")
        .with_description("Durations.")
        .with_boundaries(BOUNDS.to_vec())
        .build()
}

fn gauge(meter: &Meter) -> UpDownCounter<i64> {
    meter.i64_up_down_counter("bench_in_flight").build()
}

#[inline]
fn attributes<const N: usize, L: Labels<Texts = [&'static str; N]>>(labels: &L) -> [KeyValue; N] {
    let texts = labels.texts();
    std::array::from_fn(|label| KeyValue::new(L::NAMES[label], texts[label]))
}

pub fn enter(bench: &mut Bench) {
    bench.call(&[COUNTER, THREADS_COUNTER], NAME, || {
        let (provider, meter) = meter();
        let counter = counter(&meter);
        move |_| {
            let _alive = &provider;
            counter.add(1, &[]);
        }
    });
    bench.call(&[COUNTER_1], NAME, || {
        let (provider, meter) = meter();
        let counter = counter(&meter);
        move |step| {
            let _alive = &provider;
            counter.add(1, &attributes::<1, ByRoute>(&step.by_route));
        }
    });
    bench.call(&[COUNTER_3, THREADS_COUNTER_3], NAME, || {
        let (provider, meter) = meter();
        let counter = counter(&meter);
        move |step| {
            let _alive = &provider;
            counter.add(1, &attributes::<3, Request>(&step.request));
        }
    });
    bench.call(&[COUNTER_3_CONST], NAME, || {
        let (provider, meter) = meter();
        let counter = counter(&meter);
        move |_| {
            let _alive = &provider;
            counter.add(1, &attributes::<3, Request>(&REQUEST));
        }
    });
    bench.call(&[HISTOGRAM], NAME, || {
        let (provider, meter) = meter();
        let histogram = histogram(&meter);
        move |step| {
            let _alive = &provider;
            histogram.record(step.seconds, &[]);
        }
    });
    bench.call(&[HISTOGRAM_1, THREADS_HISTOGRAM_1], NAME, || {
        let (provider, meter) = meter();
        let histogram = histogram(&meter);
        move |step| {
            let _alive = &provider;
            histogram.record(step.seconds, &attributes::<1, ByRoute>(&step.by_route));
        }
    });
    bench.call(&[GAUGE_1], NAME, || {
        let (provider, meter) = meter();
        let gauge = gauge(&meter);
        move |step| {
            let _alive = &provider;
            gauge.add(1, &attributes::<1, ByRoute>(&step.by_route));
            gauge.add(-1, &attributes::<1, ByRoute>(&step.by_route));
        }
    });
    bench.call(&[IN_FLIGHT_1], NAME, || {
        let (provider, meter) = meter();
        let gauge = gauge(&meter);
        move |step| {
            let _alive = &provider;
            let attributes = attributes::<1, ByRoute>(&step.by_route);
            gauge.add(1, &attributes);
            drop(OnDrop(|| gauge.add(-1, &attributes)));
        }
    });
    bench.call(&[TIMED_FN], NAME, || {
        let (provider, meter) = meter();
        let histogram = histogram(&meter);
        move |step| {
            let _alive = &provider;
            timed(step, |elapsed| {
                histogram.record(elapsed.as_secs_f64(), &attributes::<1, ByRoute>(&ROUTE));
            });
        }
    });
    bench.call(&[TIMED_ASYNC], NAME, || {
        let (provider, meter) = meter();
        let histogram = histogram(&meter);
        move |step| {
            let _alive = &provider;
            timed_async(step, |elapsed| {
                histogram.record(elapsed.as_secs_f64(), &attributes::<1, ByRoute>(&ROUTE));
            });
        }
    });
    bench.call(&[TIMED_ASYNC_OUTCOME], NAME, || {
        let (provider, meter) = meter();
        let (gauge, histogram, counter) = (gauge(&meter), histogram(&meter), counter(&meter));
        move |step| {
            let _alive = &provider;
            with_outcome(
                step,
                || gauge.add(1, &attributes::<1, ByRoute>(&ROUTE)),
                || gauge.add(-1, &attributes::<1, ByRoute>(&ROUTE)),
                |elapsed| histogram.record(elapsed.as_secs_f64(), &attributes::<1, ByRoute>(&ROUTE)),
                |ended| counter.add(1, &attributes::<1, ByOutcome>(&ended)),
            );
        }
    });
}
