//! What the collector asks of the runtime that embeds it.
#![expect(unsafe_code, reason = "the contract that everything else rests on: an unsafe trait")]

use crate::{Context, Memory, RawLock, Tracer};

/// Bytes of an object that lie before the address it is known by.
///
/// The *address of an object* is that of its second word: the word before it is the header, the
/// word at it is its type, never zero once the object is in use.
pub const HEADER: usize = 8;

/// The smallest object: header, type, one word.
pub const MIN_OBJECT: usize = 24;

/// When a finalizer runs, relative to others found in the same collection.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Finalizer {
    /// Before all critical ones.
    Normal,
    /// After all normal ones.
    Critical,
}

/// A place that holds a reference.
#[derive(Clone, Copy)]
pub struct Slot(*mut usize);

impl Slot {
    /// Names a place that holds a reference.
    ///
    /// # Safety
    ///
    /// `place` is an aligned, readable word that holds null or the address of an object, and nobody
    /// writes it while the slot is in use.
    #[inline(always)]
    pub const unsafe fn new(place: *mut usize) -> Self {
        Self(place)
    }

    /// The reference.
    #[inline(always)]
    pub fn load(self) -> usize {
        // SAFETY: `new`'s caller promised a readable word that nobody writes meanwhile.
        unsafe { self.0.read() }
    }
}

/// The embedder's half: the layout of objects, the roots, time and memory.
///
/// Object addresses outside the heap (frozen objects, say) may appear wherever a reference may; the
/// collector ignores them and never asks about their layout.
///
/// # Safety
///
/// 1. [`size`](Self::size), [`has_references`](Self::has_references) and [`scan`](Self::scan) must
///    agree with each other and depend on the object's contents only in ways that do not change
///    while it lives. The size is a multiple of 8, at least [`MIN_OBJECT`], and what the object was
///    allocated with (rounded up to 8).
/// 2. `scan` visits every word of the object that may hold a reference, each once, and nothing else.
/// 3. [`roots`](Self::roots) reports every reference held outside the heap (and outside handles and
///    the finalization queue), [`contexts`](Self::contexts) every context that allocates.
pub unsafe trait Runtime: Memory + Sized {
    /// How this embedder locks.
    type Lock: RawLock;

    /// The size in bytes, header included, of the object at an address.
    fn size(object: usize) -> usize;

    /// Whether the object can hold references at all.
    fn has_references(object: usize) -> bool;

    /// Visits every reference slot of an object that [has references](Self::has_references), and
    /// returns its size. The collector's inner loop.
    fn scan(object: usize, visit: impl FnMut(Slot)) -> usize;

    /// When the finalizer of this (finalizable, unreachable) object runs.
    fn finalizer(object: usize) -> Finalizer;

    /// Whether finalization of the object has been suppressed; forgets that it was.
    fn take_suppressed(object: usize) -> bool;

    /// Reports every root to the tracer. The world is stopped.
    fn roots(&self, tracer: &mut Tracer<'_, Self>);

    /// Visits every allocation context. The world is stopped.
    fn contexts(&self, visit: &mut dyn FnMut(&mut Context));

    /// Monotonic time.
    fn now_ns(&self) -> u64;
}
