//! What the storage needs of threads and memory, in one place: its models (`tests/loom`) compile the same storage with
//! another `sync`, in which every order of events is tried.

use std::fmt;
pub(crate) use std::hint::spin_loop;
pub(crate) use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
pub(crate) use std::thread::yield_now;

pub(crate) use once_cell::race::OnceBox;

use crate::storage::Block;

/// How many threads record without sharing a cell. The lanes of threads that ended are given to new ones, so this many
/// may live at once. One less than a power of two.
pub(crate) const LANES: usize = 63;

/// How often a reader looks again while an observation is being written, before it lets the writer run.
pub(crate) const SPINS: usize = 64;

/// How often it lets the writer run before it takes what it sees.
pub(crate) const YIELDS: usize = 16;

/// A static of the whole process.
macro_rules! process_wide {
    ($(#[$doc:meta])* static $name:ident: $type:ty = $value:expr;) => {
        $(#[$doc])*
        static $name: $type = $value;
    };
}

/// A static of each thread, there from the thread's first instruction on.
macro_rules! thread_wide {
    ($(#[$doc:meta])* static $name:ident: $type:ty = $value:expr;) => {
        std::thread_local! {
            $(#[$doc])*
            static $name: $type = const { $value };
        }
    };
}

pub(crate) use {process_wide, thread_wide};

/// A value on the heap.
pub(crate) fn boxed<T: fmt::Debug>(value: T) -> Box<T> {
    Box::new(value)
}

/// Memory that is zero, on the heap at once: a wide metric's block is larger than the stack of many threads.
#[allow(unsafe_code, reason = "the safe ways make the block on the stack first")]
pub(crate) fn zeroed<B: Block>() -> Box<B> {
    let zeroed = Box::<B>::new_zeroed();
    // SAFETY: `Block` promises that zero bytes are a value.
    unsafe { zeroed.assume_init() }
}
