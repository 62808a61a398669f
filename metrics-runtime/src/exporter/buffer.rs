//! Buffers that scrapes are written into, used again and again.

use std::mem;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::exposition::text::Scrape;

/// A few buffers that wait for the next scrape.
///
/// A scrape takes a buffer, the response takes it over without copying, and when the response has
/// been sent (or dropped) the buffer comes back. After the first scrapes nothing is allocated.
#[derive(Clone, Debug)]
pub(super) struct Pool(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    /// The one used last is taken first: it is the warm one.
    idle: Mutex<Vec<Scrape>>,
    /// How many may wait. More than that exist only while more responses than that are being sent.
    most: usize,
    /// The longest scrape so far, so that a new buffer is allocated once and not grown.
    longest: AtomicUsize,
}

impl Pool {
    pub(super) fn new(most: usize) -> Self {
        Self(Arc::new(Shared {
            idle: Mutex::new(Vec::with_capacity(most)),
            most,
            longest: AtomicUsize::new(0),
        }))
    }

    /// A buffer to write over.
    pub(super) fn take(&self) -> Buffer {
        let longest = self.0.longest.load(Ordering::Relaxed);
        let mut scrape = self.0.lock().pop().unwrap_or_default();
        // What is in it is written over.
        scrape.text.reserve(longest.saturating_sub(scrape.text.len()));
        Buffer {
            scrape,
            pool: Arc::clone(&self.0),
        }
    }
}

impl Shared {
    /// Nothing that can panic runs under the lock, so poison means nothing.
    fn lock(&self) -> MutexGuard<'_, Vec<Scrape>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A buffer that goes back to its pool when it is dropped, also while a panic unwinds.
#[derive(Debug)]
pub(super) struct Buffer {
    scrape: Scrape,
    pool: Arc<Shared>,
}

impl Deref for Buffer {
    type Target = Scrape;

    fn deref(&self) -> &Scrape {
        &self.scrape
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut Scrape {
        &mut self.scrape
    }
}

/// What `bytes::Bytes::from_owner` asks for.
impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        &self.scrape.text
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        self.pool.longest.fetch_max(self.scrape.text.len(), Ordering::Relaxed);
        let scrape = mem::take(&mut self.scrape);
        let mut idle = self.pool.lock();
        if idle.len() < self.pool.most {
            idle.push(scrape);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::panic;

    use super::*;

    #[test]
    fn a_buffer_is_used_again_without_being_reallocated() {
        let pool = Pool::new(2);
        let mut first = pool.take();
        first.text.extend_from_slice(&[b'x'; 10_000]);
        let (address, capacity) = (first.text.as_ptr(), first.text.capacity());
        drop(first);

        let mut second = pool.take();
        second.text.clear();
        second.text.extend_from_slice(&[b'y'; 10_000]);
        assert_eq!((second.text.as_ptr(), second.text.capacity()), (address, capacity));
    }

    #[test]
    fn a_new_buffer_is_as_large_as_the_longest_scrape() {
        let pool = Pool::new(2);
        let mut first = pool.take();
        first.text.extend_from_slice(&[b'x'; 10_000]);
        drop(first);
        let _taken = pool.take();
        assert!(pool.take().text.capacity() >= 10_000);
    }

    #[test]
    fn the_pool_is_bounded() {
        let pool = Pool::new(2);
        let buffers: Vec<_> = (0..5).map(|_| pool.take()).collect();
        drop(buffers);
        assert_eq!(pool.0.lock().len(), 2);
    }

    #[test]
    fn a_panic_gives_the_buffer_back() {
        let pool = Pool::new(2);
        let held = pool.clone();
        let result = panic::catch_unwind(move || {
            held.take().text.extend_from_slice(b"half a li");
            let mut buffer = held.take();
            buffer.text.extend_from_slice(b"half a li");
            panic!("in a collector");
        });
        assert!(result.is_err());
        assert_eq!(pool.0.lock().len(), 1);
    }
}
