//! Which thread has which lane.

use std::cell::Cell;

use super::switch;
use crate::sync::{AtomicU64, LANES, Ordering, process_wide, thread_wide};

/// What stands for no lane: the number after the last. Its bits are all set.
pub(super) const NONE: usize = LANES;

const _: () = assert!((NONE + 1).is_power_of_two());

process_wide! {
    /// The lanes that no thread has, a bit each.
    ///
    /// Taking a bit acquires and giving it back releases: what the last owner wrote in its blocks is seen by the next.
    static FREE: AtomicU64 = AtomicU64::new(u64::MAX >> (64 - LANES));
}

thread_wide! {
    /// Without a destructor, so that reading it is one load, at any time of a thread's life.
    static LANE: Cell<usize> = Cell::new(NONE);
}

thread_wide! {
    /// Gives the lane back when the thread ends.
    static LEASE: Lease = Lease(Cell::new(NONE));
}

/// Where this thread's cells are: its lane, and [`NONE`] if it has none or recording is off.
#[inline]
#[allow(
    unsafe_code,
    reason = "measured: a counter without labels takes a tenth more instructions where its lane is compared"
)]
pub(super) fn current() -> usize {
    let lane = switch::unless_off(LANE.try_with(Cell::get).unwrap_or(NONE));
    // SAFETY: `LANE` is a lane or `NONE`; `set_current` gets no other. All bits of `NONE` are set, so that a number up to
    // `NONE` stays one if 0 or `NONE` is put over it.
    unsafe { std::hint::assert_unchecked(lane <= NONE) };
    lane
}

/// This thread's lane, if it has one (already, still, and because others do not have them all).
pub(super) fn own() -> Option<usize> {
    LANE.try_with(Cell::get).ok().filter(|lane| *lane < LANES)
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
                        set_current(lane);
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

fn set_current(lane: usize) {
    // It is there as long as the thread is.
    _ = LANE.try_with(|current| current.set(lane));
}

struct Lease(Cell<usize>);

impl Drop for Lease {
    fn drop(&mut self) {
        let lane = self.0.get();
        if lane < LANES {
            // First this: from now on the thread has no lane, whatever else its destructors record.
            set_current(NONE);
            FREE.fetch_or(1 << lane, Ordering::Release);
        }
    }
}
