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
//! A metric of very many series that is declared `sparse` has a block of trees, whose nodes are made at the first recording of
//! their series and never moved.
//!
//! A native histogram's series has its buckets in chunks, too, made where something is observed.
//!
//! While recording is switched off every lane's number is that of none, so that each recording finds no block, asks the
//! switch, and ends there.
//!
//! A metric that is declared `shared` has one block, inside itself, that all threads add to atomically. Gauges that can be
//! set are one shared cell per series: the last value wins, whoever wrote it. So are state sets.

mod cells;
mod in_place;
mod lane;
mod lanes;
mod native;
mod sparse;
mod switch;

pub use self::cells::{Block, Cell, CounterCell, FloatCell, IntCell, StateCell};
pub(crate) use self::cells::{HistogramCell, HistogramReading, InFlightCell, Step, is_finite};
pub(crate) use self::lanes::BLOCKS;
pub(crate) use self::native::{NativeCell, ObservationCell, Spot};
pub use self::sparse::Cells;
pub use self::switch::{is_recording, set_recording};

use self::in_place::InPlace;
use self::lanes::Lanes;

/// Where a metric's cells are: [`PerThread`] or [`Shared`], and whether they are [`Sparse`], [`Traced`] and [`Native`].
pub trait Storage: sealed::Sealed + 'static {
    #[doc(hidden)]
    type Place<B: Block>: Place<B>;
    /// The cells of a block, of which `B` is one of each.
    #[doc(hidden)]
    type Cells<B: Block + AsRef<[C]>, C: Block>: Block + Cells<C>;
    /// The cell of a histogram's series.
    #[doc(hidden)]
    type Histogram<const N: usize>: ObservationCell<N>;
    /// Whether what was never recorded has no cells.
    #[doc(hidden)]
    const SPARSE: bool = false;
    /// Whether each recording brings the exemplar of what runs now.
    #[doc(hidden)]
    const TRACED: bool = false;
}

/// Each thread records into cells of its own, without an atomic operation; a scrape adds them up.
///
/// A thread that records into a metric for the first time allocates its cells. So the memory of a metric grows with the
/// number of threads that record into it at once.
#[derive(Clone, Copy, Debug)]
pub enum PerThread {}

/// All threads record into the same cells, which lie inside the metric: what `#[metric(shared)]` asks for.
///
/// Nothing is allocated, whoever records, and a recording is an atomic addition.
#[derive(Clone, Copy, Debug)]
pub enum Shared {}

/// Cells where `S` has them, of which each recording brings the exemplar of what runs now: what `#[metric(exemplars)]`
/// asks for. See [`Exemplar::set_source`](crate::Exemplar::set_source).
#[derive(Debug)]
pub struct Traced<S>(std::marker::PhantomData<fn(S)>);

impl<S> sealed::Sealed for Traced<S> {}

impl<S: Storage> Storage for Traced<S> {
    type Place<B: Block> = S::Place<B>;
    type Cells<B: Block + AsRef<[C]>, C: Block> = S::Cells<B, C>;
    type Histogram<const N: usize> = S::Histogram<N>;
    const SPARSE: bool = S::SPARSE;
    const TRACED: bool = true;
}

/// Cells where `S` has them, each made when it is first recorded: what `#[metric(sparse)]` asks for.
#[derive(Debug)]
pub struct Sparse<S>(std::marker::PhantomData<fn(S)>);

impl<S> sealed::Sealed for Sparse<S> {}

impl<S: Storage> Storage for Sparse<S> {
    type Place<B: Block> = S::Place<B>;
    type Cells<B: Block + AsRef<[C]>, C: Block> = sparse::Trees<B, C>;
    type Histogram<const N: usize> = S::Histogram<N>;
    const SPARSE: bool = true;
    const TRACED: bool = S::TRACED;
}

/// Cells where `S` has them, of a histogram with native buckets: what `#[metric(native)]` asks for.
#[derive(Debug)]
pub struct Native<S>(std::marker::PhantomData<fn(S)>);

impl<S> sealed::Sealed for Native<S> {}

impl<S: Storage> Storage for Native<S> {
    type Place<B: Block> = S::Place<B>;
    type Cells<B: Block + AsRef<[C]>, C: Block> = S::Cells<B, C>;
    type Histogram<const N: usize> = NativeCell<N>;
    const SPARSE: bool = S::SPARSE;
    const TRACED: bool = S::TRACED;
}

impl sealed::Sealed for PerThread {}

impl Storage for PerThread {
    type Place<B: Block> = Lanes<B>;
    type Cells<B: Block + AsRef<[C]>, C: Block> = B;
    type Histogram<const N: usize> = HistogramCell<N>;
}

impl sealed::Sealed for Shared {}

impl Storage for Shared {
    type Place<B: Block> = InPlace<B>;
    type Cells<B: Block + AsRef<[C]>, C: Block> = B;
    type Histogram<const N: usize> = HistogramCell<N>;
}

mod sealed {
    pub trait Sealed {}
}

/// What came of a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// It is in its cell.
    Done,
    /// The cell was left as it is.
    Left,
    /// Recording is off.
    Off,
}

impl Recorded {
    fn with<T>(what: Option<T>, record: impl FnOnce(T)) -> Self {
        match what {
            Some(what) => {
                record(what);
                Self::Done
            }
            None => Self::Left,
        }
    }
}

/// The blocks of one metric.
pub trait Place<B>: Send + Sync {
    /// Before anything was recorded.
    const EMPTY: Self;

    /// Records into the cell at `index`, unless recording is off. `what` is not asked before that, and may leave the cell as
    /// it is.
    fn record<C: Cell>(&self, index: usize, what: impl FnOnce() -> Option<C::Record>) -> Recorded
    where
        B: Cells<C>;

    /// Records, even if recording is off by now: an end of what began while it was on.
    fn record_always<C: Cell>(&self, index: usize, what: C::Record)
    where
        B: Cells<C>;

    /// Every block, for a reader.
    fn blocks<'a>(&'a self) -> impl Iterator<Item = &'a B>
    where
        B: 'a;

    /// Every block, for a reader of many series: the places are looked at once. The first `None` is the end.
    fn blocks_into<'a, 'b>(&'a self, places: &'b mut [Option<&'a B>; BLOCKS]) -> &'b [Option<&'a B>] {
        let mut count = 0;
        for (place, block) in places.iter_mut().zip(self.blocks()) {
            *place = Some(block);
            count += 1;
        }
        &places[..count]
    }
}

/// The first index from this one on that has a cell in some block; beyond all, if none has.
pub(crate) fn made_from<C, B: Block + Cells<C>>(place: &impl Place<B>, first: usize) -> usize {
    let made = place.blocks().map(|block| block.made_from(first));
    made.min().unwrap_or(usize::MAX)
}

/// Hands the cell at `index` to `record`. An index comes from a label set, which has one for each cell; the compiler
/// does not always see that, and a recording must not panic.
#[inline]
pub(crate) fn cell<C>(block: &impl Cells<C>, index: usize, record: impl FnOnce(&C)) {
    if let Some(cell) = block.cell(index) {
        record(cell);
    }
}
