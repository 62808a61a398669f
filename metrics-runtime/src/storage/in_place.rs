//! The block of one metric that all threads record into.

use super::cells::{Block, Cell};
use super::{Cells, Place, Recorded};

/// One block, inside the metric: nothing is allocated, and nothing has to be looked up.
#[allow(missing_debug_implementations, reason = "hidden: metrics print their series")]
pub struct InPlace<B>(B);

impl<B: Block> Place<B> for InPlace<B> {
    const EMPTY: Self = Self(B::ZERO);

    #[inline]
    fn record<C: Cell>(&self, index: usize, what: impl FnOnce() -> Option<C::Record>) -> Recorded
    where
        B: Cells<C>,
    {
        if super::is_recording() {
            Recorded::with(what(), |what| self.record_always(index, what))
        } else {
            Recorded::Off
        }
    }

    #[inline]
    fn record_always<C: Cell>(&self, index: usize, what: C::Record)
    where
        B: Cells<C>,
    {
        super::cell(&self.0, index, |cell| C::record_shared(cell, what));
    }

    #[inline]
    fn blocks<'a>(&'a self) -> impl Iterator<Item = &'a B>
    where
        B: 'a,
    {
        std::iter::once(&self.0)
    }
}
