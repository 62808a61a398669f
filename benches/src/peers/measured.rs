//! measured: label groups that are indices; a `LabelId` can be kept, which saves the index computation.

use enumetrics::LabelSet as _;
use measured::label::LabelGroupSet;
use measured::metric::histogram::Thresholds;
use measured::metric::name::MetricName;
use measured::metric::{MetricFamilyEncoding, group::Encoding};
use measured::text::BufferedTextEncoder;
use measured::{Counter, CounterVec, GaugeVec, Histogram, HistogramVec};

use crate::bench::{Bench, Family, ForSeries, Series};
use crate::rows::*;
use crate::workload::{
    BOUNDS, Labels, OnDrop, REQUEST, ROUTE, Request, Thousand,
    for_measured::{ByOutcomeSet, ByRouteSet, RequestSet, ThousandSet},
    run_to_end, with_outcome, work,
};

const NAME: &str = "measured";
const CACHED: &str = "measured, cached";

const BUCKETS: usize = BOUNDS.len();

fn counters<S: LabelGroupSet + Default>() -> CounterVec<S> {
    CounterVec::with_label_set(S::default())
}

fn gauges() -> GaugeVec<ByRouteSet> {
    GaugeVec::with_label_set(ByRouteSet::default())
}

fn histograms<S: LabelGroupSet + Default>() -> HistogramVec<S, BUCKETS> {
    HistogramVec::with_label_set_and_metadata(S::default(), Thresholds::with_buckets(BOUNDS))
}

pub fn enter(bench: &mut Bench) {
    bench.call(&[COUNTER, THREADS_COUNTER], NAME, || {
        let counter = Counter::new();
        move |_| counter.inc()
    });
    bench.call(&[COUNTER_1], NAME, || {
        let counters = counters::<ByRouteSet>();
        move |step| counters.inc(step.by_route.into())
    });
    bench.call(&[COUNTER_1_CONST], NAME, || {
        let counters = counters::<ByRouteSet>();
        move |_| counters.inc(ROUTE.into())
    });
    bench.call(&[COUNTER_3, THREADS_COUNTER_3], NAME, || {
        let counters = counters::<RequestSet>();
        move |step| counters.inc(step.request.into())
    });
    bench.call(&[COUNTER_3], CACHED, || {
        let counters = counters::<RequestSet>();
        let ids: Vec<_> = Request::all()
            .into_iter()
            .map(|request| counters.with_labels(request.into()))
            .collect();
        move |step| counters.get_metric(ids[step.request.index()]).inc()
    });
    bench.call(&[COUNTER_3_CONST], NAME, || {
        let counters = counters::<RequestSet>();
        move |_| counters.inc(REQUEST.into())
    });
    bench.call(&[HISTOGRAM], NAME, || {
        let histogram = Histogram::with_metadata(Thresholds::<BUCKETS>::with_buckets(BOUNDS));
        move |step| histogram.observe(step.seconds)
    });
    bench.call(&[HISTOGRAM_1, THREADS_HISTOGRAM_1], NAME, || {
        let histograms = histograms::<ByRouteSet>();
        move |step| histograms.observe(step.by_route.into(), step.seconds)
    });
    bench.call(&[GAUGE_1], NAME, || {
        let gauges = gauges();
        move |step| {
            gauges.inc(step.by_route.into());
            gauges.dec(step.by_route.into());
        }
    });
    bench.call(&[IN_FLIGHT_1], NAME, || {
        let gauges = gauges();
        move |step| {
            gauges.inc(step.by_route.into());
            drop(OnDrop(|| gauges.dec(step.by_route.into())));
        }
    });
    bench.call(&[TIMED_FN], NAME, || {
        let histograms = histograms::<ByRouteSet>();
        move |step| {
            let _timer = histograms.start_timer(ROUTE.into());
            work(step);
        }
    });
    bench.call(&[TIMED_ASYNC], NAME, || {
        let histograms = histograms::<ByRouteSet>();
        move |step| {
            run_to_end(async {
                let _timer = histograms.start_timer(ROUTE.into());
                std::future::ready(work(step)).await
            });
        }
    });
    bench.call(&[TIMED_ASYNC_OUTCOME], NAME, || {
        let gauges = gauges();
        let histograms = histograms::<ByRouteSet>();
        let counters = counters::<ByOutcomeSet>();
        move |step| {
            with_outcome(
                step,
                || gauges.inc(ROUTE.into()),
                || gauges.dec(ROUTE.into()),
                |elapsed| histograms.observe_duration(ROUTE.into(), elapsed),
                |ended| counters.inc(ended.into()),
            );
        }
    });
    bench.series(NAME, Measured);
}

#[derive(Clone, Copy)]
struct Measured;

impl Series for Measured {
    fn counters<L: ForSeries>(self) -> Box<dyn Family<L>> {
        Box::new(Encoded {
            touch: |counters: &CounterVec<L::Measured>, labels: L| counters.inc(labels.measured()),
            family: counters::<L::Measured>(),
            encoder: BufferedTextEncoder::new(),
        })
    }

    fn histograms(self) -> Option<Box<dyn Family<Thousand>>> {
        Some(Box::new(Encoded {
            touch: |histograms: &HistogramVec<ThousandSet, BUCKETS>, labels: Thousand| {
                histograms.observe(labels.into(), 0.3);
            },
            family: histograms::<ThousandSet>(),
            encoder: BufferedTextEncoder::new(),
        }))
    }
}

struct Encoded<L, F> {
    family: F,
    touch: fn(&F, L),
    encoder: BufferedTextEncoder,
}

impl<L: Labels, F: MetricFamilyEncoding<BufferedTextEncoder>> Family<L> for Encoded<L, F> {
    fn touch(&self, labels: &[L]) {
        for &labels in labels {
            (self.touch)(&self.family, labels);
        }
    }

    fn scrape(&mut self) -> usize {
        let name = MetricName::from_str("bench_requests_total");
        self.encoder.write_help(name, "Requests.").expect("a buffer takes it");
        self.family
            .collect_family_into(name, &mut self.encoder)
            .expect("a buffer takes it");
        self.encoder.finish().len()
    }
}
