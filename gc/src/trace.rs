//! Marking: the tracer, its stack, and what happens when the stack cannot grow.
//!
//! An object is marked when it is first seen, and put on the stack if it can hold references. The
//! stack grows in committed steps. When it cannot grow (the quota is used up), the object stays
//! marked but unscanned, and once the stack is empty all marked objects are scanned again, as often
//! as it takes: slow, but it needs no memory and it ends, since each round marks something new.

use crate::index::Index;
use crate::memory::{Mark, MarkView, WordStack};
use crate::{Heap, Runtime, Slot};

/// Entries of the mark stack that are always backed.
pub(crate) const STACK_MIN: usize = 8 * 1024;
/// Entries by which it grows.
const STACK_STEP: usize = 64 * 1024;

/// One collection's marking. Embedders see it when they report roots.
pub struct Tracer<'h, R: Runtime> {
    heap: &'h Heap<R>,
    marks: MarkView<'h>,
    stack: WordStack,
    has_overflowed: bool,
    /// Check each reference before following it.
    is_checking: bool,
    index: Index,
    /// Bytes of the objects marked.
    pub(crate) live_bytes: usize,
    /// How often all marked objects had to be scanned again.
    pub(crate) rescans: usize,
}

impl<'h, R: Runtime> Tracer<'h, R> {
    pub(crate) fn new(heap: &'h Heap<R>) -> Self {
        Self {
            heap,
            marks: heap.blocks.view(),
            stack: WordStack::new(&heap.stack, STACK_MIN.min(heap.stack.capacity())),
            has_overflowed: false,
            is_checking: heap.is_verifying,
            index: Index::default(),
            live_bytes: 0,
            rescans: 0,
        }
    }

    /// Reports an exact reference: null, the address of an object, or an address outside the heap.
    pub fn mark(&mut self, reference: usize) {
        if self.is_checking {
            self.check(reference, 0);
        }
        let (marks, mut stack) = (self.marks, self.stack);
        self.visit(marks, &mut stack, reference);
        self.stack = stack;
    }

    /// Reports a word that may be anything, a pointer into an object or just past its end included;
    /// keeps that object alive.
    pub fn mark_ambiguous(&mut self, word: usize) {
        if let Some(object) = self.object_at(word) {
            self.mark(object);
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

    /// Marks what a reference refers to. The view and the stack are apart from the tracer so that
    /// the loop around keeps them in registers.
    #[inline(always)]
    fn visit(&mut self, marks: MarkView<'h>, stack: &mut WordStack, object: usize) {
        match marks.mark(object) {
            Mark::New => {}
            Mark::Old => return,
            // Null, the commonest of all, ends here.
            Mark::Outside if object == 0 || !mark_large(self.heap, object) => return,
            Mark::Outside => {}
        }
        if !R::has_references(object) {
            self.live_bytes += R::size(object);
        } else if !stack.push(object) {
            match grow(self.heap, stack.room()) {
                Some(room) => {
                    stack.set_room(&self.heap.stack, room);
                    stack.push(object);
                }
                None => self.has_overflowed = true,
            }
        }
    }

    /// Marks all that can be reached from what is marked.
    pub(crate) fn drain(&mut self) {
        loop {
            self.drain_stack();
            if !self.has_overflowed {
                return;
            }
            self.has_overflowed = false;
            self.rescan();
        }
    }

    fn drain_stack(&mut self) {
        if self.is_checking {
            self.drain_checking();
        }
        let (marks, mut stack) = (self.marks, self.stack);
        let mut bytes = 0;
        while let Some(object) = stack.pop() {
            bytes += R::scan(object, |slot: Slot| self.visit(marks, &mut stack, slot.load()));
        }
        self.stack = stack;
        self.live_bytes += bytes;
    }

    #[cold]
    fn drain_checking(&mut self) {
        while let Some(object) = self.stack.pop() {
            self.live_bytes += R::size(object);
            self.scan_checking(object);
        }
    }

    fn scan_checking(&mut self, object: usize) {
        R::scan(object, |slot: Slot| {
            self.check(slot.load(), object);
            self.mark(slot.load());
        });
    }

    /// Scans every marked object, for those whose push failed. What had been counted of those
    /// scanned before is forgotten, and the sum taken anew at the end.
    #[cold]
    fn rescan(&mut self) {
        self.rescans += 1;
        let heap = self.heap;
        heap.each_marked(|object| {
            if R::has_references(object) {
                // Draining at once keeps the stack as empty as it can be.
                self.scan_checking(object);
                self.drain_stack();
            }
        });
        if !self.has_overflowed {
            self.live_bytes = 0;
            heap.each_marked(|object| self.live_bytes += R::size(object));
        }
    }

    /// Stops with a message when a reference is not to an object.
    #[inline(never)]
    fn check(&mut self, reference: usize, holder: usize) {
        let is_ours =
            self.marks.is_marked(reference).is_some() || self.heap.large.space.contains(reference);
        if self.is_checking && is_ours && self.object_at(reference) != Some(reference) {
            panic!("gc: {reference:#x}, referenced by {holder:#x}, is not an object");
        }
    }
}

/// Marks an address outside the blocks; whether it is a large object that was unmarked.
#[cold]
#[inline(never)]
fn mark_large<R: Runtime>(heap: &Heap<R>, object: usize) -> bool {
    heap.large.mark(object) == Some(true)
}

/// Backs more of the mark stack, of which `room` entries are; returns how many are then.
#[cold]
#[inline(never)]
fn grow<R: Runtime>(heap: &Heap<R>, room: usize) -> Option<usize> {
    let wanted = (room + STACK_STEP).min(heap.stack.capacity());
    let has_grown = wanted > room && heap.stack.ensure(&heap.runtime, &heap.account, wanted);
    has_grown.then_some(wanted)
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
