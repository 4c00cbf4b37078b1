//! A runtime small enough to test the collector with: objects of words, roots in vectors.
//!
//! ```text
//!  -8 header   +0 type: size, number of references   +8 references...   then payload words
//! ```
#![expect(unsafe_code, reason = "a runtime reads objects; every address comes from the heap")]

use gc::{Context, Finalizer, Memory, PAGE, RawLock, Runtime, Slot, Tracer};
use std::alloc::{Layout, alloc_zeroed, dealloc};
use std::cell::{Cell, RefCell};
use std::ptr::{with_exposed_provenance, with_exposed_provenance_mut};
use std::sync::atomic::{AtomicBool, Ordering};

/// Header bits.
pub(crate) const SUPPRESSED: usize = 1;
pub(crate) const CRITICAL: usize = 2;

/// A spinning lock; the tests use one thread per heap.
pub(crate) struct Spin(AtomicBool);

// SAFETY: `swap` lets one caller through at a time, with acquire and release ordering.
unsafe impl RawLock for Spin {
    const NEW: Self = Self(AtomicBool::new(false));

    fn lock(&self) {
        while self.0.swap(true, Ordering::Acquire) {
            std::hint::spin_loop();
        }
    }

    fn unlock(&self) {
        self.0.store(false, Ordering::Release);
    }
}

/// The test runtime.
#[derive(Default)]
pub(crate) struct Toy {
    reserved: RefCell<Vec<(usize, Layout)>>,
    /// Pages committed, and how many may be; commits refused from the next one on when zero.
    pub(crate) committed: Cell<usize>,
    pub(crate) quota: Cell<usize>,
    pub(crate) roots: RefCell<Vec<usize>>,
    pub(crate) ambiguous: RefCell<Vec<usize>>,
    pub(crate) contexts: RefCell<Vec<Context>>,
    pub(crate) time: Cell<u64>,
}

impl Toy {
    pub(crate) fn new(quota: usize) -> Self {
        let toy = Self::default();
        toy.quota.set(quota);
        toy
    }
}

impl Drop for Toy {
    fn drop(&mut self) {
        for (address, layout) in self.reserved.borrow_mut().drain(..) {
            // SAFETY: allocated in `reserve` with this layout; the heap is going away.
            unsafe { dealloc(with_exposed_provenance_mut(address), layout) };
        }
    }
}

// SAFETY: the allocator hands out exclusive zeroed memory; `discard` clears.
unsafe impl Memory for Toy {
    fn reserve(&self, bytes: usize) -> Option<usize> {
        // Aligned by hand: the system's allocator has fresh zero pages only for small alignments.
        let layout = Layout::from_size_align(bytes + PAGE, 8).expect("a sensible size");
        // SAFETY: the size is not zero.
        let memory = unsafe { alloc_zeroed(layout) };
        let address = memory.expose_provenance();
        self.reserved.borrow_mut().push((address, layout));
        Some(address.next_multiple_of(PAGE))
    }

    fn commit(&self, address: usize, bytes: usize) -> bool {
        assert!(address.is_multiple_of(PAGE) && bytes.is_multiple_of(PAGE) && bytes != 0);
        let committed = self.committed.get() + bytes;
        if committed > self.quota.get() {
            return false;
        }
        self.committed.set(committed);
        true
    }

    fn discard(&self, address: usize, bytes: usize) {
        assert!(address.is_multiple_of(PAGE) && bytes.is_multiple_of(PAGE) && bytes != 0);
        self.committed.set(self.committed.get() - bytes);
        // SAFETY: the heap gives back its own memory.
        unsafe { std::ptr::write_bytes(with_exposed_provenance_mut::<u8>(address), 0, bytes) };
    }
}

pub(crate) fn load(address: usize) -> usize {
    // SAFETY: tests pass addresses of words in objects.
    unsafe { with_exposed_provenance::<usize>(address).read() }
}

pub(crate) fn store(address: usize, value: usize) {
    // SAFETY: as in `load`.
    unsafe { with_exposed_provenance_mut::<usize>(address).write(value) };
}

/// The type word of an object of `size` bytes with `references` references.
pub(crate) const fn type_word(size: usize, references: usize) -> usize {
    references << 32 | size
}

pub(crate) fn references(object: usize) -> usize {
    load(object) >> 32
}

pub(crate) fn reference_slot(object: usize, n: usize) -> usize {
    object + 8 + 8 * n
}

// SAFETY: the layout is the one above; roots and contexts are all that the tests use.
unsafe impl Runtime for Toy {
    type Lock = Spin;

    fn size(object: usize) -> usize {
        load(object) & 0xffff_ffff
    }

    fn has_references(object: usize) -> bool {
        references(object) != 0
    }

    fn scan(object: usize, mut visit: impl FnMut(Slot)) -> usize {
        for n in 0..references(object) {
            // SAFETY: a reference word of an object.
            visit(unsafe { Slot::new(with_exposed_provenance_mut(reference_slot(object, n))) });
        }
        Self::size(object)
    }

    fn finalizer(object: usize) -> Finalizer {
        if load(object - 8) & CRITICAL != 0 { Finalizer::Critical } else { Finalizer::Normal }
    }

    fn take_suppressed(object: usize) -> bool {
        let header = load(object - 8);
        store(object - 8, header & !SUPPRESSED);
        header & SUPPRESSED != 0
    }

    fn roots(&self, tracer: &mut Tracer<'_, Self>) {
        self.roots.borrow().iter().for_each(|&root| tracer.mark(root));
        self.ambiguous.borrow().iter().for_each(|&word| tracer.mark_ambiguous(word));
    }

    fn contexts(&self, visit: &mut dyn FnMut(&mut Context)) {
        self.contexts.borrow_mut().iter_mut().for_each(visit);
    }

    fn now_ns(&self) -> u64 {
        self.time.set(self.time.get() + 1);
        self.time.get()
    }
}

/// Repeatable noise.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16
    }

    pub(crate) fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    pub(crate) fn chance(&mut self, one_in: usize) -> bool {
        self.below(one_in) == 0
    }
}
