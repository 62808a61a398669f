//! Blocks of very many cells, of which few are ever recorded into.

use std::fmt;
use std::marker::PhantomData;

use super::cells::Block;
use crate::sync::{OnceBox, zeroed};

/// As many cells as `B` has, in chunks: one is made when one of its cells is recorded for the first time, and stays.
pub struct Chunks<B, C> {
    chunks: OnceBox<Box<[OnceBox<Chunk<C>>]>>,
    dense: PhantomData<fn() -> B>,
}

/// How many cells lie together.
pub(crate) const TOGETHER: usize = 64;

/// Cells that lie together.
type Chunk<C> = [C; TOGETHER];

#[allow(unsafe_code)]
// SAFETY: a `OnceBox` is an atomic pointer and nothing else, null while it is empty.
unsafe impl<B: Block, C: Block> Block for Chunks<B, C> {
    const ZERO: Self = Self {
        chunks: OnceBox::new(),
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

impl<B: Block, C: Block> Cells<C> for Chunks<B, C> {
    #[inline]
    fn cell(&self, index: usize) -> Option<&C> {
        match self.chunk(index) {
            Some(chunk) => chunk.get(index % TOGETHER),
            None => self.make(index),
        }
    }

    fn at(&self, index: usize) -> Option<&C> {
        self.chunk(index)?.get(index % TOGETHER)
    }

    fn made_from(&self, first: usize) -> usize {
        let chunks = self.chunks.get().map_or(&[][..], |chunks| chunks);
        let mut made = (first / TOGETHER..chunks.len()).filter(|at| chunks[*at].get().is_some());
        made.next().map_or(usize::MAX, |chunk| first.max(chunk * TOGETHER))
    }

    fn run(&self, first: usize) -> (&[C], usize) {
        let skipped = first % TOGETHER;
        let cells = self.chunk(first).map_or(&[][..], |chunk| &chunk[skipped..]);
        (cells, TOGETHER - skipped)
    }
}

impl<B: Block, C: Block> Chunks<B, C> {
    #[inline]
    fn chunk(&self, index: usize) -> Option<&Chunk<C>> {
        self.chunks.get()?.get(index / TOGETHER)?.get()
    }

    /// The first time.
    #[cold]
    #[inline(never)]
    fn make(&self, index: usize) -> Option<&C> {
        let cells = const { size_of::<B>() / size_of::<C>() };
        let empty = || (0..cells.div_ceil(TOGETHER)).map(|_| OnceBox::new()).collect();
        let chunks = self.chunks.get_or_init(|| Box::new(empty()));
        chunks.get(index / TOGETHER)?.get_or_init(zeroed).get(index % TOGETHER)
    }
}

impl<B, C> fmt::Debug for Chunks<B, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let made = self
            .chunks
            .get()
            .map(|chunks| chunks.iter().filter(|chunk| chunk.get().is_some()).count());
        f.debug_struct("Chunks")
            .field("made", &made.unwrap_or(0))
            .finish_non_exhaustive()
    }
}
