//! The large-object space: objects of more than [`LARGE`] bytes on pages of their own.
//!
//! Four bits per page: in use, head of an object, dirty (must be cleared before use), and two sets
//! of marks on heads. An object starts [`HEADER`] bytes into its first page; how many pages it has
//! follows from its size, so a head bit is all there is to know. Allocation is first fit.
//!
//! # Invariants
//!
//! * A page without its dirty bit reads as zero. A page that is not in use and not dirty has no
//!   memory behind it.
//! * The pages in use are those of the objects at the heads, and each is backed.

use crate::memory::{Account, Memory, PAGE, Space, Table, round_up};
use crate::{HEADER, Runtime};
use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

/// Objects above this size are large.
pub const LARGE: usize = 8 * 1024;

/// More than an array has before its elements: header, type, length, bounds. Always cleared.
const PREFIX: usize = 512;

/// A set of pages.
struct PageSet(Table<AtomicU64>);

impl PageSet {
    fn reserve(memory: &impl Memory, pages: usize) -> Option<Self> {
        Some(Self(Table::reserve(memory, pages.div_ceil(64))?))
    }

    fn word(&self, n: usize) -> u64 {
        self.0.get(n).load(Relaxed)
    }

    fn contains(&self, page: usize) -> bool {
        self.word(page / 64) >> (page % 64) & 1 != 0
    }

    fn insert(&self, page: usize) {
        self.0.get(page / 64).fetch_or(1 << (page % 64), Relaxed);
    }

    fn remove(&self, page: usize) {
        self.0.get(page / 64).fetch_and(!(1 << (page % 64)), Relaxed);
    }
}

/// The space and its tables.
pub(crate) struct Large {
    pub(crate) space: Space,
    used: PageSet,
    heads: PageSet,
    dirty: PageSet,
    marks: [PageSet; 2],
    current: AtomicUsize,
    /// Pages `0..top` have been in use at least once.
    top: AtomicUsize,
}

/// Where first fit starts; no free page lies before. And what is known of the free pages.
#[derive(Default)]
pub(crate) struct Supply {
    first_free: usize,
    /// Bytes of pages in use.
    pub(crate) used: usize,
    /// Bytes of backed pages not in use.
    pub(crate) idle: usize,
}

impl Large {
    /// Reserves `bytes`, a multiple of the page size.
    pub(crate) fn reserve(memory: &impl Memory, bytes: usize) -> Option<Self> {
        let set = || PageSet::reserve(memory, bytes / PAGE);
        Some(Self {
            space: Space::reserve(memory, bytes, PAGE)?,
            used: set()?,
            heads: set()?,
            dirty: set()?,
            marks: [set()?, set()?],
            current: AtomicUsize::new(0),
            top: AtomicUsize::new(0),
        })
    }

    fn address(&self, page: usize) -> usize {
        self.space.base + page * PAGE
    }

    fn page_of(&self, address: usize) -> Option<usize> {
        let page = address.checked_sub(self.space.base)? / PAGE;
        (page < self.top.load(Relaxed)).then_some(page)
    }

    /// Allocates `size` bytes, zeroed unless the caller does not care; returns the object's address.
    pub(crate) fn allocate(
        &self,
        supply: &mut Supply,
        size: usize,
        is_zeroed: bool,
        memory: &impl Memory,
        account: &Account,
    ) -> Option<usize> {
        let pages = size.div_ceil(PAGE);
        let first = self.find(supply, pages);
        if !self.raise_top(first + pages, memory, account) {
            return None;
        }
        self.back(supply, first, pages, memory, account)?;
        for page in first..first + pages {
            self.used.insert(page);
        }
        self.heads.insert(first);
        supply.used += pages * PAGE;
        if first == supply.first_free {
            supply.first_free = first + pages;
        }
        self.clear(first, pages, if is_zeroed { size } else { PREFIX });
        Some(self.address(first) + HEADER)
    }

    /// The first of `pages` consecutive free pages; perhaps at or above the top.
    fn find(&self, supply: &mut Supply, pages: usize) -> usize {
        let top = self.top.load(Relaxed);
        let mut start = supply.first_free;
        let mut page = start;
        let mut is_first = true;
        while page < top && page - start < pages {
            let word = self.used.word(page / 64) >> (page % 64);
            if word & 1 == 0 {
                // a run of free pages, to the end of the word at most
                if is_first {
                    supply.first_free = page;
                    is_first = false;
                }
                page += (word.trailing_zeros() as usize).min(64 - page % 64);
            } else {
                page += (word.trailing_ones() as usize).min(64 - page % 64);
                start = page;
            }
        }
        start
    }

    fn raise_top(&self, top: usize, memory: &impl Memory, account: &Account) -> bool {
        if top <= self.top.load(Relaxed) {
            return true;
        }
        let words = top.div_ceil(64);
        let sets = [&self.used, &self.heads, &self.dirty, &self.marks[0], &self.marks[1]];
        if top > self.space.bytes / PAGE
            || !sets.iter().all(|set| set.0.ensure(memory, account, words))
        {
            return false;
        }
        self.top.store(top, Relaxed);
        true
    }

    /// Backs those pages of a free run that are not; undoes everything when there is not enough.
    fn back(
        &self,
        supply: &mut Supply,
        first: usize,
        pages: usize,
        memory: &impl Memory,
        account: &Account,
    ) -> Option<()> {
        let end = first + pages;
        let mut page = first;
        while page < end {
            let start = page;
            let is_backed = self.dirty.contains(page);
            while page < end && self.dirty.contains(page) == is_backed {
                page += 1;
            }
            let bytes = (page - start) * PAGE;
            if is_backed {
                supply.idle -= bytes;
            } else if !account.commit(memory, self.address(start), bytes) {
                for page in first..start {
                    if self.dirty.contains(page) {
                        supply.idle += PAGE;
                    } else {
                        account.discard(memory, self.address(page), PAGE);
                    }
                }
                return None;
            }
        }
        Some(())
    }

    /// Makes the first `bytes` of a run zero; afterwards all of it counts as dirty.
    fn clear(&self, first: usize, pages: usize, bytes: usize) {
        for n in 0..pages {
            let page = first + n;
            if self.dirty.contains(page) {
                if n * PAGE < bytes {
                    self.space.fill(self.address(page), PAGE.min(bytes - n * PAGE), 0);
                }
            } else {
                self.dirty.insert(page);
            }
        }
    }

    /// Visits the heads of all objects.
    fn heads(&self, mut visit: impl FnMut(usize)) {
        for n in 0..self.top.load(Relaxed).div_ceil(64) {
            let mut word = self.heads.word(n);
            while word != 0 {
                visit(n * 64 + word.trailing_zeros() as usize);
                word &= word - 1;
            }
        }
    }

    /// Visits all objects that are marked (outside a collection: that survived the last one).
    pub(crate) fn live_objects(&self, mut visit: impl FnMut(usize)) {
        let marks = &self.marks[self.current.load(Relaxed)];
        self.heads(|page| {
            if marks.contains(page) {
                visit(self.address(page) + HEADER);
            }
        });
    }

    /// Starts with no marks.
    pub(crate) fn begin_marking(&self) {
        let next = 1 - self.current.load(Relaxed);
        self.marks[next].0.clear(0, self.top.load(Relaxed).div_ceil(64));
        self.current.store(next, Relaxed);
    }

    /// The page of a large object at exactly this address.
    fn head_of(&self, object: usize) -> Option<usize> {
        let page = self.page_of(object)?;
        (object == self.address(page) + HEADER && self.heads.contains(page)).then_some(page)
    }

    /// Marks the object at this address; `None` if there is none, else whether it was unmarked.
    pub(crate) fn mark(&self, object: usize) -> Option<bool> {
        let page = self.head_of(object)?;
        let marks = &self.marks[self.current.load(Relaxed)];
        let is_new = !marks.contains(page);
        marks.insert(page);
        Some(is_new)
    }

    /// In how many of the last two collections the object was marked; `None` if there is none.
    pub(crate) fn age(&self, object: usize) -> Option<usize> {
        let page = self.head_of(object)?;
        let current = self.current.load(Relaxed);
        let marked = self.marks[current].contains(page);
        Some(usize::from(marked) + usize::from(marked && self.marks[1 - current].contains(page)))
    }

    /// The object that contains an address, or ends there.
    pub(crate) fn object_at<R: Runtime>(&self, address: usize) -> Option<usize> {
        let page = self.page_of(address.checked_sub(1)?)?;
        let mut n = page / 64;
        let mut word = self.heads.word(n) & (u64::MAX >> (63 - page % 64));
        while word == 0 {
            n = n.checked_sub(1)?;
            word = self.heads.word(n);
        }
        let head = n * 64 + 63 - word.leading_zeros() as usize;
        let object = self.address(head) + HEADER;
        (address >= object && address <= object - HEADER + R::size(object)).then_some(object)
    }

    /// Frees the objects without a mark; with `poison`, fills what they occupied.
    pub(crate) fn sweep<R: Runtime>(&self, supply: &mut Supply, poison: Option<u8>) {
        let marks = &self.marks[self.current.load(Relaxed)];
        self.heads(|head| {
            if marks.contains(head) {
                return;
            }
            let pages = R::size(self.address(head) + HEADER).div_ceil(PAGE);
            self.heads.remove(head);
            for page in head..head + pages {
                self.used.remove(page);
            }
            supply.used -= pages * PAGE;
            supply.idle += pages * PAGE;
            if let Some(value) = poison {
                self.space.fill(self.address(head), pages * PAGE, value);
            }
        });
        supply.first_free = 0;
    }

    /// Gives the memory of up to `bytes` of unused pages back, the highest first; returns what was
    /// given back.
    pub(crate) fn release(
        &self,
        supply: &mut Supply,
        bytes: usize,
        memory: &impl Memory,
        account: &Account,
    ) -> usize {
        let bytes = round_up(bytes, PAGE).min(supply.idle);
        let mut released = 0;
        let mut page = self.top.load(Relaxed);
        let is_idle = |page| !self.used.contains(page) && self.dirty.contains(page);
        while page > 0 && released < bytes {
            let end = page;
            while page > 0 && released + (end - page) * PAGE < bytes && is_idle(page - 1) {
                page -= 1;
                self.dirty.remove(page);
            }
            if page == end {
                page -= 1;
            } else {
                account.discard(memory, self.address(page), (end - page) * PAGE);
                released += (end - page) * PAGE;
            }
        }
        supply.idle -= released;
        released
    }

    /// Whether the tables agree with each other.
    pub(crate) fn is_consistent<R: Runtime>(&self, supply: &Supply) -> bool {
        let mut expected = 0;
        let mut is_sound = true;
        let mut end_of_last = 0;
        self.heads(|head| {
            let pages = R::size(self.address(head) + HEADER).div_ceil(PAGE);
            is_sound &= head >= end_of_last;
            is_sound &= (head..head + pages)
                .all(|page| self.used.contains(page) && self.dirty.contains(page));
            end_of_last = head + pages;
            expected += pages;
        });
        let top = self.top.load(Relaxed);
        let used = (0..top).filter(|&page| self.used.contains(page)).count();
        let dirty = (0..top).filter(|&page| self.dirty.contains(page)).count();
        is_sound
            && used == expected
            && supply.used == used * PAGE
            && supply.idle == (dirty - used) * PAGE
    }
}
