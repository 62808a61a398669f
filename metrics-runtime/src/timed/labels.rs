//! Label values that are known when a call begins.

use super::TimedMetric;
use crate::check;
use crate::descriptor::LabelDescriptor;
use crate::label::{LabelField, LabelSet, LabelValue, SKIPPED};
use crate::metric::Metric;

/// The type of the label at position `I` of a set.
#[diagnostic::on_unimplemented(
    message = "the value of this label of `{Self}` cannot be computed by itself [label-type]",
    note = "give it as text, as in `label = \"value\"`, or all labels at once, as in `..labels`"
)]
pub trait LabelAt<const I: usize> {
    /// What `#[timed(label = …)]` wants there.
    type Value: LabelField;
}

impl<V: LabelValue> LabelAt<0> for V {
    type Value = V;
}

/// What has labels, whether `#[timed]` can record into it or not: that is asked once, where it records.
#[diagnostic::on_unimplemented(
    message = "`#[timed]` cannot record into `{Self}` [timed-metric]",
    label = "no metric",
    note = "name a static `Histogram` or `Summary`, in seconds, or a field that is declared with `#[metric(calls(…))]`"
)]
pub trait Labelled: 'static {
    /// The labels of a call.
    const LABELS: &'static [LabelDescriptor];
}

#[diagnostic::do_not_recommend]
impl<M: Metric> Labelled for M {
    const LABELS: &'static [LabelDescriptor] = M::LABELS;
}

// A metric is named by a closure: a constant can ask for its type, and never needs its value.

/// The labels of what `#[timed]` records into.
#[must_use]
pub const fn labels_of<M: Labelled>(_: impl Fn() -> &'static M + Copy) -> &'static [LabelDescriptor] {
    M::LABELS
}

/// The same of what it can record into.
#[must_use]
pub const fn labels_of_timed<M: TimedMetric>(_: impl Fn() -> &'static M + Copy) -> &'static [LabelDescriptor] {
    M::Labels::LABELS
}

/// The position of a label's value, which the compiler knows the type of.
#[inline]
pub fn position<const I: usize, M, F>(_: F, value: &<M::Labels as LabelAt<I>>::Value) -> usize
where
    M: TimedMetric,
    M::Labels: LabelAt<I>,
    F: Fn() -> &'static M + Copy,
{
    value.position()
}

/// The position of a combination whose type the compiler knows.
#[inline]
pub fn index<M: TimedMetric>(_: impl Fn() -> &'static M + Copy, labels: &M::Labels) -> usize {
    labels.index()
}

/// The position of a combination with one more label.
#[inline]
#[must_use]
pub fn plus(index: usize, position: usize, stride: usize) -> usize {
    // One that is skipped stays beyond all others.
    position.saturating_mul(stride).saturating_add(index).min(SKIPPED)
}

/// The position of a label among all; 0 where there is none, which another check reports.
#[must_use]
pub const fn label_position(labels: &[LabelDescriptor], name: &str) -> usize {
    match check::find(labels, name) {
        Some(at) => at,
        None => 0,
    }
}

/// Whether what `#[timed(label = …)]` wants there is one label, and not a set that is a field of the set.
#[must_use]
pub const fn is_one_label<const I: usize, M, F>(_: F) -> bool
where
    M: TimedMetric,
    M::Labels: LabelAt<I>,
    F: Fn() -> &'static M + Copy,
{
    !<M::Labels as LabelAt<I>>::Value::FIELD.nests()
}

/// How far two combinations are apart that differ by one in this label.
#[must_use]
pub const fn stride(labels: &[LabelDescriptor], name: &str) -> usize {
    let mut stride = 1;
    let mut at = label_position(labels, name) + 1;
    while at < labels.len() {
        stride *= labels[at].max_values();
        at += 1;
    }
    stride
}
