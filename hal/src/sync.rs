//! Locks. The kernel runs with interrupts disabled, so they need not touch the interrupt flag; but a
//! CPU that spins answers what other CPUs wait for, or two CPUs could wait for each other.

use core::fmt;
use core::ops::{Deref, DerefMut};

use crate::arch::{Arch, Machine};

/// What a waiting CPU does.
#[derive(Debug)]
struct Relax;

impl spin::RelaxStrategy for Relax {
    #[inline]
    fn relax() {
        Machine::relax();
    }
}

/// A spin lock.
pub struct SpinLock<T: ?Sized>(spin::mutex::SpinMutex<T, Relax>);

impl<T> SpinLock<T> {
    /// Creates an unlocked lock.
    pub const fn new(value: T) -> Self {
        Self(spin::mutex::SpinMutex::new(value))
    }
}

impl<T: ?Sized> SpinLock<T> {
    /// Acquires the lock, spinning until it is free.
    #[inline]
    pub fn lock(&self) -> SpinGuard<'_, T> {
        SpinGuard(self.0.lock())
    }

    /// Acquires the lock if it is free.
    #[inline]
    pub fn try_lock(&self) -> Option<SpinGuard<'_, T>> {
        self.0.try_lock().map(SpinGuard)
    }

    /// Opens the lock, whoever holds it.
    ///
    /// # Safety
    ///
    /// Whoever holds it must never use the value again.
    pub(crate) unsafe fn force_unlock(&self) {
        // SAFETY: the caller says so.
        unsafe { self.0.force_unlock() }
    }

    /// The value, which nobody else can reach.
    pub fn get_mut(&mut self) -> &mut T {
        self.0.get_mut()
    }
}

impl<T: ?Sized> fmt::Debug for SpinLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SpinLock").finish_non_exhaustive()
    }
}

/// Access to the value of a locked [`SpinLock`].
#[must_use]
pub struct SpinGuard<'a, T: ?Sized>(spin::mutex::SpinMutexGuard<'a, T, Relax>);

impl<T: ?Sized> Deref for SpinGuard<'_, T> {
    type Target = T;
    #[inline]
    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: ?Sized> DerefMut for SpinGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T: ?Sized> fmt::Debug for SpinGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SpinGuard").finish_non_exhaustive()
    }
}

/// A value set once.
pub struct Once<T>(spin::once::Once<T, Relax>);

impl<T> Once<T> {
    /// Creates one without a value.
    pub const fn new() -> Self {
        Self(spin::once::Once::new())
    }

    /// The value, made by `make` at the first call.
    pub fn call_once(&self, make: impl FnOnce() -> T) -> &T {
        self.0.call_once(make)
    }

    /// The value, when there is one.
    #[inline]
    pub fn get(&self) -> Option<&T> {
        self.0.get()
    }
}

impl<T> Default for Once<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> fmt::Debug for Once<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Once").finish_non_exhaustive()
    }
}
