//! Label values that are known when a call begins.

use super::TimedMetric;
use crate::check;
use crate::descriptor::LabelDescriptor;
use crate::label::{LabelSet, LabelValue};

/// The type of the label at position `I` of a set.
#[diagnostic::on_unimplemented(
    message = "a value of this label of `{Self}` cannot be computed",
    note = "give it as text, as in `label = \"value\"`"
)]
pub trait LabelAt<const I: usize> {
    /// What `#[timed(label = …)]` wants there.
    type Value;
}

impl<V: LabelValue> LabelAt<0> for V {
    type Value = V;
}

/// The labels of a metric that `#[timed]` records into. In a constant, so that it must be a static.
#[must_use]
pub const fn labels_of<M: TimedMetric>(_: &'static M) -> &'static [LabelDescriptor] {
    M::Labels::LABELS
}

/// The position of a label's value, which the compiler knows the type of.
#[inline]
pub fn position<const I: usize, M>(_: &'static M, value: &<M::Labels as LabelAt<I>>::Value) -> usize
where
    M: TimedMetric,
    M::Labels: LabelAt<I, Value: LabelSet>,
{
    value.index()
}

/// The position of a label among all; 0 where there is none, which another check reports.
#[must_use]
pub const fn label_position(labels: &[LabelDescriptor], name: &str) -> usize {
    match check::find(labels, name) {
        Some(at) => at,
        None => 0,
    }
}

/// How far two combinations are apart that differ by one in this label.
#[must_use]
pub const fn stride(labels: &[LabelDescriptor], name: &str) -> usize {
    let mut stride = 1;
    let mut at = label_position(labels, name) + 1;
    while at < labels.len() {
        stride *= labels[at].values.len();
        at += 1;
    }
    stride
}
