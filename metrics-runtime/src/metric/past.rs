//! Series that were reset or removed.
//!
//! A cell is written by its own thread only, and only grows: nobody can set it back. So a series that is reset keeps its
//! cells, and what they held then is subtracted from now on whenever they are read. Recording knows nothing of it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::start;
use crate::sync::OnceBox;

/// What one metric's series were before they were reset, and which of them are removed. As large as a pointer until the
/// first is.
#[allow(missing_debug_implementations, reason = "hidden: metrics print their series")]
pub struct Past(OnceBox<Entries>);

#[derive(Default)]
struct Entries {
    series: Mutex<Series>,
    /// How many of them are hidden.
    hidden: AtomicUsize,
}

type Series = BTreeMap<usize, Entry>;

/// One series.
struct Entry {
    /// What its cells held: a number for each, floats as their bits.
    before: Arc<[u64]>,
    /// Whether scrapes leave it out until it is other than 0.
    hidden: bool,
    /// When it started again, since the Unix epoch.
    start: Duration,
}

impl Past {
    /// Of a metric none of whose series was ever reset.
    pub(crate) const fn new() -> Self {
        Self(OnceBox::new())
    }

    /// From now on the series is what its cells hold beyond what they hold now; `hide` leaves it out of scrapes until
    /// that is something.
    pub(crate) fn start_again(&self, index: usize, hide: bool, read_cells: impl FnOnce() -> Arc<[u64]>) {
        let entries = self.0.get_or_init(Box::default);
        let mut series = entries.lock();
        // Read while nobody else looks: what is subtracted was in the cells before.
        let entry = Entry {
            before: read_cells(),
            hidden: hide,
            start: start::now(),
        };
        let was_hidden = series.insert(index, entry).is_some_and(|entry| entry.hidden);
        entries.count_hidden(was_hidden, hide);
    }

    /// The same of a metric whose cells can be set back.
    pub(crate) fn hide(&self, index: usize) {
        self.start_again(index, true, || Arc::new([]));
    }

    /// What is to be subtracted from what a series' cells hold. Ask before they are read.
    pub(crate) fn before(&self, index: usize) -> Option<Arc<[u64]>> {
        let series = self.0.get()?.lock();
        series.get(&index).map(|entry| Arc::clone(&entry.before))
    }

    /// When a series started again, since the Unix epoch.
    pub(crate) fn start(&self, index: usize) -> Option<Duration> {
        let series = self.0.get()?.lock();
        series.get(&index).map(|entry| entry.start)
    }

    /// What [`before`](Self::before) says, for many series at once: nothing is reset until it is dropped.
    #[inline]
    pub(crate) fn lock(&self) -> Option<Locked<'_>> {
        Some(Locked(self.0.get()?.lock()))
    }

    /// Whether none was ever reset or removed.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.0.get().is_none()
    }

    /// Whether scrapes leave out any series.
    #[inline]
    pub(crate) fn hides_any(&self) -> bool {
        self.0
            .get()
            .is_some_and(|entries| entries.hidden.load(Ordering::Relaxed) > 0)
    }

    /// Whether scrapes leave this one out. One that is something again is hidden no longer, also when it returns to 0.
    pub(crate) fn hides(&self, index: usize, is_zero: bool) -> bool {
        if !self.hides_any() {
            return false;
        }
        let Some(entries) = self.0.get() else { return false };
        let mut series = entries.lock();
        let Some(entry) = series.get_mut(&index) else {
            return false;
        };
        let was_hidden = entry.hidden;
        entry.hidden &= is_zero;
        entries.count_hidden(was_hidden, entry.hidden);
        entry.hidden
    }
}

/// What no other thread changes meanwhile.
pub(crate) struct Locked<'a>(MutexGuard<'a, Series>);

impl Locked<'_> {
    /// What is to be subtracted from each of some series, with its position among them.
    pub(crate) fn of(&self, first: usize, count: usize) -> impl Iterator<Item = (usize, &[u64])> {
        let series = self.0.range(first..first.saturating_add(count));
        series.map(move |(index, entry)| (index - first, &*entry.before))
    }
}

impl Entries {
    fn lock(&self) -> MutexGuard<'_, Series> {
        // Nothing is left half done by a panic.
        self.series.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// While the series are locked.
    fn count_hidden(&self, before: bool, now: bool) {
        match (before, now) {
            (false, true) => _ = self.hidden.fetch_add(1, Ordering::Relaxed),
            (true, false) => _ = self.hidden.fetch_sub(1, Ordering::Relaxed),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_hidden_stays_away_until_it_is_something() {
        let past = Past::new();
        assert!(!past.hides_any() && !past.hides(3, true));
        past.hide(3);
        past.hide(3);
        past.hide(5);
        assert!(past.hides_any() && past.hides(3, true) && !past.hides(4, true));
        assert!(!past.hides(3, false));
        assert!(!past.hides(3, true), "it was something, and is 0 again");
        assert!(past.hides(5, true) && past.hides_any());
        past.start_again(5, false, || Arc::new([]));
        assert!(!past.hides_any());
    }

    #[test]
    fn what_was_before_is_subtracted_from_its_series_only() {
        let past = Past::new();
        let subtracted = |first, count| {
            let locked = past.lock();
            let all = locked.iter().flat_map(|locked| locked.of(first, count));
            all.map(|(at, before)| (at, before.to_vec())).collect::<Vec<_>>()
        };
        assert_eq!(subtracted(0, 10), []);
        past.start_again(7, false, || Arc::new([1, 2]));
        past.start_again(9, true, || Arc::new([3]));
        past.start_again(9, false, || Arc::new([4]));
        assert_eq!(subtracted(0, 7), []);
        assert_eq!(subtracted(5, 5), [(2, vec![1, 2]), (4, vec![4])]);
        assert_eq!(subtracted(7, usize::MAX), [(0, vec![1, 2]), (2, vec![4])]);
        assert_eq!(past.before(9).as_deref(), Some(&[4][..]));
        assert_eq!(past.before(8), None);
        assert!(past.start(9) >= past.start(7) && past.start(7) > Some(start::of_process()) && past.start(8).is_none());
    }
}
