//! Mutex and condition variable of the runtime itself, on wait and wake.
//!
//! Rule: nobody waits for a collection while holding one of these, so waiting for one cooperatively
//! is safe and short.
use crate::sys;
use abi::Error;
use core::cell::UnsafeCell;
use core::ops::{Deref, DerefMut};
use core::sync::atomic::AtomicU32;
use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};

const FREE: u32 = 0;
const HELD: u32 = 1;
const HELD_WITH_WAITERS: u32 = 2;
/// Rounds to spin before the kernel is asked to wait.
const SPINS: u32 = 100;

/// A lock without a value. `unlock` is only called by who holds it.
pub struct RawMutex(AtomicU32);

impl Default for RawMutex {
    fn default() -> Self {
        Self::new()
    }
}

impl RawMutex {
    /// A free lock.
    pub const fn new() -> Self {
        Self(AtomicU32::new(FREE))
    }

    /// Takes the lock if it is free.
    pub fn try_lock(&self) -> bool {
        self.0.compare_exchange(FREE, HELD, Acquire, Relaxed).is_ok()
    }

    /// Takes the lock, waiting for it.
    pub fn lock(&self) {
        if self.try_lock() {
            return;
        }
        for _ in 0..SPINS {
            core::hint::spin_loop();
            if self.0.load(Relaxed) == FREE && self.try_lock() {
                return;
            }
        }
        while self.0.swap(HELD_WITH_WAITERS, Acquire) != FREE {
            let _ = sys::wait(&self.0, HELD_WITH_WAITERS, abi::NO_DEADLINE);
        }
    }

    /// Gives the lock back.
    pub fn unlock(&self) {
        if self.0.swap(FREE, Release) == HELD_WITH_WAITERS {
            sys::wake(&self.0, 1);
        }
    }
}

/// A condition: threads wait for a notification given under a [`RawMutex`].
pub struct Condition(AtomicU32);

impl Default for Condition {
    fn default() -> Self {
        Self::new()
    }
}

impl Condition {
    /// A condition that nobody waits for.
    pub const fn new() -> Self {
        Self(AtomicU32::new(0))
    }

    /// Gives the lock back, waits for a notification or the deadline, takes the lock again. False
    /// after the deadline; true may also mean that nothing happened.
    pub fn wait(&self, mutex: &RawMutex, deadline: u64) -> bool {
        let sequence = self.0.load(Relaxed);
        mutex.unlock();
        let result = sys::wait(&self.0, sequence, deadline);
        mutex.lock();
        result != Err(Error::TimedOut)
    }

    /// Wakes one waiting thread.
    pub fn notify_one(&self) {
        self.0.fetch_add(1, Release);
        sys::wake(&self.0, 1);
    }

    /// Wakes every waiting thread.
    pub fn notify_all(&self) {
        self.0.fetch_add(1, Release);
        sys::wake(&self.0, u32::MAX);
    }
}

/// A value behind a lock.
pub struct Mutex<T> {
    raw: RawMutex,
    value: UnsafeCell<T>,
}

// SAFETY: the value is reached only through the lock, by one thread at a time.
unsafe impl<T: Send> Sync for Mutex<T> {}

/// The right to use the value of a [`Mutex`].
pub struct Guard<'a, T>(&'a Mutex<T>);

impl<T> Mutex<T> {
    /// Puts a value behind a free lock.
    pub const fn new(value: T) -> Self {
        Self { raw: RawMutex::new(), value: UnsafeCell::new(value) }
    }

    /// Takes the lock, waiting for it.
    pub fn lock(&self) -> Guard<'_, T> {
        self.raw.lock();
        Guard(self)
    }
}

impl<T> Deref for Guard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: this guard holds the lock.
        unsafe { &*self.0.value.get() }
    }
}

impl<T> DerefMut for Guard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: this guard holds the lock.
        unsafe { &mut *self.0.value.get() }
    }
}

impl<T> Drop for Guard<'_, T> {
    fn drop(&mut self) {
        self.0.raw.unlock();
    }
}

#[cfg(test)]
mod tests {
    use super::{Condition, Mutex, RawMutex};
    use std::sync::Arc;

    #[test]
    fn increments_under_the_lock_are_not_lost() {
        let value = Arc::new(Mutex::new(0));
        let rounds = if cfg!(miri) { 100 } else { 10_000 };
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let value = Arc::clone(&value);
                std::thread::spawn(move || (0..rounds).for_each(|_| *value.lock() += 1))
            })
            .collect();
        threads.into_iter().for_each(|thread| thread.join().expect("the thread ends"));
        assert_eq!(*value.lock(), 4 * rounds);
    }

    #[test]
    fn a_condition_times_out() {
        let mutex = RawMutex::new();
        mutex.lock();
        let deadline = crate::sys::deadline_after(Some(1_000_000));
        while Condition::new().wait(&mutex, deadline) {}
        assert!(crate::sys::monotonic_ns() >= deadline);
        mutex.unlock();
    }
}
