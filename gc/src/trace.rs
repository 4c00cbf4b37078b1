//! Marking: the tracer, its stack, and what happens when the stack cannot grow.
//!
//! An object is marked when it is first seen, and put on the stack if it can hold references. The
//! stack grows in committed steps. When it cannot grow (the quota is used up), the object stays
//! marked but unscanned, and once the stack is empty all marked objects are scanned again, as often
//! as it takes: slow, but it needs no memory and it ends, since each round marks something new.

use crate::index::Index;
use crate::memory::{Mark, MarkView, Table};
use crate::{Heap, Runtime, Slot};
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// Entries of the mark stack that are always backed.
pub(crate) const STACK_MIN: usize = 8 * 1024;
/// Entries by which it grows.
const STACK_STEP: usize = 64 * 1024;

/// One collection's marking. Embedders see it when they report roots.
pub struct Tracer<'h, R: Runtime> {
    heap: &'h Heap<R>,
    marks: MarkView<'h>,
    stack: &'h Table<AtomicUsize>,
    depth: usize,
    /// Entries the stack has room for.
    room: usize,
    has_overflowed: bool,
    /// Check each reference before following it.
    is_checking: bool,
    index: Index,
    /// Bytes and number of objects marked.
    pub(crate) live_bytes: usize,
    pub(crate) live_objects: usize,
    /// How often all marked objects had to be scanned again.
    pub(crate) rescans: usize,
}

impl<'h, R: Runtime> Tracer<'h, R> {
    pub(crate) fn new(heap: &'h Heap<R>) -> Self {
        Self {
            heap,
            marks: heap.blocks.view(),
            stack: &heap.stack,
            depth: 0,
            room: STACK_MIN.min(heap.stack.capacity()),
            has_overflowed: false,
            is_checking: heap.is_verifying,
            index: Index::default(),
            live_bytes: 0,
            live_objects: 0,
            rescans: 0,
        }
    }

    /// Reports an exact reference: null, the address of an object, or an address outside the heap.
    pub fn mark(&mut self, reference: usize) {
        if reference != 0 {
            if self.is_checking {
                self.check(reference, 0);
            }
            self.visit(reference);
        }
    }

    /// Reports a word that may be anything, a pointer into an object or just past its end included;
    /// keeps that object alive.
    pub fn mark_ambiguous(&mut self, word: usize) {
        if let Some(object) = self.object_at(word) {
            self.visit(object);
        }
    }

    /// The object that contains an address, or ends there, if it was alive when this collection
    /// began or was allocated since the last.
    pub fn object_at(&mut self, address: usize) -> Option<usize> {
        let heap = self.heap;
        heap.blocks
            .object_at::<R>(address, &mut self.index, &heap.runtime, &heap.account)
            .or_else(|| heap.large.object_at::<R>(address))
    }

    /// Whether an object is known to be reachable; addresses outside the heap always are.
    pub(crate) fn is_marked(&self, object: usize) -> bool {
        match self.marks.is_marked(object) {
            Some(is_marked) => is_marked,
            None => self.heap.large.age(object) != Some(0),
        }
    }

    #[inline(always)]
    fn visit(&mut self, object: usize) {
        match self.marks.mark(object) {
            Mark::New => self.push(object),
            Mark::Old => {}
            Mark::Outside => self.visit_large(object),
        }
    }

    #[cold]
    #[inline(never)]
    fn visit_large(&mut self, object: usize) {
        if self.heap.large.mark(object) == Some(true) {
            self.push(object);
        }
    }

    #[inline(always)]
    fn push(&mut self, object: usize) {
        self.live_objects += 1;
        if !R::has_references(object) {
            self.live_bytes += R::size(object);
            return;
        }
        if self.depth == self.room && !self.grow() {
            self.has_overflowed = true;
            return;
        }
        self.stack.get(self.depth).store(object, Relaxed);
        self.depth += 1;
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self) -> bool {
        let room = (self.room + STACK_STEP).min(self.stack.capacity());
        let heap = self.heap;
        let has_grown = room > self.room && self.stack.ensure(&heap.runtime, &heap.account, room);
        if has_grown {
            self.room = room;
        }
        has_grown
    }

    /// Marks all that can be reached from what is marked.
    pub(crate) fn drain(&mut self) {
        loop {
            if self.is_checking {
                self.drain_stack::<true>();
            } else {
                self.drain_stack::<false>();
            }
            if !self.has_overflowed {
                return;
            }
            self.has_overflowed = false;
            self.rescan();
        }
    }

    fn drain_stack<const CHECK: bool>(&mut self) {
        while self.depth > 0 {
            self.depth -= 1;
            let object = self.stack.get(self.depth).load(Relaxed);
            self.live_bytes += self.scan::<CHECK>(object);
        }
    }

    #[inline(always)]
    fn scan<const CHECK: bool>(&mut self, object: usize) -> usize {
        R::scan(object, |slot: Slot| {
            let reference = slot.load();
            if reference != 0 {
                if CHECK {
                    self.check(reference, object);
                }
                self.visit(reference);
            }
        })
    }

    /// Scans every marked object, pushing what was missed. Objects whose push failed are counted in
    /// `live_bytes` here rather than when popped, so the sum is taken anew.
    #[cold]
    fn rescan(&mut self) {
        self.rescans += 1;
        self.live_bytes = 0;
        let heap = self.heap;
        heap.each_marked(|object| {
            if R::has_references(object) {
                // Draining at once keeps the stack as empty as it can be.
                self.scan::<false>(object);
                self.drain_stack::<false>();
            }
        });
        if !self.has_overflowed {
            self.live_bytes = 0;
            heap.each_marked(|object| self.live_bytes += R::size(object));
        }
    }

    /// Stops with a message when a reference is not to an object.
    #[cold]
    #[inline(never)]
    fn check(&mut self, reference: usize, holder: usize) {
        let is_ours =
            self.marks.is_marked(reference).is_some() || self.heap.large.space.contains(reference);
        if is_ours && self.object_at(reference) != Some(reference) {
            panic!("gc: {reference:#x}, referenced by {holder:#x}, is not an object");
        }
    }
}

impl<R: Runtime> Heap<R> {
    /// Visits all objects marked in the current collection (outside one: alive after the last).
    pub(crate) fn each_marked(&self, mut visit: impl FnMut(usize)) {
        for block in 0..self.blocks.top() {
            self.blocks.live_objects(block, &mut visit);
        }
        self.large.live_objects(visit);
    }
}
