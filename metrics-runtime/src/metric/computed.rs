use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use super::sealed::Sealed;
use super::{Metric, Reading};
use crate::check;
use crate::descriptor::{Kind, LabelDescriptor, possible_combinations};
use crate::label::LabelSet;

/// A [`Gauge`](super::Gauge) whose values are computed when it is scraped: the length of a queue, the age of a file.
///
/// `L` is its labels (see [`Counter`](super::Counter)). In a `#[metric_family]`, `#[metric(compute = …)]` says what
/// computes a value: a function or a closure from the label values to an `f64`, without labels from `()`. What it needs
/// to know it finds in a `static`; where the values live elsewhere, `compute = later` leaves it to
/// [`compute_with`](Self::compute_with), and until then nothing is exported.
///
/// Each series is computed once for each scrape, on the thread that scrapes: a computation should be fast, and must not
/// wait for a scrape. One that panics is caught: its series is left out of that scrape, and a comment in the scrape says
/// so.
///
/// ```
/// # use enumetrics_runtime::ComputedGauge;
/// static QUEUE_LENGTH: ComputedGauge = ComputedGauge::new();
///
/// let queue = std::sync::Arc::new(std::sync::Mutex::new(vec!["a job"]));
/// QUEUE_LENGTH.compute_with(move |()| queue.lock().unwrap().len() as f64);
/// ```
pub struct ComputedGauge<L: LabelSet = ()>(Computed<L>);

/// A [`Counter`](super::Counter) whose values are computed when it is scraped, because something else counts: a
/// library, the system.
///
/// It is declared and computed as a [`ComputedGauge`] is. The values of one series must not decrease while the process
/// runs: Prometheus takes that for a restart.
pub struct ComputedCounter<L: LabelSet = ()>(Computed<L>);

/// What both are.
struct Computed<L> {
    declared: Option<fn(L) -> f64>,
    // A lock is good enough: no recording takes it, and a scrape holds it for no longer than it takes to count up.
    set: Mutex<Option<Closure>>,
}

/// Computes the series at an index.
type Closure = Arc<dyn Fn(usize) -> f64 + Send + Sync>;

impl<L: LabelSet> Computed<L> {
    const fn new(declared: Option<fn(L) -> f64>) -> Self {
        Self {
            declared,
            set: Mutex::new(None),
        }
    }

    fn set(&self, compute: impl Fn(L) -> f64 + Send + Sync + 'static) {
        let closure: Closure = Arc::new(move |index| compute(L::at(index)));
        let before = self.lock().replace(closure);
        // The lock is free again: what the closure owned may do anything when it is dropped.
        drop(before);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Closure>> {
        self.set.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read(&self) -> Reading<'_> {
        match (self.lock().clone(), self.declared) {
            (Some(closure), _) => Reading::Computed(Computation::Set(closure)),
            (None, Some(_)) => Reading::Computed(Computation::Declared(self)),
            (None, None) => Reading::Absent,
        }
    }
}

/// What computes the series of a metric.
#[allow(
    missing_debug_implementations,
    reason = "hidden: it passes from a metric to an encoder"
)]
pub enum Computation<'a> {
    /// With the metric's declaration.
    Declared(&'a dyn ComputedCells),
    /// While the program runs.
    Set(Arc<dyn Fn(usize) -> f64 + Send + Sync>),
}

impl Computation<'_> {
    /// The value of the series at an index; none if computing it panics.
    pub(crate) fn value(&self, index: usize) -> Option<f64> {
        let compute = || match self {
            Self::Declared(cells) => cells.compute(index),
            Self::Set(closure) => Some(closure(index)),
        };
        // What a computation leaves behind when it panics is its own; nothing of ours is changed by it.
        catch_unwind(AssertUnwindSafe(compute)).ok().flatten()
    }
}

/// What a declaration computes, whatever its labels.
pub trait ComputedCells: Sync {
    /// The value of the series at an index, if the declaration says how.
    fn compute(&self, index: usize) -> Option<f64>;
}

impl<L: LabelSet> ComputedCells for Computed<L> {
    fn compute(&self, index: usize) -> Option<f64> {
        self.declared.map(|compute| compute(L::at(index)))
    }
}

impl<L> fmt::Debug for Computed<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("computed when it is scraped")
    }
}

macro_rules! computed {
    ($metric:ident, $kind:ident) => {
        impl<L: LabelSet> $metric<L> {
            /// The most time series that this metric exports: one for each combination of label values.
            pub const MAX_SERIES: usize = possible_combinations(L::LABELS);

            /// A metric that nothing computes yet: it is not exported before [`compute_with`](Self::compute_with).
            #[must_use]
            pub const fn new() -> Self {
                Self(Computed::new(None))
            }

            /// Computes the values with `compute` from now on, instead of what computed them before. It is called with
            /// the label values of each series, without labels with `()`, once for each scrape.
            pub fn compute_with(&self, compute: impl Fn(L) -> f64 + Send + Sync + 'static) {
                self.0.set(compute);
            }

            /// For the macros: `compute = …`.
            #[doc(hidden)]
            #[must_use]
            pub const fn __computed(compute: fn(L) -> f64) -> Self {
                Self(Computed::new(Some(compute)))
            }

            without!(buckets, quantiles);
        }

        impl<L: LabelSet> Sealed for $metric<L> {}

        impl<L: LabelSet> Metric for $metric<L> {
            const KIND: Kind = Kind::$kind;
            const LABELS: &'static [LabelDescriptor] = L::LABELS;
            const NEW: Self = Self::new();
            const NEEDS: &'static str = check::NEEDS_COMPUTE;
            const COMPUTED: bool = true;
            type WithBuckets<const N: usize> = Self;
            type WithQuantiles<const N: usize> = Self;
            type Shared = Self;
            type Traced = Self;
            type Sparse = Self;
            type Native = Self;

            fn read(&self) -> Reading<'_> {
                self.0.read()
            }
        }

        impl<L: LabelSet> Default for $metric<L> {
            fn default() -> Self {
                Self::new()
            }
        }

        impl<L: LabelSet> fmt::Debug for $metric<L> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_tuple(stringify!($metric)).field(&self.0).finish()
            }
        }
    };
}

computed!(ComputedGauge, Gauge);
computed!(ComputedCounter, Counter);
