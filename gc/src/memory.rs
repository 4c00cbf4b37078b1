//! Memory obtained from the embedder: the [`Memory`] trait, the account of what is committed, and
//! two typed views of reserved ranges, [`Table`] (the collector's own data) and [`Space`] (objects).
//!
//! # Invariants
//!
//! * A range returned by [`Memory::reserve`] belongs to this crate for the life of the heap.
//! * Table elements are atomics for which all-zero bytes are valid, so a table needs no
//!   initialisation and shared references to its elements are sound whoever writes them.
//! * Every access of a [`Space`] is checked against its bounds.
#![expect(unsafe_code, reason = "the only place that turns reserved addresses into memory")]

use core::cell::Cell;
use core::marker::PhantomData;
use core::ptr::{self, with_exposed_provenance, with_exposed_provenance_mut};
use core::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, AtomicUsize, Ordering::Relaxed};

/// The grain of commit and discard.
pub const PAGE: usize = 4096;

/// Where the heap's memory comes from.
///
/// # Safety
///
/// [`reserve`](Self::reserve) must return a page-aligned range that nothing else uses, and whose
/// bytes can be read and written; bytes never written, and bytes discarded, must read as zero.
pub unsafe trait Memory {
    /// Reserves `bytes` (a multiple of [`PAGE`]) of address space; `None` when there is none.
    fn reserve(&self, bytes: usize) -> Option<usize>;
    /// Backs a range of reserved pages, so that touching it cannot fail. `false` when there is no
    /// memory left; then nothing has changed.
    fn commit(&self, address: usize, bytes: usize) -> bool;
    /// Gives the memory behind a range of pages back; the range stays reserved and reads as zero.
    fn discard(&self, address: usize, bytes: usize);
}

/// Rounds up to a multiple of `grain`, a power of two.
pub(crate) const fn round_up(n: usize, grain: usize) -> usize {
    (n + grain - 1) & !(grain - 1)
}

/// What the heap has committed, and may commit.
pub(crate) struct Account {
    committed: AtomicUsize,
    limit: AtomicUsize,
}

impl Account {
    pub(crate) const fn new(limit: usize) -> Self {
        Self { committed: AtomicUsize::new(0), limit: AtomicUsize::new(limit) }
    }

    pub(crate) fn committed(&self) -> usize {
        self.committed.load(Relaxed)
    }

    pub(crate) fn limit(&self) -> usize {
        self.limit.load(Relaxed)
    }

    pub(crate) fn set_limit(&self, limit: usize) {
        self.limit.store(limit, Relaxed);
    }

    /// Commits whole pages within the limit.
    pub(crate) fn commit(&self, memory: &impl Memory, address: usize, bytes: usize) -> bool {
        let granted = self.committed.fetch_update(Relaxed, Relaxed, |n| {
            n.checked_add(bytes).filter(|&sum| sum <= self.limit())
        });
        if granted.is_err() {
            return false;
        }
        if memory.commit(address, bytes) {
            return true;
        }
        self.committed.fetch_sub(bytes, Relaxed);
        false
    }

    /// Gives whole committed pages back.
    pub(crate) fn discard(&self, memory: &impl Memory, address: usize, bytes: usize) {
        memory.discard(address, bytes);
        self.committed.fetch_sub(bytes, Relaxed);
    }
}

/// Types that are valid when all their bytes are zero, and may be shared.
///
/// # Safety
///
/// Only for atomic integers.
pub(crate) unsafe trait Element: Sync {}
// SAFETY: an atomic integer.
unsafe impl Element for AtomicU8 {}
// SAFETY: an atomic integer.
unsafe impl Element for AtomicU32 {}
// SAFETY: an atomic integer.
unsafe impl Element for AtomicU64 {}
// SAFETY: an atomic integer.
unsafe impl Element for AtomicUsize {}

/// An array in reserved memory whose committed part grows from the front.
pub(crate) struct Table<T: Element> {
    base: usize,
    capacity: usize,
    committed: AtomicUsize,
    elements: PhantomData<T>,
}

impl<T: Element> Table<T> {
    /// Reserves room for `capacity` elements.
    pub(crate) fn reserve(memory: &impl Memory, capacity: usize) -> Option<Self> {
        let base = memory.reserve(round_up(capacity * size_of::<T>(), PAGE))?;
        Some(Self { base, capacity, committed: AtomicUsize::new(0), elements: PhantomData })
    }

    /// Makes elements `0..len` usable without fail. The caller serialises calls.
    pub(crate) fn ensure(&self, memory: &impl Memory, account: &Account, len: usize) -> bool {
        let committed = self.committed.load(Relaxed);
        let wanted = round_up(len * size_of::<T>(), PAGE);
        if wanted <= committed {
            return true;
        }
        if len > self.capacity || !account.commit(memory, self.base + committed, wanted - committed)
        {
            return false;
        }
        self.committed.store(wanted, Relaxed);
        true
    }

    /// Gives back what lies behind the first `len` elements.
    pub(crate) fn trim(&self, memory: &impl Memory, account: &Account, len: usize) {
        let committed = self.committed.load(Relaxed);
        let kept = round_up(len * size_of::<T>(), PAGE);
        if kept < committed {
            account.discard(memory, self.base + kept, committed - kept);
            self.committed.store(kept, Relaxed);
        }
    }

    pub(crate) fn capacity(&self) -> usize {
        self.capacity
    }

    #[inline]
    pub(crate) fn get(&self, index: usize) -> &T {
        assert!(index < self.capacity, "table index");
        // SAFETY: the index is inside the reserved range (checked above), which is readable and
        // writable (`Memory`) and zero or written through `T` (type invariant).
        unsafe { &*with_exposed_provenance::<T>(self.base).add(index) }
    }

    #[inline]
    pub(crate) fn slice(&self, start: usize, len: usize) -> &[T] {
        assert!(start <= self.capacity && len <= self.capacity - start, "table range");
        // SAFETY: the range is inside the reserved range (checked above), see `get`.
        let first = unsafe { with_exposed_provenance::<T>(self.base).add(start) };
        // SAFETY: as above, for `len` elements; the lifetime is that of the table.
        unsafe { core::slice::from_raw_parts(first, len) }
    }

    /// The address of an element, for embedders that use it as a name.
    pub(crate) fn address(&self, index: usize) -> usize {
        self.base + index * size_of::<T>()
    }

    /// The element at an address that [`address`](Self::address) returned.
    pub(crate) fn index(&self, address: usize) -> Option<usize> {
        let offset = address.checked_sub(self.base)?;
        (offset.is_multiple_of(size_of::<T>()) && offset / size_of::<T>() < self.capacity)
            .then_some(offset / size_of::<T>())
    }

    /// Sets elements `start..start + len` to zero; no one may be using them.
    pub(crate) fn clear(&self, start: usize, len: usize) {
        let range = self.slice(start, len);
        let first = with_exposed_provenance_mut::<T>(range.as_ptr().addr());
        // SAFETY: the range was checked by `slice`, and zero is valid for an `Element`. Atomics may
        // be written through a shared reference, and the caller says that nobody looks.
        unsafe { ptr::write_bytes(first, 0, len) };
    }
}

/// A range of addresses that holds objects.
#[derive(Clone, Copy)]
pub(crate) struct Space {
    pub(crate) base: usize,
    pub(crate) bytes: usize,
}

impl Space {
    /// Reserves `bytes` aligned to `grain`.
    pub(crate) fn reserve(memory: &impl Memory, bytes: usize, grain: usize) -> Option<Self> {
        let base = memory.reserve(bytes + grain)?;
        Some(Self { base: round_up(base, grain), bytes })
    }

    pub(crate) fn contains(self, address: usize) -> bool {
        address.wrapping_sub(self.base) < self.bytes
    }

    #[inline]
    fn pointer(self, address: usize, bytes: usize) -> *mut u8 {
        let offset = address.wrapping_sub(self.base);
        assert!(offset <= self.bytes && bytes <= self.bytes - offset, "outside the space");
        with_exposed_provenance_mut(address)
    }

    /// The word at an 8-aligned address.
    #[inline]
    pub(crate) fn word(self, address: usize) -> usize {
        let word = self.pointer(address, 8).cast::<usize>();
        // SAFETY: in bounds (checked), aligned (all our addresses are), and any bytes are a word.
        // The caller has the world stopped or owns the memory, so nobody else writes it.
        unsafe { word.read() }
    }

    /// Stores the word at an 8-aligned address of unused memory.
    pub(crate) fn set_word(self, address: usize, value: usize) {
        let word = self.pointer(address, 8).cast::<usize>();
        // SAFETY: in bounds (checked), aligned, and unused memory belongs to the caller.
        unsafe { word.write(value) };
    }

    /// Fills unused memory with a byte.
    pub(crate) fn fill(self, address: usize, bytes: usize, value: u8) {
        let first = self.pointer(address, bytes);
        // SAFETY: in bounds (checked); unused memory belongs to the caller.
        unsafe { ptr::write_bytes(first, value, bytes) };
    }
}

/// One bit per 8 bytes of a space, for the marking loop: bounds are checked once per address.
#[derive(Clone, Copy)]
pub(crate) struct MarkView<'t> {
    base: usize,
    bytes: usize,
    words: &'t [AtomicU64],
}

/// What [`MarkView::mark`] found.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Mark {
    /// Not marked so far; it is now.
    New,
    /// Marked before.
    Old,
    /// Not an address of this space.
    Outside,
}

impl<'t> MarkView<'t> {
    /// The bits of the first `bytes` of the space at `base`.
    pub(crate) fn new(table: &'t Table<AtomicU64>, base: usize, bytes: usize) -> Self {
        Self { base, bytes, words: table.slice(0, bytes / 512) }
    }

    /// Marks an address. One marker at a time, so the bit needs no atomic update.
    #[inline(always)]
    pub(crate) fn mark(&self, address: usize) -> Mark {
        let offset = address.wrapping_sub(self.base);
        if offset >= self.bytes {
            return Mark::Outside;
        }
        // SAFETY: `offset < bytes`, and `new` made the slice `bytes / 512` words long, where
        // `bytes` is a multiple of 512 (a number of blocks).
        let word = unsafe { self.words.get_unchecked(offset / 512) };
        let bit = 1 << (offset / 8 % 64);
        let old = word.load(Relaxed);
        if old & bit != 0 {
            return Mark::Old;
        }
        word.store(old | bit, Relaxed);
        Mark::New
    }

    /// Whether an address is marked; `None` outside the space.
    #[inline]
    pub(crate) fn is_marked(&self, address: usize) -> Option<bool> {
        let offset = address.wrapping_sub(self.base);
        (offset < self.bytes)
            .then(|| self.words[offset / 512].load(Relaxed) >> (offset / 8 % 64) & 1 != 0)
    }
}

/// One reservation, cut up: so that a heap costs its embedder a single call.
pub(crate) struct Arena<'m, M> {
    memory: &'m M,
    next: Cell<usize>,
    end: usize,
}

impl<'m, M: Memory> Arena<'m, M> {
    /// Reserves `bytes` to be cut up.
    pub(crate) fn reserve(memory: &'m M, bytes: usize) -> Option<Self> {
        let bytes = round_up(bytes, PAGE);
        let base = memory.reserve(bytes)?;
        Some(Self { memory, next: Cell::new(base), end: base + bytes })
    }
}

// SAFETY: `reserve` hands out disjoint parts of one range that `M` reserved for this arena, each
// once; the other methods are those of `M`.
unsafe impl<M: Memory> Memory for Arena<'_, M> {
    fn reserve(&self, bytes: usize) -> Option<usize> {
        let base = self.next.get();
        let next = base.checked_add(bytes).filter(|&next| next <= self.end)?;
        self.next.set(next);
        Some(base)
    }

    fn commit(&self, address: usize, bytes: usize) -> bool {
        self.memory.commit(address, bytes)
    }

    fn discard(&self, address: usize, bytes: usize) {
        self.memory.discard(address, bytes);
    }
}

/// A stack of words in a table, for the marking loop: held in registers, checked once per push.
#[derive(Clone, Copy)]
pub(crate) struct WordStack {
    base: *mut usize,
    depth: usize,
    /// Words that are backed, at most the table's capacity.
    room: usize,
}

impl WordStack {
    /// An empty stack in a table of which `room` elements are backed.
    pub(crate) fn new(table: &Table<AtomicUsize>, room: usize) -> Self {
        assert!(room <= table.capacity, "room in the table");
        Self { base: with_exposed_provenance_mut(table.base), depth: 0, room }
    }

    pub(crate) fn room(&self) -> usize {
        self.room
    }

    /// Says that more of the table is backed.
    pub(crate) fn set_room(&mut self, table: &Table<AtomicUsize>, room: usize) {
        assert!(self.room <= room && room <= table.capacity, "room in the table");
        self.room = room;
    }

    /// Pushes a word if there is room.
    #[inline(always)]
    pub(crate) fn push(&mut self, word: usize) -> bool {
        if self.depth == self.room {
            return false;
        }
        // SAFETY: `depth < room`, which is inside the table (`new`, `set_room`). Only the collecting
        // thread uses this table.
        unsafe { self.base.add(self.depth).write(word) };
        self.depth += 1;
        true
    }

    #[inline(always)]
    pub(crate) fn pop(&mut self) -> Option<usize> {
        if self.depth == 0 {
            return None;
        }
        self.depth -= 1;
        // SAFETY: as in `push`, which wrote this word.
        Some(unsafe { self.base.add(self.depth).read() })
    }
}
