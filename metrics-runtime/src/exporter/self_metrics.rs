//! What the exporter measures of itself.
//!
//! Declared by hand, because the macros that do it for users are no dependency of this crate.

use std::time::Duration;

use crate::catalog::Adapted;
use crate::descriptor::LabelDescriptor;
use crate::exposition::text::Scrape;
use crate::metric::Reading;
use crate::storage::Block;
use crate::{
    Catalog, Counter, Descriptor, Format, Gauge, Kind, LabelSet, LabelValue, Metric as _, MetricFamily, Summary,
};

/// One exporter's metrics, at the end of the catalog's.
#[derive(Debug, Default)]
pub(super) struct SelfMetrics {
    /// With the labels that the catalog gives to all series.
    descriptors: &'static [Descriptor],
    scrapes: Counter<Format>,
    duration: Summary<Format>,
    size: Summary<Format>,
    refused: Counter<Refused>,
    registry_failures: Counter<RegistryFailure>,
    failing_files: Gauge,
    series: Gauge,
    max_series: Gauge,
}

/// Why a request was answered with an error, or a connection was closed before there was one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Refused {
    /// The client's address is not in the list, or unknown.
    Address,
    /// No secret, or a wrong one.
    Secret,
    /// Too many wrong ones at once.
    TooManyGuesses,
    /// Too many scrapes at once.
    Busy,
    /// The metrics could not be written.
    Failed,
    /// Neither GET nor HEAD.
    Method,
    /// A connection that had nothing to do, closed for another one.
    TooManyConnections,
    /// No TLS, or without the certificate that is asked for.
    Tls,
    /// The head of a request did not arrive.
    SlowHead,
    /// A head that is too large.
    LargeHead,
    /// A head that is no HTTP.
    Malformed,
}

/// Why a registry was left out.
#[derive(Clone, Copy, Debug)]
pub(super) enum RegistryFailure {
    /// A collector panicked.
    Panicked,
    /// A collector took too long.
    Late,
}

impl SelfMetrics {
    pub(super) fn new(catalog: &Catalog<'_>) -> Self {
        let labels = catalog.labels();
        let metrics = Self {
            descriptors: Self::DESCRIPTORS
                .iter()
                .map(|family| family.with_constant_labels(labels_beside(family, labels)))
                .collect::<Vec<_>>()
                .leak(),
            ..Self::default()
        };
        metrics
            .max_series
            .set(i64::try_from(catalog.max_series()).unwrap_or(i64::MAX));
        metrics
    }

    /// A scrape that was answered.
    pub(super) fn scraped(&self, format: Format) {
        self.scrapes.with(format).inc();
    }

    /// A scrape that was written: more than one client may have got it.
    pub(super) fn written(&self, format: Format, duration: Duration, bytes: usize) {
        self.duration.with(format).observe(duration);
        // Below 2⁵³, which no answer has.
        #[allow(clippy::cast_precision_loss, reason = "see above")]
        self.size.with(format).observe(bytes as f64);
    }

    pub(super) fn refused(&self, reason: Refused) {
        self.refused.with(reason).inc();
    }

    #[cfg(feature = "prometheus")]
    pub(super) fn registries_failed(&self, failure: RegistryFailure, count: usize) {
        self.registry_failures.with(failure).inc_by(count as u64);
    }

    /// How many of the files that are read again cannot be used now.
    pub(super) fn failing_files(&self, count: usize) {
        self.failing_files.set(i64::try_from(count).unwrap_or(i64::MAX));
    }

    /// How many series of the catalog a whole scrape has.
    pub(super) fn series(&self, count: usize) {
        self.series.set(i64::try_from(count).unwrap_or(i64::MAX));
    }

    /// Appends those that are wanted.
    pub(super) fn write(&self, out: &mut Vec<u8>, format: Format, is_wanted: &dyn Fn(&Descriptor) -> bool) {
        let mut scrape = Scrape::new();
        let labelled = Adapted {
            family: self,
            descriptors: self.descriptors,
        };
        let families = [&labelled as &dyn crate::Export];
        let catalog = Catalog::__new(&families, &[Self::DESCRIPTORS]);
        catalog.page_of(&mut scrape, format, usize::MAX, &mut Default::default(), is_wanted);
        out.extend_from_slice(&scrape.text);
    }
}

/// The labels of all series that a family has not itself, for as long as the program runs.
fn labels_beside(
    family: &Descriptor,
    labels: &[(&'static str, &'static str)],
) -> &'static [(&'static str, &'static str)] {
    let is_free = |(name, _): &&(&str, &str)| family.labels.iter().all(|own| own.name != *name);
    labels.iter().filter(is_free).copied().collect::<Vec<_>>().leak()
}

const FORMATS: &[LabelDescriptor] = Format::LABELS;

impl MetricFamily for SelfMetrics {
    const DESCRIPTORS: &'static [Descriptor] = &[
        Descriptor::new(
            "enumetrics_exporter_scrapes_total",
            "Scrapes that were answered.",
            Kind::Counter,
            FORMATS,
        ),
        Descriptor::new(
            "enumetrics_exporter_scrape_duration_seconds",
            "How long it took to write a scrape, the collectors of registries included.",
            Kind::Summary,
            FORMATS,
        ),
        Descriptor::new(
            "enumetrics_exporter_scrape_size_bytes",
            "Size of a scrape as it is sent.",
            Kind::Summary,
            FORMATS,
        ),
        Descriptor::new(
            "enumetrics_exporter_refused_requests_total",
            "Requests for metrics that were answered with an error, and connections that were closed before there was one.",
            Kind::Counter,
            Refused::LABELS,
        ),
        Descriptor::new(
            "enumetrics_exporter_registry_failures_total",
            "Registries that were left out of a scrape.",
            Kind::Counter,
            RegistryFailure::LABELS,
        ),
        Descriptor::new(
            "enumetrics_exporter_failing_files",
            "Files with secrets or certificates that cannot be used now; the last good ones are in force.",
            Kind::Gauge,
            &[],
        ),
        Descriptor::new(
            "enumetrics_exporter_catalog_series",
            "Series of the catalog in the last scrape of all of it.",
            Kind::Gauge,
            &[],
        ),
        Descriptor::new(
            "enumetrics_exporter_catalog_max_series",
            "The most series that the catalog can have: what Prometheus' sample_limit must allow.",
            Kind::Gauge,
            &[],
        ),
    ];

    fn read(&self, visit: &mut dyn FnMut(&'static Descriptor, Reading<'_>)) {
        let readings = [
            self.scrapes.read(),
            self.duration.read(),
            self.size.read(),
            self.refused.read(),
            self.registry_failures.read(),
            self.failing_files.read(),
            self.series.read(),
            self.max_series.read(),
        ];
        for (descriptor, reading) in Self::DESCRIPTORS.iter().zip(readings) {
            visit(descriptor, reading);
        }
    }
}

/// What `#[derive(LabelValue)]` writes for users.
macro_rules! label {
    ($label:ident, $name:literal, $($variant:ident = $value:literal),+) => {
        // Nobody outside can name it: no error should.
        #[diagnostic::do_not_recommend]
        impl LabelValue for $label {
            const NAME: &'static str = $name;
            const VALUES: &'static [&'static str] = &[$($value),+];
            const VARIANTS: &'static [Self] = &[$(Self::$variant),+];
        }

        #[diagnostic::do_not_recommend]
        impl LabelSet for $label {
            const LABELS: &'static [LabelDescriptor] = &[LabelDescriptor::new(Self::NAME, Self::VALUES)];
            const COMBINATIONS: usize = Self::VALUES.len();
            type Cells<T: Block> = [T; $label::VALUES.len()];

            fn index(&self) -> usize {
                *self as usize
            }

            fn at(index: usize) -> Self {
                Self::VARIANTS[index]
            }
        }
    };
}

#[cfg(not(feature = "protobuf"))]
label!(
    Format,
    "format",
    Text = "text",
    Text1 = "text_1",
    OpenMetrics = "openmetrics"
);
#[cfg(feature = "protobuf")]
label!(
    Format,
    "format",
    Text = "text",
    Text1 = "text_1",
    OpenMetrics = "openmetrics",
    Protobuf = "protobuf"
);
label!(
    Refused,
    "reason",
    Address = "address",
    Secret = "secret",
    TooManyGuesses = "too_many_guesses",
    Busy = "busy",
    Failed = "failed",
    Method = "method",
    TooManyConnections = "too_many_connections",
    Tls = "tls",
    SlowHead = "slow_head",
    LargeHead = "large_head",
    Malformed = "malformed"
);
label!(RegistryFailure, "reason", Panicked = "panicked", Late = "late");
