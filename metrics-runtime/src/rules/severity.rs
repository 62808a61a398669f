//! How urgent an alert is.

use crate::descriptor::LabelDescriptor;
use crate::label::{LabelSet, LabelValue};
use crate::storage::Block;

/// How urgent an alert is, where `rules!` names no other enum: the label `severity`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Somebody should know: `info`.
    Info,
    /// Somebody has to look, in the daytime: `warning`.
    Warning,
    /// Somebody is woken: `critical`.
    Critical,
}

#[diagnostic::do_not_recommend]
impl LabelValue for Severity {
    const NAME: &'static str = "severity";
    const VALUES: &'static [&'static str] = &["info", "warning", "critical"];
    const VARIANTS: &'static [Self] = &[Self::Info, Self::Warning, Self::Critical];
}

#[diagnostic::do_not_recommend]
impl LabelSet for Severity {
    const LABELS: &'static [LabelDescriptor] = &[LabelDescriptor::new(Self::NAME, Self::VALUES)];
    const COMBINATIONS: usize = Self::VALUES.len();
    type Cells<T: Block> = [T; Severity::VALUES.len()];

    #[inline]
    fn index(&self) -> usize {
        *self as usize
    }

    fn at(index: usize) -> Self {
        Self::VARIANTS[index]
    }
}
