//! A struct of metrics, seen from outside.

use crate::descriptor::Descriptor;
use crate::metric::Reading;

/// A struct of metrics, declared with `#[metric_family]`, which implements this.
pub trait MetricFamily: Sync {
    /// What the struct declares, in the order of its fields.
    fn descriptors(&self) -> &'static [Descriptor];

    /// Shows each metric's cells to `visit`, in the order of the fields.
    #[doc(hidden)]
    fn read(&self, visit: &mut dyn FnMut(&'static Descriptor, Reading<'_>));
}
