//! Several structs of one type, told apart by a label.

use std::fmt;
use std::marker::PhantomData;

use crate::check;
use crate::descriptor::{Descriptor, Instance};
use crate::family::{MetricFamily, Part, Together};
use crate::label::LabelValue;
use crate::metric::Reading;

/// Several instances of a struct of metrics, one for each value of a label, which all their series have.
///
/// As a field of a struct of metrics, with `#[metric(flatten)]`, it is a part of that one.
///
/// `F` is the struct, `L` the label, an enum that derives `LabelValue`; `N` is how many values it has, which follows from
/// the array. Listed in a catalog, they are exported as one family each, with a label more.
///
/// ```
/// # use enumetrics_runtime::{Counter, Instances, LabelValue};
/// # use enumetrics_macros::{LabelValue, metric_family};
/// #[metric_family(namespace = "cache", crate = enumetrics_runtime)]
/// pub struct Cache {
///     /// Entries that were there.
///     pub hits_total: Counter,
/// }
///
/// #[derive(LabelValue, Clone, Copy)]
/// # #[label(crate = enumetrics_runtime)]
/// pub enum Tier { Memory, Disk }
///
/// pub static CACHES: Instances<Cache, Tier, 2> = Instances::new([const { Cache::new() }; 2]);
///
/// // cache_hits_total{tier="memory"}
/// CACHES.with(Tier::Memory).hits_total.inc();
/// assert_eq!(CACHES.with(Tier::Disk).hits_total.get(), 0);
/// ```
pub struct Instances<F, L, const N: usize> {
    each: [F; N],
    label: PhantomData<fn(L)>,
}

impl<F: MetricFamily, L: LabelValue, const N: usize> Instances<F, L, N> {
    /// The most time series that all of them can export together.
    pub const MAX_SERIES: usize = crate::descriptor::max_series(Self::DESCRIPTORS);

    /// These instances, in the order of the label's values.
    ///
    /// # Panics
    ///
    /// When there are not as many as the label has values, the label has a variant that is skipped, the struct has a label
    /// of that name, or there are more than 512 families together. In a `static` that is an error of the compiler.
    #[must_use]
    #[track_caller]
    pub const fn new(each: [F; N]) -> Self {
        check::instances(Some(Self::TOGETHER));
        Self::of(each)
    }

    /// The instance with this label value.
    #[inline]
    pub fn with(&self, value: L) -> &F {
        // `new` made sure that there is one for each.
        &self.each[value.index() % N]
    }

    const fn of(each: [F; N]) -> Self {
        Self {
            each,
            label: PhantomData,
        }
    }

    const TOGETHER: Together = Together {
        label: L::NAME,
        values: L::VALUES,
        skips: L::SKIPS,
        count: N,
        families: F::DESCRIPTORS,
    };

    /// How each instance is described: first all of one family, then all of the next, as a scrape writes them.
    const ALL: &'static [Descriptor; MOST] = &{
        let families = F::DESCRIPTORS;
        let mut all = [EMPTY; MOST];
        let mut at = 0;
        // `new` refuses more than there is room for.
        while at < families.len() * N && at < MOST {
            let instance = Instance {
                label: L::NAME,
                values: L::VALUES,
                position: at % N,
            };
            all[at] = families[at / N].of_instance(instance);
            at += 1;
        }
        all
    };
}

/// As many families as all instances together may have.
pub(crate) const MOST: usize = 512;

const EMPTY: Descriptor = Descriptor::new("", "", crate::descriptor::Kind::Gauge, &[]);

// Whoever has a mistake in a struct of metrics wants no several of it.
#[diagnostic::do_not_recommend]
impl<F: MetricFamily, L: LabelValue, const N: usize> MetricFamily for Instances<F, L, N> {
    const DESCRIPTORS: &'static [Descriptor] = {
        let count = F::DESCRIPTORS.len() * N;
        Self::ALL.split_at(if count < MOST { count } else { MOST }).0
    };
    const ABOUT: &'static str = F::ABOUT;

    /// Each struct is gone through once for each of its families: a scrape wants one family of all instances together.
    fn read(&self, visit: &mut dyn FnMut(&'static Descriptor, Reading<'_>)) {
        for (family, descriptors) in Self::DESCRIPTORS.chunks_exact(N).enumerate() {
            for (instance, descriptor) in self.each.iter().zip(descriptors) {
                let mut at = 0;
                instance.read(&mut |_, reading| {
                    if at == family {
                        visit(descriptor, reading);
                    }
                    at += 1;
                });
            }
        }
    }
}

impl<F: Part, L: LabelValue, const N: usize> Part for Instances<F, L, N> {
    // What could be wrong is checked where the field is declared.
    const NEW: Self = Self::of([const { F::NEW }; N]);
    const INSTANCES: Option<Together> = Some(Self::TOGETHER);
}

impl<F: fmt::Debug, L: LabelValue, const N: usize> fmt::Debug for Instances<F, L, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(L::VALUES.iter().zip(&self.each)).finish()
    }
}
