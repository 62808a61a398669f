//! Whether anything is recorded.

use super::lane::NONE;
use crate::sync::{AtomicUsize, Ordering, process_wide};

process_wide! {
    /// What every lane is made [`NONE`] by, in one instruction: 0 while recording is on, else `NONE`.
    static OFF: AtomicUsize = AtomicUsize::new(0);
}

/// Switches all recording off, or on again, in the whole program.
///
/// While it is off, nothing is recorded into any metric, whatever its kind: counters, gauges, histograms, summaries, state
/// sets, what is in flight, timed functions, HTTP layers, exemplars. No cells are made, no value of an open label is kept
/// (a text is looked up as the label's value for the rest), and a recording costs a branch. What was recorded before is
/// still there and is exported.
///
/// What began while it was on comes back: a guard that was made then gives back what it took from its gauge, and a timed
/// call leaves its gauge of calls in flight. One that was made while it is off does nothing, even if it is dropped when
/// recording is on again.
///
/// What other threads record just now may be recorded or not.
///
/// ```
/// # use enumetrics_runtime::{Counter, set_recording};
/// static REQUESTS: Counter = Counter::new();
///
/// set_recording(false);
/// REQUESTS.inc();
/// set_recording(true);
/// REQUESTS.inc();
/// assert_eq!(REQUESTS.get(), 1);
/// ```
pub fn set_recording(on: bool) {
    OFF.store(if on { 0 } else { NONE }, Ordering::Relaxed);
}

/// Whether recordings are kept: until [`set_recording`] switches them off.
#[inline]
#[must_use]
pub fn is_recording() -> bool {
    OFF.load(Ordering::Relaxed) == 0
}

/// A lane; [`NONE`] while recording is off.
#[inline]
pub(super) fn unless_off(lane: usize) -> usize {
    lane | OFF.load(Ordering::Relaxed)
}
