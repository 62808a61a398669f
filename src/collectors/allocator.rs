//! Memory as the program's allocator sees it.

use std::sync::{Arc, Mutex, PoisonError};

use crate::{ComputedGauge, metric_family};

/// The program's allocator, once something [reads](Allocator::read_with) it.
pub static ALLOCATOR: Allocator = Allocator::new();

/// Metrics of an allocator. The system knows only what it gave to the process
/// (`process_resident_memory_bytes`); how much of that is in use, and how much waits to be used again, the allocator
/// knows.
#[metric_family(crate = crate, namespace = "allocator")]
#[derive(Debug)]
pub struct Allocator {
    /// Memory that the program has and has not given back.
    #[metric(compute = later)]
    pub allocated_bytes: ComputedGauge,
    /// Memory in pages of which the program has some.
    #[metric(compute = later)]
    pub active_bytes: ComputedGauge,
    /// Memory of the allocator that is in RAM, what it keeps for itself included.
    #[metric(compute = later)]
    pub resident_bytes: ComputedGauge,
    /// Addresses that the allocator has from the system.
    #[metric(compute = later)]
    pub mapped_bytes: ComputedGauge,
}

/// What an allocator says of itself, in bytes; nothing of what it does not know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Allocated {
    /// What the program has and has not given back.
    pub allocated: Option<u64>,
    /// Pages of which the program has some.
    pub active: Option<u64>,
    /// What is in RAM.
    pub resident: Option<u64>,
    /// Addresses from the system.
    pub mapped: Option<u64>,
}

impl Allocator {
    /// Exports what `read` says, from now on. What it does not know in this call is never exported. It is called several
    /// times for each scrape, on the thread that scrapes.
    ///
    /// Every allocator has its own way to ask it. Of jemalloc, with the crate `tikv-jemalloc-ctl`:
    ///
    /// ```ignore
    /// use enumetrics::collectors::{ALLOCATOR, Allocated};
    /// use tikv_jemalloc_ctl::{epoch, stats};
    ///
    /// ALLOCATOR.read_with(|| {
    ///     let _ = epoch::advance(); // jemalloc keeps its numbers until then
    ///     let bytes = |read: tikv_jemalloc_ctl::Result<usize>| read.ok().map(|bytes| bytes as u64);
    ///     Allocated {
    ///         allocated: bytes(stats::allocated::read()),
    ///         active: bytes(stats::active::read()),
    ///         resident: bytes(stats::resident::read()),
    ///         mapped: bytes(stats::mapped::read()),
    ///     }
    /// });
    /// ```
    ///
    /// Of mimalloc, `libmimalloc_sys::mi_process_info` has `current_rss` and `current_commit` (resident and mapped); of the
    /// allocator of the GNU C library, `libc::mallinfo2` has `uordblks` (allocated) and `arena + hblkhd` (mapped). There
    /// is no wrapper that counts: it would cost an atomic addition for each allocation, and these count already.
    pub fn read_with(&self, read: impl Fn() -> Allocated + Send + Sync + 'static) {
        let known = read();
        let read = Arc::new(read);
        type Part = fn(Allocated) -> Option<u64>;
        let parts: [(&ComputedGauge, Part); 4] = [
            (&self.allocated_bytes, |all| all.allocated),
            (&self.active_bytes, |all| all.active),
            (&self.resident_bytes, |all| all.resident),
            (&self.mapped_bytes, |all| all.mapped),
        ];
        for (gauge, part) in parts {
            if let Some(first) = part(known) {
                let read = Arc::clone(&read);
                // Should it not be known for once, the last value stands.
                let last = Mutex::new(first);
                gauge.compute_with(move |()| {
                    let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
                    *last = part(read()).unwrap_or(*last);
                    *last as f64
                });
            }
        }
    }
}
