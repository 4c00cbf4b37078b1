//! Tables of entries: finding, making and freeing them. The caller holds the space's lock.

use core::sync::atomic::{AtomicU64, Ordering};

use super::pte::{self, ENTRIES, Entry, LEVELS};
use super::{Frame, PAGE_SIZE, PhysAddr};
use crate::arch::{Arch, Machine};

/// One table. Atomic, because the CPU sets bits in it while we look.
pub(super) type Table = [AtomicU64; ENTRIES];

/// The table at `address`.
///
/// # Safety
///
/// A frame that is a table must be there, and stay one for as long as the reference is used.
pub(super) unsafe fn at<'a>(address: PhysAddr) -> &'a Table {
    // SAFETY: the caller says that a table is there; a table is a whole page, so it is aligned, and
    // the window reaches it.
    unsafe { &*Machine::window(address).cast_const().cast() }
}

/// The value of an entry.
pub(super) fn get(entry: &AtomicU64) -> Entry {
    Entry(entry.load(Ordering::Relaxed))
}

/// Changes an entry and returns what the CPU left there.
pub(super) fn swap(entry: &AtomicU64, value: Entry) -> Entry {
    Entry(entry.swap(value.0, Ordering::Release))
}

/// The lowest-level entry for `address`, with the tables on the way to it made from `frames` where
/// they are missing. None when `frames` has none left.
///
/// # Safety
///
/// `root` must be a space's top-level table, the space's lock be held while the entry is used, and
/// `address` lie in the user half.
pub(super) unsafe fn make<'a>(
    root: PhysAddr,
    address: usize,
    frames: &mut dyn FnMut() -> Option<Frame>,
) -> Option<&'a AtomicU64> {
    // SAFETY: the caller names a top-level table.
    let mut table = unsafe { at(root) };
    for level in (1..LEVELS).rev() {
        let entry = &table[pte::index(address, level)];
        let mut value = get(entry);
        if !value.is_present() {
            let mut frame = frames()?;
            frame.zero();
            value = Entry::table(frame.into_address());
            entry.store(value.0, Ordering::Release);
        }
        // SAFETY: present entries above the lowest level lead to tables, by this function alone.
        table = unsafe { at(value.address()) };
    }
    Some(&table[pte::index(address, 0)])
}

/// The lowest-level entry for `address`, or else the first address that other tables serve.
///
/// # Safety
///
/// As for [`make`].
pub(super) unsafe fn find<'a>(root: PhysAddr, address: usize) -> Result<&'a AtomicU64, usize> {
    // SAFETY: the caller names a top-level table.
    let mut table = unsafe { at(root) };
    for level in (1..LEVELS).rev() {
        let value = get(&table[pte::index(address, level)]);
        if !value.is_present() {
            let span = PAGE_SIZE << (9 * level);
            return Err((address & !(span - 1)).saturating_add(span));
        }
        // SAFETY: as in `make`.
        table = unsafe { at(value.address()) };
    }
    Ok(&table[pte::index(address, 0)])
}

/// Frees everything below the first `entries` entries of a table at `level`: owned pages and tables.
///
/// # Safety
///
/// No CPU may be using the tables, now or later.
pub(super) unsafe fn free_below(
    table: PhysAddr,
    level: usize,
    entries: usize,
    free: &mut dyn FnMut(Frame),
) {
    // SAFETY: the caller names a table.
    for entry in &unsafe { at(table) }[..entries] {
        let value = swap(entry, Entry::EMPTY);
        if !value.is_mapped() {
            continue;
        }
        if level > 0 {
            // SAFETY: the entry led to a table, and the caller says that nobody uses it.
            unsafe { free_below(value.address(), level - 1, ENTRIES, free) };
        } else if !value.is_owned() {
            continue;
        }
        // SAFETY: tables and owned pages come from `into_address`; the entry, now empty, was the one
        // mapping, and no CPU uses an old translation, as the caller says.
        free(unsafe { Frame::from_address(value.address()) });
    }
}
