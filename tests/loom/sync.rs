//! What the runtime's `sync` has, of loom: atomics whose every order of events is tried.
//!
//! Loom's atomics belong to one run of a model, and cannot be made in a constant. These are, and become loom's when they are
//! first touched; that must be before a second thread sees them (loom takes it for their creation).

use std::cell::{Cell, RefCell};
use std::fmt;
use std::marker::PhantomData;
use std::ptr;
// No model is about what uses it: its own loads and stores are all there is to it.
use std::sync::OnceLock;
pub(crate) use std::sync::atomic::AtomicUsize;

pub(crate) use loom::hint::spin_loop;
pub(crate) use loom::sync::atomic::Ordering;
pub(crate) use loom::thread::yield_now;

use loom::sync::atomic;
use loom::thread::{JoinHandle, LocalKey};

use crate::storage::Block;

/// So that a second thread has to wait for the first one's lane, or to do without.
pub(crate) const LANES: usize = 1;

pub(crate) const SPINS: usize = 1;

pub(crate) const YIELDS: usize = 1;

macro_rules! process_wide {
    ($(#[$doc:meta])* static $name:ident: $type:ty = $value:expr;) => {
        loom::lazy_static! {
            $(#[$doc])*
            static ref $name: $type = $value;
        }
    };
}

macro_rules! thread_wide {
    ($(#[$doc:meta])* static $name:ident: $type:ty = $value:expr;) => {
        $(#[$doc])*
        static $name: crate::sync::Local<$type> = {
            loom::thread_local! {
                static SLOT: crate::sync::Slot<$type> = crate::sync::Slot::new($value);
            }
            crate::sync::Local(&SLOT)
        };
    };
}

pub(crate) use {process_wide, thread_wide};

/// A thread's local, as std has them. (Loom's own are destroyed after the thread has been joined.)
pub(crate) struct Local<T: 'static>(pub(crate) &'static LocalKey<Slot<T>>);

pub(crate) struct Slot<T> {
    value: RefCell<Option<T>>,
    will_end: Cell<bool>,
}

impl<T> Slot<T> {
    pub(crate) fn new(value: T) -> Self {
        Self {
            value: RefCell::new(Some(value)),
            will_end: Cell::new(!std::mem::needs_drop::<T>()),
        }
    }
}

#[derive(Debug)]
pub(crate) struct Destroyed;

impl<T> Local<T> {
    pub(crate) fn try_with<R>(&'static self, read: impl FnOnce(&T) -> R) -> Result<R, Destroyed> {
        self.0.with(|slot| {
            if !slot.will_end.replace(true) {
                ENDS.with(|ends| ends.borrow_mut().push(self));
            }
            slot.value.borrow().as_ref().map(read).ok_or(Destroyed)
        })
    }
}

/// What is destroyed when a thread ends.
trait End {
    fn end(&self);
}

impl<T> End for Local<T> {
    fn end(&self) {
        let value = self.0.with(|slot| slot.value.borrow_mut().take());
        drop(value);
    }
}

loom::thread_local! {
    /// The last is destroyed first.
    static ENDS: RefCell<Vec<&'static dyn End>> = RefCell::new(Vec::new());
}

/// A thread whose locals are destroyed before it can be joined.
pub(crate) fn spawn(work: impl FnOnce() + 'static) -> JoinHandle<()> {
    loom::thread::spawn(|| {
        work();
        while let Some(last) = ENDS.with(|ends| ends.borrow_mut().pop()) {
            last.end();
        }
    })
}

pub(crate) fn zeroed<B: Block>() -> Box<B> {
    boxed(B::ZERO)
}

pub(crate) fn boxed<T: fmt::Debug>(value: T) -> Box<T> {
    // To print them is to touch them all.
    _ = format!("{value:?}");
    Box::new(value)
}

pub(crate) struct AtomicU64 {
    first: u64,
    model: OnceLock<atomic::AtomicU64>,
}

impl AtomicU64 {
    pub(crate) const fn new(first: u64) -> Self {
        let model = OnceLock::new();
        Self { first, model }
    }

    fn model(&self) -> &atomic::AtomicU64 {
        self.model.get_or_init(|| atomic::AtomicU64::new(self.first))
    }

    pub(crate) fn load(&self, order: Ordering) -> u64 {
        self.model().load(order)
    }

    pub(crate) fn store(&self, value: u64, order: Ordering) {
        self.model().store(value, order);
    }

    pub(crate) fn fetch_add(&self, value: u64, order: Ordering) -> u64 {
        self.model().fetch_add(value, order)
    }

    pub(crate) fn fetch_sub(&self, value: u64, order: Ordering) -> u64 {
        self.model().fetch_sub(value, order)
    }

    pub(crate) fn fetch_or(&self, value: u64, order: Ordering) -> u64 {
        self.model().fetch_or(value, order)
    }

    pub(crate) fn compare_exchange_weak(
        &self,
        current: u64,
        new: u64,
        success: Ordering,
        failure: Ordering,
    ) -> Result<u64, u64> {
        self.model().compare_exchange_weak(current, new, success, failure)
    }
}

impl fmt::Debug for AtomicU64 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.model();
        f.write_str("AtomicU64")
    }
}

/// `once_cell::race::OnceBox`, step by step as it is there.
pub(crate) struct OnceBox<T> {
    pointer: OnceLock<atomic::AtomicPtr<T>>,
    owns: PhantomData<Box<T>>,
}

impl<T> OnceBox<T> {
    pub(crate) const fn new() -> Self {
        Self {
            pointer: OnceLock::new(),
            owns: PhantomData,
        }
    }

    fn pointer(&self) -> &atomic::AtomicPtr<T> {
        self.pointer.get_or_init(|| atomic::AtomicPtr::new(ptr::null_mut()))
    }

    #[allow(unsafe_code, reason = "as in the original")]
    pub(crate) fn get(&self) -> Option<&T> {
        let pointer = self.pointer().load(Ordering::Acquire);
        // SAFETY: null, or what `get_or_init` put there, which stays as long as this does.
        unsafe { pointer.as_ref() }
    }

    #[allow(unsafe_code, reason = "as in the original")]
    pub(crate) fn get_or_init(&self, make: impl FnOnce() -> Box<T>) -> &T {
        if let Some(there) = self.get() {
            return there;
        }
        let made = Box::into_raw(make());
        let first = self
            .pointer()
            .compare_exchange(ptr::null_mut(), made, Ordering::AcqRel, Ordering::Acquire);
        match first {
            // SAFETY: it was made here, and is given up by `drop` alone.
            Ok(_) => unsafe { &*made },
            Err(there) => {
                // SAFETY: it was made here, and nobody has seen it.
                drop(unsafe { Box::from_raw(made) });
                // SAFETY: another thread put it there, and it is given up by `drop` alone.
                unsafe { &*there }
            }
        }
    }
}

impl<T> fmt::Debug for OnceBox<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.pointer();
        f.write_str("OnceBox")
    }
}

impl<T> Drop for OnceBox<T> {
    #[allow(unsafe_code, reason = "as in the original")]
    fn drop(&mut self) {
        let pointer = self.pointer().load(Ordering::Relaxed);
        if !pointer.is_null() {
            // SAFETY: `get_or_init` made it, and nobody can ask for it any longer.
            drop(unsafe { Box::from_raw(pointer) });
        }
    }
}

#[allow(unsafe_code)]
// SAFETY: it hands out `&T` on any thread, and drops on any thread what another made.
unsafe impl<T: Send + Sync> Sync for OnceBox<T> {}
