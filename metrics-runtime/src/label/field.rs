//! What the fields of a label set are, and the set that they make.

use super::{LabelSet, SKIPPED};
use crate::check::product;
use crate::descriptor::LabelDescriptor;
use crate::label::Impossible;

/// What a field of a `#[derive(LabelSet)]` struct can be: whatever labels a metric by itself (an enum of values, a set
/// of its own, an open label), and a `bool` or an [`IntRange`](super::IntRange), which only a field gives a name.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a label [label-type]",
    label = "not a label",
    note = "an enum with `#[derive(LabelValue)]`, a struct with `#[derive(LabelSet)]`, a `bool`, an `IntRange<MIN, MAX>`",
    note = "a `String`, a number or a path has no bounded set of values; where they are known only while the program runs, \
            `open_label!` bounds them"
)]
pub trait LabelField: Sized + 'static {
    /// Its labels.
    #[doc(hidden)]
    const FIELD: Field;

    /// The position of this value among all; `SKIPPED` where it is none.
    #[doc(hidden)]
    fn position(&self) -> usize;

    /// The value at a position, which there must be.
    #[doc(hidden)]
    fn from_position(position: usize) -> Self;

    /// The index of a combination that ends with this value, given the index of what stands before it.
    #[doc(hidden)]
    #[inline]
    fn join(&self, index: usize, set_skips: bool) -> usize {
        let (of, position) = (Self::FIELD.combinations, self.position());
        if set_skips {
            // One that is skipped stays beyond all others.
            index.saturating_mul(of).saturating_add(position).min(SKIPPED)
        } else {
            index * of + position
        }
    }

    /// The other way round: what stands before it, and the value.
    #[doc(hidden)]
    fn split(index: usize) -> (usize, Self) {
        let of = Self::FIELD.combinations;
        (index / of, Self::from_position(index % of))
    }
}

impl<S: LabelSet> LabelField for S {
    const FIELD: Field = Field {
        name: "",
        labels: S::LABELS,
        combinations: S::COMBINATIONS,
        nests: S::NESTS,
        skips: S::SKIPS,
        problem: if S::LABELS.is_empty() {
            "`()` has no labels, which a set need not say: leave the field out [label-nested]"
        } else {
            ""
        },
    };

    #[inline]
    fn position(&self) -> usize {
        self.index()
    }

    fn from_position(position: usize) -> Self {
        S::at(position)
    }
}

/// Two values, `false` and `true`.
impl LabelField for bool {
    const FIELD: Field = Field::nameless(&[LabelDescriptor::new("", &["false", "true"])], "");

    #[inline]
    fn position(&self) -> usize {
        usize::from(*self)
    }

    fn from_position(position: usize) -> Self {
        position > 0
    }
}

/// One field of a label set, for the macros.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// The label's name; a set's labels have their own.
    name: &'static str,
    labels: &'static [LabelDescriptor],
    pub(super) combinations: usize,
    nests: bool,
    skips: bool,
    /// Why it cannot be a field; empty where it can.
    problem: &'static str,
}

impl Field {
    /// A label that needs a field's name.
    pub(super) const fn nameless(labels: &'static [LabelDescriptor], problem: &'static str) -> Self {
        Self {
            name: "",
            labels,
            combinations: labels[0].values.len(),
            nests: false,
            skips: false,
            problem,
        }
    }

    /// The field with the name that it gives its label.
    #[must_use]
    pub const fn named(self, name: &'static str) -> Self {
        Self { name, ..self }
    }

    /// How many labels these fields have.
    #[must_use]
    pub const fn count(fields: &[Self]) -> usize {
        let mut count = 0;
        let mut at = 0;
        while at < fields.len() {
            count += fields[at].labels.len();
            at += 1;
        }
        count
    }

    /// All their labels, in order, some of whose combinations may be impossible; `N` is their [`count`](Self::count).
    #[must_use]
    pub const fn labels<const N: usize>(
        fields: &[Self],
        impossible: Option<&'static Impossible>,
    ) -> [LabelDescriptor; N] {
        let mut labels = [LabelDescriptor::new("", &[]); N];
        let mut len = 0;
        let mut at = 0;
        while at < fields.len() {
            let field = &fields[at];
            let mut label = 0;
            while label < field.labels.len() {
                labels[len] = LabelDescriptor {
                    name: if field.nests {
                        field.labels[label].name
                    } else {
                        field.name
                    },
                    // The set says it for all its labels at once.
                    impossible: None,
                    ..field.labels[label]
                };
                len += 1;
                label += 1;
            }
            at += 1;
        }
        if let (Some(impossible), [first, ..]) = (impossible, labels.as_mut_slice()) {
            first.impossible = if impossible.rules.is_empty() {
                None
            } else {
                Some(impossible)
            };
        }
        labels
    }

    /// How many labels those before one have.
    #[must_use]
    pub const fn offset(fields: &[Self], at: usize) -> usize {
        Self::count(fields.split_at(at).0)
    }

    /// How many combinations of values they have.
    #[must_use]
    #[track_caller]
    pub const fn combinations(fields: &[Self]) -> usize {
        let mut combinations = 1;
        let mut at = 0;
        while at < fields.len() {
            combinations = product(&[combinations, fields[at].combinations]);
            at += 1;
        }
        combinations
    }

    /// Whether some value of some field is none.
    #[must_use]
    pub const fn skip(fields: &[Self]) -> bool {
        let mut at = 0;
        while at < fields.len() {
            if fields[at].skips {
                return true;
            }
            at += 1;
        }
        false
    }

    /// Which combinations of its labels a set that is a field declares impossible.
    pub(super) const fn impossible(&self) -> Option<&'static Impossible> {
        match self.labels {
            [first, ..] => first.impossible,
            [] => None,
        }
    }

    /// Why it cannot be a field; empty where it can.
    pub(crate) const fn problem(&self) -> &'static str {
        self.problem
    }

    /// Whether it is a set, whose labels have names of their own.
    pub(crate) const fn nests(&self) -> bool {
        self.nests
    }

    /// The name of one of its labels in the set.
    pub(crate) const fn label_name(&self, label: usize) -> &'static str {
        if self.nests { self.labels[label].name } else { self.name }
    }

    /// How many labels it has.
    pub(crate) const fn len(&self) -> usize {
        self.labels.len()
    }
}
