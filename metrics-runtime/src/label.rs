//! Labels: what a label value is, and what a set of labels is.

use crate::descriptor::LabelDescriptor;
use crate::storage::Block;

/// A closed set of values of one label: an enum whose variants are the values.
///
/// Derive it: `#[derive(LabelValue)]`. The label's name is the enum's name in
/// `snake_case`, each value the variant's; both can be changed with `#[label(…)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the values of one label",
    label = "does not derive `LabelValue`",
    note = "here belongs an enum with `#[derive(LabelValue)]`, whose variants are the values"
)]
pub trait LabelValue: LabelSet {
    /// The label's name where no field names it.
    const NAME: &'static str;
    /// All values, in the order of the variants.
    const VALUES: &'static [&'static str];
    /// All variants, in their order.
    const VARIANTS: &'static [Self];

    /// The value as it is exported.
    fn value(&self) -> &'static str {
        Self::VALUES[self.index()]
    }
}

/// The labels of a metric: `()` for none, an enum that derives [`LabelValue`] for one, a struct that derives
/// `LabelSet` for several.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot label a metric: its values are not known to the compiler",
    label = "not a set of labels",
    note = "one label: an enum with `#[derive(LabelValue)]`; several: a struct of such enums with `#[derive(LabelSet)]`",
    note = "a `String`, a number or a path has no bounded set of values, and each value would be a time series of its own"
)]
pub trait LabelSet: Sized + 'static {
    /// The labels, in the order in which they are written.
    const LABELS: &'static [LabelDescriptor];
    /// How many combinations of values there are.
    const COMBINATIONS: usize;
    /// One cell for each combination.
    #[doc(hidden)]
    type Cells<T: Block>: Block + AsRef<[T]>;

    /// The position of this combination among all: the last label varies fastest.
    fn index(&self) -> usize;

    /// The combination at a position: `L::at(labels.index())` is `labels`. Beyond the last it is any.
    #[doc(hidden)]
    fn at(index: usize) -> Self;
}

/// No labels: `()`. A metric without labels is its own only series.
#[diagnostic::on_unimplemented(
    message = "this metric has labels: choose a series first, as in `.with(…).inc()`",
    label = "which series of `{Self}`?"
)]
pub trait Unlabelled: LabelSet {
    #[doc(hidden)]
    const ONLY: Self;
}

impl Unlabelled for () {
    const ONLY: Self = ();
}

impl LabelSet for () {
    const LABELS: &'static [LabelDescriptor] = &[];
    const COMBINATIONS: usize = 1;
    type Cells<T: Block> = [T; 1];

    #[inline]
    fn index(&self) -> usize {
        0
    }

    fn at(_: usize) -> Self {}
}
