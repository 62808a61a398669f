//! Blocks of very many cells, of which few are ever recorded into.

use std::marker::PhantomData;
use std::slice;

use super::cells::Block;
use crate::sync::{OnceBox, boxed};

/// As many cells as `B` has, of which one is made when it is recorded for the first time, and stays.
///
/// They are nodes of trees. The first bits of an index say in which tree its node is: at the root, if it was the first
/// one there; otherwise below that one at the index's next digit, by the same rule. So nothing that was made is ever moved or
/// replaced, what is below a node has indices of a range of their own, and cells that are few or far apart are found at
/// the root.
#[derive(Debug)]
pub struct Trees<B, C> {
    roots: [OnceBox<Node<C>>; ROOTS],
    dense: PhantomData<fn() -> B>,
}

#[derive(Debug)]
struct Node<C> {
    index: usize,
    cell: C,
    below: OnceBox<Below<C>>,
}

/// By the next digit.
type Below<C> = [OnceBox<Node<C>>; 1 << DIGIT];

/// How many bits a digit has.
const DIGIT: u32 = 4;

/// A kilobyte of them: where a hundred series of many are recorded, each is likely to have one of its own.
const ROOTS: usize = 128;

#[allow(unsafe_code)]
// SAFETY: a `OnceBox` is an atomic pointer and nothing else, null while it is empty.
unsafe impl<B: Block, C: Block> Block for Trees<B, C> {
    const ZERO: Self = Self {
        roots: [const { OnceBox::new() }; ROOTS],
        dense: PhantomData,
    };
}

/// The cells of a block, by the indices of their series.
pub trait Cells<C> {
    /// A cell to record into, which is made where that is left to the first recording.
    fn cell(&self, index: usize) -> Option<&C>;

    /// A cell to read, unless it was never made.
    fn at(&self, index: usize) -> Option<&C>;

    /// The first index from this one on that may have a cell; beyond all, if none has.
    fn made_from(&self, first: usize) -> usize;

    /// The cells from an index on, as many as lie together, and for how many indices they stand: those that were never
    /// made are missing.
    fn run(&self, first: usize) -> (&[C], usize);
}

/// A cell for each index.
impl<C, B: AsRef<[C]>> Cells<C> for B {
    #[inline]
    fn cell(&self, index: usize) -> Option<&C> {
        self.as_ref().get(index)
    }

    #[inline]
    fn at(&self, index: usize) -> Option<&C> {
        self.as_ref().get(index)
    }

    fn made_from(&self, first: usize) -> usize {
        first
    }

    #[inline]
    fn run(&self, first: usize) -> (&[C], usize) {
        (self.as_ref().get(first..).unwrap_or_default(), usize::MAX)
    }
}

impl<B: Block, C: Block> Cells<C> for Trees<B, C> {
    #[inline]
    fn cell(&self, index: usize) -> Option<&C> {
        match self.root(index)?.get() {
            Some(node) if node.index == index => Some(&node.cell),
            _ => self.make(index),
        }
    }

    fn at(&self, index: usize) -> Option<&C> {
        self.find(index, OnceBox::get, OnceBox::get)
    }

    fn made_from(&self, first: usize) -> usize {
        let roots = self.roots.iter().skip(first >> Self::SHIFT);
        let mut made = roots.filter_map(|root| root.get()?.made_from(first, Self::SHIFT));
        made.next().unwrap_or(usize::MAX)
    }

    fn run(&self, first: usize) -> (&[C], usize) {
        match self.at(first) {
            Some(cell) => (slice::from_ref(cell), 1),
            // At least one: it may have been made just now.
            None => (&[], (self.made_from(first) - first).max(1)),
        }
    }
}

impl<B: Block, C: Block> Trees<B, C> {
    const CELLS: usize = size_of::<B>() / size_of::<C>();

    /// How many bits of an index its root leaves open.
    const SHIFT: u32 = Self::CELLS.next_power_of_two().ilog2().saturating_sub(ROOTS.ilog2());

    #[inline]
    fn root(&self, index: usize) -> Option<&OnceBox<Node<C>>> {
        (index < Self::CELLS).then(|| &self.roots[index >> Self::SHIFT])
    }

    /// Below a root, or the first time.
    #[inline(never)]
    fn make(&self, index: usize) -> Option<&C> {
        let node = || {
            boxed(Node {
                index,
                cell: C::ZERO,
                below: OnceBox::new(),
            })
        };
        let below = || boxed([const { OnceBox::new() }; 1 << DIGIT]);
        self.find(
            index,
            |place| Some(place.get_or_init(node)),
            |place| Some(place.get_or_init(below)),
        )
    }

    #[inline(always)]
    fn find<'a>(
        &'a self,
        index: usize,
        get: impl Fn(&'a OnceBox<Node<C>>) -> Option<&'a Node<C>>,
        get_below: impl Fn(&'a OnceBox<Below<C>>) -> Option<&'a Below<C>>,
    ) -> Option<&'a C> {
        let mut node = get(self.root(index)?)?;
        let mut shift = Self::SHIFT;
        while node.index != index {
            // After the last digit there is one index left.
            shift = shift.checked_sub(1)?.saturating_sub(DIGIT - 1);
            node = get(&get_below(&node.below)?[(index >> shift) % (1 << DIGIT)])?;
        }
        Some(&node.cell)
    }
}

impl<C> Node<C> {
    /// The first index from `first` on that is here or below; all of them are the same but for their last `shift` bits.
    fn made_from(&self, first: usize, shift: u32) -> Option<usize> {
        if self.index >> shift < first >> shift {
            return None;
        }
        let own = (self.index >= first).then_some(self.index);
        let below = self.below.get().into_iter().flatten();
        let mut made = below.filter_map(|node| node.get()?.made_from(first, shift.saturating_sub(DIGIT)));
        own.into_iter().chain(made.next()).min()
    }
}
