use std::sync::atomic::{AtomicBool, Ordering};

/// Switches `#[timed]` and `time!` off, or on again, in the whole program.
///
/// A call that begins while they are off is not recorded, and costs a branch. One that began before is recorded to its
/// end, so that no gauge of calls in flight stays above zero.
///
/// ```
/// // No exporter: nobody would see what is recorded.
/// let wanted = std::env::var("ENABLE_METRICS").as_deref() != Ok("false");
/// enumetrics_runtime::set_timed(wanted);
/// assert!(enumetrics_runtime::is_timed());
/// ```
pub fn set_timed(on: bool) {
    ON.store(on, Ordering::Relaxed);
}

/// Whether `#[timed]` records: until [`set_timed`] switches it off.
#[inline]
#[must_use]
pub fn is_timed() -> bool {
    ON.load(Ordering::Relaxed)
}

/// The only state of the library that belongs to no metric: a timed function names its metric, and has no other place to
/// look at.
static ON: AtomicBool = AtomicBool::new(true);
