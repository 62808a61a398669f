//! Where recorded numbers live.
//!
//! A thread that records has a lane of its own: a number that no other living thread has. Each metric has, for each lane
//! that ever recorded into it, a block of cells, one cell per series. A recording finds the block by the lane's number
//! and adds by plain load and store, because nobody else writes there; a scrape adds up the blocks.
//!
//! Nothing is ever folded or moved: counts only grow, so the next thread that gets the number goes on adding in the same
//! blocks. Threads beyond the last number, and what runs while a thread's locals are destroyed, share one more block and
//! add to it atomically.
//!
//! Gauges that can be set are one shared cell per series: the last value wins, whoever wrote it. What a summary saw
//! lately is shared too, because what is old must be forgotten for all threads at once.

mod cells;
mod lane;
mod lanes;
mod window;

pub(crate) use self::cells::HistogramCell;
pub use self::cells::{Block, CounterCell, FloatCell, IntCell, StateCell};
pub(crate) use self::lanes::{Adopted, BLOCKS, Lanes};
pub(crate) use self::window::{Epochs, WindowCell};

/// Hands the cell at `index` to `record`. An index comes from a label set, which has one for each cell; the compiler
/// does not always see that, and a recording must not panic.
#[inline]
pub(crate) fn cell<C>(block: &impl AsRef<[C]>, index: usize, record: impl FnOnce(&C)) {
    if let Some(cell) = block.as_ref().get(index) {
        record(cell);
    }
}
