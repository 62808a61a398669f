//! Small catalogs and files for the tests of the exporter.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::{env, fs, process};

use crate::__private::{Block, IntCell, Reading};
use crate::{Catalog, Counter, Descriptor, Gauge, Histogram, Kind, LabelDescriptor, Metric, MetricFamily};

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

/// A gauge of so many series that no socket holds their text.
pub(crate) fn wide() -> &'static Catalog<'static> {
    static CATALOG: Catalog<'static> = Catalog::__new(&[&WIDE], &[Wide::DESCRIPTORS]);
    &CATALOG
}

static WIDE: Wide = Wide([const { IntCell::ZERO }; 1 << 20]);

struct Wide([IntCell; 1 << 20]);

impl MetricFamily for Wide {
    const DESCRIPTORS: &'static [Descriptor] = &[Descriptor::new(
        "wide",
        "Wide.",
        Kind::Gauge,
        &[const { LabelDescriptor::new("digit", &["0", "1", "2", "3"]) }; 10],
    )];

    fn read(&self, visit: &mut dyn FnMut(&'static Descriptor, Reading<'_>)) {
        visit(&Self::DESCRIPTORS[0], Reading::Int(&self.0, None));
    }
}

/// A file that is gone when the test is.
pub(crate) struct TemporaryFile(PathBuf);

impl TemporaryFile {
    pub(crate) fn holding(content: &[u8]) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = env::temp_dir().join(format!("enumetrics-{}-{number}", process::id()));
        fs::write(&path, content).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TemporaryFile {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}
