//! A small catalog for the tests of the exporter.

use crate::__private::Reading;
use crate::{Catalog, Counter, Descriptor, Gauge, Histogram, Kind, Metric, MetricFamily};

/// One family of each kind, in which nothing was recorded.
pub(crate) fn catalog() -> &'static Catalog<'static> {
    static CATALOG: Catalog<'static> = Catalog::__new(&[&FIXTURE], &[Fixture::DESCRIPTORS]);
    &CATALOG
}

static FIXTURE: Fixture = Fixture {
    requests_total: Counter::new(),
    request_seconds: Histogram::with_buckets(&[0.5]),
    pool_count: Gauge::new(),
};

struct Fixture {
    requests_total: Counter,
    request_seconds: Histogram<(), 1>,
    pool_count: Gauge,
}

impl MetricFamily for Fixture {
    const DESCRIPTORS: &'static [Descriptor] = &[
        Descriptor::new("requests_total", "Requests.", Kind::Counter, &[]),
        Descriptor::new("request_seconds", "Duration.", Kind::Histogram, &[]).with_buckets(&[0.5]),
        Descriptor::new("pool_count", "Pools.", Kind::Gauge, &[]),
    ];

    fn read(&self, visit: &mut dyn FnMut(&'static Descriptor, Reading<'_>)) {
        visit(&Self::DESCRIPTORS[0], self.requests_total.read());
        visit(&Self::DESCRIPTORS[1], self.request_seconds.read());
        visit(&Self::DESCRIPTORS[2], self.pool_count.read());
    }
}
