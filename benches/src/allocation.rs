//! Counts what a thread allocates, for the rows about memory.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// The system's allocator, counting. By thread, so that those that allocate in each call do not meet in a counter of
/// ours.
pub struct Counting;

thread_local! {
    static COUNTED: Cell<usize> = const { Cell::new(0) };
    /// Wraps where a thread frees what another allocated.
    static LIVE_BYTES: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: every call goes to `System` unchanged; the thread-locals neither allocate nor are they ever destroyed.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(0, layout.size());
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(0, layout.size());
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE_BYTES.set(LIVE_BYTES.get().wrapping_sub(layout.size()));
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(layout.size(), size);
        unsafe { System.realloc(pointer, layout, size) }
    }
}

fn count(old: usize, new: usize) {
    COUNTED.set(COUNTED.get() + 1);
    LIVE_BYTES.set(LIVE_BYTES.get().wrapping_add(new).wrapping_sub(old));
}

/// How often `work` allocates or reallocates.
pub fn allocations<T>(work: impl FnOnce() -> T) -> (T, usize) {
    let before = COUNTED.get();
    let result = work();
    (result, COUNTED.get() - before)
}

/// How many bytes more are allocated after `work` than before it, while its result lives.
pub fn live_bytes<T>(work: impl FnOnce() -> T) -> (T, usize) {
    let before = LIVE_BYTES.get();
    let result = work();
    (result, LIVE_BYTES.get().wrapping_sub(before))
}

#[cfg(test)]
mod tests {
    use std::hint::black_box;

    use super::*;

    #[test]
    fn a_box_is_one_allocation_of_its_size_while_it_lives() {
        // A box that nobody looks at is optimised away.
        let (boxed, bytes) = live_bytes(|| black_box(Box::new([0_u64; 512])));
        assert_eq!(bytes, 4096);
        assert_eq!(live_bytes(|| drop(boxed)).1, 4096_usize.wrapping_neg());
        assert_eq!(allocations(|| black_box(vec![Box::new(1)])).1, 2);
    }
}
