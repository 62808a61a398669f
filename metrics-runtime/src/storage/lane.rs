//! Which thread has which lane.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};

/// How many threads record without sharing a cell. The lanes of threads that ended are given to new ones, so this many
/// may live at once.
pub(super) const LANES: usize = 64;

/// What [`current`] says where there is no lane.
const NONE: usize = LANES;

/// The lanes that no thread has, a bit each.
///
/// Taking a bit acquires and giving it back releases: what the last owner wrote in its blocks is seen by the next.
static FREE: AtomicU64 = AtomicU64::new(u64::MAX);

thread_local! {
    /// Without a destructor, so that reading it is one load, at any time of a thread's life.
    static LANE: Cell<usize> = const { Cell::new(NONE) };
    /// Gives the lane back when the thread ends.
    static LEASE: Lease = const { Lease(Cell::new(NONE)) };
}

/// This thread's lane; [`LANES`] or more if it has none (yet, any longer, or because others have them all).
#[inline]
pub(super) fn current() -> usize {
    LANE.get()
}

/// Takes a lane for this thread, if one is free and the thread is not at its end.
///
/// It neither waits nor fails: who gets none records in the shared block, and asks again with the next recording that
/// comes this way, which costs one load while there is none.
pub(super) fn lease() -> Option<usize> {
    LEASE
        .try_with(|lease| {
            let mut free = FREE.load(Ordering::Relaxed);
            while free != 0 {
                let lane = free.trailing_zeros();
                match FREE.compare_exchange_weak(free, free & !(1 << lane), Ordering::Acquire, Ordering::Relaxed) {
                    Ok(_) => {
                        let lane = lane as usize;
                        lease.0.set(lane);
                        LANE.set(lane);
                        return Some(lane);
                    }
                    Err(now) => free = now,
                }
            }
            None
        })
        .ok()
        .flatten()
}

struct Lease(Cell<usize>);

impl Drop for Lease {
    fn drop(&mut self) {
        let lane = self.0.get();
        if lane < LANES {
            // First this: from now on the thread has no lane, whatever else its destructors record.
            LANE.set(NONE);
            FREE.fetch_or(1 << lane, Ordering::Release);
        }
    }
}
