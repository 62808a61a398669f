//! The blocks of one metric.

use std::fmt;

use once_cell::race::OnceBox;

use super::cells::Block;
use super::lane::{self, LANES};

/// A block of cells for each lane that recorded, made when a lane records for the first time.
///
/// It is `const`-constructed, and as large as its pointers: a metric that nobody records into has no cells.
pub(crate) struct Lanes<B> {
    own: [OnceBox<Line<B>>; LANES],
    shared: OnceBox<Line<B>>,
}

/// A block to record in.
pub(crate) enum Adopted<'a, B> {
    /// This thread is its only writer.
    Own(&'a B),
    /// Others write to it too.
    Shared(&'a B),
}

/// Blocks do not share cache lines: a lane would slow down its neighbour.
#[repr(align(64))]
pub(super) struct Line<B>(pub(super) B);

impl<B: Block> Lanes<B> {
    pub(crate) const fn new() -> Self {
        Self {
            own: [const { OnceBox::new() }; LANES],
            shared: OnceBox::new(),
        }
    }

    /// This thread's own block, if it has recorded into this metric before: the thread is its only writer.
    #[inline]
    pub(crate) fn own(&self) -> Option<&B> {
        Some(&self.own.get(lane::current())?.get()?.0)
    }

    /// The block to record in where [`own`](Self::own) has none: the first time, and each time for a thread without a
    /// lane.
    #[cold]
    pub(crate) fn adopt(&self) -> Adopted<'_, B> {
        let own = match self.own.get(lane::current()) {
            Some(own) => Some(own),
            None => lane::lease().and_then(|lane| self.own.get(lane)),
        };
        match own {
            Some(own) => Adopted::Own(&own.get_or_init(Line::zeroed).0),
            None => Adopted::Shared(&self.shared.get_or_init(Line::zeroed).0),
        }
    }

    /// Every block, for a reader of many series: the places are looked at once. The first `None` is the end.
    pub(crate) fn blocks_into<'a, 'b>(&'a self, places: &'b mut [Option<&'a B>; BLOCKS]) -> &'b [Option<&'a B>] {
        let mut count = 0;
        for (place, block) in places.iter_mut().zip(self.blocks()) {
            *place = Some(block);
            count += 1;
        }
        &places[..count]
    }

    /// Every block, for a reader.
    #[inline]
    pub(crate) fn blocks(&self) -> impl Iterator<Item = &B> {
        self.own
            .iter()
            .chain([&self.shared])
            .filter_map(|block| Some(&block.get()?.0))
    }
}

/// How many blocks a metric can have: one for each lane, and the shared one.
pub(crate) const BLOCKS: usize = LANES + 1;

impl<B: Block> Line<B> {
    /// On the heap at once: a wide metric's block is larger than the stack of many threads.
    #[allow(unsafe_code, reason = "the safe ways make the block on the stack first")]
    pub(super) fn zeroed() -> Box<Self> {
        let zeroed = Box::<Self>::new_zeroed();
        // SAFETY: `Block` promises that zero bytes are a value of `B`, which is all that `Line` holds besides padding.
        unsafe { zeroed.assume_init() }
    }
}

impl<B: Block> fmt::Debug for Lanes<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lanes").field("blocks", &self.blocks().count()).finish()
    }
}
