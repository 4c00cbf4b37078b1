//! A mutex over a lock supplied by the embedder, who knows how a thread waits.
#![expect(unsafe_code, reason = "a mutex hands out exclusive access to shared data")]

use core::cell::UnsafeCell;
use core::ops::{Deref, DerefMut};

/// Mutual exclusion as the embedder does it.
///
/// # Safety
///
/// Between the return of [`lock`](Self::lock) and [`unlock`](Self::unlock) no other call of `lock`
/// returns, and each `unlock` happens before the next `lock` returns.
pub unsafe trait RawLock: Sync {
    /// A lock that is not held.
    const NEW: Self;
    /// Waits until the lock is free and takes it.
    fn lock(&self);
    /// Frees the lock; only its holder calls this.
    fn unlock(&self);
}

/// Data behind a lock.
///
/// The holder is a mutator that cannot be stopped meanwhile (cooperative mode), or the collector
/// with the world stopped; hence the collector never waits here for a thread it has stopped.
pub(crate) struct Mutex<L, T> {
    lock: L,
    data: UnsafeCell<T>,
}

// SAFETY: access to the data goes through a guard, and `RawLock` lets only one guard live at a time.
unsafe impl<L: RawLock, T: Send> Sync for Mutex<L, T> {}

impl<L: RawLock, T> Mutex<L, T> {
    pub(crate) const fn new(data: T) -> Self {
        Self { lock: L::NEW, data: UnsafeCell::new(data) }
    }

    pub(crate) fn lock(&self) -> Guard<'_, L, T> {
        self.lock.lock();
        Guard { mutex: self }
    }
}

/// Exclusive access, given up by dropping it.
#[must_use]
pub(crate) struct Guard<'m, L: RawLock, T> {
    mutex: &'m Mutex<L, T>,
}

impl<L: RawLock, T> Deref for Guard<'_, L, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: this guard holds the lock, so nobody else has a reference to the data.
        unsafe { &*self.mutex.data.get() }
    }
}

impl<L: RawLock, T> DerefMut for Guard<'_, L, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: this guard holds the lock, and `&mut self` makes the reference unique.
        unsafe { &mut *self.mutex.data.get() }
    }
}

impl<L: RawLock, T> Drop for Guard<'_, L, T> {
    fn drop(&mut self) {
        self.mutex.lock.unlock();
    }
}
