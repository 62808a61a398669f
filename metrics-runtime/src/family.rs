//! A struct of metrics, seen from outside.

use crate::descriptor::Descriptor;
use crate::metric::Reading;

/// A struct of metrics. `#[metric_family]` implements it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a struct of metrics [family-type]",
    label = "not declared with `#[metric_family]`",
    note = "a metric becomes exported as a field of a `#[metric_family]` struct"
)]
pub trait MetricFamily: 'static {
    /// What the struct declares, in the order of its fields.
    const DESCRIPTORS: &'static [Descriptor];

    /// What the metrics are about: the first paragraph of the struct's doc comment, or nothing.
    const ABOUT: &'static str = "";

    /// Shows each metric's cells to `visit`, in the order of the fields.
    #[doc(hidden)]
    fn read(&self, visit: &mut dyn FnMut(&'static Descriptor, Reading<'_>));
}

/// A struct of metrics that can be a part of another.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a struct of metrics [family-type]",
    label = "not declared with `#[metric_family]`",
    note = "a metric becomes exported as a field of a `#[metric_family]` struct"
)]
pub trait Part: MetricFamily + Sized {
    /// See [`Checked`].
    const IS: bool = true;
    /// Before anything was recorded.
    const NEW: Self;
    /// What it declares.
    const FAMILIES: &'static [Descriptor] = Self::DESCRIPTORS;
    /// What several instances of a struct are, whose label and number must fit each other.
    const INSTANCES: Option<Together> = None;

    /// See [`MetricFamily::read`].
    fn read_part(&self, visit: &mut dyn FnMut(&'static Descriptor, Reading<'_>)) {
        self.read(visit);
    }
}

/// The type of a field, which is `M`: a type whose constant the compiler cannot evaluate, as that of what is no metric, is
/// reported there and is no type at all, so that nothing more is said of its uses.
#[cfg(not(rust_analyzer))]
pub type Checked<M, const IS: bool> = <M as Itself<IS>>::Type;

/// The same for editors, which show it: they report no such mistakes.
#[cfg(rust_analyzer)]
pub type Checked<M, const IS: bool> = M;

/// Any type.
pub trait Itself<const IS: bool> {
    /// It.
    type Type;
}

impl<M> Itself<true> for M {
    type Type = M;
}

/// Several instances of a struct.
#[derive(Clone, Copy, Debug)]
pub struct Together {
    pub(crate) label: &'static str,
    pub(crate) values: &'static [&'static str],
    pub(crate) skips: bool,
    pub(crate) count: usize,
    pub(crate) families: &'static [Descriptor],
}

/// Any [`MetricFamily`]: what a catalog is made of.
pub trait Export: Sync {
    /// What the struct declares, in the order of its fields.
    fn descriptors(&self) -> &'static [Descriptor];

    /// What the metrics are about, as [`MetricFamily::ABOUT`] says it.
    fn about(&self) -> &'static str {
        ""
    }

    /// See [`MetricFamily::read`].
    #[doc(hidden)]
    fn read(&self, visit: &mut dyn FnMut(&'static Descriptor, Reading<'_>));
}

impl<F: MetricFamily + Sync> Export for F {
    fn descriptors(&self) -> &'static [Descriptor] {
        F::DESCRIPTORS
    }

    fn about(&self) -> &'static str {
        F::ABOUT
    }

    fn read(&self, visit: &mut dyn FnMut(&'static Descriptor, Reading<'_>)) {
        MetricFamily::read(self, visit);
    }
}

/// For `catalog!`: a static that is known to be a struct of metrics. It has no parameters, so that one that is not
/// brings one error.
#[allow(missing_debug_implementations, reason = "hidden: only the macro makes one")]
#[derive(Clone, Copy)]
pub struct Listed<'a> {
    /// What a scrape reads.
    pub export: &'a dyn Export,
    /// What the static declares.
    pub descriptors: &'static [Descriptor],
}

impl<'a> Listed<'a> {
    /// In a constant.
    pub const fn new<F: MetricFamily + Sync>(family: &'a F) -> Self {
        Self {
            export: family,
            descriptors: F::DESCRIPTORS,
        }
    }

    /// What a scrape reads of each, and at last of what the catalog adds: `N` is one more than are listed.
    #[must_use]
    pub const fn exports<const N: usize>(listed: &[Self], added: &'a dyn Export) -> [&'a dyn Export; N] {
        let mut exports: [&dyn Export; N] = [added; N];
        let mut at = 0;
        while at < listed.len() {
            exports[at] = listed[at].export;
            at += 1;
        }
        exports
    }

    /// What each declares, and at last what the catalog `added`: `N` is one more than are listed.
    #[must_use]
    pub const fn descriptors<const N: usize>(
        listed: &[Self],
        added: &'static [Descriptor],
    ) -> [&'static [Descriptor]; N] {
        let mut descriptors: [&[Descriptor]; N] = [added; N];
        let mut at = 0;
        while at < listed.len() {
            descriptors[at] = listed[at].descriptors;
            at += 1;
        }
        descriptors
    }
}
