//! Finalization: which objects have finalizers, and which of them are waiting to run.
//!
//! ```text
//!  register ──> registered ──(unreachable, not suppressed)──> ready ──> next() ──> finalizer thread
//!                   └───────(unreachable, suppressed)──> forgotten
//! ```
//! A ready object, and all it references, stays alive until it is taken.

use crate::memory::{Memory, Table};
use crate::{Heap, Runtime, Tracer};
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// A queue in a table: entries `first..end`.
struct Queue {
    entries: Table<AtomicUsize>,
    first: usize,
    end: usize,
}

impl Queue {
    fn reserve(memory: &impl Memory, capacity: usize) -> Option<Self> {
        Some(Self { entries: Table::reserve(memory, capacity)?, first: 0, end: 0 })
    }

    fn len(&self) -> usize {
        self.end - self.first
    }

    /// The caller has ensured room.
    fn push(&mut self, object: usize) {
        self.entries.get(self.end).store(object, Relaxed);
        self.end += 1;
    }

    fn pop(&mut self) -> Option<usize> {
        if self.first == self.end {
            return None;
        }
        let object = self.entries.get(self.first).load(Relaxed);
        self.first += 1;
        Some(object)
    }

    /// Moves the entries to the front, so that `len` more entries need no more than that room.
    fn compact(&mut self) {
        for n in 0..self.len() {
            let object = self.entries.get(self.first + n).load(Relaxed);
            self.entries.get(n).store(object, Relaxed);
        }
        (self.first, self.end) = (0, self.len());
    }

    fn each(&self, mut visit: impl FnMut(usize)) {
        for entry in self.entries.slice(self.first, self.len()) {
            visit(entry.load(Relaxed));
        }
    }
}

/// All finalizable objects.
pub(crate) struct Finalization {
    registered: Queue,
    /// By [`Finalizer`](crate::Finalizer): normal, critical.
    ready: [Queue; 2],
}

impl Finalization {
    pub(crate) fn reserve(memory: &impl Memory, capacity: usize) -> Option<Self> {
        let queue = || Queue::reserve(memory, capacity);
        Some(Self { registered: queue()?, ready: [queue()?, queue()?] })
    }

    /// How many objects are ready.
    pub(crate) fn pending(&self) -> usize {
        self.ready.iter().map(Queue::len).sum()
    }

    /// Visits the objects that are alive because their finalizers have yet to run.
    pub(crate) fn each_ready(&self, mut visit: impl FnMut(usize)) {
        self.ready.iter().for_each(|queue| queue.each(&mut visit));
    }

    /// Visits the registered objects.
    pub(crate) fn each_registered(&self, visit: impl FnMut(usize)) {
        self.registered.each(visit);
    }

    /// After marking: unreachable registered objects become ready, and reachable again; returns how
    /// many.
    pub(crate) fn find_ready<R: Runtime>(&mut self, tracer: &mut Tracer<'_, R>) -> usize {
        let mut kept = 0;
        let mut dead = 0;
        // First who is dead, then what they keep alive: one may reference another.
        for n in 0..self.registered.end {
            let object = self.registered.entries.get(n).load(Relaxed);
            if tracer.is_marked(object) {
                self.registered.entries.get(kept).store(object, Relaxed);
                kept += 1;
            } else if !R::take_suppressed(object) {
                self.ready[R::finalizer(object) as usize].push(object);
                dead += 1;
            }
        }
        self.registered.end = kept;
        if dead != 0 {
            self.each_ready(|object| tracer.mark(object));
            tracer.drain();
        }
        dead
    }
}

impl<R: Runtime> Heap<R> {
    /// Registers an object for finalization; `false` when there is no memory to remember it.
    pub fn register_finalizable(&self, object: usize) -> bool {
        let finalization = &mut *self.finalization.lock();
        for queue in &mut finalization.ready {
            if queue.first > 1024 && queue.first > queue.len() {
                queue.compact();
            }
        }
        // Room for all to become ready, so that a collection needs no memory for it.
        let registered = finalization.registered.end + 1;
        let has_room =
            finalization.registered.entries.ensure(&self.runtime, &self.account, registered)
                && finalization.ready.iter().all(|queue| {
                    queue.entries.ensure(&self.runtime, &self.account, queue.end + registered)
                });
        if has_room {
            finalization.registered.push(object);
        }
        has_room
    }

    /// The next object whose finalizer is to run.
    pub fn next_finalizable(&self) -> Option<usize> {
        let finalization = &mut *self.finalization.lock();
        let next = finalization.ready.iter_mut().find_map(Queue::pop);
        self.finalization_taken.fetch_add(usize::from(next.is_some()), Relaxed);
        next
    }

    /// How many objects ever became ready, and how many of them were ever taken. Takes no lock.
    pub fn finalization_counts(&self) -> (usize, usize) {
        let taken = self.finalization_taken.load(Relaxed);
        (self.finalization_queued.load(Relaxed), taken)
    }
}
