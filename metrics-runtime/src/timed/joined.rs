use crate::check;
use crate::descriptor::LabelDescriptor;
use crate::label::{LabelField, LabelSet, SKIPPED};
use crate::storage::Block;

/// The labels of `L` and one more, `K`: what a group of [`Calls`](super::Calls) counts outcomes and errors by.
///
/// `Joined(Module::Ocr, Outcome::Ok)`; without labels of their own `Joined((), Outcome::Ok)`. `N` is the number of
/// combinations, which follows from the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Joined<L, K, const N: usize>(pub L, pub K);

/// The position of a combination, from those of its two parts.
#[inline]
pub(super) fn join<L: LabelSet>(index: usize, of: usize, position: usize) -> usize {
    if L::SKIPS {
        index.saturating_mul(of).saturating_add(position).min(SKIPPED)
    } else {
        index * of + position
    }
}

/// How many combinations two sets of labels have together.
#[must_use]
pub const fn combinations<L: LabelSet, K: LabelSet>() -> usize {
    check::product(&[L::COMBINATIONS, K::COMBINATIONS])
}

impl<L: LabelSet, K: LabelSet, const N: usize> Joined<L, K, N> {
    const BOTH: [LabelDescriptor; MOST_LABELS] = {
        let mut both = [LabelDescriptor::new("", &[]); MOST_LABELS];
        let mut at = 0;
        while at < L::LABELS.len() + K::LABELS.len() {
            both[at] = match at.checked_sub(L::LABELS.len()) {
                Some(at) => K::LABELS[at],
                None => L::LABELS[at],
            };
            at += 1;
        }
        both
    };
}

/// A constant's length cannot be computed from another's where both are generic.
const MOST_LABELS: usize = 32;

#[diagnostic::do_not_recommend]
impl<L: LabelSet, K: LabelSet, const N: usize> LabelSet for Joined<L, K, N> {
    const LABELS: &'static [LabelDescriptor] = {
        let both: &'static [LabelDescriptor] = &Self::BOTH;
        both.split_at(L::LABELS.len() + K::LABELS.len()).0
    };
    const COMBINATIONS: usize = N;
    const NESTS: bool = true;
    const SKIPS: bool = L::SKIPS || K::SKIPS;
    type Cells<T: Block> = [T; N];

    #[inline]
    fn index(&self) -> usize {
        self.1.join(self.0.index(), Self::SKIPS)
    }

    fn at(index: usize) -> Self {
        Self(L::at(index / K::COMBINATIONS), K::at(index % K::COMBINATIONS))
    }
}
