//! Handles: words outside the heap that hold references by rules of their own.
//!
//! A handle is the address of the word, so the embedder may read and write the reference through
//! it. Handles of all kinds share one table; freed entries form a list.

use crate::memory::{Memory, Table};
use crate::{Heap, Runtime, Tracer};
use core::sync::atomic::{AtomicU8, AtomicUsize, Ordering::Relaxed};

/// How a handle treats its object.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u8)]
pub enum Kind {
    /// Not in use.
    Unused = 0,
    /// Keeps nothing alive; null as soon as the object is unreachable, before its finalizer runs.
    WeakShort = 1,
    /// Keeps nothing alive; null once the object is gone, its finalizer's resurrections included.
    WeakLong = 2,
    /// Keeps its object alive.
    Strong = 3,
    /// Keeps its object alive and in place.
    Pinned = 4,
    /// Keeps a second object alive as long as the first one is.
    Dependent = 5,
}

impl Kind {
    fn from_raw(raw: u8) -> Self {
        match raw {
            1 => Self::WeakShort,
            2 => Self::WeakLong,
            3 => Self::Strong,
            4 => Self::Pinned,
            5 => Self::Dependent,
            _ => Self::Unused,
        }
    }
}

/// The table of all handles.
pub(crate) struct Handles {
    references: Table<AtomicUsize>,
    /// The second object of a dependent handle; 1 + the next free index of an unused one.
    seconds: Table<AtomicUsize>,
    kinds: Table<AtomicU8>,
    free: usize,
    end: usize,
}

impl Handles {
    pub(crate) fn reserve(memory: &impl Memory, capacity: usize) -> Option<Self> {
        Some(Self {
            references: Table::reserve(memory, capacity)?,
            seconds: Table::reserve(memory, capacity)?,
            kinds: Table::reserve(memory, capacity)?,
            free: 0,
            end: 0,
        })
    }

    fn kind(&self, index: usize) -> Kind {
        Kind::from_raw(self.kinds.get(index).load(Relaxed))
    }

    fn index(&self, handle: usize) -> usize {
        let index = self.references.index(handle).filter(|&index| index < self.end);
        let index = index.expect("gc: not a handle");
        assert!(self.kind(index) != Kind::Unused, "gc: a freed handle");
        index
    }

    /// Visits index and kind of every handle in use.
    fn each(&self, mut visit: impl FnMut(usize, Kind)) {
        for (index, raw) in self.kinds.slice(0, self.end).iter().enumerate() {
            let kind = Kind::from_raw(raw.load(Relaxed));
            if kind != Kind::Unused {
                visit(index, kind);
            }
        }
    }

    fn reference(&self, index: usize) -> usize {
        self.references.get(index).load(Relaxed)
    }

    /// Marks what strong handles hold; returns how many are pinned.
    pub(crate) fn mark_strong<R: Runtime>(&self, tracer: &mut Tracer<'_, R>) -> usize {
        let mut pinned = 0;
        self.each(|index, kind| {
            if matches!(kind, Kind::Strong | Kind::Pinned) {
                tracer.mark(self.reference(index));
                pinned += usize::from(kind == Kind::Pinned && self.reference(index) != 0);
            }
        });
        tracer.drain();
        pinned
    }

    /// Marks the second objects of dependent handles whose first are marked, to a fixed point.
    /// Passes alternate in direction, so a chain in either order of allocation takes two.
    pub(crate) fn mark_dependent<R: Runtime>(&self, tracer: &mut Tracer<'_, R>) {
        let mut is_forward = true;
        loop {
            let mut has_marked = false;
            for n in 0..self.end {
                let index = if is_forward { n } else { self.end - 1 - n };
                if self.kind(index) != Kind::Dependent {
                    continue;
                }
                let first = self.reference(index);
                let second = self.seconds.get(index).load(Relaxed);
                if first != 0 && second != 0 && tracer.is_marked(first) && !tracer.is_marked(second)
                {
                    tracer.mark(second);
                    tracer.drain();
                    has_marked = true;
                }
            }
            if !has_marked {
                return;
            }
            is_forward = !is_forward;
        }
    }

    /// Clears handles of one kind whose object is not marked.
    pub(crate) fn clear_dead<R: Runtime>(&self, cleared: Kind, tracer: &Tracer<'_, R>) {
        self.each(|index, kind| {
            let reference = self.reference(index);
            if kind == cleared && (reference == 0 || !tracer.is_marked(reference)) {
                self.references.get(index).store(0, Relaxed);
                self.seconds.get(index).store(0, Relaxed);
            }
        });
    }

    /// Visits every reference held by a handle.
    pub(crate) fn each_reference(&self, mut visit: impl FnMut(usize)) {
        self.each(|index, kind| {
            visit(self.reference(index));
            if kind == Kind::Dependent {
                visit(self.seconds.get(index).load(Relaxed));
            }
        });
    }
}

impl<R: Runtime> Heap<R> {
    /// A new handle; `None` when there is no memory for it.
    pub fn new_handle(&self, kind: Kind, object: usize, second: usize) -> Option<usize> {
        let handles = &mut *self.handles.lock();
        let index = if handles.free != 0 {
            let index = handles.free - 1;
            handles.free = handles.seconds.get(index).load(Relaxed);
            index
        } else {
            let index = handles.end;
            let (memory, account) = (&self.runtime, &self.account);
            let has_room = handles.references.ensure(memory, account, index + 1)
                && handles.seconds.ensure(memory, account, index + 1)
                && handles.kinds.ensure(memory, account, index + 1);
            if !has_room {
                return None;
            }
            handles.end += 1;
            index
        };
        handles.references.get(index).store(object, Relaxed);
        handles.seconds.get(index).store(second, Relaxed);
        handles.kinds.get(index).store(kind as u8, Relaxed);
        Some(handles.references.address(index))
    }

    /// Frees a handle.
    ///
    /// # Panics
    ///
    /// If it is not a handle in use.
    pub fn free_handle(&self, handle: usize) {
        let handles = &mut *self.handles.lock();
        let index = handles.index(handle);
        handles.kinds.get(index).store(Kind::Unused as u8, Relaxed);
        handles.references.get(index).store(0, Relaxed);
        handles.seconds.get(index).store(handles.free, Relaxed);
        handles.free = index + 1;
    }

    /// The object of a handle.
    ///
    /// # Panics
    ///
    /// If it is not a handle in use.
    pub fn handle_target(&self, handle: usize) -> usize {
        let handles = self.handles.lock();
        handles.reference(handles.index(handle))
    }

    /// Changes the object of a handle.
    ///
    /// # Panics
    ///
    /// If it is not a handle in use.
    pub fn set_handle_target(&self, handle: usize, object: usize) {
        let handles = self.handles.lock();
        handles.references.get(handles.index(handle)).store(object, Relaxed);
    }

    /// The objects of a dependent handle; both null once the first is gone.
    ///
    /// # Panics
    ///
    /// If it is not a handle in use.
    pub fn dependent_targets(&self, handle: usize) -> (usize, usize) {
        let handles = self.handles.lock();
        let index = handles.index(handle);
        match handles.reference(index) {
            0 => (0, 0),
            first => (first, handles.seconds.get(index).load(Relaxed)),
        }
    }

    /// Changes the second object of a dependent handle.
    ///
    /// # Panics
    ///
    /// If it is not a handle in use.
    pub fn set_dependent_second(&self, handle: usize, second: usize) {
        let handles = self.handles.lock();
        handles.seconds.get(handles.index(handle)).store(second, Relaxed);
    }
}
