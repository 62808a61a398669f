//! Labels: what a label value is, what a set of labels is, and the labels that come with the library.

mod field;
mod http;
mod impossible;
mod open;
mod range;

pub use self::field::{Field, LabelField};
pub use self::http::{Method, StatusClass, StatusCode};
pub(crate) use self::impossible::possible;
pub use self::impossible::{Impossible, Rule, Term};
pub(crate) use self::open::MOST_OPEN_VALUES;
#[cfg(feature = "http")]
pub(crate) use self::open::Values;
pub use self::open::{Interned, Interner, Open, Overflows, table_size};
pub use self::range::IntRange;

use crate::descriptor::LabelDescriptor;
use crate::storage::Block;

/// A closed set of values of one label: an enum whose variants are the values.
///
/// Derive it: `#[derive(LabelValue)]`. The label's name is the enum's name in
/// `snake_case`, each value the variant's; both can be changed with `#[label(…)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the values of one label [label-type]",
    label = "does not derive `LabelValue`",
    note = "here belongs an enum with `#[derive(LabelValue)]`, whose variants are the values; those of an `open_label!` are \
            known only while the program runs"
)]
pub trait LabelValue: LabelSet {
    /// The label's name where no field names it.
    const NAME: &'static str;
    /// All values, in the order of the variants; without those that are skipped.
    const VALUES: &'static [&'static str];
    /// All variants that are values, in their order.
    const VARIANTS: &'static [Self];

    /// The value as it is exported; an empty text for a variant that is skipped.
    fn value(&self) -> &'static str {
        Self::VALUES.get(self.index()).copied().unwrap_or_default()
    }

    /// The variant with this value, as it is exported.
    fn from_value(text: &str) -> Option<Self> {
        Self::VALUES.iter().position(|value| *value == text).map(Self::at)
    }
}

/// The labels of a metric: `()` for none, an enum that derives [`LabelValue`] for one, a struct that derives
/// `LabelSet` for several.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot label a metric [label-type]",
    label = "not a set of labels",
    note = "one label: an enum with `#[derive(LabelValue)]`; several: a struct of such enums with `#[derive(LabelSet)]`",
    note = "a `bool` or an `IntRange` has no name of its own: make it a field of such a struct, and the field names it",
    note = "a `String`, a number or a path has no bounded set of values, and each value would be a time series of its own; \
            where the values are known only while the program runs, `open_label!` bounds them"
)]
pub trait LabelSet: Sized + 'static {
    /// The labels, in the order in which they are written.
    const LABELS: &'static [LabelDescriptor];
    /// How many combinations of values there are, those that are declared impossible included.
    const COMBINATIONS: usize;
    /// Whether it is a struct of labels, which keep their names when it is a field.
    #[doc(hidden)]
    const NESTS: bool = false;
    /// Whether some value is none, so that [`index`](Self::index) is `SKIPPED`.
    #[doc(hidden)]
    const SKIPS: bool = false;
    /// One cell for each combination.
    #[doc(hidden)]
    type Cells<T: Block>: Block + AsRef<[T]>;

    /// The position of this combination among all: the last label varies fastest. With a skipped variant it is none of
    /// them, but greater.
    fn index(&self) -> usize;

    /// The combination at a position: `L::at(labels.index())` is `labels`. Beyond the last it is any.
    #[doc(hidden)]
    fn at(index: usize) -> Self;
}

/// The position of what is skipped: beyond all others, and so that one more does not overflow.
pub const SKIPPED: usize = isize::MAX as usize;

/// No labels: `()`. A metric without labels is its own only series.
#[diagnostic::on_unimplemented(
    message = "this metric has labels: choose a series first, as in `.with(…).inc()` [record-series]",
    label = "which series of `{Self}`?"
)]
pub trait Unlabelled: LabelSet {
    #[doc(hidden)]
    const ONLY: Self;
}

#[diagnostic::do_not_recommend]
impl Unlabelled for () {
    const ONLY: Self = ();
}

#[diagnostic::do_not_recommend]
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
