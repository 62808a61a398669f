//! The blocks of one metric whose threads have one each.

use super::cells::{Block, Cell};
use super::lane;
use super::{Cells, Place, Recorded};
use crate::sync::{LANES, OnceBox, zeroed};

/// A block of cells for each lane that recorded, made when a lane records for the first time.
///
/// It is `const`-constructed, and as large as its pointers: a metric that nobody records into has no cells.
#[allow(missing_debug_implementations, reason = "hidden: metrics print their series")]
pub struct Lanes<B> {
    /// By lane; the last one is of no lane, and is never made.
    own: [OnceBox<Line<B>>; LANES + 1],
    shared: OnceBox<Line<B>>,
}

/// How many blocks a metric can have: one for each lane, and the shared one.
pub(crate) const BLOCKS: usize = LANES + 1;

/// Blocks do not share cache lines: a lane would slow down its neighbour.
#[derive(Debug)]
#[repr(align(64))]
pub(super) struct Line<B>(pub(super) B);

#[allow(unsafe_code)]
// SAFETY: a block and padding.
unsafe impl<B: Block> Block for Line<B> {
    const ZERO: Self = Self(B::ZERO);
}

impl<B: Block> Place<B> for Lanes<B> {
    const EMPTY: Self = Self {
        own: [const { OnceBox::new() }; LANES + 1],
        shared: OnceBox::new(),
    };

    #[inline]
    fn record<C: Cell>(&self, index: usize, what: impl FnOnce() -> Option<C::Record>) -> Recorded
    where
        B: Cells<C>,
    {
        match self.own() {
            Some(block) => Recorded::with(what(), |what| {
                super::cell(block, index, |cell| C::record_alone(cell, what));
            }),
            // Asked here: a call would be most of what a recording costs while it is off.
            None if super::is_recording() => self.record_at_first(index, what),
            None => Recorded::Off,
        }
    }

    #[inline]
    fn record_always<C: Cell>(&self, index: usize, what: C::Record)
    where
        B: Cells<C>,
    {
        match self.own() {
            Some(block) => super::cell(block, index, |cell| C::record_alone(cell, what)),
            None => _ = self.record_at_first(index, move || Some(what)),
        }
    }

    #[inline]
    fn blocks<'a>(&'a self) -> impl Iterator<Item = &'a B>
    where
        B: 'a,
    {
        self.own
            .iter()
            .chain([&self.shared])
            .filter_map(|block| Some(&block.get()?.0))
    }
}

impl<B: Block> Lanes<B> {
    /// This thread's own block, if it has recorded into this metric before and recording is on: the thread is its only
    /// writer.
    #[inline]
    fn own(&self) -> Option<&B> {
        Some(&self.own.get(lane::current())?.get()?.0)
    }

    /// The first time, and each time for a thread without a lane.
    #[cold]
    #[inline(never)]
    fn record_at_first<C: Cell>(&self, index: usize, what: impl FnOnce() -> Option<C::Record>) -> Recorded
    where
        B: Cells<C>,
    {
        let Some(what) = what() else { return Recorded::Left };
        let own = lane::own().or_else(lane::lease).and_then(|lane| self.own.get(lane));
        match own {
            Some(own) => {
                let block = &own.get_or_init(zeroed).0;
                super::cell(block, index, |cell| C::record_alone(cell, what));
            }
            None => {
                let block = &self.shared.get_or_init(zeroed).0;
                super::cell(block, index, |cell| C::record_shared(cell, what));
            }
        }
        Recorded::Done
    }
}
